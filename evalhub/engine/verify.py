"""Whether a model may be run by the engine: its logits are compared with those of transformers' own attention."""

from __future__ import annotations

from typing import Any

import torch

from evalhub.engine.eyes import PROBE, Sight, probe
from evalhub.engine.fixed_slots import FixedSlots
from evalhub.engine.prompts import Prompts
from evalhub.engine.seam import ATTENTION, Layer, Refused, forward, use_attention
from evalhub.engine.slots import Slots
from evalhub.engine.text import Text
from evalhub.errors import EvalhubError

_ROWS = 8
_TOLERANCE = 0.25
"""Of the logits' standard deviation: far beyond rounding, far below a mistake."""


@torch.inference_mode()
def verify(model: Any, text: Text, prompts: Prompts, slots: Slots | FixedSlots, context: int) -> None:
    """Refuse a model that would be run wrongly, and leave the others with `use_attention(model, ATTENTION)`.

    Raises:
        Refused: it does not take part in the interfaces used, hides other tokens than it lets its layers know, or
            gives other logits than its own `generate` computes, on a text or beside an image.
        EvalhubError: its own logits are not finite.
    """
    name = type(model).__name__
    try:
        asked: list[tuple[list[int], Sight | None]] = [(text.tokenizer(PROBE)["input_ids"][:24], None)]
        if text.eyes is not None:
            sight = probe(text.eyes)
            asked.append((sight.tokens, sight))
        use_attention(model, "eager")
        expected = [_own(model, tokens, sight) for tokens, sight in asked]
        use_attention(model, ATTENTION)
        _look_back(model, context)
        found = [
            _ours(model, prompts, slots, tokens, sight, follows)
            for (tokens, sight), (_, follows) in zip(asked, expected, strict=True)
        ]
    except EvalhubError:
        raise
    except Exception as error:  # whatever a model raises that is not made for this
        reason = " ".join(str(error).split())[:200]
        raise Refused(f"{name} cannot be run by this engine: {reason or type(error).__name__}") from error
    for ours, (theirs, _) in zip(found, expected, strict=True):
        check_finite(model, theirs)
        if not torch.isfinite(ours).all() or ((ours - theirs).abs().amax(-1) > _TOLERANCE * theirs.std(-1)).any():
            raise Refused(f"{name} gives other logits in this engine than in transformers")


def check_finite(model: Any, logits: torch.Tensor) -> None:
    """Refuse a model whose own logits are not finite.

    Raises:
        EvalhubError: they are not.
    """
    if not torch.isfinite(logits).all():
        name = type(model).__name__
        raise EvalhubError(f"{name} gives no finite logits: its weights are broken, or too large for this dtype")


def _own(model: Any, tokens: list[int], sight: Sight | None) -> tuple[torch.Tensor, int]:
    """Logits of two tokens that the model's own `generate` adds to a prompt, [2, vocabulary], and the first."""
    ids = torch.tensor([tokens], device=model.device)
    generated = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        num_beams=1,
        min_new_tokens=2,
        max_new_tokens=2,
        output_logits=True,
        return_dict_in_generate=True,
        **(sight.inputs if sight else {}),
    )
    return torch.cat(generated.logits).float(), int(generated.sequences[0, -2])


def _ours(
    model: Any, prompts: Prompts, slots: Slots | FixedSlots, tokens: list[int], sight: Sight | None, follows: int
) -> torch.Tensor:
    """The same from the engine: the prompt, and a slot that is fed with the token that follows."""
    prompt = prompts.get(tokens, 0, sight)
    rows = min(slots.count, _ROWS)
    positions = slots.point([prompt] + [None] * (rows - 1), [0] * rows, model.device)
    fed = torch.tensor([follows] + [0] * (rows - 1), device=model.device)[:, None]
    return torch.stack([prompt.logits, forward(model, fed, positions, slots.layers)[0, -1].float()])


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
