"""How likely a model finds continuations of texts: many requests in packed rows.

A request's text is computed once for all its continuations, what a condition puts before all its texts once for
all requests, and logits only where a token is scored. One-token continuations cost nothing beyond their text.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from evalhub.backends.base import Output, Request, Score
from evalhub.engine.continuations import Part, parts
from evalhub.engine.head import head_of
from evalhub.engine.prompts import Prompt, PromptLayer, Prompts
from evalhub.engine.seam import context_of, forward
from evalhub.engine.text import Text
from evalhub.engine.tree import Row, Tree, TreeLayer
from ingest.records import Status

_TOKENS = {"cpu": 512, "cuda": 2048}
"""Tokens fed at once. More are hardly faster, and each scored one takes a row of logits."""

_SHARED = 8
"""Tokens at the beginning of all requests that are worth computing by themselves."""


@dataclass
class _Running:
    """A request, and what is known of its continuations so far."""

    request: Request
    open: int
    """Parts that are not computed yet."""

    logprobs: list[float]
    tokens: list[int]
    greedy: list[bool]
    seconds: float = 0.0
    fed: int = 0


class _Job:
    """A part of a request, ready to be packed.

    Args:
        run: the request.
        part: of it.
        shared: tokens at the beginning that other requests have too.
        most: tokens that a row takes.

    Attributes:
        before: tokens at the beginning that are computed before the row: the shared ones, or where the others are
            too many for a row, all of the text.
        shared: of these, the shared ones.
        tree: what is fed in a row.
    """

    def __init__(self, run: _Running, part: Part, shared: int, most: int) -> None:
        self.run = run
        self.sequences, self.start = part.sequences, part.start
        self.before = self.shared = min(shared, part.start - 1)
        self.tree = self._tree()
        if len(self.tree) > most:
            self.before = part.start - 1
            self.tree = self._tree()

    def _tree(self) -> Tree:
        return Tree([sequence[self.before : -1] for sequence in self.sequences])

    def places(self) -> Iterator[tuple[int, int]]:
        """Of each token that is scored, sequence by sequence: where in the tree its logits lie, and the token."""
        for sequence, path in zip(self.sequences, self.tree.paths, strict=True):
            for fed in range(self.start - 1, len(sequence) - 1):
                yield path[fed - self.before], sequence[fed + 1]


class Likelihood:
    """Scores continuations with a decoder model. Not thread-safe; one per process.

    Args:
        model: one that `Engine` runs.
        text: its tokenizer.
        prompts: computes and keeps what requests share.
    """

    def __init__(self, model: Any, text: Text, prompts: Prompts) -> None:
        self._model = model
        self._text = text
        self._prompts = prompts
        config = model.config.get_text_config()
        self._layers = config.num_hidden_layers
        self._context = context_of(config)
        self._most = _TOKENS[model.device.type]
        self._head = head_of(model)
        self._queue: deque[_Job] = deque()
        self._refused: list[Output] = []

    def add(self, requests: Sequence[Request]) -> None:
        """Queue requests."""
        for request in requests:
            try:
                found = parts(self._text, request, self._context)
                shared = self._text.shared(request, found[0].sequences[0], _SHARED) if len(found) == 1 else 0
            except Exception as error:  # a chat template is a program that came with the model
                self._refused.append(Output(request, f"cannot be scored: {error}", Status.ERROR, 0, 0.0))
                continue
            count = len(request.continuations)
            run = _Running(request, len(found), [0.0] * count, [0] * count, [True] * count)
            self._queue.extend(_Job(run, part, shared, self._most) for part in found)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._queue and not self._refused

    @torch.inference_mode()
    def step(self) -> list[Output]:
        """Compute a row of requests. Returns those that are done."""
        outputs, self._refused = self._refused, []
        if not self._queue:
            return outputs
        started = time.perf_counter()
        jobs = self._take()
        before = self._before(jobs[0])
        if len(jobs[0].tree) > self._most:
            scored = [self._one_by_one(jobs[0], before)]
        else:
            scored = self._together(jobs, before)
        seconds = time.perf_counter() - started
        for job, found in zip(jobs, scored, strict=True):
            job.run.seconds += seconds
            output = _add(job, *found)
            if output is not None:
                outputs.append(output)
        return outputs

    def _take(self) -> list[_Job]:
        """The first job of the queue, and those that fit into its row: they share what stands before."""
        jobs = [self._queue.popleft()]
        room = self._most - len(jobs[0].tree)
        before = jobs[0].sequences[0][: jobs[0].before]
        left: deque[_Job] = deque()
        for job in self._queue:
            size = len(job.tree)
            if size <= room and job.sequences[0][: job.before] == before:
                jobs.append(job)
                room -= size
            else:
                left.append(job)
        self._queue = left
        return jobs

    def _before(self, job: _Job) -> Prompt | None:
        """What is computed before a job's row."""
        shared = job.shared if job.shared < job.before else 0
        return self._prompts.get(list(job.sequences[0][: job.before]), shared) if job.before else None

    def _together(self, jobs: list[_Job], before: Prompt | None) -> list[tuple[list[float], list[bool]]]:
        """Log-probabilities, and whether each token is the likeliest, of all sequences of each job in one row."""
        device = self._model.device
        row = Row([job.tree for job in jobs], before.length if before else 0, device)
        states = before.states if before else [None] * self._layers
        layers = [TreeLayer(row, state) for state in states]
        places, targets = [], []
        for job, begin in zip(jobs, row.begins, strict=True):
            for place, target in job.places():
                places.append(begin + place)
                targets.append(target)
        kept, inverse = torch.tensor(places, device=device).unique(return_inverse=True)
        scored = torch.tensor(targets, device=device)
        logprobs, greedy = self._score(row.tokens, row.positions, layers, kept, inverse, scored)
        found = []
        done = 0
        for job in jobs:
            sums, best = [], []
            for sequence in job.sequences:
                count = len(sequence) - job.start
                sums.append(sum(logprobs[done : done + count]))
                best.append(all(greedy[done : done + count]))
                done += count
            found.append((sums, best))
        return found

    def _one_by_one(self, job: _Job, before: Prompt | None) -> tuple[list[float], list[bool]]:
        """The same for a job that is too long for a row: sequence by sequence, in pieces."""
        device = self._model.device
        sums, best = [], []
        for sequence in job.sequences:
            layers = [PromptLayer(state) for state in (before.states if before else [None] * self._layers)]
            logprobs: list[float] = []
            greedy: list[bool] = []
            for begin in range(job.before, len(sequence) - 1, self._most):
                end = min(begin + self._most, len(sequence) - 1)
                tokens = torch.tensor([sequence[begin:end]], device=device)
                positions = torch.arange(begin, end, device=device)[None]
                first = max(job.start - 1, begin)
                kept = torch.arange(min(first, end - 1) - begin, end - begin, device=device)
                targets = torch.tensor(sequence[first + 1 : end + 1], device=device)
                places = torch.arange(len(targets), device=device)
                some, likeliest = self._score(tokens, positions, layers, kept, places, targets)
                logprobs += some
                greedy += likeliest
            sums.append(sum(logprobs))
            best.append(all(greedy))
        return sums, best

    def _score(
        self,
        tokens: torch.Tensor,
        positions: torch.Tensor,
        layers: list[Any],
        kept: torch.Tensor,
        places: torch.Tensor,
        targets: torch.Tensor,
    ) -> tuple[list[float], list[bool]]:
        """What `score_tokens` says of tokens behind the places kept of a row that is fed."""

        def run() -> torch.Tensor:
            return forward(self._model, tokens, positions, layers, kept)

        if self._head is not None:
            return self._head.score(run, places, targets)
        return score_tokens(run()[0], places, targets)


def score_tokens(
    logits: torch.Tensor, places: torch.Tensor, targets: torch.Tensor
) -> tuple[list[float], list[bool]]:
    """Log-probabilities of tokens, and whether they are the likeliest.

    Args:
        logits: [m, vocabulary].
        places: of each token, its row of logits, [n].
        targets: the tokens, [n].
    """
    logits = logits.float()
    logprobs = logits[places, targets] - logits.logsumexp(-1)[places]
    return logprobs.tolist(), (logits.argmax(-1)[places] == targets).tolist()


def _add(job: _Job, logprobs: list[float], greedy: list[bool]) -> Output | None:
    """Add a part to its request. Returns the output where it was the last one."""
    run = job.run
    run.open -= 1
    run.fed += job.start
    for number, sequence in enumerate(job.sequences):
        run.logprobs[number] += logprobs[number]
        run.tokens[number] += len(sequence) - job.start
        run.greedy[number] &= greedy[number]
    if run.open:
        return None
    total = sum(run.tokens)
    if not all(map(_finite, run.logprobs)):
        return Output(run.request, "the logits are not finite", Status.ERROR, 0, run.seconds, run.fed)
    scores = tuple(Score(*found) for found in zip(run.logprobs, run.tokens, run.greedy, strict=True))
    return Output(run.request, "", Status.OK, total, run.seconds, run.fed, scores=scores)


def _finite(number: float) -> bool:
    return number - number == 0
