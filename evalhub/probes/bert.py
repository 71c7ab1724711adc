"""The text encoder's network in torch alone: with transformers, a server would hold 250 MiB more of code."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional

_EPSILON = 1e-12
"""Of BERT's layer norms."""


class Bert:
    """BERT without a pooler (Devlin et al. 2019, 1810.04805), from weights under the names that transformers gives
    them.

    Args:
        weights: of all layers; their sizes are the network's.
        heads: of attention, in each layer.
    """

    def __init__(self, weights: Mapping[str, torch.Tensor], heads: int) -> None:
        self._weights, self._heads = dict(weights), heads
        self._depth = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
        for layer in map("encoder.layer.{}.attention.self".format, range(self._depth)):
            for kind in ("weight", "bias"):
                parts = [self._weights.pop(f"{layer}.{part}.{kind}") for part in ("query", "key", "value")]
                self._weights[f"{layer}.{kind}"] = torch.cat(parts)

    def __call__(self, ids: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """(B, T, D) states of tokens; ids: (B, T); seen: (B, T) bool, False where a shorter text is filled up."""
        words, places, segments = (
            self._weights[f"embeddings.{part}_embeddings.weight"] for part in ("word", "position", "token_type")
        )
        states = self._norm("embeddings", words[ids] + places[: ids.shape[1]] + segments[0])
        for layer in map("encoder.layer.{}".format, range(self._depth)):
            parts = self._linear(f"{layer}.attention.self", states).unflatten(2, (3, self._heads, -1))
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen[:, None, None])
            mixed = self._linear(f"{layer}.attention.output.dense", mixed.transpose(1, 2).flatten(2))
            states = self._norm(f"{layer}.attention.output", states + mixed)
            wide = functional.gelu(self._linear(f"{layer}.intermediate.dense", states))
            states = self._norm(f"{layer}.output", states + self._linear(f"{layer}.output.dense", wide))
        return states

    def _linear(self, name: str, states: torch.Tensor) -> torch.Tensor:
        return functional.linear(states, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, name: str, states: torch.Tensor) -> torch.Tensor:
        weight, bias = (self._weights[f"{name}.LayerNorm.{kind}"] for kind in ("weight", "bias"))
        return functional.layer_norm(states, weight.shape, weight, bias, _EPSILON)
