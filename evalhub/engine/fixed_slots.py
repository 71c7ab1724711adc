"""Slots in tensors of fixed size, so that a step can be recorded once and played again.

All prompts lie in one pool, each once; each slot has room for so many generated tokens. What changes between steps
(who stands where, which token is fed) is written into tensors that stay where they are. See
`kernels.shared_attention`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from evalhub.engine.mirror import Mirror
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
        self.count, self.capacity = count, capacity
        self.pool = Pool(tokens)
        line = (count,), torch.int32
        self._mirror = Mirror(
            {
                **dict.fromkeys(("start", "before", "own", "order", "active"), line),
                "tiles": ((count, 2), torch.int32),
                "positions": ((count, 1), torch.int64),
                "place": ((count,), torch.int64),
            },
            device,
        )
        there = self._mirror.there
        self.rows = Rows(*(there[name] for name in ("start", "before", "own", "order", "tiles")))
        self.active, self.positions = there["active"], there["positions"]
        """[count] int32, 1 where a slot does not stand idle; [count, 1] int64 of the tokens that are fed."""

        self._place = there["place"]
        every = torch.arange(count, device=device)
        self.layers = [
            _FixedLayer(number, self.rows, every, self._place, capacity, tokens) for number in range(layers)
        ]

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
        here = self._mirror.here
        keys = np.array([start if prompt else -1 for start, prompt in zip(starts, prompts, strict=True)])
        here["start"][:] = np.maximum(keys, 0)
        here["before"][:] = [prompt.length if prompt else 0 for prompt in prompts]
        here["own"][:] = here["place"][:] = own
        here["order"][:], here["tiles"][:] = _tiles(keys)
        here["active"][:] = keys >= 0
        here["positions"][:, 0] = [prompt.after if prompt else 0 for prompt in prompts]
        here["positions"][:, 0] += own
        self._mirror.send()

    def advance(self) -> None:
        """A token further, for all that do not stand idle: on the device alone."""
        self.rows.own.add_(self.active)
        self._place.add_(self.active)
        self.positions.add_(self.active[:, None])

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
    width]; made when its first keys show their shape.

    Args:
        number: of the layer.
        rows: where the slots stand.
        every: [slots], all of them in order.
        place: [slots] of the token now fed among those that a slot has generated, int64.
        capacity, tokens: see `FixedSlots`.
    """

    def __init__(  # not the slots themselves: what points in a circle would hold memory after its end
        self, number: int, rows: Rows, every: torch.Tensor, place: torch.Tensor, capacity: int, tokens: int
    ) -> None:
        super().__init__()
        self._number, self._rows, self._every, self._place = number, rows, every, place
        self._capacity, self._tokens = capacity, tokens
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
        self.keys[self._every, :, self._place] = keys[:, :, 0]
        self.values[self._every, :, self._place] = values[:, :, 0]

    def _make(self, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The pool, made with all else when the first keys and values, [rows, key heads, tokens, width], come."""
        if self._pool is None:
            heads, widths = keys.shape[1], (keys.shape[3], values.shape[3])
            pooled, own = (self._tokens, heads), (len(self._every), heads, self._capacity)
            self._pool = keys.new_zeros(*pooled, widths[0]), keys.new_zeros(*pooled, widths[1])
            self.keys, self.values = (keys.new_zeros(*own, width) for width in widths)
        return self._pool

    def attend(
        self, query: torch.Tensor, *, scale: float, softcap: float | None, window: int | None
    ) -> torch.Tensor:
        assert self._pool is not None
        states = *self._pool, self.keys, self.values
        found = attend_shared(query[:, :, 0], *states, self._rows, scale=scale, softcap=softcap, window=window)
        return found[:, :, None]
