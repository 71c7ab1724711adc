"""Packed trees: several questions along one row, each computed once with all its choices branching off.

A token sees what stands before the row (worked examples that all its questions share) and the tokens before it in
its own sequence. Nothing is padded, and nothing that two choices begin with is computed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch.nn.functional import scaled_dot_product_attention

from evalhub.engine.seam import Layer, attend_plainly
from evalhub.engine.text import common

_TOGETHER = 256
"""Tokens of a tree whose scores are held at once: bounds the memory that a long question takes."""


class Tree:
    """Sequences of tokens to feed, of which beginnings in common are there once.

    Attributes:
        tokens: depth first.
        depths: of each token, how many stand before it in its sequences.
        ends: of each token, the place behind the last one that has it among those before: these see it.
        paths: of each sequence, the places of its tokens.
    """

    def __init__(self, sequences: Sequence[tuple[int, ...]]) -> None:
        self.tokens: list[int] = []
        self.depths: list[int] = []
        self.ends: list[int] = []
        self.paths: list[list[int]] = [[] for _ in sequences]
        known: tuple[int, ...] = ()
        path: list[int] = []
        # In order, what begins alike stands together.
        for number in sorted(range(len(sequences)), key=lambda number: sequences[number]):
            sequence = sequences[number]
            there = common(known, sequence)
            path = [*path[:there], *range(len(self.tokens), len(self.tokens) + len(sequence) - there)]
            self.tokens += sequence[there:]
            self.depths += range(there, len(sequence))
            self.ends += [0] * (len(sequence) - there)
            for place in path:
                self.ends[place] = len(self.tokens)
            self.paths[number] = path
            known = sequence

    def __len__(self) -> int:
        return len(self.tokens)


_APART = ("cpu",)
"""Devices on which trees attend each by itself. Elsewhere a row attends as a whole: small pieces spare less work
than it takes to start so many of them."""


@dataclass(frozen=True)
class _Block:
    """Neighbouring tokens that attend together, and the tokens of the row that they may see."""

    first: int
    last: int
    begin: int
    """Of their tree, or of the row."""


class Row:
    """Trees one behind the other, as a model is fed with them.

    Args:
        trees: none of them empty.
        before: positions that are taken already, by what all trees see.
        device: of the model.

    Attributes:
        tokens, positions: [1, n].
        begins: where each tree begins.
        apart: whether trees attend each by itself.
    """

    def __init__(self, trees: Sequence[Tree], before: int, device: torch.device) -> None:
        self.before = before
        tokens: list[int] = []
        depths: list[int] = []
        ends: list[int] = []
        self.begins: list[int] = []
        for tree in trees:
            begin = len(tokens)
            self.begins.append(begin)
            tokens += tree.tokens
            depths += tree.depths
            ends += [begin + end for end in tree.ends]
        self.apart = device.type in _APART
        starts = self.begins if self.apart else [0]
        self.blocks = [
            _Block(first, min(first + _TOGETHER, last), begin)
            for begin, last in pairwise([*starts, len(tokens)])
            for first in range(begin, last, _TOGETHER)
        ]
        self.tokens = torch.tensor([tokens], device=device)
        self.positions = before + torch.tensor([depths], device=device)
        self._ends = torch.tensor(ends, device=device)
        self._seen: dict[int | None, list[torch.Tensor]] = {}

    def seen(self, window: int | None) -> list[torch.Tensor]:
        """What each token of a block sees, boolean [tokens of the block, before + tokens from its begin on]."""
        if window not in self._seen:
            self._seen[window] = [self._see(block, window) for block in self.blocks]
        return self._seen[window]

    def _see(self, block: _Block, window: int | None) -> torch.Tensor:
        own, other = slice(block.first, block.last), slice(block.begin, block.last)
        places = torch.arange(block.begin, block.last, device=self.tokens.device)
        fed = places[block.first - block.begin :, None]
        # A token of another tree has its end before this one.
        seen = (places <= fed) & (fed < self._ends[other])
        seen = torch.cat([seen.new_ones(len(seen), self.before), seen], 1)
        if window is not None:
            position = self.positions[0]
            there = torch.cat([torch.arange(self.before, device=position.device), position[other]])
            seen &= there > position[own, None] - window
        return seen


class TreeLayer(Layer):
    """Keys and values of a row's trees.

    Args:
        row: what is fed.
        before: keys and values of what stands before it, [key heads, row.before, width]; None where nothing does.
    """

    def __init__(self, row: Row, before: tuple[torch.Tensor, torch.Tensor] | None = None) -> None:
        super().__init__()
        self._row = row
        self._before = before

    def keep(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        self.keys, self.values = keys, values

    def attend(
        self, query: torch.Tensor, *, scale: float, softcap: float | None, window: int | None
    ) -> torch.Tensor:
        mixed = query.new_empty(*query.shape[:3], self.values.shape[-1])
        for block, seen in zip(self._row.blocks, self._row.seen(window), strict=True):
            keys, values = self._visible(block)
            own = query[:, :, block.first : block.last]
            if not self._row.apart:
                # torch's kernels for GPUs that take a mask do not take heads in groups.
                keys, values = (
                    part.repeat_interleave(own.shape[1] // part.shape[1], 1) for part in (keys, values)
                )
            if softcap is None:
                # On a CPU a fifth faster than plain products for a short question, four times for a long one.
                found = scaled_dot_product_attention(
                    own, keys, values, seen, scale=scale, enable_gqa=keys.shape[1] < own.shape[1]
                )
            else:
                found = attend_plainly(own, keys, values, seen, scale=scale, softcap=softcap)
            mixed[:, :, block.first : block.last] = found
        return mixed

    def _visible(self, block: _Block) -> Iterator[torch.Tensor]:
        """Keys, then values, of what stands before and of the block's tree."""
        for number, states in enumerate((self.keys, self.values)):
            part = states[:, :, block.begin : block.last]
            yield part if self._before is None else torch.cat([self._before[number][None], part], 2)
