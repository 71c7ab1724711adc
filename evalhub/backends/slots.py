"""A fixed number of slots that a model decodes together, each at its own position.

This is the seam to transformers: a cache whose rows advance independently, and an attention function that
reads it. Both plug into transformers' own interfaces (`Cache`, `AttentionInterface`), so every architecture
that goes through these runs unchanged.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface
from transformers.cache_utils import Cache, CacheLayerMixin

ATTENTION = "evalhub_slots"
_ROUND = 64
"""Caches grow and are read in multiples of this many tokens."""


class Slots:
    """Keys and values of `count` slots, and where each of them stands.

    Attributes:
        positions: [rows] where the token now fed goes, for the rows of the step.
        rows: number of slots that take part in the step: the first ones.
    """

    def __init__(self, count: int, layers: int) -> None:
        self.count = count
        self.capacity = 0
        self.rows = count
        self.visible = 0
        self.positions = torch.zeros(count, dtype=torch.long)
        self.cache = Cache(layers=[_SlotLayer(self) for _ in range(layers)])

    def point(self, positions: torch.Tensor) -> torch.Tensor:
        """Make the next step feed one token to each of the first rows, at these positions.

        Returns:
            the additive attention mask, [rows, 1, 1, visible].
        """
        self.positions = positions
        self.rows = len(positions)
        self.visible = _rounded(int(positions.max()) + 1)
        self.reserve(self.visible)
        seen = torch.arange(self.visible, device=positions.device)[None] <= positions[:, None]
        mask = torch.zeros(seen.shape, device=positions.device).masked_fill_(~seen, float("-inf"))
        return mask[:, None, None]

    def reserve(self, tokens: int) -> None:
        """Make room for this many tokens in every slot."""
        if tokens > self.capacity:
            self.capacity = _rounded(tokens)
            for layer in self.cache.layers:
                layer.resize()

    def fill(self, slot: int, prefix: Cache) -> None:
        """Put a prompt's keys and values, computed alone, at the start of a slot."""
        for layer, source in zip(self.cache.layers, prefix.layers, strict=True):
            layer.write(slot, source.keys[0], source.values[0])

    def copy(self, source: int, target: int, tokens: int) -> None:
        """Copy the first tokens of a slot to another."""
        for layer in self.cache.layers:
            layer.keys[target, :, :tokens] = layer.keys[source, :, :tokens]
            layer.values[target, :, :tokens] = layer.values[source, :, :tokens]

    def swap(self, first: int, second: int) -> None:
        """Let two slots trade places."""
        for layer in self.cache.layers:
            for states in (layer.keys, layer.values):
                states[[first, second]] = states[[second, first]]


class _SlotLayer(CacheLayerMixin):
    """One layer's keys and values, [slots, heads, capacity, width]."""

    def __init__(self, slots: Slots) -> None:
        super().__init__()
        self._slots = slots

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        slots = self._slots
        self.keys = key_states.new_zeros(slots.count, key_states.shape[-3], slots.capacity, key_states.shape[-1])
        self.values = value_states.new_zeros(
            slots.count, value_states.shape[-3], slots.capacity, value_states.shape[-1]
        )
        self.is_initialized = True

    def resize(self) -> None:
        if self.is_initialized:
            more = self._slots.capacity - self.keys.shape[2]
            self.keys = torch.nn.functional.pad(self.keys, (0, 0, 0, more))
            self.values = torch.nn.functional.pad(self.values, (0, 0, 0, more))

    def write(self, slot: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        if not self.is_initialized:
            self.lazy_initialization(keys, values)
        self.keys[slot, :, : keys.shape[1]] = keys
        self.values[slot, :, : values.shape[1]] = values

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        slots = self._slots
        rows = torch.arange(slots.rows, device=key_states.device)
        self.keys[rows, :, slots.positions] = key_states[:, :, 0]
        self.values[rows, :, slots.positions] = value_states[:, :, 0]
        return self.keys[: slots.rows, :, : slots.visible], self.values[: slots.rows, :, : slots.visible]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:  # noqa: ARG002 (transformers' signature)
        return self._slots.visible, 0

    def get_seq_length(self) -> int:
        return self._slots.visible

    def get_max_length(self) -> int:
        return -1


def _rounded(tokens: int) -> int:
    return -(-tokens // _ROUND) * _ROUND


def _attention(
    module: torch.nn.Module,  # noqa: ARG001 (transformers' signature)
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor,
    scaling: float | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Grouped-query attention by plain matrix products: no copy of keys for the query heads that share them.

    Args:
        query: [rows, heads, tokens, width]; key, value: [rows, key heads, visible, width].
        attention_mask: additive, [rows, 1, tokens, visible].

    Returns:
        [rows, tokens, heads, width], and None for the weights.
    """
    rows, heads, tokens, width = query.shape
    key_heads, visible = key.shape[1], key.shape[2]
    scale = width**-0.5 if scaling is None else scaling
    grouped = query.reshape(rows * key_heads, heads // key_heads * tokens, width)
    scores = torch.bmm(grouped, key.reshape(rows * key_heads, visible, width).transpose(1, 2)).float() * scale
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    scores = scores.view(rows, heads, tokens, visible) + attention_mask
    weights = torch.softmax(scores, -1).to(value.dtype).view(grouped.shape[0], grouped.shape[1], visible)
    mixed = torch.bmm(weights, value.reshape(rows * key_heads, visible, value.shape[-1]))
    return mixed.view(rows, heads, tokens, value.shape[-1]).transpose(1, 2), None


AttentionInterface.register(ATTENTION, _attention)
