"""A fixed number of slots that a model decodes together, each behind a prompt that it may share with others.

A slot holds the keys and values of what its attempt generated; those of the prompt exist once. A token's
attention over both is one softmax: the scores of the two parts stand side by side, so they share their maximum
and their sum (the exact merge by log-sum-exp), and only the matrix products are taken apart. With a prompt's
attempts side by side its keys are read once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from evalhub.engine.prompts import Prompt
from evalhub.engine.seam import Layer, squeeze

_ROUND = 64
"""Prompts and slots are read in multiples of this many tokens: then a sum over them adds in the same order
whatever the longest of the batch is."""

_LEAST = 8
"""Rows that a product over a prompt has at least, borrowed ones among them: fewer may be rounded otherwise."""


@dataclass(frozen=True, eq=False)
class _Step:
    """Where the rows of a step stand."""

    own: torch.Tensor
    """Place of the token now fed among those generated, [rows]."""

    before: torch.Tensor
    """Length of each row's prompt, [rows]."""

    order: torch.Tensor
    """Rows with those of one prompt side by side, [rows]."""

    back: torch.Tensor
    """The inverse of the order, [rows]."""

    groups: list[tuple[Prompt, int, int]]
    """Each prompt with its rows in that order: first, and behind the last."""

    longest: int
    """Of the prompts, rounded up."""

    visible: int
    """Generated tokens that are looked at, the longest rounded up."""

    masks: dict[int | None, torch.Tensor] = field(default_factory=dict)
    """By window: 0 for what rows in order see, else minus infinity, [rows, 1, longest + visible]."""

    def mask(self, window: int | None) -> torch.Tensor:
        """Hides what lies behind a row's prompt, what it has not generated yet, and what is before its window."""
        if window not in self.masks:
            own, before = self.own[self.order][:, None], self.before[self.order][:, None]
            prompt = torch.arange(self.longest, device=own.device)
            generated = torch.arange(self.visible, device=own.device)
            first = 0 if window is None else before + own - window + 1
            hidden = [(prompt >= before) | (prompt < first), (generated > own) | (generated + before < first)]
            whole = torch.cat(hidden, 1)[:, None]
            self.masks[window] = torch.zeros(whole.shape, device=own.device).masked_fill_(whole, float("-inf"))
        return self.masks[window]


class Slots:
    """Keys and values of what `count` slots have generated.

    Args:
        count: number of slots.
        layers: of the model.
    """

    def __init__(self, count: int, layers: int) -> None:
        self.count = count
        self.layers = [_SlotLayer(self, number) for number in range(layers)]
        self.step: _Step

    def point(self, prompts: Sequence[Prompt | None], own: Sequence[int], device: torch.device) -> torch.Tensor:
        """Make the next step feed one token to each of the first rows.

        Args:
            prompts: of each row; None for one that only fills the batch.
            own: how many tokens each row has fed behind its prompt.

        Returns:
            their positions, [rows, 1].
        """
        numbers: dict[int, int] = {}
        for prompt in prompts:
            numbers.setdefault(id(prompt), len(numbers))
        ranked = sorted(range(len(prompts)), key=lambda row: (prompts[row] is None, numbers[id(prompts[row])]))
        groups: list[tuple[Prompt, int, int]] = []
        for place, row in enumerate(ranked):
            prompt = prompts[row]
            if prompt is None:
                break
            if groups and groups[-1][0] is prompt:
                groups[-1] = (prompt, groups[-1][1], place + 1)
            else:
                groups.append((prompt, place, place + 1))
        order = torch.tensor(ranked, device=device)
        before = torch.tensor([prompt.length if prompt else 0 for prompt in prompts], device=device)
        place_of = torch.tensor(own, device=device)
        self.step = _Step(
            own=place_of,
            before=before,
            order=order,
            back=torch.argsort(order),
            groups=groups,
            longest=_rounded(max((prompt.length for prompt, _, _ in groups), default=0)),
            visible=_rounded(max(own) + 1),
        )
        after = torch.tensor([prompt.after if prompt else 0 for prompt in prompts], device=device)
        return (after + place_of)[:, None]

    def move(self, source: int, target: int, tokens: int) -> None:
        """Let what a slot has generated lie in another."""
        for layer in self.layers:
            if not layer.keys.numel():
                continue  # it looks at what another one keeps
            layer.keys[target, :, :, :tokens] = layer.keys[source, :, :, :tokens]
            layer.values[target, :, :tokens] = layer.values[source, :, :tokens]


class _SlotLayer(Layer):
    """One layer's keys, [slots, key heads, width, capacity], and values, [slots, key heads, capacity, width].

    Keys lie as the products with queries read them: the other way each product would copy them first.
    """

    def __init__(self, slots: Slots, number: int) -> None:
        super().__init__()
        self._slots = slots
        self._number = number

    def keep(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        step = self._slots.step
        _, heads, _, width = keys.shape
        if not self.keys.numel():
            self.keys = keys.new_zeros(self._slots.count, heads, width, step.visible)
            self.values = values.new_zeros(self._slots.count, heads, step.visible, values.shape[3])
        if step.visible > self.keys.shape[3]:
            # By half more at a time, so that growing is rare.
            more = max(step.visible, self.keys.shape[3] * 3 // 2) - self.keys.shape[3]
            self.keys = torch.nn.functional.pad(self.keys, (0, more))
            self.values = torch.nn.functional.pad(self.values, (0, 0, 0, more))
        rows = torch.arange(len(step.own), device=keys.device)
        self.keys[rows, :, :, step.own] = keys[:, :, 0]
        self.values[rows, :, step.own] = values[:, :, 0]

    def attend(
        self, query: torch.Tensor, *, scale: float, softcap: float | None, window: int | None
    ) -> torch.Tensor:
        step = self._slots.step
        rows, heads, _, width = query.shape
        key_heads = self.keys.shape[1]
        shared = heads // key_heads
        keys = self.keys[:rows, ..., : step.visible].reshape(rows * key_heads, width, step.visible)
        values = self.values[:rows, :, : step.visible].reshape(rows * key_heads, step.visible, -1)
        query = query.reshape(rows, key_heads, shared, width)

        # Over the prompts, then over what was generated: [key heads, rows in order, shared, longest + visible].
        scores = query.new_zeros(key_heads, rows, shared, step.longest + step.visible, dtype=torch.float32)
        ranked = query[step.order].transpose(0, 1).contiguous()
        for prompt, first, end in step.groups:
            start, stop = _borrow(first, end, rows)
            asked = ranked[:, start:stop].reshape(key_heads, -1, width)
            found = torch.bmm(asked, prompt.states[self._number][0].transpose(1, 2))
            found = found.view(key_heads, -1, shared, prompt.length)[:, first - start : end - start]
            scores[:, first:end, :, : prompt.length] = found
        own = torch.bmm(query.reshape(rows * key_heads, shared, width), keys)
        own = own.view(rows, key_heads, shared, step.visible)
        scores[..., step.longest :] = own[step.order].transpose(0, 1)
        weights = torch.softmax(squeeze(scores, scale, softcap).add_(step.mask(window)), -1).to(values.dtype)

        mixed = weights.new_zeros(key_heads, rows, shared, values.shape[-1])
        for prompt, first, end in step.groups:
            start, stop = _borrow(first, end, rows)
            part = weights[:, start:stop, :, : prompt.length].reshape(key_heads, -1, prompt.length)
            found = torch.bmm(part, prompt.states[self._number][1])
            found = found.view(key_heads, -1, shared, values.shape[-1])
            mixed[:, first:end] = found[:, first - start : end - start]
        part = weights[..., step.longest :].transpose(0, 1)[step.back]
        own = torch.bmm(part.reshape(rows * key_heads, shared, step.visible), values)
        whole = own.view(rows, key_heads, shared, -1) + mixed.transpose(0, 1)[step.back]
        return whole.reshape(rows, heads, 1, -1)


def _rounded(tokens: int) -> int:
    return -(-tokens // _ROUND) * _ROUND


def _borrow(first: int, end: int, rows: int) -> tuple[int, int]:
    """A run of rows around the one given that has the least number of them."""
    start = max(0, min(first, rows - _LEAST))
    return start, max(end, start + _LEAST)
