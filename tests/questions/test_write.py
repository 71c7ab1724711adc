"""Questions on papers: they are proven, have one right option, and say nothing by their form."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.graders.text import Choice, Numeric
from ingest.papers.records import Paper
from ingest.questions.checks import CHECKS, checked
from ingest.questions.draft import OPTIONS, window
from ingest.questions.grid import Refused
from ingest.questions.numbers import parse
from ingest.questions.program import UNKNOWN
from ingest.questions.question import Question, answer_of
from ingest.questions.write import questions_of
from ingest.sources.items import plain_answer
from tests.questions.papers import FILTERS, SCORES, invented, odd, paper, table, usual


def kept(written: Paper) -> list[Question]:
    return checked(questions_of(written, source="live").questions).kept


@cache
def many() -> list[Question]:
    """Questions on many invented papers."""
    return [question for seed in range(60) for question in kept(invented(seed))]


def test_a_paper_is_asked_about_in_every_way() -> None:
    questions = kept(usual())
    assert {question.kind for question in questions} == {"choice", "numeric", "unanswerable"}
    assert {question.operation for question in questions} >= {
        *("lookup", "find", "extreme", "rank", "count", "wins", "difference", "ratio", "aggregate", "compare"),
        *("trend", "tick", "turned label", "shown", "caption", "cited"),
    }
    tables = Counter(question.evidence.number for question in questions if question.evidence.item == "table")
    assert sum(tables.values()) >= 8 * 4
    assert max(tables.values()) <= 16


def test_what_a_question_carries() -> None:
    given = usual()
    for question in kept(given):
        sample, evidence = question.sample, question.evidence
        items = given.tables if evidence.item == "table" else given.figures
        (item,) = [item for item in items if item.number == evidence.number]
        assert item.image in sample.images
        assert len(sample.images) == (4 if question.operation == "cited" else 1)
        assert (evidence.page, evidence.route) == (item.region.page if item.region else None, item.route)
        assert (sample.source, sample.cluster, sample.licence) == ("live", given.paper_id, "CC-BY-4.0")
        assert sample.published_at == given.published_at
        assert sample.tags == (evidence.item, question.operation, question.kind, "cs.CL", "cs.LG")
        assert bool(sample.choices) == (sample.grader == "choice") == ("{choices}" in sample.condition.template)
        json.dumps(question.proof(), allow_nan=False)
    names = [question.sample.source_id for question in kept(given)]
    assert len(set(names)) == len(names)


@settings(max_examples=10)
@given(st.integers(1000, 10**6))
def test_every_program_runs_again_to_the_one_right_option(seed: int) -> None:
    """From what is stored, as JSON."""
    questions = kept(invented(seed))
    assert len(questions) >= 8 * 3
    for question in questions:
        proof = json.loads(json.dumps(question.proof()))
        answer = answer_of(proof["program"], proof["content"]).text
        sample = question.sample
        assert answer == sample.reference
        grader = Choice() if sample.choices else Numeric()
        assert grader.grade(sample, answer).value == 1
        if sample.choices:
            assert len(sample.choices) == OPTIONS == len({plain_answer(option) for option in sample.choices})
            assert [grader.grade(sample, option).value for option in sample.choices].count(1) == 1
            values = [number.value for option in sample.choices if (number := parse(option))]
            assert len(set(values)) == len(values)
        else:
            assert parse(answer) is not None
            assert "decimal" in sample.prompt or "whole number" in sample.prompt


def test_the_same_paper_is_asked_the_same() -> None:
    first, second = (questions_of(usual(), source="live") for _ in range(2))
    assert [question.sample.sample_id for question in first.questions] == [
        question.sample.sample_id for question in second.questions
    ]
    assert first.refused == second.refused


def test_questions_of_a_table_do_not_depend_on_where_the_paper_was_found() -> None:
    named = replace(usual(), paper_id="file:0123456789abcdef")
    assert {question.sample.sample_id for question in kept(named)} == {
        question.sample.sample_id for question in kept(usual())
    }


@pytest.mark.parametrize("most", [3, 8])
def test_no_more_than_asked_for(most: int) -> None:
    written = questions_of(usual(), source="live", per_table=most, per_figure=1)
    counts = Counter((question.evidence.item, question.evidence.number) for question in written.questions)
    assert max(count for (item, _), count in counts.items() if item == "table") == most


def test_operations_share_a_table() -> None:
    counts = Counter(question.operation for question in kept(paper(table(SCORES))))
    assert max(counts.values()) <= 4
    assert len(counts) >= 8


def test_what_cannot_be_asked_about_is_counted() -> None:
    blank = replace(table(SCORES, number="2"), image=b"")
    nameless = table((("F1", "EM"), ("1.0", "2.0"), ("3.0", "4.0")), number="3", header_columns=0)
    written = questions_of(paper(blank, nameless, table(FILTERS, number="4")), source="live")
    assert written.refused["no picture"] == 1
    assert written.refused["table: its rows have no names"] == 1
    assert {question.evidence.number for question in written.questions} == {"4"}


def test_the_right_option_may_stand_anywhere() -> None:
    places = [question.sample.choices.index(str(question.sample.reference)) for question in choices()]
    assert len(places) > 1200
    shares = np.bincount(places, minlength=OPTIONS) / len(places)
    assert shares == pytest.approx([0.25] * OPTIONS, abs=0.04)


def test_neither_length_nor_size_tells_the_right_option() -> None:
    """A solver that always takes the shortest option, the longest, the smallest, the largest, a middling one, or
    the one nearest to all others, is right as often as chance."""
    asked = [question for question in choices() if UNKNOWN not in question.sample.choices]
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


def test_that_it_cannot_be_told_is_right_as_often_as_any_option() -> None:
    offered = [question for question in choices() if UNKNOWN in question.sample.choices]
    assert len(offered) > 400
    assert np.mean([question.kind == "unanswerable" for question in offered]) == pytest.approx(0.25, abs=0.03)
    share = np.mean([question.kind == "unanswerable" for question in many()])
    assert 0.05 < share < 0.2
    for operation in ("lookup", "difference", "trend", "find"):
        alike = [question.kind == "unanswerable" for question in offered if question.operation == operation]
        assert np.mean(alike) == pytest.approx(0.25, abs=0.12), operation


def test_no_kind_of_answer_is_the_usual_one() -> None:
    """Of a trend, a count or a rank."""
    trends = Counter(str(one.sample.reference) for one in choices() if one.operation == "trend")
    del trends[UNKNOWN]
    assert max(trends.values()) < 0.4 * sum(trends.values())


def test_wording_varies() -> None:
    endings = Counter(question.sample.prompt.split("”. ")[1].split("“")[0] for question in many())
    assert len(endings) > 40


def test_filters_find_nothing_to_mend_in_options_and_proofs() -> None:
    questions = questions_of(invented(1), source="live").questions
    for check in CHECKS[:2]:
        assert check(questions).removed == []


def choices() -> list[Question]:
    return [question for question in many() if question.sample.choices]


def hit(picked: np.ndarray, right: int) -> float:
    """How likely one of those picked is right."""
    return float(picked[right]) / picked.sum()


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


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_odd_tables_give_sound_questions_or_none(seed: int) -> None:
    written = questions_of(paper(odd(seed), table(SCORES, number="2")), source="live")
    assert written.questions
    for check in CHECKS[:2]:
        assert check(written.questions).removed == []
