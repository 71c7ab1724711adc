"""Answers that are likelihoods: how they are written down, and when one passes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from evalhub.backends.base import Score
from evalhub.graders.base import judged
from ingest.records import Sample, Verdict

_DIGITS = 6
"""Of a log-probability in nats: float32 knows no more."""


def write_scores(scores: Sequence[Score]) -> str:
    """Scores as the text of an attempt: a JSON list in the order of the continuations."""
    return json.dumps(
        [
            {"logprob": round(score.logprob, _DIGITS), "tokens": score.tokens, "greedy": score.greedy}
            for score in scores
        ]
    )


def read_scores(text: str) -> tuple[Score, ...]:
    """The inverse of `write_scores`.

    Raises:
        ValueError, TypeError: it is no such text.
    """
    return tuple(Score(**score) for score in json.loads(text))


class Likelihood:
    """Passes where the likeliest choice, the first among equals, is the reference (lm-eval's `acc`); without
    choices, where each token of the reference is the likeliest one (`acc` of its lambada)."""

    def refuses(self) -> str:
        return ""

    def grade(self, sample: Sample, text: str) -> Verdict:
        scores = read_scores(text)
        if not sample.choices:
            return judged(scores[0].greedy)
        chosen = likeliest([score.logprob for score in scores])
        return judged(sample.choices[chosen] == str(sample.reference), f"read as {sample.choices[chosen]}")

    def close(self) -> None:
        pass


def likeliest(logprobs: Sequence[float]) -> int:
    """Place of the largest, the first among equals."""
    return max(range(len(logprobs)), key=logprobs.__getitem__)


class Perplexity:
    """Of long texts, which are neither passed nor failed: they are measured in bits per byte."""

    def refuses(self) -> str:
        return ""

    def grade(self, sample: Sample, text: str) -> Verdict:
        del sample, text
        raise NotImplementedError("a text is neither passed nor failed")

    def close(self) -> None:
        pass
