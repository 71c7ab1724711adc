"""Questions that nothing answers: what is put in, and for what."""

from __future__ import annotations

import random

import pytest

from ingest.questions.draft import Draft
from ingest.questions.grid import Grid, Refused, content_of
from ingest.questions.program import UNKNOWN, run_on
from ingest.questions.unanswerable import Absent, absent_from, without_answer
from tests.questions.papers import FILTERS, MODELS, SCORES, Printed, table


def grid(printed: Printed) -> Grid:
    return Grid(content_of(table(printed)))


def asked(of: Grid, program: dict[str, object], question: str, *wrong: str) -> Draft:
    return Draft(program=program, question=question, answer=run_on(of, program), wrong=wrong)


def test_names_come_from_other_tables() -> None:
    absent = absent_from(grid(FILTERS), [grid(SCORES), grid(MODELS)])
    assert "Precision" in absent.columns
    assert "Tiny" in absent.rows
    assert not {"F1", "Licence"} & set(absent.columns)  # worked out of others; not of numbers


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("prec.", "Precision"),
        ("P", "Precision"),
        ("Classification", "CLS"),
        ("Named Entity Recognition", "NER"),
        ("Citations", "Cites"),
        ("Number of papers", "Papers"),
        ("Score", "Total score"),
    ],
)
def test_what_may_be_the_same_under_another_name_is_not_taken_for_absent(own: str, other: str) -> None:
    ours = grid((("Field", own), ("one", "1.0"), ("two", "2.0")))
    theirs = grid((("Part", other), ("blue", "1.0"), ("red", "2.0")))
    assert absent_from(ours, [theirs]) == Absent(["blue", "red"], [])


def test_a_name_takes_the_place_of_another_wherever_it_stands() -> None:
    scores = grid(SCORES)
    draft = asked(
        scores,
        {"op": "compare", "row": 1, "columns": [1, 2], "decimals": 1},
        "For “title”, which is larger, “Precision” or “Recall”?",
        *("Recall, by 1.4", "Precision, by 0.4", "Recall, by 0.4"),
    )
    changed = without_answer(draft, scores, Absent(columns=["BLEU"]), random.Random(2))
    assert changed.kind == "unanswerable"
    assert "“BLEU”" in changed.question
    assert "BLEU" in changed.program["columns"]
    assert run_on(scores, changed.program).text == UNKNOWN
    gone = next(name for name in ("Precision", "Recall") if f"“{name}”" not in changed.question)
    assert not any(gone in option for option in changed.wrong)
    assert len(changed.wrong) == 3


def test_an_empty_cell_is_asked_for() -> None:
    models = grid(MODELS)
    draft = asked(
        models,
        {"op": "lookup", "row": 1, "column": 3},
        "What does the table give for “Tiny” under “Test acc.”?",
        *("68.1 ± 0.2", "78.8 ± 0.3", "61.2 ± 0.4"),
    )
    changed = without_answer(draft, models, Absent(), random.Random(1))
    assert changed.program["row"] == 3
    assert "“Medium”" in changed.question
    assert changed.answer.text == UNKNOWN


def test_without_such_a_name_it_is_refused() -> None:
    scores = grid(SCORES)
    draft = asked(
        scores, {"op": "lookup", "row": 1, "column": 1}, "“title” under “Precision”?", "1.0", "2.0", "3.0"
    )
    with pytest.raises(Refused, match="no name"):
        without_answer(draft, scores, Absent(), random.Random(1))
