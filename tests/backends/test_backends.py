"""Backends as scoring uses them: names, conditions, worker processes."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from safetensors.torch import load_file, save_file

from evalhub.backends import weights
from evalhub.backends.base import Backend, Output, Request
from evalhub.backends.baseline import BaselineBackend
from evalhub.backends.opening import open_backend
from evalhub.backends.transformers import TransformersBackend
from evalhub.embedded import EmbeddedFile
from evalhub.errors import EvalhubError
from ingest.records import Condition, Sample, Status
from tests.engine.models import make

CONDITION = Condition(form="plain", max_tokens=12)


def all_of(backend: Backend, requests: list[Request]) -> dict[tuple[str, int], Output]:
    backend.submit(requests)
    outputs: list[Output] = []
    for _ in range(200):
        outputs += backend.collect(1.0)
        if len(outputs) == len(requests):
            break
    return {(output.request.sample_id, output.request.attempt): output for output in outputs}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("models") / "tiny", "llama", chat=False)


def test_a_folder_is_run_by_worker_processes(folder: Path) -> None:
    backend = open_backend(str(folder), device="cpu", dtype="float32")
    try:
        condition = backend.condition(Condition(form="chat", max_tokens=12))
        assert condition.form == "plain", "there is no chat template"
        assert condition.engine == "transformers/float32"
        assert backend.model.model_id == "tiny"
        requests = [Request(f"s{i}", a, 0, f"text {i}", condition) for i in range(30) for a in range(3)]
        first = all_of(backend, requests)
        again = all_of(backend, list(reversed(requests)))
        assert len(first) == len(requests)
        assert {key: output.text for key, output in first.items()} == {
            key: output.text for key, output in again.items()
        }
        refused = Sample(prompt="?", grader="exact", reference="", source="x", source_id="1", images=(b"png",))
        assert "images" in backend.refuses(refused, refused.condition)
    finally:
        backend.close()


def test_a_dead_worker_is_one_clear_error(folder: Path) -> None:
    backend = TransformersBackend(str(folder), device="cpu", dtype="float32")
    try:
        os.kill(backend._process.pid, signal.SIGKILL)
        with pytest.raises(EvalhubError, match="worker process was killed"):
            all_of(backend, [Request(f"s{i}", 0, 0, "text", CONDITION) for i in range(200)])
    finally:
        backend.close()


def test_other_weights_under_the_same_name_have_another_revision(tmp_path: Path) -> None:
    first = weights.resolve(str(make(tmp_path / "a" / "tiny", "llama", seed=0)))
    second = weights.resolve(str(make(tmp_path / "b" / "tiny", "llama", seed=1)))
    assert first.model_id == second.model_id == "tiny"
    assert first.revision != second.revision


def test_a_model_with_a_weight_missing_is_refused_not_filled_up_at_random(tmp_path: Path) -> None:
    folder = make(tmp_path / "holes", "llama")
    weights_file = folder / "model.safetensors"
    tensors = load_file(weights_file)
    del tensors["model.layers.1.self_attn.v_proj.weight"]
    save_file(tensors, weights_file, {"format": "pt"})
    with pytest.raises(EvalhubError, match="not in its files"):
        open_backend(str(folder), device="cpu", dtype="float32")


def test_damaged_weights_and_a_missing_tokenizer_are_one_clear_line(tmp_path: Path) -> None:
    folder = make(tmp_path / "cut", "llama")
    weights_file = folder / "model.safetensors"
    weights_file.write_bytes(weights_file.read_bytes()[:-1000])
    with pytest.raises(EvalhubError, match=r"cut off or damaged.*fetch them again"):
        open_backend(str(folder), device="cpu", dtype="float32")
    folder = make(tmp_path / "mute", "llama")
    for file in [*folder.glob("*token*"), *folder.glob("vocab*"), *folder.glob("merges*")]:
        file.unlink()
    with pytest.raises(EvalhubError, match="tokenizer cannot be loaded"):
        open_backend(str(folder), device="cpu", dtype="float32")


@pytest.mark.parametrize("name", ["smollm2-135m", "baseline:random"])
def test_a_folder_cannot_take_the_name_of_a_model_that_comes_with_evalhub(tmp_path: Path, name: str) -> None:
    with pytest.raises(EvalhubError, match="rename yours"):
        weights.resolve(str(make(tmp_path / name, "llama")))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-such-model", "unknown model"),
        ("/no/such/model.gguf", "no such file"),
        ("baseline:clever", "unknown baseline"),
        ("nobody/nothing-at-all", "cannot be reached|does not give"),
    ],
)
def test_an_unknown_model_is_one_clear_error(name: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "hub_reachable", lambda: False)
    with pytest.raises(EvalhubError, match=message) as caught:
        open_backend(name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model_and_a_file_that_is_no_gguf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALHUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(EvalhubError, match=r"config\.json"):
        open_backend(str(tmp_path))
    (tmp_path / "bad.gguf").write_bytes(b"not a model")
    with pytest.raises(EvalhubError, match="cannot be read as a GGUF"):
        open_backend(str(tmp_path / "bad.gguf"))
    assert not list((tmp_path / "cache" / "models").iterdir()), "nothing half-written"


def test_random_baseline_picks_options_and_numbers() -> None:
    backend = BaselineBackend("baseline:random")
    options = ("red", "green", "blue")
    requests = [Request("s", attempt, 1, "what?", CONDITION, options) for attempt in range(300)]
    counts = [output.text for output in all_of(backend, requests).values()]
    assert all(60 < counts.count(option) < 140 for option in options)
    numbers = all_of(backend, [Request("n", attempt, 1, "17 * 25", CONDITION) for attempt in range(300)])
    assert {int(output.text) for output in numbers.values()} <= set(range(26))
    alone = all_of(backend, [Request("n", 7, 1, "17 * 25", CONDITION)])["n", 7]
    assert alone.text == numbers["n", 7].text


def test_empty_baseline_has_no_answer() -> None:
    output = all_of(BaselineBackend("baseline:empty"), [Request("s", 0, 0, "?", CONDITION)])["s", 0]
    assert (output.text, output.status) == ("", Status.NO_ANSWER)


@pytest.mark.slow
def test_the_embedded_model_comes_whole_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the weights as this machine keeps them, fetched and converted if nothing has done so before."""
    try:
        backend = open_backend("smollm2-135m", dtype="float32")
    except EvalhubError as error:
        pytest.skip(f"no embedded model here: {error}")
    try:
        assert backend.model.parameters == 134_515_008
        made = getattr(backend, "architecture", None)
        assert made and (made.active, made.layers, made.query_width, made.kv_width) == (134_515_008, 30, 576, 384)
        condition = backend.condition(Condition(form="chat", temperature=0.0, max_tokens=16))
        assert condition.form == "chat"
        found = all_of(backend, [Request("s", 0, 0, "What is the capital of France?", condition)])["s", 0]
        assert "Paris" in found.text
    finally:
        backend.close()
    # The converted weights are all that a second start needs.
    monkeypatch.setattr(EmbeddedFile, "fetch", lambda _: pytest.fail("fetched twice"))
    open_backend("smollm2-135m", dtype="float32").close()


def test_two_that_convert_the_same_weights_do_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits, and finds what the first has made."""
    monkeypatch.setenv("EVALHUB_CACHE", str(tmp_path / "cache"))
    began, go_on, converted = Event(), Event(), []

    def convert(source: Path, folder: Path, dtype: str) -> None:
        converted.append((source.name, dtype))
        began.set()
        assert go_on.wait(20)
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(weights, "_convert", convert)
    with ThreadPoolExecutor(2) as both:
        first = both.submit(weights._converted, lambda: tmp_path / "a.gguf", "0" * 64, "float32")
        assert began.wait(20)
        second = both.submit(weights._converted, lambda: tmp_path / "a.gguf", "0" * 64, "float32")
        with pytest.raises(TimeoutError):
            second.result(0.2)
        go_on.set()
        assert first.result(20) == second.result(20)
    assert converted == [("a.gguf", "float32")] and (first.result() / "config.json").exists()
