"""The engine on a GPU: a step of all slots is one recorded piece of work, and the host follows a step behind.

While the GPU computes a step, the host reads the tokens of the one before, looks for ends, and writes who comes
next into the tensors that the following step will read. So a slot whose attempt has ended is fed once more for
nothing, and is refilled without the recording being left. As in `Engine`, an output is a function of its prompt,
condition and stream key alone; its tokens are drawn by `kernels.gumbel`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import torch

from evalhub.backends.base import Output, Request
from evalhub.engine.attempts import Running, settle
from evalhub.engine.engine import Engine
from evalhub.engine.eyes import Eyes
from evalhub.engine.fixed_slots import FixedSlots
from evalhub.engine.graph import Played
from evalhub.engine.memory import token_bytes
from evalhub.engine.mirror import Mirror, given
from evalhub.engine.prompts import Prompt
from evalhub.engine.seam import forward
from evalhub.engine.verify import verify
from evalhub.errors import EvalhubError
from ingest.records import Status
from kernels.device import Lacking, Shortage
from kernels.gumbel import race_tokens, stream_words

_ROWS = 8
"""Slots are a multiple of this many, and at least so many."""

_ROOM = 64
"""Room for generated tokens grows in powers of two from here."""

_FOR_POOL = 0.25
"""Share of the memory that holds prompts in use."""

_PROBED = 8192
"""Tokens of the longest prompt that a model is checked with."""


@dataclass(kw_only=True)
class _Slotted(Running):
    """An attempt in a slot."""

    prompt: Prompt
    start: int = 0
    """Place of its prompt in the pool."""

    fed: int = 0
    """Steps that were begun with it."""

    over: bool = False


@dataclass
class _Begun:
    """A step that the GPU has begun."""

    fresh: list[_Slotted]
    """Attempts of which this is the first step; their first token was drawn from the prompt's logits."""

    first: torch.Tensor
    """[fresh] their tokens; like the others on the host, and there once `done` has come."""

    runs: list[_Slotted | None]
    """Of each slot."""

    tokens: torch.Tensor
    """[slots] tokens drawn behind those that were fed; -1 where none could be."""

    done: torch.cuda.Event | None

    def drawn(self) -> list[tuple[int, _Slotted, int]]:
        """Slot, attempt and token, in the order in which they were drawn."""
        if self.done is not None:
            self.done.synchronize()
        slot_of = {id(run): slot for slot, run in enumerate(self.runs)}
        firsts = zip(self.fresh, self.first.tolist(), strict=True)
        others = zip(self.runs, self.tokens.tolist(), strict=True)
        return [
            *((slot_of[id(run)], run, token) for run, token in firsts),
            *((slot, run, token) for slot, (run, token) in enumerate(others) if run),
        ]


class GraphEngine(Engine):
    """A decoder model and slots of fixed size. See `Engine`, whose place it takes where `kernels` run."""

    def __init__(
        self, model: Any, tokenizer: Any, slots: int, memory: int = 1 << 32, eyes: Eyes | None = None
    ) -> None:
        super().__init__(model, tokenizer, slots, memory, eyes)
        self.notes: list[str] = []
        """What users should know of how it runs; they are warned as well."""

        size = token_bytes(model.config.get_text_config(), model.dtype.itemsize)
        self._pooled = max(min(self.context, _PROBED), int(memory * _FOR_POOL) // size)
        self._tokens -= self._pooled
        self._most = self.count
        self._slotted: list[_Slotted | None] = []
        self._fresh: list[tuple[int, _Slotted]] = []
        self._begun: _Begun | None = None
        self._changed = False
        self._fixed: FixedSlots
        self._capacity = 0
        self._outputs: list[Output] = []

    def _verify(self) -> None:
        tokens = min(self.context, _PROBED)
        checked = FixedSlots(_ROWS, self.layers, _ROOM, tokens, self.model.device)
        verify(self.model, self.text, self.prompts, checked, self.context)

    @property
    def idle(self) -> bool:
        return not self._queue and not any(self._slotted) and self._begun is None

    @torch.inference_mode()
    def step(self) -> list[Output]:
        """Begin what fits, let the GPU begin a step, and return what ended in the one before."""
        try:
            self._fill()
            before, self._begun = self._begun, self._launch() if any(self._slotted) else None
            if before:
                self._end(before)
        except torch.OutOfMemoryError:
            short = True
        else:
            short = False
        if short:  # outside the handler: there the exception still holds what filled the memory
            self._shrink()
        outputs, self._outputs = self._outputs, []
        return outputs

    def _fill(self) -> None:
        """Move requests from the queue into free slots."""
        while self._queue and self._make_room(self._queue[0]):
            begun = self._begin(self._queue[0])
            if isinstance(begun, Output):
                self._outputs.append(begun)
            else:
                start = self._fixed.enter(begun.prompt)
                if start is not None:
                    slot = self._slotted.index(None)
                    run = _Slotted(**vars(begun), start=start)
                    self._slotted[slot], self._changed = run, True
                    self._settle_in(slot, run)
                    self._fresh.append((slot, run))
                elif any(self._slotted):
                    return  # until somebody leaves the pool
                else:
                    words = "the prompt is longer than the GPU's memory has room for"
                    self._outputs.append(Output(begun.request, words, Status.ERROR, 0, 0.0))
            self._queue.popleft()

    def _settle_in(self, slot: int, run: _Slotted) -> None:
        """Say how a slot's new attempt draws; the GPU is told with the next step."""
        how, condition = self._draws.here, run.request.condition
        how["temperature"][slot] = condition.temperature
        how["top_p"][slot], how["top_k"][slot] = condition.top_p, condition.top_k
        how["words"][slot] = stream_words([run.key])[0].numpy()

    def _make_room(self, request: Request) -> bool:
        """Whether a slot is free for a request, if need be in new slots with more room, once the old are empty."""
        needed = min(request.condition.max_tokens, self.context)
        if needed > self._capacity:
            if any(self._slotted) or self._begun:
                return False
            self._free()
            self._build(needed)
        return None in self._slotted

    def _build(self, needed: int) -> None:
        """Make slots with room for so many tokens, and record their step."""
        self._capacity = _ROOM
        while self._capacity < needed:
            self._capacity *= 2
        count = min(self._most, max(_ROWS, self._tokens // self._capacity // _ROWS * _ROWS))
        while True:
            try:
                self._allocate(count)
                return
            except torch.OutOfMemoryError:
                if count <= _ROWS:
                    raise EvalhubError(
                        f"the GPU's memory holds no {_ROWS} attempts of {needed:,} tokens: ask for fewer "
                        "--max-tokens, or use a larger GPU"
                    ) from None
            count = self._halve(count)

    def _halve(self, count: int) -> int:
        """Fewer slots from now on."""
        self._free()
        self._most = max(_ROWS, count // 2 // _ROWS * _ROWS)
        warnings.warn(f"the GPU's memory ran out: going on with {self._most} slots", Shortage, stacklevel=2)
        return self._most

    def _free(self) -> None:
        """Give back what the slots hold, so that others can be made."""
        self._slotted, self._fresh, self._begun = [], [], None
        for name in ("_play", "_fixed"):
            vars(self).pop(name, None)
        torch.cuda.empty_cache()

    def _shrink(self) -> None:
        """Begin what was running anew in fewer slots: outputs depend on nothing but their requests."""
        running = [run.request for run in self._slotted if run and not run.over]
        count = len(self._slotted)
        if count <= _ROWS:
            raise EvalhubError("the GPU's memory is too small for this model with its prompts: use a larger GPU")
        self._halve(count)
        self._queue.extendleft(reversed(running))
        self._capacity = 0

    def _allocate(self, count: int) -> None:
        device = self.model.device
        self._fixed = FixedSlots(count, self.layers, self._capacity, self._pooled, device)
        self._slotted = [None] * count
        self._fed = torch.zeros(count, dtype=torch.int64, device=device)
        self._drawn = torch.zeros(count, dtype=torch.int64, device=device)
        self._draws = Mirror(
            {
                "temperature": ((count,), torch.float32),
                "top_p": ((count,), torch.float64),
                "top_k": ((count,), torch.int32),
                "words": ((count, 2), torch.int64),
                "positions": ((count,), torch.int32),
            },
            device,
        )
        self._draws.here["top_p"][:] = 1
        self._stand()
        self._play = Played(self._compute, device)
        if device.type == "cuda" and self._play.why_not:
            note = f"its steps are not recorded, so that the GPU waits for the host ({self._play.why_not})"
            self.notes = [note]
            warnings.warn(note, Lacking, stacklevel=2)

    def _compute(self) -> None:
        """A step of all slots, for the GPU alone."""
        fixed = self._fixed
        logits = forward(self.model, self._fed[:, None], fixed.positions, fixed.layers)[:, -1]
        drawn = race_tokens(logits, **self._draws.there)
        self._drawn.copy_(drawn)
        self._fed.copy_(drawn.clamp_min(0))
        fixed.advance()
        self._draws.there["positions"].add_(fixed.active)

    def _launch(self) -> _Begun:
        """Let the GPU begin a step."""
        cuda = self.model.device.type == "cuda"
        fresh, self._fresh = self._fresh, []
        if self._changed:
            self._stand()
        first = self._draw_first(fresh) if fresh else self._drawn[:0]
        self._play()
        there = [torch.empty(one.shape, dtype=one.dtype, pin_memory=cuda) for one in (first, self._drawn)]
        for here, one in zip(there, (first, self._drawn), strict=True):
            here.copy_(one, non_blocking=True)
        done = torch.cuda.Event() if cuda else None
        if done is not None:
            done.record()
        for run in self._slotted:
            if run:
                run.fed += 1
        return _Begun([run for _, run in fresh], there[0], list(self._slotted), there[1], done)

    def _end(self, begun: _Begun) -> None:
        """What the tokens of a step come to."""
        for slot, run, token in begun.drawn():
            if run.over:
                continue
            ended = settle(self.text, run, None if token < 0 else token)
            if ended is not None:
                self._outputs.append(ended)
                run.over = True
                self._fixed.pool.leave(run.prompt)
                self._slotted[slot], self._changed = None, True

    def _stand(self) -> None:
        """Write who stands where; slots that go on as they did are given what they have."""
        runs = self._slotted
        self._fixed.stand(
            [run.start if run else 0 for run in runs],
            [run.prompt if run else None for run in runs],
            [run.fed if run else 0 for run in runs],
        )
        self._draws.here["positions"][:] = [run.fed + 1 if run else 0 for run in runs]
        self._draws.send()
        self._changed = False

    def _draw_first(self, fresh: list[tuple[int, _Slotted]]) -> torch.Tensor:
        """First tokens of new attempts from their prompts' logits, [fresh]."""
        slots = given([slot for slot, _ in fresh], torch.int64, self.model.device)
        logits = torch.stack([run.prompt.logits for _, run in fresh])
        how = {name: kept[slots] for name, kept in self._draws.there.items()}
        how["positions"].zero_()
        drawn = race_tokens(logits, **how)
        self._fed[slots] = drawn.clamp_min(0)
        return drawn
