"""How work is recorded: torch's calls for a GPU are stood in for, since none is here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from evalhub.engine import graph
from evalhub.engine.graph import Played

CARD = torch.device("cuda")


class Card:
    """Stands in for `torch.cuda`, and keeps what it is told."""

    OutOfMemoryError = torch.OutOfMemoryError

    def __init__(self) -> None:
        self.told: list[str] = []
        self.replays = 0
        self.recording = False
        self.fails: BaseException | None = None

    def stub(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in (
            "Stream",
            "current_stream",
            "stream",
            "set_stream",
            "CUDAGraph",
            "graph",
            "set_sync_debug_mode",
        ):
            monkeypatch.setattr(torch.cuda, name, getattr(self, name))
        graph._side.cache_clear()

    def Stream(self, *_: Any) -> Any:
        self.told.append("new stream")
        return self

    def current_stream(self, *_: Any) -> Any:
        return self

    def wait_stream(self, *_: Any) -> None:
        pass

    @contextlib.contextmanager
    def stream(self, *_: Any) -> Iterator[None]:
        yield

    def set_stream(self, *_: Any) -> None:
        self.told.append("stream set back")

    def set_sync_debug_mode(self, mode: str) -> None:
        self.told.append(mode)

    def CUDAGraph(self) -> Any:
        return self

    def replay(self) -> None:
        self.replays += 1

    @contextlib.contextmanager
    def graph(self, _: Any, capture_error_mode: str) -> Iterator[None]:
        assert capture_error_mode == "thread_local"
        self.recording = True
        try:
            yield
        except RuntimeError:
            raise RuntimeError("capture failed due to a previous error") from None
        finally:
            self.recording = False


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    found = Card()
    found.stub(monkeypatch)
    yield found
    graph._side.cache_clear()


def failing(when: Callable[[], bool], error: Exception) -> Callable[[], None]:
    def work() -> None:
        if when():
            raise error

    return work


def test_work_is_recorded_once_and_played(card: Card) -> None:
    calls: list[bool] = []
    played = Played(lambda: calls.append(card.recording), CARD)
    assert calls == [False, False, False, True] and played.why_not == ""
    played()
    played()
    assert card.replays == 2 and len(calls) == 4
    assert card.told == ["new stream", "error", "default"]
    Played(lambda: None, CARD)
    assert card.told.count("new stream") == 1


def test_work_that_asks_the_host_is_never_recorded(card: Card) -> None:
    asks = failing(lambda: card.told[-1:] == ["error"], RuntimeError("called a synchronizing CUDA operation"))
    played = Played(asks, CARD)
    assert "synchronizing" in played.why_not and card.told[-1] == "default"
    played()
    assert card.replays == 0


def test_a_recording_that_breaks_off_leaves_torch_where_it_was(card: Card) -> None:
    played = Played(failing(lambda: card.recording, RuntimeError("not allowed\nhere")), CARD)
    assert played.why_not == "not allowed here" and card.told[-1] == "stream set back"
    played()
    assert card.replays == 0


@pytest.mark.parametrize("when", ["warming", "checking", "recording"])
def test_memory_that_ends_is_not_taken_for_a_model_that_cannot_be_recorded(card: Card, when: str) -> None:
    now = {
        "warming": lambda: True,
        "checking": lambda: card.told[-1:] == ["error"],
        "recording": lambda: card.recording,
    }[when]
    with pytest.raises(torch.OutOfMemoryError):
        Played(failing(now, torch.OutOfMemoryError("full")), CARD)
    assert "error" not in card.told[-1:]
