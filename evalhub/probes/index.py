"""The pool, laid out for search by meaning and by word."""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from evalhub.filters import sample_filter
from evalhub.ocr import INSTALL, RapidOCR, can_read
from evalhub.probes.encoder import Encoder, MiniLM
from evalhub.probes.texts import meaning
from evalhub.probes.words import Words
from evalhub.store.hub import Hub
from evalhub.store.image_texts import put_image_texts, unread_images
from evalhub.store.laid_out import lay_out, places_where
from evalhub.store.reads import Reads
from evalhub.store.vectors import load_vectors, put_vectors, texts_of, without_vector
from evalhub.telling import Tell, quiet
from evalhub.wording import counted
from kernels.dots import dots, quantised

_TOGETHER = 256
"""Samples that are encoded, and kept, at a time: a kill loses no more."""

_READ_TOGETHER = 16
"""Images that are read, and kept, at a time."""

_BLOCK = 1 << 16
"""Vectors that are floats at a time."""


@dataclass(frozen=True)
class Index:
    """Every sample of a pool that has a text as a direction, seen from the middle of the pool, and its words."""

    pool: Reads
    encoder: Encoder

    ids: pl.Series
    """In order. A list of a million texts would take twice the memory."""

    vectors: np.ndarray
    """int8 (N, D) with `scales` (N,): see `kernels.dots`."""

    scales: np.ndarray
    words: Words

    @classmethod
    def open(cls, hub: Hub, *, encoder: Encoder | None = None, images: bool = True, tell: Tell = quiet) -> Index:
        """The index of a hub's pool. Images that nobody has read are read first, samples that the encoder has not
        seen are encoded, and both is kept.

        Args:
            images: whether to read images; those that were read before count in any case. Where the packages for
                it are missing, a warning says so.

        Raises:
            EvalhubError: the encoder cannot be had.
        """
        encoder = encoder or MiniLM()
        if images:
            _read_images(hub, tell)
        encode_pool(hub, encoder, tell)
        lay_out(hub)
        ids, vectors, scales = load_vectors(hub, encoder.name)
        return cls(hub, encoder, ids, vectors, scales, Words.open(hub, tell))

    def places_where(self, where: str) -> np.ndarray:
        """Places in `ids`, in order, of samples for which a filter holds; all of them where it is ''.

        Raises:
            FilterError: the filter cannot be read.
        """
        if not where:
            return np.arange(len(self.ids))
        read = sample_filter(where)
        return places_where(self.pool, read.sql, read.parameters)

    @cached_property
    def middle(self) -> np.ndarray:
        """(D,) float32: the mean of all vectors. Seen from there, what all samples share does not count."""
        total = np.zeros(self.vectors.shape[1], np.float32)
        for first in range(0, len(self.ids), _BLOCK):
            block = slice(first, first + _BLOCK)
            total += self.scales[block] @ self.vectors[block].astype(np.float32)
        return total / max(1, len(self.ids))

    @cached_property
    def _lengths(self) -> np.ndarray:
        """(N,) of the vectors as seen from the middle."""
        squares = 1 - 2 * dots(self.vectors, self.scales, self.middle) + self.middle @ self.middle
        return np.sqrt(np.maximum(squares, np.float32(1e-6)))

    def along(self, direction: np.ndarray, most: int | None = None) -> np.ndarray:
        """(N,) float32: how far each sample, seen from the middle, lies along a direction (D,): their cosine
        times the direction's length. Of the first `most` samples only, where that is given."""
        sums = dots(self.vectors[:most], self.scales[:most], direction)
        if direction.any():  # in place: a fresh array of a million floats costs more than the arithmetic
            sums -= np.float32(self.middle @ direction)
            sums /= self._lengths[:most]
        return sums

    def directions(self, places: Sequence[int] | np.ndarray) -> np.ndarray:
        """(n, D) float32 of length 1: where samples lie, seen from the middle."""
        picked = np.asarray(places, dtype=np.intp)
        vectors = self.vectors[picked].astype(np.float32) * self.scales[picked, None]
        return (vectors - self.middle) / self._lengths[picked, None]

    def places(self, sample_ids: Sequence[str]) -> np.ndarray:
        """(n,) where samples of the pool stand in `ids`."""
        return np.array([bisect_left(self.ids, sample_id) for sample_id in sample_ids], dtype=np.intp)

    def has(self, sample_id: str) -> bool:
        """Whether the pool had it when the index was opened."""
        place = bisect_left(self.ids, sample_id)
        return place < len(self.ids) and self.ids[place] == sample_id


def encode_pool(hub: Hub, encoder: Encoder, tell: Tell = quiet) -> int:
    """Encode what the encoder has not seen. Returns the number of samples."""
    missing = without_vector(hub, encoder.name)
    for first in range(0, len(missing), _TOGETHER):
        tell(f"encoding samples: {first:,} of {len(missing):,}")
        rows = texts_of(hub, missing[first : first + _TOGETHER])
        texts = [meaning(*row) for row in rows.select("prompt", "choices", "image_text").iter_rows()]
        put_vectors(hub, encoder.name, rows["sample_id"].to_list(), *quantised(encoder.encode(texts)))
    return len(missing)


def _read_images(hub: Hub, tell: Tell) -> None:
    """Read the text in images that nobody has read."""
    missing = unread_images(hub)
    if not missing:
        return
    if not can_read():
        warnings.warn(
            f"{counted(len(missing), 'image')} not searched for the text in them: {INSTALL}", stacklevel=2
        )
        return
    reader = RapidOCR()
    for first in range(0, len(missing), _READ_TOGETHER):
        tell(f"reading the text in images: {first:,} of {len(missing):,}")
        images = missing[first : first + _READ_TOGETHER]
        contents = hub.blobs.get(images)
        put_image_texts(hub, reader.name, images, [reader.read(contents.get(image, b"")) for image in images])


def near_duplicates(
    hub: Hub, sample_ids: Sequence[str], threshold: float = 0.95, encoder: str = MiniLM.name
) -> list[tuple[str, str, float]]:
    """Pairs of these samples whose vectors' cosine is at least the threshold: (one, another, cosine), the closest
    first. Samples without a vector are in no pair."""
    ids, vectors, scales = load_vectors(hub, encoder, sample_ids)
    floats = vectors.astype(np.float32) * scales[:, None]
    pairs = []
    for first in range(0, len(ids), 1024):
        cosines = floats[first : first + 1024] @ floats[first:].T
        for i, j in np.argwhere(np.triu(cosines >= threshold, k=1)):
            pairs.append((ids[int(first + i)], ids[int(first + j)], float(cosines[i, j])))
    return sorted(pairs, key=lambda pair: (-pair[2], pair[:2]))
