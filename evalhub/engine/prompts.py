"""Prompts computed once: their keys and values, shared by all their attempts."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import torch

from evalhub.engine.eyes import Sight
from evalhub.engine.seam import Layer, attend_plainly, forward

_CHUNK = 512
"""Prompt tokens that attend at once: bounds the memory of their scores."""


@dataclass(frozen=True, eq=False)
class Prompt:
    """A computed text."""

    length: int
    """Tokens."""

    after: int
    """Position of the token that follows: the length, but for models in which an image takes fewer positions than
    tokens."""

    states: list[tuple[torch.Tensor, torch.Tensor]] = field(repr=False)
    """Keys and values of each layer, [key heads, length, width]."""

    logits: torch.Tensor = field(repr=False)
    """Of the token that follows, [vocabulary], float32."""

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return sum(keys.nbytes + values.nbytes for keys, values in self.states) + self.logits.nbytes


class PromptLayer(Layer):
    """One text, each token of which sees those before it.

    Args:
        before: keys and values that are there already, [key heads, n, width].
    """

    def __init__(self, before: tuple[torch.Tensor, torch.Tensor] | None = None) -> None:
        super().__init__()
        if before is not None:
            self.keys, self.values = (states[None] for states in before)

    def keep(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        self.keys = torch.cat([self.keys, keys], 2) if self.keys.numel() else keys
        self.values = torch.cat([self.values, values], 2) if self.values.numel() else values

    def attend(
        self, query: torch.Tensor, *, scale: float, softcap: float | None, window: int | None
    ) -> torch.Tensor:
        count, whole = query.shape[2], self.keys.shape[2]
        other = torch.arange(whole, device=query.device)
        parts = []
        for first in range(0, count, _CHUNK):
            part = query[:, :, first : first + _CHUNK]
            if self.mask is not None:
                seen = self.mask[:, :, first : first + _CHUNK]
            else:
                own = whole - count + torch.arange(first, first + part.shape[2], device=query.device)[:, None]
                seen = other <= own
                if window is not None:
                    seen &= other > own - window
            parts.append(attend_plainly(part, self.keys, self.values, seen, scale=scale, softcap=softcap))
        return torch.cat(parts, 2)


class Prompts:
    """Computes prompts and keeps those used last, within a limit of memory.

    What is kept is a function of a prompt's tokens, its images and where its shared beginning ends, never of what
    else was computed: the beginning is always computed by itself.

    Args:
        model: told to `use_attention(model, ATTENTION)`.
        most: bytes to keep.
    """

    def __init__(self, model: Any, most: int) -> None:
        self._model = model
        self._most = most
        self._layers = model.config.get_text_config().num_hidden_layers
        self._kept: OrderedDict[tuple[tuple[int, ...], int, tuple[str, ...]], Prompt] = OrderedDict()
        self._bytes = 0

    def get(self, tokens: list[int], shared: int = 0, sight: Sight | None = None) -> Prompt:
        """The prompt of these tokens: kept, or computed now.

        Args:
            shared: how many tokens at its beginning other prompts have too (worked examples).
            sight: where there are images among the tokens; then nothing is shared.
        """
        key = (tuple(tokens), shared, sight.images if sight else ())
        found = self._kept.get(key)
        if found is None:
            if sight:
                found = self._look(sight)
            else:
                found = self._compute(tokens, self.get(tokens[:shared]) if shared else None)
            self._kept[key] = found
            self._bytes += found.bytes
        self._kept.move_to_end(key)
        while self._bytes > self._most and len(self._kept) > 1:
            # An attempt that still runs holds its prompt itself.
            self._bytes -= self._kept.popitem(last=False)[1].bytes
        return found

    def _compute(self, tokens: list[int], before: Prompt | None) -> Prompt:
        device = self._model.device
        states = before.states if before else [None] * self._layers
        layers = [PromptLayer(state) for state in states]
        start = before.length if before else 0
        for place in range(start, len(tokens), _CHUNK):
            chunk = tokens[place : place + _CHUNK]
            positions = torch.arange(place, place + len(chunk), device=device)[None]
            logits = forward(self._model, torch.tensor([chunk], device=device), positions, layers)
        return _prompt(layers, len(tokens), logits)

    def _look(self, sight: Sight) -> Prompt:
        """A prompt with images: in one piece, and with the mask that transformers makes for it."""
        device = self._model.device
        tokens = torch.tensor([sight.tokens], device=device)
        layers = [PromptLayer() for _ in range(self._layers)]
        # Where an image has positions in two dimensions, the model counts them, and remembers what that comes to.
        counting = [module for module in self._model.modules() if hasattr(module, "rope_deltas")]
        for module in counting:
            module.rope_deltas = None
        positions = None if counting else torch.arange(len(sight.tokens), device=device)[None]
        logits = forward(self._model, tokens, positions, layers, masks=True, **sight.inputs)
        deltas = [int(module.rope_deltas) for module in counting if module.rope_deltas is not None]
        return _prompt(layers, len(sight.tokens) + sum(deltas), logits)


def _prompt(layers: list[PromptLayer], after: int, logits: torch.Tensor) -> Prompt:
    states = [(_only(layer.keys), _only(layer.values)) for layer in layers]
    return Prompt(states[0][0].shape[1], after, states, logits[0, -1].float())


def _only(states: torch.Tensor) -> torch.Tensor:
    """Of the one text; a layer that looks at what another one keeps has none."""
    return states[0].contiguous() if states.numel() else states
