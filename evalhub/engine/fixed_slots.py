"""Slots in tensors of fixed size, so that a step can be recorded once and played again.

All prompts lie in one pool, each once; each slot has room for so many generated tokens. What changes between steps
(who stands where, which token is fed) is written into tensors that stay where they are. See
`kernels.shared_attention`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from evalhub.engine.pool import Pool
from evalhub.engine.prompts import Prompt
from evalhub.engine.seam import Layer
from kernels.shared_attention import attend_shared
from kernels.step_rows import TILE, Rows


class FixedSlots:
    """Keys and values of slots and of the prompts that they continue.

    Args:
        count: slots.
        layers: of the model.
        capacity: tokens that each slot may generate.
        tokens: of prompts, together.
        device: of the model.
    """

    def __init__(self, count: int, layers: int, capacity: int, tokens: int, device: torch.device) -> None:
        self.count, self.capacity, self.device = count, capacity, device
        self.pool = Pool(tokens)
        self.layers = [_FixedLayer(self, number) for number in range(layers)]
        self.line = torch.arange(count, device=device)

        def numbers(*shape: int) -> torch.Tensor:
            return torch.zeros(shape, dtype=torch.int32, device=device)

        self.rows = Rows(numbers(count), numbers(count), numbers(count), numbers(count), numbers(count, 2))
        self.positions = torch.zeros(count, 1, dtype=torch.int64, device=device)

    def enter(self, prompt: Prompt) -> int | None:
        """Let one more slot continue a prompt: its place in the pool, or None where there is no room now."""
        found = self.pool.take(prompt)
        if found is None:
            return None
        start, fresh = found
        if fresh:
            for layer in self.layers:
                layer.put(prompt, start)
        return start

    def stand(self, starts: Sequence[int], prompts: Sequence[Prompt | None], own: Sequence[int]) -> None:
        """Say of every slot which prompt it continues, where that lies, and how many tokens it has been fed; a
        slot without a prompt stands idle."""
        before = [prompt.length if prompt else 0 for prompt in prompts]
        after = [prompt.after if prompt else 0 for prompt in prompts]
        keys = [start if prompt else -1 for start, prompt in zip(starts, prompts, strict=True)]
        order, tiles = _tiles(np.array(keys))
        for tensor, given in (
            (self.rows.start, np.maximum(keys, 0)),
            (self.rows.before, np.array(before)),
            (self.rows.own, np.array(own)),
            (self.rows.order, order),
            (self.rows.tiles, tiles),
        ):
            tensor.copy_(torch.from_numpy(given.astype(np.int32)), non_blocking=True)
        positions = np.array(after, np.int64) + np.array(own, np.int64)
        self.positions.copy_(torch.from_numpy(positions)[:, None], non_blocking=True)

    def point(self, prompts: Sequence[Prompt | None], own: Sequence[int], device: torch.device) -> torch.Tensor:
        """As `evalhub.engine.slots.Slots.point`, for the check of a model: the prompts stay only for this step."""
        del device
        places = [self.enter(prompt) if prompt else 0 for prompt in prompts]
        idle = self.count - len(places)
        self.stand([place or 0 for place in places] + [0] * idle, [*prompts, *[None] * idle], [*own, *[0] * idle])
        for prompt in prompts:
            if prompt:
                self.pool.leave(prompt)
        return self.positions


def _tiles(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows with those of one prompt side by side, [rows], and runs of at most `TILE` of them, [rows, 2].

    keys: of the prompts, [rows]; -1 for a row without one.
    """
    order = np.argsort(np.where(keys < 0, np.iinfo(np.int64).max, keys), kind="stable")
    ranked = keys[order]
    begins = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    ends = np.r_[begins[1:], keys.size]
    tiles = np.zeros((keys.size, 2), np.int64)
    runs = [
        (first, min(TILE, end - first))
        for begin, end in zip(begins, ends, strict=True)
        if ranked[begin] >= 0
        for first in range(begin, end, TILE)
    ]
    if runs:
        tiles[: len(runs)] = runs
    return order, tiles


class _FixedLayer(Layer):
    """One layer's pool, [tokens, key heads, width], and what slots have generated, [slots, key heads, capacity,
    width]; made when its first keys show their shape."""

    def __init__(self, slots: FixedSlots, number: int) -> None:
        super().__init__()
        self._slots = slots
        self._number = number
        self._pool: tuple[torch.Tensor, torch.Tensor] | None = None

    def put(self, prompt: Prompt, start: int) -> None:
        """Copy a prompt's keys and values to its place."""
        states = prompt.states[self._number]
        if not states[0].numel():
            return  # it looks at what another one keeps
        for pool, one in zip(self._make(*(one[None] for one in states)), states, strict=True):
            pool[start : start + prompt.length] = one.transpose(0, 1)

    def keep(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        self._make(keys, values)
        own = self._slots.rows.own.long()
        self.keys[self._slots.line, :, own] = keys[:, :, 0]
        self.values[self._slots.line, :, own] = values[:, :, 0]

    def _make(self, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The pool, made with all else when the first keys and values, [rows, key heads, tokens, width], come."""
        if self._pool is None:
            slots, heads = self._slots, keys.shape[1]
            widths = keys.shape[3], values.shape[3]
            tokens = slots.pool.tokens
            self._pool = keys.new_zeros(tokens, heads, widths[0]), keys.new_zeros(tokens, heads, widths[1])
            self.keys, self.values = (
                keys.new_zeros(slots.count, heads, slots.capacity, width) for width in widths
            )
        return self._pool

    def attend(
        self, query: torch.Tensor, *, scale: float, softcap: float | None, window: int | None
    ) -> torch.Tensor:
        assert self._pool is not None
        states = *self._pool, self.keys, self.values
        found = attend_shared(
            query[:, :, 0], *states, self._slots.rows, scale=scale, softcap=softcap, window=window
        )
        return found[:, :, None]
