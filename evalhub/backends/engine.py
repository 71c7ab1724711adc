"""Many attempts of many samples in one batch: slots that are refilled as soon as they fall free.

An attempt's output is a function of its prompt, condition and stream key alone. Its prompt is computed by
itself, its keys lie in its own slot, and its random numbers come from its own stream; a step's matrix
products give a row the same result whatever the other rows hold (checked by a test on the machine's own
arithmetic, since no library promises it).
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import DynamicCache

from evalhub.backends.base import Output, Request
from evalhub.backends.slots import ATTENTION, Slots
from evalhub.errors import EvalhubError
from ingest.records import Condition, Status
from kernels.sampling import draw_tokens, stream_key

_ROWS = 8
"""Steps run on a multiple of this many slots."""

_PLAIN = Condition(form="plain")


@dataclass
class _Running:
    """An attempt in a slot."""

    request: Request
    key: int
    prompt: list[int]
    limit: int
    started: float
    generated: list[int] = field(default_factory=list)

    @property
    def position(self) -> int:
        """Where the next token to be fed goes: the prompt's last one comes first, then the generated ones."""
        return len(self.prompt) - 1 + len(self.generated)

    @property
    def last(self) -> int:
        return self.generated[-1] if self.generated else self.prompt[-1]


class Engine:
    """A decoder model and its slots. Not thread-safe; one per process.

    Args:
        model: a transformers causal model loaded with `attn_implementation=ATTENTION`.
        tokenizer: its tokenizer.
        slots: attempts decoded together.
    """

    def __init__(self, model: Any, tokenizer: Any, slots: int) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.count = -(-slots // _ROWS) * _ROWS
        config = model.config.get_text_config()
        self.slots = Slots(self.count, config.num_hidden_layers)
        self.context = _context(config)
        self._ends = _end_tokens(model, tokenizer)
        self._running: list[_Running] = []
        self._resident: list[tuple[int, ...]] = [()] * self.count
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
            logits = self._feed().float()
            broken = (~torch.isfinite(logits.logsumexp(-1))).tolist()
            if any(broken):
                logits = torch.where(torch.tensor(broken, device=logits.device)[:, None], 0.0, logits)
            tokens = draw_tokens(
                logits,
                [run.request.condition.temperature for run in self._running],
                [run.request.condition.top_p for run in self._running],
                [run.key for run in self._running],
                [len(run.generated) for run in self._running],
            )
            for slot in reversed(range(len(self._running))):
                run = self._running[slot]
                run.generated.append(tokens[slot])
                output = self._failed(run) if broken[slot] else self._ended(run)
                if output is not None:
                    outputs.append(output)
                    self._release(slot)
        return outputs

    def _start(self) -> list[Output]:
        """Move requests from the queue into free slots; refuse those whose prompt does not fit."""
        refused = []
        while self._queue and len(self._running) < self.count:
            request = self._queue.popleft()
            try:
                prompt = self.encode(request)
            except Exception as error:  # a chat template is a program that came with the model
                refused.append(Output(request, f"the prompt cannot be built: {error}", Status.ERROR, 0, 0.0))
                continue
            room = self.context - len(prompt)
            if room < 1 or not prompt:
                refused.append(Output(request, "the prompt fills the context", Status.ERROR, 0, 0.0))
                continue
            slot = len(self._running)
            self._place(prompt, slot)
            condition = request.condition
            self._running.append(
                _Running(
                    request,
                    stream_key(request.seed, request.sample_id, request.attempt),
                    prompt,
                    min(condition.max_tokens, room),
                    time.perf_counter(),
                )
            )
        return refused

    def _place(self, prompt: list[int], slot: int) -> None:
        """Get the keys of all but the prompt's last token into a slot: there already, copied, or computed."""
        wanted = tuple(prompt)
        self.slots.reserve(len(prompt))
        if len(prompt) > 1 and self._resident[slot] != wanted:
            if wanted in self._resident:
                self.slots.copy(self._resident.index(wanted), slot, len(prompt) - 1)
            else:
                self.slots.fill(slot, self._prefill(prompt[:-1]))
        self._resident[slot] = wanted

    def _release(self, slot: int) -> None:
        """Free a slot; the last running attempt moves into the hole, so that the running ones stay in front."""
        last = self._running.pop()
        end = len(self._running)
        if slot != end:
            # The freed prompt may be wanted again at once, so the two slots trade places.
            freed = self._resident[slot]
            self.slots.swap(slot, end)
            self._running[slot] = last
            self._resident[slot], self._resident[end] = self._resident[end], freed

    def _prefill(self, tokens: list[int]) -> DynamicCache:
        count = len(tokens)
        device = self.model.device
        cache = DynamicCache(config=self.model.config)
        mask = torch.full((count, count), float("-inf"), device=device).triu(1)[None, None]
        self.model(
            input_ids=torch.tensor([tokens], device=device),
            attention_mask=mask,
            position_ids=torch.arange(count, device=device)[None],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return cache

    def _feed(self) -> torch.Tensor:
        """Run one token of each running attempt. Returns logits, [running, vocabulary]."""
        device = self.model.device
        rows = -(-len(self._running) // _ROWS) * _ROWS
        tokens = [run.last for run in self._running]
        positions = [run.position for run in self._running]
        # Rows without an attempt write behind their resident prompt, which may be wanted again.
        for slot in range(len(self._running), rows):
            tokens.append(0)
            positions.append(max(len(self._resident[slot]) - 1, 0))
        place = torch.tensor(positions, device=device)
        mask = self.slots.point(place)
        output = self.model(
            input_ids=torch.tensor(tokens, device=device)[:, None],
            attention_mask=mask,
            position_ids=place[:, None],
            past_key_values=self.slots.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: torch.Tensor = output.logits[: len(self._running), -1]
        return logits

    def _ended(self, run: _Running) -> Output | None:
        """The output of an attempt that has just ended, or None while it goes on."""
        condition = run.request.condition
        if run.generated[-1] in self._ends:
            text, status = self.decode(run.prompt, run.generated[:-1]), Status.OK
        else:
            cut = self._stopped(run) if condition.stop else None
            if cut is not None:
                text, status = cut, Status.OK
            elif len(run.generated) >= run.limit:
                text, status = self.decode(run.prompt, run.generated), Status.TRUNCATED
            else:
                return None
        if status is Status.OK and not text.strip():
            status = Status.NO_ANSWER
        return Output(run.request, text, status, len(run.generated), time.perf_counter() - run.started)

    @staticmethod
    def _failed(run: _Running) -> Output:
        seconds = time.perf_counter() - run.started
        return Output(run.request, "the logits are not finite", Status.ERROR, len(run.generated), seconds)

    def _stopped(self, run: _Running) -> str | None:
        """The text up to the first stop string, if there is one in what was generated."""
        stops = run.request.condition.stop
        # A stop string ends in the newest token, so a tail as long as the longest one is enough to look at.
        tail = self.tokenizer.decode(run.generated[-max(map(len, stops)) - 1 :])
        if not any(stop in tail for stop in stops):
            return None
        text = self.decode(run.prompt, run.generated)
        ends = [text.index(stop) for stop in stops if stop in text]
        return text[: min(ends)] if ends else None

    def encode(self, request: Request) -> list[int]:
        """Token ids of a request's prompt."""
        condition = request.condition
        if condition.form == "plain":
            ids: list[int] = self.tokenizer(condition.preamble + request.text)["input_ids"]
            return ids
        messages = [{"role": "user", "content": request.text}]
        if condition.preamble:
            messages.insert(0, {"role": "system", "content": condition.preamble})
        text = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        chat: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return chat

    def decode(self, prompt: list[int], generated: list[int]) -> str:
        """Text of generated tokens, with the leading space that some tokenizers drop at the start of a text."""
        anchor: str = self.tokenizer.decode(prompt[-1:])
        text: str = self.tokenizer.decode(prompt[-1:] + generated)
        return text[len(anchor) :] if text.startswith(anchor) else self.tokenizer.decode(generated)

    @torch.inference_mode()
    def _verify(self) -> None:
        """Refuse a model that the slots would run wrongly: compare with its own attention on a short text.

        Raises:
            EvalhubError: the logits differ, or the model does not take part in the interfaces used.
        """
        tokens = self.tokenizer("The quick brown fox jumps over the lazy dog. 1 + 1 = 2")["input_ids"][:24]
        name = type(self.model).__name__
        try:
            ids = torch.tensor([tokens], device=self.model.device)
            self.model.set_attn_implementation("eager")
            expected = self.model(input_ids=ids, use_cache=False).logits[0, -1].float()
            self.model.set_attn_implementation(ATTENTION)
            self._place(tokens, 0)
            self._running = [_Running(Request("", 0, 0, "", _PLAIN), 0, tokens, 1, 0.0)]
            found = self._feed()[0].float()
        except (AttributeError, TypeError, ValueError, RuntimeError, NotImplementedError) as error:
            raise EvalhubError(f"{name} cannot be run by this engine: {error}") from error
        finally:
            self._running = []
        if not torch.isfinite(expected).all():
            raise EvalhubError(
                f"{name} gives no finite logits: its weights are broken, or too large for this dtype"
            )
        spread = expected.std()
        if not torch.isfinite(found).all() or (found - expected).abs().max() > 0.25 * spread:
            raise EvalhubError(
                f"{name} gives other logits in this engine than in transformers; it is not supported yet"
            )


def _context(config: Any) -> int:
    """Tokens that a prompt and its output may have together: the context, or a narrower sliding window."""
    limits = [getattr(config, "max_position_embeddings", None) or 2048]
    if getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True):
        limits.append(config.sliding_window)
    return min(limits)


def _end_tokens(model: Any, tokenizer: Any) -> set[int]:
    """The tokens that end an output: the model's own and the tokenizer's."""
    ends: set[int] = set()
    for value in (getattr(model.generation_config, "eos_token_id", None), tokenizer.eos_token_id):
        if isinstance(value, int):
            ends.add(value)
        elif value is not None:
            ends.update(value)
    return ends
