"""The process in which a model of lm-eval's registry lives: batches come in by a pipe, outputs go back by it."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from multiprocessing.connection import Connection
from typing import Any

from evalhub.backends.base import Output, Request, Score
from evalhub.backends.process import serve
from evalhub.errors import EvalhubError
from ingest.records import Condition, Status, content_hash

_BATCH = 32
"""Requests in a call unless the user's `batch_size` says otherwise."""


@dataclass(frozen=True)
class Job:
    """Which model is to be loaded."""

    kind: str
    text: str
    """lm-eval's arguments as typed."""

    arguments: dict[str, str]
    """The same by name."""

    device: str
    dtype: str


@dataclass(frozen=True)
class Ready:
    """What is known of the model when it is loaded."""

    batch: int
    """Requests in a call."""

    chat: bool
    """Whether it has a chat form."""

    chat_only: bool
    one_seed: bool
    """Whether a call's seed is sent with each of its requests, so that equal ones would get equal answers."""

    counts: bool
    """Whether the tokens of an output are known, and so whether it was cut off."""

    parameters: int | None
    dtype: str
    """Empty where unknown, as is `commit`."""

    commit: str


class LmEvalModel:
    """A loaded model of lm-eval's registry.

    For those that generate with transformers (lm-eval's HFLM and what is derived from it) the generated tokens are
    looked at, so that an output which ran into the limit is known as truncated; for others that is told from the
    length of the text, if they have a tokenizer.
    """

    def __init__(self, job: Job) -> None:
        import torch
        import transformers
        from lm_eval.api.registry import get_model
        from lm_eval.models.openai_completions import LocalChatCompletion

        transformers.logging.set_verbosity_error()
        try:
            made = get_model(job.kind)
        except ValueError as error:
            names = str(error).rpartition(": ")[2].split(", ")
            near = get_close_matches(job.kind, names, 5, 0.0)
            raise EvalhubError(
                f"it has no such type of model; the nearest of its names: {', '.join(near)}"
            ) from None
        self._local = hasattr(made, "_model_generate")
        more: dict[str, Any] = {}
        if self._local:
            # lm-eval's own default is a batch of one on a GPU, be there one or not.
            device = job.device if job.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
            more = {"batch_size": _BATCH, "device": device}
        if job.dtype != "auto":
            more["dtype"] = job.dtype
        self._lm: Any = made.create_from_arg_string(
            job.text, {key: value for key, value in more.items() if key not in job.arguments}
        )
        self._rows: list[list[int]] = []
        self._ends: set[int] = set()
        network: Any = getattr(self._lm, "model", None)
        if self._local:
            self._take_over(network)
        size = job.arguments.get("batch_size", str(_BATCH))
        chat_only = isinstance(self._lm, LocalChatCompletion)
        self.ready = Ready(
            batch=(int(size) if size.isdigit() else _BATCH) * int(job.arguments.get("num_concurrent", 1)),
            chat=chat_only or self._has_chat(),
            chat_only=chat_only,
            one_seed=hasattr(self._lm, "_seed"),
            counts=self._local or self._count("?", add_special_tokens=False) > 0,
            parameters=network.num_parameters() if hasattr(network, "num_parameters") else None,
            dtype=str(getattr(network, "dtype", "")).removeprefix("torch."),
            commit=str(getattr(getattr(network, "config", None), "_commit_hash", None) or ""),
        )

    def answer(self, requests: Sequence[Request]) -> list[Output]:
        """One call's worth of requests of one condition."""
        started = time.perf_counter()
        outputs: list[Output] = []
        fitting: dict[int, list[tuple[str, Request]]] = {}
        for request in requests:
            try:
                prompt = self._prompt(request)
            except Exception as error:  # a chat template is a program that came with the model
                outputs.append(Output(request, f"the prompt cannot be built: {error}", Status.ERROR, 0, 0.0))
                continue
            room = self._room(prompt, request)
            if room < 1:
                # lm-eval would cut the prompt's beginning off and say nothing.
                outputs.append(Output(request, "the prompt fills the context", Status.ERROR, 0, 0.0))
            else:
                fitting.setdefault(room, []).append((prompt, request))
        for room, batch in fitting.items():
            outputs += self._score(batch) if batch[0][1].continuations else self._generate(batch, room)
        seconds = time.perf_counter() - started
        return [replace(output, seconds=seconds) for output in outputs]

    def _generate(self, batch: list[tuple[str, Request]], limit: int) -> list[Output]:
        import transformers
        from lm_eval.api.instance import Instance

        if self._local:
            # lm-eval's own order, so that the rows which it generates are those of these requests.
            batch = sorted(batch, key=lambda one: (-self._count(one[0]), one[0]))
        condition = batch[0][1].condition
        # One stream for the whole call: what it gives an attempt depends on its company, unless it is alone.
        company = content_hash([[one.seed, one.sample_id, one.attempt] for _, one in batch])
        seed = int(company[:8], 16) >> 1
        transformers.set_seed(seed)
        if self.ready.one_seed:
            self._lm._seed = seed
        self._rows = []
        given = [
            Instance("generate_until", {}, (prompt, self._decoding(condition, limit)), place)
            for place, (prompt, _) in enumerate(batch)
        ]
        texts = [text or "" for text in self._lm.generate_until(given)]
        ends = self._told(texts, condition.stop, limit)
        return [
            Output(request, text, _status(text, truncated), tokens, 0.0, self._count(prompt))
            for (prompt, request), text, (tokens, truncated) in zip(batch, texts, ends, strict=True)
        ]

    def _score(self, batch: list[tuple[str, Request]]) -> list[Output]:
        from lm_eval.api.instance import Instance

        pairs = [(prompt, text) for prompt, request in batch for text in request.continuations]
        found = self._lm.loglikelihood([Instance("loglikelihood", {}, pair, n) for n, pair in enumerate(pairs)])
        scores = iter(
            Score(float(logprob), self._continued(*pair), bool(greedy))
            for pair, (logprob, greedy) in zip(pairs, found, strict=True)
        )
        outputs = []
        for prompt, request in batch:
            own = tuple(next(scores) for _ in request.continuations)
            finite = all(math.isfinite(score.logprob) for score in own)
            text, status = ("", Status.OK) if finite else ("the log-probabilities are not finite", Status.ERROR)
            tokens = sum(score.tokens for score in own)
            outputs.append(Output(request, text, status, tokens, 0.0, self._count(prompt), scores=own))
        return outputs

    def _decoding(self, condition: Condition, limit: int) -> dict[str, Any]:
        """lm-eval's generation arguments; a dictionary of its own for each request, since models take from it."""
        given: dict[str, Any] = {"until": list(condition.stop), "max_gen_toks": limit}
        if condition.temperature == 0:
            return {**given, "do_sample": False}
        given |= {"do_sample": True, "temperature": condition.temperature}
        # transformers has defaults of its own, some of which cut; servers do not know every name.
        if self._local or condition.top_p < 1:
            given["top_p"] = condition.top_p
        if self._local or condition.top_k:
            given["top_k"] = condition.top_k
        return given

    def _prompt(self, request: Request) -> Any:
        condition = request.condition
        if condition.form == "plain":
            return condition.preamble + request.text
        system = [{"role": "system", "content": condition.preamble}] if condition.preamble else []
        return self._lm.apply_chat_template([*system, {"role": "user", "content": request.text}])

    def _has_chat(self) -> bool:
        try:
            return isinstance(self._lm.apply_chat_template([{"role": "user", "content": "?"}]), str)
        except Exception:  # none for this model, or its tokenizer has no template
            return False

    def _room(self, prompt: Any, request: Request) -> int:
        """Tokens that may be generated, or 1 where continuations that fit are to be scored."""
        longest = getattr(self._lm, "max_length", None)
        used = self._count(prompt)
        if not isinstance(longest, int) or not used:
            return 1 if request.continuations else request.condition.max_tokens
        if request.continuations:
            return int(used + max(self._continued(prompt, text) for text in request.continuations) <= longest + 1)
        return min(request.condition.max_tokens, longest - used)

    def _count(self, text: Any, **how: Any) -> int:
        """Tokens of a text; 0 where the model has no tokenizer here."""
        if not isinstance(text, str) or getattr(self._lm, "tokenizer", None) is None:
            return 0
        tokens = self._lm.tok_encode(text, **how)
        return len(tokens) if isinstance(tokens, list) else 0

    def _continued(self, prompt: str, text: str) -> int:
        """Tokens of a continuation, as lm-eval divides it from the prompt."""
        if not prompt or not hasattr(self._lm, "_encode_pair"):
            return self._count(text, add_special_tokens=False)
        return len(self._lm._encode_pair(prompt, text)[1])

    def _take_over(self, network: Any) -> None:
        """Keep the rows that the model generates, and nothing of its own decoding: a condition says it all."""
        generate = self._lm._model_generate

        def watched(context: Any, **more: Any) -> Any:
            rows = generate(context=context, **more)
            start = context.shape[1] if self._lm.backend == "causal" else 0
            self._rows.extend(rows[:, start:].tolist())
            return rows

        self._lm._model_generate = watched
        config = getattr(network, "generation_config", None)
        ends = [self._lm.eot_token_id, getattr(config, "eos_token_id", None)]
        for value in ends:
            self._ends.update(value if isinstance(value, list) else [] if value is None else [value])
        if config is not None:
            special = {name: value for name, value in config.to_dict().items() if name.endswith("_token_id")}
            network.generation_config = type(config)(**special)

    def _told(self, texts: list[str], stops: Sequence[str], limit: int) -> list[tuple[int, bool]]:
        """Of each text: generated tokens, and whether it was cut off by the limit."""
        if len(self._rows) == len(texts):
            whole = [self._lm.tok_decode(row) for row in self._rows]
            # A model that hides its thoughts gives another text than its tokens; then their number is unknown.
            if all(said.startswith(text) for said, text in zip(whole, texts, strict=True)):
                return [self._measure(row, stops, limit) for row in self._rows]
        counts = [self._count(text, add_special_tokens=False) for text in texts]
        return [(count, count >= limit) for count in counts]

    def _measure(self, row: list[int], stops: Sequence[str], limit: int) -> tuple[int, bool]:
        last = next((place + 1 for place, token in enumerate(row) if token in self._ends), None)
        row = row[:last]

        def stopped(count: int) -> bool:
            said = self._lm.tok_decode(row[:count])
            return any(stop in said for stop in stops)

        if stopped(len(row)):
            return bisect_left(range(1, len(row)), True, key=stopped) + 1, False
        return len(row), last is None and len(row) >= limit


def _status(text: str, truncated: bool) -> Status:
    if truncated:
        return Status.TRUNCATED
    return Status.OK if text.strip() else Status.NO_ANSWER


def work(pipe: Connection, job: Job) -> None:
    """Load the model, then answer batches until the pipe closes."""
    model = LmEvalModel(job)
    pipe.send(model.ready)
    while True:
        pipe.send(model.answer(pipe.recv()))


if __name__ == "__main__":
    # The classes that travel must be those that the parent knows, not this module's under another name.
    from evalhub.backends import lm_eval_worker

    serve(lm_eval_worker.work)
