"""Questions on papers: they are proven, have one right option, and say nothing by their form."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.graders.text import Choice, Numeric
from ingest.papers.records import Paper
from ingest.questions.checks import CHECKS, checked
from ingest.questions.draft import OPTIONS
from ingest.questions.numbers import parse
from ingest.questions.question import Question, answer_of
from ingest.questions.write import questions_of
from ingest.sources.items import plain_answer
from tests.questions.papers import FILTERS, SCORES, invented, odd, paper, table, usual


def kept(written: Paper) -> list[Question]:
    return checked(questions_of(written, source="live").questions).kept


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


def test_filters_find_nothing_to_mend_in_options_and_proofs() -> None:
    questions = questions_of(invented(1), source="live").questions
    for check in CHECKS[:2]:
        assert check(questions).removed == []


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_odd_tables_give_sound_questions_or_none(seed: int) -> None:
    written = questions_of(paper(odd(seed), table(SCORES, number="2")), source="live")
    assert written.questions
    for check in CHECKS[:2]:
        assert check(written.questions).removed == []
