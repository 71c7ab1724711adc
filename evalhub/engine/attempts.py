"""An attempt while it runs: its next token, and whether that ends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from evalhub.backends.base import Output, Request
from evalhub.engine.text import Text
from ingest.records import Status
from kernels.sampling import draw_tokens, stream_key


@dataclass(kw_only=True)
class Running:
    """An attempt, and what it has generated so far."""

    request: Request
    last: int
    """The prompt's last token."""

    tokens: int
    """Of the prompt."""

    limit: int
    """Tokens that it may generate."""

    started: float
    key: int = 0
    """Of its random stream."""

    generated: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = stream_key(self.request.seed, self.request.sample_id, self.request.attempt)

    def output(self, text: str, status: Status) -> Output:
        """What it came to."""
        seconds = time.perf_counter() - self.started
        return Output(self.request, text, status, len(self.generated), seconds, self.tokens)


def draw(text: Text, logits: torch.Tensor, runs: Sequence[Running]) -> dict[int, Output]:
    """Give each attempt its next token, from logits [attempts, vocabulary]. Returns the outputs of those that end
    with it, by their place."""
    conditions = [run.request.condition for run in runs]
    tokens = draw_tokens(
        logits,
        [condition.temperature for condition in conditions],
        [condition.top_p for condition in conditions],
        [condition.top_k for condition in conditions],
        [run.key for run in runs],
        [len(run.generated) for run in runs],
    )
    ended = {}
    for place, (run, token) in enumerate(zip(runs, tokens, strict=True)):
        output = settle(text, run, token)
        if output is not None:
            ended[place] = output
    return ended


def settle(text: Text, run: Running, token: int | None) -> Output | None:
    """Add a token to an attempt, None where none could be drawn. Returns the output of an attempt that it ends."""
    if token is None:
        return run.output("the logits are not finite", Status.ERROR)
    run.generated.append(token)
    stops = run.request.condition.stop
    if run.generated[-1] in text.ends:
        said, status = text.decode(run.last, run.generated[:-1]), Status.OK
    else:
        cut = text.cut(run.last, run.generated, stops) if stops else None
        if cut is not None:
            said, status = cut, Status.OK
        elif len(run.generated) >= run.limit:
            said, status = text.decode(run.last, run.generated), Status.TRUNCATED
        else:
            return None
    if status is Status.OK and not said.strip():
        status = Status.NO_ANSWER
    return run.output(said, status)
