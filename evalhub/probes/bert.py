"""The text encoder's network in numpy: with torch, a server would hold 300 MB more of code."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np

_EPSILON = 1e-12
"""Of BERT's layer norms."""

_AT_ONCE = 2**16
"""Numbers that a core's caches hold with what is made of them."""

_ERF = tuple(map(np.float32, (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)))


class Bert:
    """BERT without a pooler (Devlin et al. 2019, 1810.04805), from weights under the names that transformers gives
    them.

    Args:
        weights: of all layers, float32; their sizes are the network's.
        heads: of attention, in each layer.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], heads: int) -> None:
        self._weights, self._heads = dict(weights), heads
        self._depth = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
        for layer in map("encoder.layer.{}.attention.self".format, range(self._depth)):
            for kind in ("weight", "bias"):
                parts = [self._weights.pop(f"{layer}.{part}.{kind}") for part in ("query", "key", "value")]
                self._weights[f"{layer}.{kind}"] = np.concatenate(parts)

    def __call__(self, ids: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """(B, T, D) float32 states of tokens; ids: (B, T); seen: (B, T) bool, False where a shorter text is filled
        up."""
        words, places, segments = (
            self._weights[f"embeddings.{part}_embeddings.weight"] for part in ("word", "position", "token_type")
        )
        states = self._normed("embeddings", words[ids] + places[: ids.shape[1]] + segments[0])
        for layer in map("encoder.layer.{}".format, range(self._depth)):
            states += self._attended(f"{layer}.attention", states, seen)
            states = self._normed(f"{layer}.attention.output", states)
            wide = _gelu(self._linear(f"{layer}.intermediate.dense", states))
            states += self._linear(f"{layer}.output.dense", wide)
            states = self._normed(f"{layer}.output", states)
        return states

    def _attended(self, name: str, states: np.ndarray, seen: np.ndarray) -> np.ndarray:
        parts = self._linear(f"{name}.self", states).reshape(*states.shape[:2], 3, self._heads, -1)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)
        query *= np.float32(1 / sqrt(query.shape[-1]))
        mixed = np.empty_like(states)
        texts = max(1, _AT_ONCE // (self._heads * states.shape[1] ** 2))
        for some in (slice(at, at + texts) for at in range(0, len(states), texts)):
            weights = query[some] @ key[some].swapaxes(2, 3)
            if not seen[some].all():
                weights += np.where(seen[some], np.float32(0), np.float32(-np.inf))[:, None, None]
            weights -= weights.max(axis=-1, keepdims=True)
            np.exp(weights, out=weights)
            weights /= weights.sum(axis=-1, keepdims=True)
            mixed[some] = (weights @ value[some]).swapaxes(1, 2).reshape(mixed[some].shape)
        return self._linear(f"{name}.output.dense", mixed)

    def _linear(self, name: str, states: np.ndarray) -> np.ndarray:
        found = states.reshape(-1, states.shape[-1]) @ self._weights[f"{name}.weight"].T
        found += self._weights[f"{name}.bias"]
        return found.reshape(*states.shape[:-1], -1)

    def _normed(self, name: str, states: np.ndarray) -> np.ndarray:
        """Layer norm, in place."""
        states -= states.mean(axis=-1, keepdims=True)
        variance = np.einsum("...d,...d->...", states, states) / np.float32(states.shape[-1])
        states /= np.sqrt(variance + np.float32(_EPSILON))[..., None]
        states *= self._weights[f"{name}.LayerNorm.weight"]
        states += self._weights[f"{name}.LayerNorm.bias"]
        return states


def _gelu(states: np.ndarray) -> np.ndarray:
    """The exact one, not that with a tangent; in place, as much at a time as caches hold."""
    for part in np.array_split(states.reshape(-1), max(1, states.size // _AT_ONCE)):
        size = np.abs(part)
        # What the error function of |x| / sqrt 2 lacks of 1, within 1.5e-7: Abramowitz and Stegun 1964, 7.1.26.
        short = size * np.float32(0.3275911 * sqrt(0.5))
        short += 1
        np.reciprocal(short, out=short)
        rest = short * _ERF[0]
        for factor in _ERF[1:]:
            rest += factor
            rest *= short
        np.multiply(size, size, out=short)
        short *= np.float32(-0.5)
        rest *= np.exp(short, out=short)
        # x (1 + erf(x / sqrt 2)) / 2 is so much less than the positive part of x.
        rest *= size
        rest *= np.float32(0.5)
        np.maximum(part, 0, out=part)
        part -= rest
    return states
