"""From a query to the similarity of every sample.

Dense vectors find what means the same, BM25 what is named, and the samples found first help to find more like them
(pseudo-relevance feedback, Rocchio 1971). What a phrase says of anything at all is taken away: "a question about
biology" minus "a question about something" is biology.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from evalhub.probes.encoder import Encoder
from evalhub.probes.index import Index
from evalhub.probes.probe import Probe

_PHRASES = ("{}", "This question is about {}.", "A question from the subject {}.")
_ANYTHING = "something"

_WORDS = 0.5
"""What a full hit by words counts, in standard deviations of similarity by meaning."""

_FIRST = 50
"""Samples found first that the query is bent towards; of a small pool, a twentieth."""

LOOKED_AT = 1 << 18
"""Of a larger pool, the samples among which those found first are: ids are hashes, so that the first ones in order
are drawn at random."""


def similarities(index: Index, probe: Probe) -> np.ndarray:
    """(N,) float32: the similarity of each sample of the index with a query's text and examples, in standard
    deviations over the pool."""
    asked = _direction(index, probe)
    words = np.zeros(len(index.ids), np.float32)
    if probe.text:
        words = np.float32(_WORDS) * index.words.scores(probe.text)
    first = _standardised(index.along(asked, LOOKED_AT))
    first += words[:LOOKED_AT]
    count = max(1, min(_FIRST, len(first) // 20))
    nearest = np.argpartition(-first, count - 1)[:count]
    found = _unit(index.directions(np.sort(nearest)).mean(axis=0))
    similarity = _standardised(index.along(asked + found))
    similarity += words
    return similarity


def _direction(index: Index, probe: Probe) -> np.ndarray:
    """(D,) of length 1: where the query points."""
    parts = []
    if probe.text:
        texts = [phrase.format(probe.text) for phrase in _PHRASES]
        parts.append(_unit((index.encoder.encode(texts) - _of_anything(index.encoder)).mean(axis=0)))
    if probe.like:
        parts.append(_unit(index.directions(index.places(probe.like)).mean(axis=0)))
    return _unit(np.sum(parts, axis=0))


@cache
def _of_anything(encoder: Encoder) -> np.ndarray:
    return encoder.encode([phrase.format(_ANYTHING) for phrase in _PHRASES])


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)


def _standardised(values: np.ndarray) -> np.ndarray:
    """In the place of the values."""
    values -= values.mean()
    spread = np.sqrt(np.dot(values, values) / np.float32(len(values)))
    values /= spread if spread > 0 else np.float32(1)
    return values
