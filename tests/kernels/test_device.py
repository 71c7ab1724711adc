"""A GPU takes over where it can; where it cannot, the reason is said."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from kernels import device
from kernels.device import in_halves, takes, why_not


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine with all that is needed, as far as questions go."""
    monkeypatch.setattr(device, "DRIVERS", (str(tmp_path),))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (9, 0))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *_: "Tesla V100")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: True)
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    why_not.cache_clear()
    yield
    why_not.cache_clear()


@pytest.mark.usefixtures("card")
def test_a_sound_card_takes_over() -> None:
    assert why_not() is None
    assert not takes(torch.zeros(1)), "what lies on the CPU stays there"


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(
    ("lacking", "reason"),
    [
        (lambda patch: patch.setattr(device, "DRIVERS", ("/nowhere",)), "no NVIDIA GPU on this machine"),
        (lambda patch: patch.setattr(torch.cuda, "is_available", lambda: False), "sees no GPU"),
        (
            lambda patch: patch.setattr(importlib.util, "find_spec", lambda _: None),
            r'Triton 3.4 or later is not installed: pip install "evalhub\[gpu\]"',
        ),
        (
            lambda patch: patch.setattr(importlib.util, "find_spec", lambda name: None if "." in name else True),
            "Triton 3.4 or later is not installed",
        ),
        (lambda patch: patch.setenv("TRITON_INTERPRET", "1"), "makes Triton run on the CPU"),
        (
            lambda patch: patch.setattr(torch.cuda, "get_device_capability", lambda *_: (7, 0)),
            "Tesla V100 has compute capability 7.0, kernels need 8.0",
        ),
    ],
)
def test_what_is_lacking_is_said(lacking: Any, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch)
    assert re.search(reason, str(why_not()))


def test_runs_are_halved_until_they_fit() -> None:
    asked = []

    def work(first: int, last: int) -> list[int]:
        asked.append(last - first)
        if last - first > 3:
            raise torch.OutOfMemoryError("full")
        return list(range(first, last))

    with pytest.warns(UserWarning, match="the GPU's memory ran out: going on with 3 rows at a time"):
        found = in_halves(work, 7, 9, "rows")
    assert found == [[0, 1, 2], [3, 4, 5], [6]] and asked == [7, 3, 3, 1]
    assert in_halves(work, 4, 2, "rows") == [[0, 1], [2, 3]] and in_halves(work, 0, 2, "rows") == []


def test_what_does_not_fit_at_all_is_an_error() -> None:
    def work(*_: int) -> None:
        raise torch.OutOfMemoryError("full")

    with pytest.warns(UserWarning), pytest.raises(torch.OutOfMemoryError):
        in_halves(work, 2, 2, "rows")
