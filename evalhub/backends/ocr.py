"""Models without eyes, told what can be read: `ocr+MODEL`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from evalhub.backends.base import Output, Request
from evalhub.backends.kinds import kind_of, price_of, start
from evalhub.backends.prices import Price
from evalhub.ocr import RapidOCR
from ingest.records import Condition, Sample, bytes_hash

PREFIX = "ocr+"

_PATIENCE = 0.05
"""Seconds that the model's outputs are waited for while images are still being read."""


class OcrBackend:
    """Any other backend's model, which gets the text that RapidOCR reads in a sample's images in front of the
    question, and no image. A baseline for models that see: what they do not add to this, they did not see.

    Each image is read once in a run, while the model answers others.
    """

    @classmethod
    def handles(cls, name: str) -> bool:
        return name.startswith(PREFIX)

    @classmethod
    def price(cls, name: str, hub: Path) -> Price | None:
        """What the model itself costs."""
        told = name.removeprefix(PREFIX)
        return price_of(kind_of(told), told, hub)

    def __init__(
        self, name: str, *, device: str = "auto", dtype: str = "auto", price: Price | None = None
    ) -> None:
        reader, told = RapidOCR(), name.removeprefix(PREFIX)
        self._model = start(kind_of(told), told, device=device, dtype=dtype, price=price)
        self.model = replace(self._model.model, model_id=PREFIX + self._model.model.model_id)
        self.capacity, self.notes = self._model.capacity, tuple(self._model.notes)
        self._reader = reader
        self._reading = ThreadPoolExecutor(1)
        self._texts: dict[str, Future[str]] = {}
        self._waiting: list[tuple[Request, list[Future[str]]]] = []
        self._asked: dict[tuple[str, int, int], Request] = {}
        """Requests that the model has, as they were before images became text."""

    def refuses(self, sample: Sample, asked: Condition) -> str:
        return self._model.refuses(replace(sample, images=()), asked)

    def condition(self, asked: Condition) -> Condition:
        """The model's own, and what reads for it."""
        own = self._model.condition(asked)
        return replace(own, engine=f"{own.engine}+{self._reader.name}")

    def submit(self, requests: Sequence[Request]) -> None:
        self._waiting += [(request, [self._read(image) for image in request.images]) for request in requests]
        self._pass_on()

    def collect(self, seconds: float) -> list[Output]:
        if self._waiting and not self._asked:
            wait(self._waiting[0][1], seconds)
        self._pass_on()
        outputs = self._model.collect(min(seconds, _PATIENCE) if self._waiting else seconds)
        return [replace(output, request=self._asked.pop(_key(output.request))) for output in outputs]

    def close(self) -> None:
        self._reading.shutdown(wait=True, cancel_futures=True)
        self._model.close()

    def _read(self, image: bytes) -> Future[str]:
        name = bytes_hash(image)
        if name not in self._texts:
            self._texts[name] = self._reading.submit(self._reader.read, image)
        return self._texts[name]

    def _pass_on(self) -> None:
        """Give the model the requests whose images have been read."""
        waiting, self._waiting = self._waiting, []
        ready: list[tuple[Request, list[Future[str]]]] = []
        for request, texts in waiting:
            (ready if all(text.done() for text in texts) else self._waiting).append((request, texts))
        self._asked |= {_key(request): request for request, _ in ready}
        if ready:
            self._model.submit([_told(request, [text.result() for text in texts]) for request, texts in ready])


def _key(request: Request) -> tuple[str, int, int]:
    return request.sample_id, request.seed, request.attempt


def _told(request: Request, texts: Sequence[str]) -> Request:
    """The request with what was read in its images in front."""
    read = "\n\n".join(
        f"Text in {'the image' if len(texts) == 1 else f'image {place}'}:\n{text or '(none)'}"
        for place, text in enumerate(texts, 1)
    )
    return replace(request, text=f"{read}\n\n{request.text}", images=()) if texts else request
