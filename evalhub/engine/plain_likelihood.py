"""How likely a model finds continuations of texts, for models that the engine refuses: sequence by sequence."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import torch

from evalhub.backends.base import Output, Request, Score
from evalhub.engine.continuations import parts
from evalhub.engine.likelihood import score_tokens
from evalhub.engine.seam import context_of
from evalhub.engine.text import Text
from ingest.records import Status


class PlainLikelihood:
    """Scores continuations, with the interface of `Likelihood`.

    Args:
        model: of transformers, with its own attention.
        text: its tokenizer.
    """

    def __init__(self, model: Any, text: Text) -> None:
        self._model = model
        self._text = text
        self._context = context_of(model.config.get_text_config())
        self._queue: deque[Request] = deque()

    def add(self, requests: Sequence[Request]) -> None:
        """Queue requests."""
        self._queue.extend(requests)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._queue

    @torch.inference_mode()
    def step(self) -> list[Output]:
        """Score one request."""
        return [self._score(self._queue.popleft())] if self._queue else []

    def _score(self, request: Request) -> Output:
        started = time.perf_counter()
        fed = 0
        logprobs = [0.0] * len(request.continuations)
        tokens = [0] * len(logprobs)
        greedy = [True] * len(logprobs)
        try:
            found = parts(self._text, request, self._context)
        except Exception as error:  # a chat template is a program that came with the model
            return Output(request, f"cannot be scored: {error}", Status.ERROR, 0, 0.0)
        for part in found:
            fed += part.start
            for place, sequence in enumerate(part.sequences):
                ids = torch.tensor([sequence[:-1]], device=self._model.device)
                logits = self._model(input_ids=ids, use_cache=False).logits[0, part.start - 1 :]
                targets = torch.tensor(sequence[part.start :], device=logits.device)
                some, likeliest = score_tokens(logits, torch.arange(len(targets), device=logits.device), targets)
                logprobs[place] += sum(some)
                tokens[place] += len(some)
                greedy[place] &= all(likeliest)
        seconds = time.perf_counter() - started
        if not all(number - number == 0 for number in logprobs):
            return Output(request, "the logits are not finite", Status.ERROR, 0, seconds, fed)
        scores = tuple(Score(*one) for one in zip(logprobs, tokens, greedy, strict=True))
        return Output(request, "", Status.OK, sum(tokens), seconds, fed, scores=scores)
