"""A model on a real Ray cluster of two workers."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from evalhub.backends.base import Backend, Output, Request
from evalhub.backends.opening import Where, open_backend
from evalhub.errors import EvalhubError
from ingest.records import Condition
from tests.backends.asking import ask
from tests.engine.models import make

pytestmark = pytest.mark.slow

ASKED = Condition(form="plain", temperature=1.0, max_tokens=60)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make(tmp_path_factory.mktemp("model") / "tiny", "llama", chat=False))


def requests(backend: Backend) -> list[Request]:
    """Ten attempts of each of thirty samples."""
    condition = backend.condition(ASKED)
    return [
        Request(f"s{sample}", attempt, 0, f"Say {sample}:", condition)
        for sample in range(30)
        for attempt in range(10)
    ]


def said(outputs: list[Output]) -> list[tuple[str, int, str, str, int]]:
    return [
        (one.request.sample_id, one.request.attempt, one.text, one.status.value, one.tokens) for one in outputs
    ]


def test_a_worker_killed_in_mid_run_changes_nothing(
    cluster: str, model: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What it had goes to the other and to the one that is started in its stead; outputs are those of one
    process, each of them once."""
    with closing(open_backend(model, dtype="float32")) as alone:
        expected = said(ask(alone, requests(alone), seconds=120))
    with closing(open_backend(model, dtype="float32", where=Where(ray=cluster, replicas=2))) as backend:
        asked = requests(backend)
        backend.submit(asked)
        outputs: list[Output] = []
        while not outputs:
            outputs += backend.collect(0.5)
        loaded = (one.place.about for one in backend._places)  # type: ignore[attr-defined]
        pid = next(about.pid for about in loaded if about)
        os.kill(pid, signal.SIGKILL)
        while len(outputs) < len(asked):
            outputs += backend.collect(0.5)
    order = {(one.sample_id, one.attempt): place for place, one in enumerate(asked)}
    outputs.sort(key=lambda one: order[one.request.sample_id, one.request.attempt])
    assert said(outputs) == expected
    assert "is lost and is started anew" in caplog.text


def test_a_model_that_cannot_be_loaded(cluster: str, tmp_path: Path) -> None:
    """The line is the one of a single process."""
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EvalhubError, match="cannot be run here"):
        open_backend(str(tmp_path), where=Where(ray=cluster))


def test_no_cluster() -> None:
    """One line that says so."""
    pytest.importorskip("ray", reason="Ray is not installed")
    with pytest.raises(EvalhubError, match="no Ray cluster"):
        open_backend("smollm2-135m", where=Where(ray="127.0.0.1:1"))


def test_servers_are_no_matter_for_ray() -> None:
    """They would be asked by several clients that know nothing of each other's limits."""
    with pytest.raises(EvalhubError, match="see --base-url"):
        open_backend("openai:tiny", where=Where(ray="auto"))
