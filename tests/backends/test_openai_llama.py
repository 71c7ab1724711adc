"""The embedded model behind a real server: llama.cpp's."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import pytest

from evalhub import plugins
from evalhub.backends import weights
from evalhub.backends.base import Backend, Request
from evalhub.backends.openai import OpenAIBackend
from evalhub.backends.opening import open_backend
from evalhub.errors import EvalhubError
from evalhub.scoring.prompt import request
from ingest.records import Condition, Sample, Status
from ingest.sources.reasoning_gym import ReasoningGym
from tests.backends.embedded import converted
from tests.backends.llama_server import serving
from tests.backends.test_openai import ask

pytestmark = pytest.mark.slow

_ATTEMPTS = 2


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    pytest.importorskip("xllamacpp", reason="xllamacpp (llama.cpp's server) is not installed")
    try:
        gguf = weights.EMBEDDED_FILE.fetch()
    except EvalhubError as error:
        pytest.skip(str(error))
    with serving(gguf) as base:
        yield base


@pytest.fixture
def backend(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIBackend]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    opened = open_backend(f"openai:smollm2-135m@{url}")
    assert isinstance(opened, OpenAIBackend)
    yield opened
    opened.close()


def test_both_forms_are_served(backend: OpenAIBackend) -> None:
    """With stops, a limit, and the model named by its file."""
    chat = backend.condition(Condition(temperature=0, max_tokens=60))
    plain = backend.condition(Condition(form="plain", temperature=0, max_tokens=8, stop=("\n",)))
    cut = backend.condition(Condition(form="plain", temperature=0, max_tokens=3))
    assert (chat.form, plain.form) == ("chat", "plain")
    assert chat.engine.startswith("openai/127.0.0.1:") and chat.engine.endswith("/seeds")
    assert "SmolLM2-135M-Instruct.Q4_1.gguf" in chat.revision
    answers = ask(
        backend,
        [
            Request("a", 0, 0, "Say hello.", chat),
            Request("b", 0, 0, "Q: 1+1?\nA: 2\nQ: 2+2?\nA:", plain),
            Request("c", 0, 0, "The capital of France is", cut),
            Request("d", 0, 0, "word " * 2000, plain),
        ],
        seconds=60,
    )
    assert answers[0].text and answers[0].prompt_tokens > 20, "the chat template is around it"
    assert "Paris" in answers[2].text
    assert [answer.status for answer in answers[1:]] == [Status.OK, Status.TRUNCATED, Status.ERROR]
    assert "\n" not in answers[1].text and answers[2].tokens == 3
    assert "context" in answers[3].text


def test_a_seed_gives_the_same_attempt_again(backend: OpenAIBackend) -> None:
    """On an idle server; other attempts differ."""
    condition = backend.condition(Condition(form="plain", temperature=1.0, top_p=1.0, max_tokens=16))
    requests = [Request("s", attempt, 3, "Once upon a time", condition) for attempt in range(3)]
    first, again = ([ask(backend, [one], 60)[0].text for one in requests] for _ in range(2))
    assert first == again and len({*first}) == 3


def test_images_are_refused_by_a_model_without_eyes(backend: OpenAIBackend) -> None:
    """Found out by showing it one."""
    sample = Sample(source="t", source_id="1", prompt="What?", reference="x", grader="exact", images=(b"\x89PNG",))
    assert backend.refuses(sample, sample.condition).startswith("the server takes no images")


def test_a_server_gives_the_rates_of_the_transformers_backend(backend: OpenAIBackend) -> None:
    """The same weights by another engine: pass rates of the same samples differ by chance alone."""
    samples = [*ReasoningGym().samples(generators=("products",))]
    converted("float32")
    here = open_backend("smollm2-135m", dtype="float32")
    try:
        served, made = _rates(backend, samples), _rates(here, samples)
    finally:
        here.close()
    differences = [one - other for one, other in zip(served, made, strict=True)]
    error = statistics.stdev(differences) / len(differences) ** 0.5
    assert abs(statistics.mean(differences)) < 4 * error + 0.02
    assert statistics.mean(served) > 0.05, "a model that never passes tells nothing"


def _rates(backend: Backend, samples: list[Sample]) -> list[float]:
    """Share of passes of each sample in some attempts."""
    grader = plugins.make("grader", "reasoning-gym")
    condition = backend.condition(samples[0].condition)
    requests = [request(sample, condition, 0, number) for sample in samples for number in range(_ATTEMPTS)]
    outputs = ask(backend, requests, seconds=240)
    verdicts = [
        grader.grade(sample, output.text).value
        for sample, output in zip((sample for sample in samples for _ in range(_ATTEMPTS)), outputs, strict=True)
    ]
    return [statistics.mean(verdicts[place : place + _ATTEMPTS]) for place in range(0, len(verdicts), _ATTEMPTS)]
