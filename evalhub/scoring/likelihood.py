"""Samples answered by likelihood: what is scored behind their text, and what the scores say.

Metrics have lm-eval's names. `acc` itself is the pass rate: the choice with the largest log-probability is the
reference. `acc_norm` takes the largest log-probability per character of the choice, `acc_bytes` per byte of it. A
long text has `bits_per_byte`, `byte_perplexity` and `word_perplexity`. `loglikelihood` is the reference's, or the
text's, in nats.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evalhub.backends.base import Score
from evalhub.graders.likelihood import likeliest, read_scores
from evalhub.store.attempts import load_attempts
from evalhub.store.hub import Hub
from evalhub.store.journal import load_conditions
from evalhub.store.metrics import Metric, add_metrics
from evalhub.store.samples import answers_asked
from ingest.records import Condition, Sample, Status

LIKELIHOOD = "likelihood"
"""The answer of a condition, and the name of the grader of such answers."""

_TEXT = "perplexity"
"""The grader of a long text."""


def is_text(sample: Sample) -> bool:
    """Whether a sample is a long text, scored as a whole and neither passed nor failed."""
    return sample.grader == _TEXT


def unfit(sample: Sample, condition: Condition) -> str:
    """Why a sample cannot be answered in the way that a condition wants, or ''."""
    if condition.answer != LIKELIHOOD:
        return "a long text is scored by likelihood only" if is_text(sample) else ""
    if is_text(sample):
        return ""
    if sample.choices:
        found = str(sample.reference) in sample.choices
        return "" if found else "its reference is none of its choices, so that no likelihood is right"
    told = isinstance(sample.reference, str | int | float) and str(sample.reference)
    return "" if told else "without choices or a text as reference there is no likelihood to ask for"


def continuations(sample: Sample, condition: Condition, text: str) -> tuple[str, ...]:
    """What is scored behind a sample's text; nothing where it is to be generated.

    A space parts a plain text from what follows, unless white space does already, as lm-eval has it; a chat's turn
    begins without one. A condition may say otherwise (`Condition.separator`).
    """
    if condition.answer != LIKELIHOOD:
        return ()
    if is_text(sample):
        return (sample.prompt,)
    answers = sample.choices or (str(sample.reference),)
    if condition.separator is not None:
        return tuple(condition.separator + answer for answer in answers)
    space = " " if condition.form == "plain" and not text[-1:].isspace() else ""
    return tuple(answer if answer[:1].isspace() else space + answer for answer in answers)


def changed(condition: Condition, overrides: Mapping[str, Any]) -> Condition:
    """A condition with the user's overrides, but for those of decoding where nothing is generated."""
    answer = overrides.get("answer", condition.answer)
    given = dict(overrides) if answer != LIKELIHOOD else {"answer": answer}
    if answer == condition.answer:
        given.pop("answer", None)
    return condition.changed(**given) if given else condition


def grader_of(sample: Sample, condition: Condition) -> str:
    """Who judges an output under a condition: the sample's own grader, or that of likelihoods."""
    return LIKELIHOOD if condition.answer == LIKELIHOOD and not is_text(sample) else sample.grader


def judged_so(samples: Mapping[str, Sample], conditions: Mapping[str, Condition]) -> dict[str, Sample]:
    """The samples with those who judge them under their conditions, by the ids that they have without."""
    return {
        sample_id: replace(sample, grader=grader_of(sample, conditions[sample_id]))
        for sample_id, sample in samples.items()
    }


def arithmetic(hub: Hub, sources: Sequence[str], overrides: Mapping[str, Any], dtype: str) -> str:
    """The dtype to compute in: float32 where nobody says and all samples are answered by likelihood."""
    answers = {overrides["answer"]} if "answer" in overrides else answers_asked(hub, sources)
    return "float32" if dtype == "auto" and answers == {LIKELIHOOD} else dtype


def coarse(hub: Hub, found: Iterable[Metric]) -> list[str]:
    """What has to be said of log-probabilities that were computed in 16 bits."""
    conditions = load_conditions(hub, {metric.condition_id for metric in found})
    half = {condition.engine.rpartition("/")[2] for condition in conditions.values()} & {"bfloat16", "float16"}
    return [
        f"log-probabilities in {dtype} are off by up to a nat: score these sources alone, or with --dtype float32"
        for dtype in half
    ]


def keep_metrics(
    hub: Hub, model_id: str, seed: int, samples: Mapping[str, Sample], conditions: Mapping[str, Condition]
) -> list[Metric]:
    """Measure what the attempts at samples asked by likelihood say beyond passing, and keep it."""
    asked = {
        sample_id: conditions[sample_id].condition_id
        for sample_id in samples
        if conditions[sample_id].answer == LIKELIHOOD
    }
    made = [kept for kept in load_attempts(hub, model_id, seed, asked) if kept.status is Status.OK]
    texts = hub.blobs.get(kept.output for kept in made)
    found = [
        metric
        for kept in made
        for metric in metrics(
            samples[kept.sample_id], asked[kept.sample_id], read_scores(texts[kept.output].decode())
        )
    ]
    add_metrics(hub, model_id, seed, found)
    return found


def metrics(sample: Sample, condition_id: str, scores: tuple[Score, ...]) -> list[Metric]:
    """What an attempt's scores say beyond passing."""

    def one(name: str, kind: str, direction: str, value: float) -> Metric:
        return Metric(
            sample_id=sample.sample_id,
            condition_id=condition_id,
            metric=name,
            kind=kind,
            direction=direction,
            value=value,
        )

    if is_text(sample):
        logprob = scores[0].logprob
        nats_per_byte = -logprob / count_bytes(sample.prompt)
        return [
            one("loglikelihood", "numeric", "up", logprob),
            one("bits_per_byte", "numeric", "down", nats_per_byte / math.log(2)),
            one("byte_perplexity", "numeric", "down", math.exp(nats_per_byte)),
            one("word_perplexity", "numeric", "down", perplexity(-logprob / count_words(sample.prompt))),
        ]
    if not sample.choices:
        return [one("loglikelihood", "numeric", "up", scores[0].logprob)]
    right = sample.choices.index(str(sample.reference))
    found = [one("loglikelihood", "numeric", "up", scores[right].logprob)]
    for name, length in (("acc_norm", len), ("acc_bytes", count_bytes)):
        each = [
            score.logprob / max(length(choice), 1) for score, choice in zip(scores, sample.choices, strict=True)
        ]
        found.append(one(name, "binary", "up", float(likeliest(each) == right)))
    return found


def count_bytes(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def count_words(text: str) -> int:
    """Words of a text as lm-eval counts them: pieces between white space."""
    return len(re.split(r"\s+", text))


def perplexity(nats: float) -> float:
    """e to the power of so many nats; beyond all floats the largest one."""
    return math.exp(min(nats, 709.0))
