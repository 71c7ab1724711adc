"""Models that the engine refuses, through transformers' own `generate`: slower, with outputs of the same form.

Nothing is shared between attempts and no slot is refilled. An attempt's tokens are drawn from its own stream and
from the model's plain logits, so that an output depends on its request alone, up to the rounding of a batch. What
may share a batch is tried at the start: some models mix its rows up, others mind what fills the shorter texts.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from evalhub.backends.base import Output, Request
from evalhub.engine.attempts import Running, draw
from evalhub.engine.eyes import PROBE, Eyes, Sight, probe
from evalhub.engine.memory import token_bytes
from evalhub.engine.seam import context_of
from evalhub.engine.text import Text
from evalhub.engine.verify import check_finite
from evalhub.errors import EvalhubError
from ingest.records import Status

_KEPT = ("bos_token_id", "decoder_start_token_id", "forced_bos_token_id")
"""What stays of a model's own settings for `generate`: the tokens that an output begins with. Its temperature,
penalties and the like are the condition's affair."""

_EXACT, _COARSE = 1e-4, 0.05
"""Of the logits' standard deviation: by so much rounding may move them in float32, and in the smaller types."""

_STEPS = 4
"""Tokens generated to try a model."""


@dataclass(kw_only=True)
class _Waiting(Running):
    """An attempt in the queue."""

    prompt: list[int]
    sight: Sight | None


class Fallback:
    """A model run by its own `generate`, with the interface of `Engine`.

    Args:
        model: of transformers, with its own attention.
        tokenizer: its tokenizer.
        slots: attempts in a batch, at most.
        memory: bytes for keys and values, where it has any.
        eyes: where the model takes images.

    Raises:
        EvalhubError: it cannot generate, or its logits are not finite.
    """

    def __init__(
        self, model: Any, tokenizer: Any, slots: int, memory: int = 1 << 32, eyes: Eyes | None = None
    ) -> None:
        self.model = model
        self.text = Text(model, tokenizer, eyes)
        config = model.config.get_text_config()
        self.context = context_of(config)
        self._encodes = bool(model.config.is_encoder_decoder)
        self._count = slots
        self._mixes = False
        """Whether texts of different lengths may share a batch."""

        known = hasattr(config, "num_attention_heads")
        self._tokens = memory // token_bytes(config, model.dtype.itemsize) if known else None
        self._filler = tokenizer.pad_token_id or 0
        self._queue: deque[_Waiting] = deque()
        self._refused: list[Output] = []
        kept = {name: getattr(model.generation_config, name, None) for name in _KEPT}
        model.generation_config = GenerationConfig(**kept, pad_token_id=self._filler)
        self._try()

    def add(self, requests: Sequence[Request]) -> None:
        """Queue requests."""
        for request in requests:
            found = self._prepare(request)
            if isinstance(found, Output):
                self._refused.append(found)
            else:
                self._queue.append(found)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._queue and not self._refused

    @torch.inference_mode()
    def step(self) -> list[Output]:
        """Run a batch to its end. Returns what it came to."""
        outputs, self._refused = self._refused, []
        if self._queue:
            batch = self._take()
            drawing = _Drawing(self.text, batch)
            self._generate(
                [run.prompt for run in batch],
                batch[0].sight,
                max_new_tokens=max(run.limit for run in batch),
                logits_processor=LogitsProcessorList([drawing]),
                stopping_criteria=StoppingCriteriaList([_Ended(drawing)]),
            )
            outputs.extend(drawing.ended[place] for place in range(len(batch)))
        return outputs

    def _prepare(self, request: Request) -> _Waiting | Output:
        started = time.perf_counter()
        try:
            sight = self.text.look(request) if request.images else None
            tokens = sight.tokens if sight else self.text.encode(request)
        except Exception as error:  # a chat template is a program that came with the model
            return Output(request, f"the prompt cannot be built: {error}", Status.ERROR, 0, 0.0)
        # What an encoder reads takes no room from what a decoder writes.
        room = self.context - (0 if self._encodes else len(tokens))
        if len(tokens) > self.context or room < 1 or not tokens:
            return Output(request, "the prompt fills the context", Status.ERROR, 0, 0.0)
        begins = self.model.generation_config.decoder_start_token_id if self._encodes else tokens[-1]
        return _Waiting(
            request=request,
            last=begins or 0,
            tokens=len(tokens),
            limit=min(request.condition.max_tokens, room),
            started=started,
            prompt=tokens,
            sight=sight,
        )

    def _take(self) -> list[_Waiting]:
        """The first of the queue, and those that may run together with it."""
        batch: list[_Waiting] = []
        left: deque[_Waiting] = deque()
        longest = 0
        for run in self._queue:
            length = max(longest, run.tokens + run.limit)
            together = len(batch) + 1
            fits = together <= self._count and (self._tokens is None or together * length <= self._tokens)
            if not batch or (fits and self._alike(batch[0], run)):
                batch.append(run)
                longest = length
            else:
                left.append(run)
        self._queue = left
        return batch

    def _alike(self, one: _Waiting, other: _Waiting) -> bool:
        """Whether two attempts may share a batch; beside images, only those of one question."""
        if one.sight and other.sight:
            return (one.prompt, one.sight.images) == (other.prompt, other.sight.images)
        return not one.sight and not other.sight and (self._mixes or one.tokens == other.tokens)

    def _generate(self, prompts: Sequence[list[int]], sight: Sight | None, **more: Any) -> Any:
        """Continue texts. Shorter ones are filled in front, or behind where an encoder reads them."""
        width = max(map(len, prompts))
        ids, mask = [], []
        for prompt in prompts:
            known, filling = [1] * len(prompt), [0] * (width - len(prompt))
            filler = [self._filler] * len(filling)
            ids.append([*prompt, *filler] if self._encodes else [*filler, *prompt])
            mask.append([*known, *filling] if self._encodes else [*filling, *known])
        inputs = sight.inputs if sight else {}
        return self.model.generate(
            input_ids=torch.tensor(ids, device=self.model.device),
            attention_mask=torch.tensor(mask, device=self.model.device),
            do_sample=False,
            **{name: torch.cat([value] * len(prompts)) for name, value in inputs.items()},
            **more,
        )

    @torch.inference_mode()
    def _try(self) -> None:
        """See what may share a batch: a text's logits must stay what they are beside another one.

        Raises:
            EvalhubError: the model cannot generate, or its logits are not finite.
        """
        tokens = self.text.tokenizer(" ".join([PROBE] * 4))["input_ids"][: self.context // 2]
        half = len(tokens) // 2
        try:
            alone = self._logits([tokens[half:]]), self._logits([tokens[:1]])
            if self.text.eyes:
                sight = probe(self.text.eyes)
                self._generate([sight.tokens], sight, max_new_tokens=1)
        except Exception as error:  # whatever a model raises
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise EvalhubError(f"{type(self.model).__name__} cannot generate: {reason}") from error
        for logits in alone:
            check_finite(self.model, logits)
        if not self._unmoved(alone[0], [tokens[half:], tokens[: len(tokens) - half]]):
            self._count = 1
        self._mixes = self._count > 1 and self._unmoved(alone[1], [tokens[:1], tokens])

    def _unmoved(self, alone: torch.Tensor, prompts: list[list[int]]) -> bool:
        """Whether the first prompt has the logits that it has alone."""
        try:
            beside = self._logits(prompts)
        except Exception:  # a model that takes no batch, or no mask
            return False
        allowed = _EXACT if self.model.dtype is torch.float32 else _COARSE
        return bool((alone - beside).abs().max() <= allowed * alone.std())

    def _logits(self, prompts: list[list[int]]) -> torch.Tensor:
        """Of the first tokens behind the first prompt, [steps, vocabulary]."""
        generated = self._generate(
            prompts, None, max_new_tokens=_STEPS, output_logits=True, return_dict_in_generate=True
        )
        return torch.stack([logits[0] for logits in generated.logits]).float()


class _Drawing(LogitsProcessor):
    """Draws each attempt's next token, and leaves `generate` no other.

    Args:
        text: the model's tokenizer.
        batch: the attempts, row by row.
    """

    def __init__(self, text: Text, batch: Sequence[Running]) -> None:
        self._text = text
        self._batch = batch
        self.ended: dict[int, Output] = {}
        """Outputs by row."""

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        del input_ids
        rows = [row for row in range(len(self._batch)) if row not in self.ended]
        ended = draw(self._text, scores[rows], [self._batch[row] for row in rows])
        self.ended.update((rows[place], output) for place, output in ended.items())
        # A row that has ended goes on with anything until all have.
        tokens = [run.generated[-1] if run.generated else 0 for run in self._batch]
        only = torch.full_like(scores, float("-inf"))
        return only.scatter_(1, torch.tensor(tokens, device=scores.device)[:, None], 0.0)


class _Ended(StoppingCriteria):
    """Which rows have ended."""

    def __init__(self, drawing: _Drawing) -> None:
        self._drawing = drawing

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        del scores
        ended = [row in self._drawing.ended for row in range(len(input_ids))]
        return torch.tensor(ended, device=input_ids.device)
