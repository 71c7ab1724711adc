"""Images beside a text: what a model's processor makes of them."""

from __future__ import annotations

import inspect
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch

from ingest.records import bytes_hash

_KEPT = 16
"""Prepared texts with images that are remembered: a sample's attempts come one after the other."""

PROBE = "The quick brown fox jumps over the lazy dog. 1 + 1 = 2"
"""A short text to try models on."""

_NOT_FROM_IMAGES = {"input_ids", "attention_mask", "labels"}


@dataclass(frozen=True, eq=False)
class Sight:
    """A text with its images, prepared for a model."""

    images: tuple[str, ...]
    """Hashes of the images."""

    tokens: list[int]
    """Of the text, with those that stand for the images."""

    inputs: Mapping[str, torch.Tensor] = field(repr=False)
    """What else the model takes: pixels, and how they lie."""


class Eyes:
    """A model's processor of texts with images.

    Args:
        model: takes images.
        processor: of transformers, loaded with `AutoProcessor`.
    """

    def __init__(self, model: Any, processor: Any) -> None:
        self.processor = processor
        self._model = model
        self._takes = set(inspect.signature(type(model).forward).parameters) - _NOT_FROM_IMAGES
        self._prepare = lru_cache(_KEPT)(self._look)

    @property
    def token(self) -> str:
        """What stands for an image in a text."""
        return str(self.processor.image_token)

    def look(self, text: str, images: tuple[bytes, ...], special: bool) -> Sight:
        """Prepare a text with images.

        Args:
            text: with `token` for each image.
            special: add the tokens that begin a text; a chat template has them in it.

        Raises:
            Exception: whatever the processor raises, where it cannot read an image or finds no place for it.
        """
        return self._prepare(text, images, special)

    def _look(self, text: str, images: tuple[bytes, ...], special: bool) -> Sight:
        from PIL import Image

        pictures = [Image.open(io.BytesIO(image)).convert("RGB") for image in images]
        batch = self.processor(text=[text], images=[pictures], add_special_tokens=special, return_tensors="pt").to(
            self._model.device, self._model.dtype
        )
        inputs = {name: value for name, value in batch.items() if name in self._takes}
        return Sight(tuple(map(bytes_hash, images)), batch["input_ids"][0].tolist(), inputs)


def probe(eyes: Eyes) -> Sight:
    """A short text with an image that is no other's, to try a model on."""
    from PIL import Image

    file = io.BytesIO()
    Image.linear_gradient("L").resize((64, 64)).save(file, "PNG")
    return eyes.look(eyes.token + PROBE, (file.getvalue(),), True)
