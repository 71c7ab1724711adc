"""Many attempts of many samples in one batch: slots that are refilled as soon as they fall free.

An attempt's output is a function of its prompt, condition and stream key alone. Its prompt is computed by
itself, once for all its attempts; its random numbers come from its own stream; and a step's matrix products give
a row the same result whatever the other rows hold (checked by tests on the machine's own arithmetic, since no
library promises it).
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import torch

from evalhub.backends.base import Output, Request
from evalhub.engine.attempts import Running, draw
from evalhub.engine.eyes import Eyes
from evalhub.engine.memory import token_bytes
from evalhub.engine.prompts import Prompt, Prompts
from evalhub.engine.seam import Refused, context_of, forward
from evalhub.engine.slots import Slots
from evalhub.engine.text import Text
from evalhub.engine.verify import verify
from ingest.records import Status

_ROWS = 8
"""Steps run on a multiple of this many slots."""

_FOR_PROMPTS = 0.25
"""Share of the memory that keeps computed prompts."""


@dataclass(kw_only=True)
class Begun(Running):
    """An attempt whose prompt is computed."""

    prompt: Prompt


class Engine:
    """A decoder model and its slots. Not thread-safe; one per process.

    Args:
        model: a transformers model that continues texts.
        tokenizer: its tokenizer.
        slots: attempts decoded together, at most.
        memory: bytes for keys and values; where attempts may grow long, fewer run together.
        eyes: where the model takes images.

    Raises:
        Refused: the model cannot be run this way, or would give other logits than in transformers.
        EvalhubError: its logits are not finite.
    """

    def __init__(
        self, model: Any, tokenizer: Any, slots: int, memory: int = 1 << 32, eyes: Eyes | None = None
    ) -> None:
        self.model = model
        self.text = Text(model, tokenizer, eyes)
        config = model.config.get_text_config()
        if not hasattr(config, "num_attention_heads"):
            raise Refused(f"{type(model).__name__} does not work by attention")
        self.count = -(-slots // _ROWS) * _ROWS
        self.context = context_of(config)
        self.layers = config.num_hidden_layers
        self.prompts = Prompts(model, int(memory * _FOR_PROMPTS))
        self._tokens = int(memory * (1 - _FOR_PROMPTS)) // token_bytes(config, model.dtype.itemsize)
        self._running: list[Begun] = []
        self._queue: deque[Request] = deque()
        self._verify()

    def _verify(self) -> None:
        """Check the model, see `evalhub.engine.verify`."""
        self._slots = Slots(self.count, self.layers)
        verify(self.model, self.text, self.prompts, self._slots, self.context)

    def add(self, requests: list[Request]) -> None:
        """Queue requests; they start when a slot falls free."""
        self._queue.extend(requests)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._queue and not self._running

    @torch.inference_mode()
    def step(self) -> list[Output]:
        """Start what fits, feed one token to every running attempt, and return those that ended."""
        outputs = self._start()
        if self._running:
            ended = draw(self.text, self._feed(), self._running)
            for slot in sorted(ended, reverse=True):
                self._release(slot)
            outputs.extend(ended.values())
        return outputs

    def _start(self) -> list[Output]:
        """Move requests from the queue into free slots, each with its first token. Returns those that end so."""
        outputs = []
        while self._fits([]):
            fresh: list[Begun] = []
            while self._fits(fresh):
                begun = self._begin(self._queue.popleft())
                if isinstance(begun, Output):
                    outputs.append(begun)
                else:
                    fresh.append(begun)
            if fresh:
                ended = draw(self.text, torch.stack([run.prompt.logits for run in fresh]), fresh)
                outputs.extend(ended.values())
                self._running.extend(run for place, run in enumerate(fresh) if place not in ended)
        return outputs

    def _fits(self, fresh: list[Begun]) -> bool:
        """Whether one more attempt is waiting, and has a slot and room for the longest output that may come."""
        if not self._queue:
            return False
        together = len(self._running) + len(fresh) + 1
        longest = max(run.limit for run in [*self._running, *fresh]) if together > 1 else 0
        longest = max(longest, min(self._queue[0].condition.max_tokens, self.context))
        return together == 1 or (together <= self.count and together * longest <= self._tokens)

    def _begin(self, request: Request) -> Begun | Output:
        started = time.perf_counter()
        try:
            sight = self.text.look(request) if request.images else None
            tokens, shared = (sight.tokens, 0) if sight else self.text.prompt(request)
        except Exception as error:  # a chat template is a program that came with the model
            return Output(request, f"the prompt cannot be built: {error}", Status.ERROR, 0, 0.0)
        room = self.context - len(tokens)
        if room < 1 or not tokens:
            return Output(request, "the prompt fills the context", Status.ERROR, 0, 0.0)
        return Begun(
            request=request,
            last=tokens[-1],
            tokens=len(tokens),
            limit=min(request.condition.max_tokens, room),
            started=started,
            prompt=self.prompts.get(tokens, shared, sight),
        )

    def _release(self, slot: int) -> None:
        """Free a slot; the last running attempt moves into the hole, so that the running ones stay in front."""
        last = self._running.pop()
        if slot < len(self._running):
            self._slots.move(len(self._running), slot, len(last.generated))
            self._running[slot] = last

    def _feed(self) -> torch.Tensor:
        """Run the newest token of each running attempt. Returns logits, [running, vocabulary]."""
        device = self.model.device
        filling = -len(self._running) % _ROWS
        tokens = torch.tensor([run.generated[-1] for run in self._running] + [0] * filling, device=device)
        positions = self._slots.point(
            [run.prompt for run in self._running] + [None] * filling,
            [len(run.generated) - 1 for run in self._running] + [0] * filling,
            device,
        )
        return forward(self.model, tokens[:, None], positions, self._slots.layers)[: len(self._running), -1]
