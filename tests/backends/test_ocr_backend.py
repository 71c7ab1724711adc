"""Models without eyes that are told the text in images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from evalhub import plugins
from evalhub.backends.base import Output, Request
from evalhub.backends.baseline import BaselineBackend
from evalhub.backends.ocr import OcrBackend
from evalhub.backends.opening import open_backend
from ingest.records import Condition, Model, Sample, Status
from tests.text_images import image_of

pytest.importorskip("rapidocr", reason="rapidocr is not installed")


class Echo(BaselineBackend):
    """Says what it was asked, and has no eyes."""

    @classmethod
    def handles(cls, name: str) -> bool:
        return name == "echo"

    def __init__(self, name: str, **_: str) -> None:
        self.model = Model(model_id=name)
        self.seen: list[Request] = []

    def refuses(self, sample: Sample, asked: Condition) -> str:
        del asked
        return "it has no eyes" if sample.images else ""

    def condition(self, asked: Condition) -> Condition:
        return replace(asked, engine="echo/1")

    def submit(self, requests: Sequence[Request]) -> None:
        self.seen += requests

    def collect(self, seconds: float) -> list[Output]:
        del seconds
        outputs = [Output(request, request.text, Status.OK, 1, 0.0) for request in self.seen]
        self.seen = []
        return outputs


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> OcrBackend:
    monkeypatch.setattr(plugins, "backends", lambda: [OcrBackend, Echo])
    opened = open_backend("ocr+echo")
    assert isinstance(opened, OcrBackend)
    return opened


def asked(text: str, *images: bytes, attempt: int = 0) -> Request:
    return Request("q" + text, attempt, 0, text, Condition(), images=images)


def answers(backend: OcrBackend, count: int) -> dict[tuple[str, int], Output]:
    found: list[Output] = []
    while len(found) < count:
        found += backend.collect(5)
    return {(output.request.sample_id, output.request.attempt): output for output in found}


def test_the_model_gets_the_text_in_the_images_before_the_question(backend: OcrBackend) -> None:
    falcon, kestrel = image_of(["Falcon\t83.5"]), image_of(["Kestrel\t61.2"])
    requests = [asked("Which?", falcon), asked("Both?", falcon, kestrel), asked("None?", image_of([]))]
    backend.submit([*requests, asked("Which?", falcon, attempt=1), asked("No image?")])
    found = answers(backend, 5)
    backend.close()
    assert found["qWhich?", 0].text == found["qWhich?", 1].text == "Text in the image:\nFalcon | 83.5\n\nWhich?"
    assert "image 1:\nFalcon | 83.5\n\nText in image 2:\nKestrel | 61.2\n\nBoth?" in found["qBoth?", 0].text
    assert found["qNone?", 0].text == "Text in the image:\n(none)\n\nNone?"
    assert found["qNo image?", 0].text == "No image?"
    # Who keeps the attempts knows their requests as they were made.
    assert [found[request.sample_id, 0].request for request in requests] == requests


def test_each_image_is_read_once(backend: OcrBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    monkeypatch.setattr(backend._reader, "read", lambda image: read.append(image) or "words")
    image = image_of(["Falcon"])
    for attempt in range(3):
        backend.submit([asked("Which?", image, attempt=attempt)])
        answers(backend, 1)
    backend.close()
    assert read == [image]


def test_it_is_a_model_and_a_condition_of_its_own_that_needs_no_eyes(backend: OcrBackend) -> None:
    sample = Sample(
        prompt="Which?", grader="exact", reference="x", source="s", source_id="1", images=(image_of(["x"]),)
    )
    assert backend.model.model_id == "ocr+echo" and backend.refuses(sample, Condition()) == ""
    assert backend.condition(Condition()).engine.startswith("echo/1+rapidocr@")
    backend.close()
