"""Whether a model may be run by the engine: its logits are compared with those of transformers' own attention."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import torch

from evalhub.engine.eyes import Sight
from evalhub.engine.prompts import Prompts
from evalhub.engine.seam import ATTENTION, Layer, Refused, forward, use_attention
from evalhub.engine.slots import Slots
from evalhub.engine.text import Text
from evalhub.errors import EvalhubError

_TEXT = "The quick brown fox jumps over the lazy dog. 1 + 1 = 2"
_ROWS = 8
_TOLERANCE = 0.25
"""Of the logits' standard deviation: far beyond rounding, far below a mistake."""


@torch.inference_mode()
def verify(model: Any, text: Text, prompts: Prompts, slots: Slots, context: int) -> None:
    """Refuse a model that would be run wrongly, and leave the others with `use_attention(model, ATTENTION)`.

    Raises:
        Refused: it does not take part in the interfaces used, hides other tokens than it lets its layers know, or
            gives other logits than with its own attention, on a text or beside an image.
        EvalhubError: its own logits are not finite.
    """
    tokens: list[int] = text.tokenizer(_TEXT)["input_ids"][:24]
    name = type(model).__name__
    try:
        use_attention(model, "eager")
        expected = [_own(model, tokens)]
        sight = _sight(text)
        if sight:
            expected.append(_own(model, [*sight.tokens, tokens[-1]], sight))
        use_attention(model, ATTENTION)
        _look_back(model, context)
        found = [_decoded(model, prompts, slots, tokens)]
        if sight:
            found.append(_decoded(model, prompts, slots, [*sight.tokens, tokens[-1]], sight))
    except EvalhubError:
        raise
    except Exception as error:  # whatever a model raises that is not made for this
        reason = " ".join(str(error).split())[:200]
        raise Refused(f"{name} cannot be run by this engine: {reason or type(error).__name__}") from error
    for ours, theirs in zip(found, expected, strict=True):
        if not torch.isfinite(theirs).all():
            raise EvalhubError(
                f"{name} gives no finite logits: its weights are broken, or too large for this dtype"
            )
        if not torch.isfinite(ours).all() or ((ours - theirs).abs().amax(-1) > _TOLERANCE * theirs.std(-1)).any():
            raise Refused(f"{name} gives other logits in this engine than in transformers")


def _own(model: Any, tokens: Sequence[int], sight: Sight | None = None) -> torch.Tensor:
    """Logits behind the last two tokens with the model's own attention, [2, vocabulary]."""
    ids = torch.tensor([tokens], device=model.device)
    inputs = {name: _longer(value, len(tokens)) for name, value in sight.inputs.items()} if sight else {}
    logits: torch.Tensor = model(input_ids=ids, use_cache=False, **inputs).logits[0, -2:].float()
    return logits


def _longer(value: torch.Tensor, length: int) -> torch.Tensor:
    """What a processor says of each token, for one text token more."""
    return torch.nn.functional.pad(value, (0, 1)) if value.shape == (1, length - 1) else value


def _decoded(
    model: Any, prompts: Prompts, slots: Slots, tokens: list[int], sight: Sight | None = None
) -> torch.Tensor:
    """The same as the engine computes them: all but the last token as a prompt, the last one in a slot."""
    prompt = prompts.get(tokens[:-1], 0, sight)
    rows = min(slots.count, _ROWS)
    positions = slots.point([prompt] + [None] * (rows - 1), [0] * rows, model.device)
    fed = torch.tensor([tokens[-1]] + [0] * (rows - 1), device=model.device)[:, None]
    return torch.stack([prompt.logits, forward(model, fed, positions, slots.layers)[0, -1].float()])


def _sight(text: Text) -> Sight | None:
    """A text with an image that is no other's, where the model takes images."""
    if text.eyes is None:
        return None
    from PIL import Image

    file = io.BytesIO()
    Image.linear_gradient("L").resize((64, 64)).save(file, "PNG")
    return text.eyes.look(text.eyes.token + _TEXT, (file.getvalue(),), True)


def _look_back(model: Any, context: int) -> None:
    """Let transformers make the mask of the context's last token, and compare it in every layer with the window
    that the layer is told: on a short text none would be felt."""
    config = model.config.get_text_config()
    layers = [_Watcher(context) for _ in range(config.num_hidden_layers)]
    device = model.device
    token = torch.zeros(1, 1, dtype=torch.long, device=device)
    forward(model, token, torch.full((1, 1), context - 1, device=device), layers, masks=True)


class _Watcher(Layer):
    """As if all tokens of the context but the last were there."""

    def __init__(self, context: int) -> None:
        super().__init__()
        self._context = context

    def get_seq_length(self) -> int:
        return self._context - 1

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        del query_length
        return self._context, 0

    def keep(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        self.keys, self.values = keys, values

    def attend(
        self, query: torch.Tensor, *, scale: float, softcap: float | None, window: int | None
    ) -> torch.Tensor:
        del scale, softcap
        if self.mask is None:
            raise NotImplementedError("it does not say which tokens see each other")
        first = 0 if window is None else max(self._context - window, 0)
        expected = torch.arange(self._context, device=query.device) >= first
        if not torch.equal(self.mask.reshape(-1), expected):
            raise NotImplementedError("its tokens see others than all before them, or a window of them")
        return query.new_zeros(*query.shape[:3], self.values.shape[-1])
