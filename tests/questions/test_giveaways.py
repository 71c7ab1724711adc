"""Questions say nothing of their answer by their form: over many of them, no simple rule beats chance."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest
from scipy import stats

from ingest.questions.checks import checked
from ingest.questions.draft import OPTIONS, window
from ingest.questions.grid import Refused
from ingest.questions.numbers import parse
from ingest.questions.program import UNANSWERED, UNKNOWN
from ingest.questions.question import Question
from ingest.questions.write import questions_of
from tests.questions.papers import NAMES, figure, invented, paper


@cache
def many() -> list[Question]:
    """Questions on many invented papers."""
    return [
        question
        for seed in range(60)
        for question in checked(questions_of(invented(seed), source="live").questions).kept
    ]


def choices() -> list[Question]:
    return [question for question in many() if question.sample.choices]


def hit(picked: np.ndarray, right: int) -> float:
    """How likely one of those picked is right."""
    return float(picked[right]) / picked.sum()


def places(questions: Iterable[Question]) -> list[int]:
    """Where the right option stands, in each of them."""
    return [question.sample.choices.index(str(question.sample.reference)) for question in questions]


@pytest.mark.slow
def test_the_right_option_may_stand_anywhere() -> None:
    """In all questions, and in those of each operation: a chi-squared test."""
    by_operation: dict[str, list[Question]] = {"all": choices()}
    for question in choices():
        by_operation.setdefault(question.operation, []).append(question)
    assert len(by_operation) > 11
    for operation, asked in by_operation.items():
        counts = np.bincount(places(asked), minlength=OPTIONS)
        assert counts.sum() > 30, operation
        assert stats.chisquare(counts).pvalue > 0.01, operation


def test_the_right_picture_may_stand_anywhere() -> None:
    """On one paper, too, with few figures."""
    names = zip(NAMES[:12], NAMES[12:], strict=False)
    captions = [f"The growth of {name} and the use of {other}." for name, other in names]
    right = []
    for seed in range(30):
        drawn = random.Random(seed).sample(captions, 4)
        asked = questions_of(
            paper(
                figures=[
                    figure(str(number), caption, f"Figure {number} shows it for each year on record. {caption}")
                    for number, caption in enumerate(drawn, 1)
                ]
            ),
            source="live",
        ).questions
        cited = places(question for question in asked if question.operation == "cited")
        assert sorted(cited) == [0, 1, 2, 3]
        right.append(cited)
        assert len(set(places(question for question in asked if question.operation == "caption"))) == 4
    for nth in zip(*right, strict=True):
        assert stats.chisquare(np.bincount(nth, minlength=OPTIONS)).pvalue > 0.01


@pytest.mark.slow
def test_neither_length_nor_size_tells_the_right_option() -> None:
    """A solver that always takes the shortest option, the longest, the smallest, the largest, a middling one, or
    the one nearest to all others, is right as often as chance."""
    asked = [question for question in choices() if not set(UNANSWERED) & set(question.sample.choices)]
    hits: dict[str, list[float]] = {}
    for question in asked:
        options = list(question.sample.choices)
        right = options.index(str(question.sample.reference))
        lengths = np.array([len(option) for option in options])
        hits.setdefault("shortest", []).append(hit(lengths == lengths.min(), right))
        hits.setdefault("longest", []).append(hit(lengths == lengths.max(), right))
        numbers = [number.value for option in options if (number := parse(option))]
        if len(numbers) == OPTIONS:
            order = np.argsort(np.argsort([float(number) for number in numbers]))
            for name, ranks in {"smallest": [0], "largest": [3], "middle": [1, 2]}.items():
                hits.setdefault(name, []).append(hit(np.isin(order, ranks), right))
            distances = np.array([sum(abs(float(one - other)) for other in numbers) for one in numbers])
            hits.setdefault("nearest", []).append(hit(distances == distances.min(), right))
    for name, found in hits.items():
        assert len(found) > 300
        assert np.mean(found) == pytest.approx(0.25, abs=0.05), name


@pytest.mark.slow
def test_that_nothing_answers_is_right_as_often_as_any_option() -> None:
    offered = [question for question in choices() if set(UNANSWERED) & set(question.sample.choices)]
    assert len(offered) > 400
    assert np.mean([question.kind == "unanswerable" for question in offered]) == pytest.approx(0.25, abs=0.03)
    share = np.mean([question.kind == "unanswerable" for question in many()])
    assert 0.03 < share < 0.2
    for operation in ("find", "meets"):
        alike = [question.kind == "unanswerable" for question in offered if question.operation == operation]
        assert np.mean(alike) == pytest.approx(0.25, abs=0.05), operation


@pytest.mark.slow
def test_no_way_of_a_trend_is_the_usual_one() -> None:
    trends = Counter(str(one.sample.reference) for one in choices() if one.operation == "trend")
    del trends[UNKNOWN]
    assert 0.18 < min(trends.values()) / trends.total() < max(trends.values()) / trends.total() < 0.32


@pytest.mark.slow
def test_wording_varies() -> None:
    endings = Counter(question.sample.prompt.split("”. ")[1].split("“")[0] for question in many())
    assert len(endings) > 40


@pytest.mark.parametrize("high", [4, 6, 11])
def test_a_row_of_numbers_does_not_tell_which_is_right(high: int) -> None:
    """Of values that are all as likely, each is right as often as the others in any row of four."""
    rng = random.Random(high)
    right: dict[tuple[int, ...], Counter[int]] = {}
    for _ in range(4000):
        value = rng.randint(1, high)
        try:
            row = sorted([value, *map(int, window(rng, value, 1, high))])
        except Refused:
            continue
        right.setdefault(tuple(row), Counter())[value] += 1
    assert len(right) == high - 3
    for row, counts in right.items():
        shares = [counts[value] / counts.total() for value in row]
        assert shares == pytest.approx([0.25] * 4, abs=0.08)
    with pytest.raises(Refused, match="too few"):
        window(rng, 1, 1, 3)
