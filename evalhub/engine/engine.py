"""Many attempts of many samples in one batch: slots that are refilled as soon as they fall free.

An attempt's output is a function of its prompt, condition and stream key alone. Its prompt is computed by
itself, once for all its attempts; its random numbers come from its own stream; and a step's matrix products give
a row the same result whatever the other rows hold (checked by tests on the machine's own arithmetic, since no
library promises it).
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import torch

from evalhub.backends.base import Output, Request
from evalhub.engine.memory import token_bytes
from evalhub.engine.prompts import Prompt, Prompts
from evalhub.engine.seam import ATTENTION, forward
from evalhub.engine.slots import Slots
from evalhub.engine.text import Text
from evalhub.errors import EvalhubError
from ingest.records import Status
from kernels.sampling import draw_tokens, stream_key

_ROWS = 8
"""Steps run on a multiple of this many slots."""

_FOR_PROMPTS = 0.25
"""Share of the memory that keeps computed prompts."""


@dataclass
class _Running:
    """An attempt in a slot."""

    request: Request
    key: int
    prompt: Prompt
    last: int
    """The prompt's last token."""

    tokens: int
    """Of the prompt."""

    limit: int
    started: float
    generated: list[int] = field(default_factory=list)


class Engine:
    """A decoder model and its slots. Not thread-safe; one per process.

    Args:
        model: a transformers causal model loaded with `attn_implementation=ATTENTION`.
        tokenizer: its tokenizer.
        slots: attempts decoded together, at most.
        memory: bytes for keys and values; where attempts may grow long, fewer run together.

    Raises:
        EvalhubError: the model cannot be run this way, or would give other logits than in transformers.
    """

    def __init__(self, model: Any, tokenizer: Any, slots: int, memory: int = 1 << 32) -> None:
        self.model = model
        self.text = Text(model, tokenizer)
        config = model.config.get_text_config()
        self.count = -(-slots // _ROWS) * _ROWS
        self.context = getattr(config, "max_position_embeddings", None) or 2048
        self._slots = Slots(self.count, config.num_hidden_layers)
        self._prompts = Prompts(model, int(memory * _FOR_PROMPTS))
        self._tokens = int(memory * (1 - _FOR_PROMPTS)) // token_bytes(config, model.dtype.itemsize)
        self._running: list[_Running] = []
        self._queue: deque[Request] = deque()
        self._verify()

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
            ended = self._draw(self._feed(), self._running)
            for slot in sorted(ended, reverse=True):
                self._release(slot)
            outputs.extend(ended.values())
        return outputs

    def _start(self) -> list[Output]:
        """Move requests from the queue into free slots, each with its first token. Returns those that end so."""
        outputs = []
        while self._fits([]):
            fresh: list[_Running] = []
            while self._fits(fresh):
                begun = self._begin(self._queue.popleft())
                if isinstance(begun, Output):
                    outputs.append(begun)
                else:
                    fresh.append(begun)
            if fresh:
                ended = self._draw(torch.stack([run.prompt.logits for run in fresh]), fresh)
                outputs.extend(ended.values())
                self._running.extend(run for place, run in enumerate(fresh) if place not in ended)
        return outputs

    def _fits(self, fresh: list[_Running]) -> bool:
        """Whether one more attempt is waiting, and has a slot and room for the longest output that may come."""
        if not self._queue:
            return False
        together = len(self._running) + len(fresh) + 1
        longest = max(run.limit for run in [*self._running, *fresh]) if together > 1 else 0
        longest = max(longest, min(self._queue[0].condition.max_tokens, self.context))
        return together == 1 or (together <= self.count and together * longest <= self._tokens)

    def _begin(self, request: Request) -> _Running | Output:
        started = time.perf_counter()
        try:
            tokens = self.text.encode(request)
            shared = self.text.shared(request, tokens)
        except Exception as error:  # a chat template is a program that came with the model
            return Output(request, f"the prompt cannot be built: {error}", Status.ERROR, 0, 0.0)
        room = self.context - len(tokens)
        if room < 1 or not tokens:
            return Output(request, "the prompt fills the context", Status.ERROR, 0, 0.0)
        key = stream_key(request.seed, request.sample_id, request.attempt)
        prompt = self._prompts.get(tokens, shared)
        return _Running(
            request, key, prompt, tokens[-1], len(tokens), min(request.condition.max_tokens, room), started
        )

    def _draw(self, logits: torch.Tensor, runs: list[_Running]) -> dict[int, Output]:
        """Give each attempt its next token. Returns the outputs of those that end with it, by their place."""
        tokens = draw_tokens(
            logits,
            [run.request.condition.temperature for run in runs],
            [run.request.condition.top_p for run in runs],
            [run.request.condition.top_k for run in runs],
            [run.key for run in runs],
            [len(run.generated) for run in runs],
        )
        ended = {}
        for place, (run, token) in enumerate(zip(runs, tokens, strict=True)):
            if token is None:
                ended[place] = self._output(run, "the logits are not finite", Status.ERROR)
                continue
            run.generated.append(token)
            output = self._ended(run)
            if output is not None:
                ended[place] = output
        return ended

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

    def _ended(self, run: _Running) -> Output | None:
        """The output of an attempt that has just ended, or None while it goes on."""
        stops = run.request.condition.stop
        if run.generated[-1] in self.text.ends:
            text, status = self.text.decode(run.last, run.generated[:-1]), Status.OK
        else:
            cut = self.text.cut(run.last, run.generated, stops) if stops else None
            if cut is not None:
                text, status = cut, Status.OK
            elif len(run.generated) >= run.limit:
                text, status = self.text.decode(run.last, run.generated), Status.TRUNCATED
            else:
                return None
        if status is Status.OK and not text.strip():
            status = Status.NO_ANSWER
        return self._output(run, text, status)

    @staticmethod
    def _output(run: _Running, text: str, status: Status) -> Output:
        seconds = time.perf_counter() - run.started
        return Output(run.request, text, status, len(run.generated), seconds, run.tokens)

    @torch.inference_mode()
    def _verify(self) -> None:
        """Refuse a model that would be run wrongly: compare with its own attention on a short text.

        Raises:
            EvalhubError: the logits differ, or the model does not take part in the interfaces used.
        """
        tokens = self.text.tokenizer("The quick brown fox jumps over the lazy dog. 1 + 1 = 2")["input_ids"][:24]
        name = type(self.model).__name__
        try:
            ids = torch.tensor([tokens], device=self.model.device)
            self.model.set_attn_implementation("eager")
            expected = self.model(input_ids=ids, use_cache=False).logits[0, -2:].float()
            self.model.set_attn_implementation(ATTENTION)
            prompt = self._prompts.get(tokens[:-1])
            positions = self._slots.point([prompt] + [None] * (_ROWS - 1), [0] * _ROWS, ids.device)
            fed = torch.tensor([tokens[-1]] + [0] * (_ROWS - 1), device=ids.device)[:, None]
            decoded = forward(self.model, fed, positions, self._slots.layers)[0, -1].float()
        except (AttributeError, TypeError, ValueError, RuntimeError, NotImplementedError) as error:
            raise EvalhubError(f"{name} cannot be run by this engine: {error}") from error
        if not torch.isfinite(expected).all():
            raise EvalhubError(
                f"{name} gives no finite logits: its weights are broken, or too large for this dtype"
            )
        for ours, theirs in ((prompt.logits, expected[0]), (decoded, expected[1])):
            if not torch.isfinite(ours).all() or (ours - theirs).abs().max() > 0.25 * theirs.std():
                raise EvalhubError(
                    f"{name} gives other logits in this engine than in transformers; it is not supported yet"
                )
