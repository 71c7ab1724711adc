"""Questions that nothing answers: what is asked for, and that all it names stands in the table."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import suppress

import pytest

from ingest.papers.records import Cell
from ingest.questions.draft import Draft
from ingest.questions.grid import Grid, Refused, content_of
from ingest.questions.program import NO_ROW, UNKNOWN, run_on
from ingest.questions.tables import Tables
from ingest.questions.unanswerable import regrouped, without_answer
from tests.questions.papers import FILTERS, MODELS, SCORES, Printed, cells, table

TASKS = (
    ("Data", "Task", "Base", "Large"),
    ("GENIA", "NER", "81.5", "82.5"),
    ("GENIA", "REL", "71.2", "71.9"),
    ("SciERC", "NER", "67.6", "68.9"),
    ("SciERC", "CLS", "80.0", "80.3"),
)


def grid(printed: Printed, **fields: int) -> Grid:
    return Grid(content_of(table(printed, **fields)))


def twins(of: Grid, draft: Callable[[Tables], Draft]) -> list[Draft]:
    """What comes of drafts by chance."""
    made = []
    for seed in range(60):
        asks = Tables(of, random.Random(seed))
        with suppress(Refused):
            drafted = draft(asks)
            if drafted.kind == "choice":
                made.append(without_answer(drafted, asks))
    return made


def names(draft: Draft) -> set[str]:
    return set(re.findall(r"“([^”]+)”", draft.question))


def test_no_row_has_a_value_that_another_column_has() -> None:
    scores = grid(SCORES)
    made = twins(scores, Tables.find)
    assert len(made) > 20
    for draft in made:
        assert draft.answer.text == run_on(scores, draft.program).text == NO_ROW
        column, value = draft.program["column"], draft.program["value"]
        assert value in scores.all_texts()
        assert value not in {scores.text(row, column) for row in scores.rows}
        beside = {scores.row_names[row] for row in scores.rows for c in (1, 2, 3) if scores.text(row, c) == value}
        assert beside & set(draft.wrong), "the row that has it in the other column is an option"


@pytest.mark.parametrize("printed", [SCORES, [(line[0], line[2]) for line in SCORES]])
def test_no_row_meets_the_conditions(printed: Printed) -> None:
    read = grid(printed)
    made = twins(read, Tables.meets)
    assert len(made) > 12
    for draft in made:
        assert draft.answer.text == run_on(read, draft.program).text == NO_ROW
        conditions = draft.program["conditions"]
        for condition in conditions if len(conditions) > 1 else []:
            alone = {"op": "count", "rows": draft.program["rows"]}
            alone |= dict(zip(("column", "than", "value"), condition, strict=True))
            assert 0 < int(run_on(read, alone).text) < len(read.rows), "each one by itself is met"


def test_an_empty_cell_is_asked_for() -> None:
    models = grid(MODELS)
    made = twins(models, Tables.lookup)
    assert made
    for draft in made:
        assert (draft.program["row"], draft.program["column"]) == (3, 3)
        assert names(draft) == {"Medium", "Test acc."}
        assert draft.answer.text == UNKNOWN
        assert draft.kind == "unanswerable"
        assert len(draft.wrong) == 3


def test_parts_of_names_are_put_together_that_do_not_stand_together() -> None:
    tasks = grid(TASKS, header_columns=2)
    assert regrouped(tasks.row_names, 4) == ["GENIA / CLS", "SciERC / REL"]
    assert not regrouped({one: tasks.row_names[one] for one in (1, 2, 3)}, 4), "the fourth may be the one meant"
    assert not regrouped({1: "a / b", 2: "c"}, 2)
    made = twins(tasks, Tables.compare)
    assert made
    for draft in made:
        assert names(draft) & {"GENIA / CLS", "SciERC / REL"}
        assert run_on(tasks, draft.program).text == UNKNOWN


def test_a_column_is_changed_in_the_options_too() -> None:
    heads = ("", "News", "", "Web", "", "Talks", ""), ("System", "P", "R", "P", "R", "P", "F1")
    lines = [(name, *(f"{level + place}.5" for place in range(6))) for name, level in (("one", 50), ("two", 60))]
    spans = [Cell(text=heads[0][at], row=0, column=at, columns=2) for at in (1, 3, 5)]
    rest = [cell for cell in cells((*heads, *lines)) if cell.row or not cell.column]
    wide = Grid(content_of(table((), cells=(*spans, *rest), header_rows=2)))
    assert "Talks / R" in regrouped(wide.column_names, 6)
    for draft in twins(wide, Tables.compare):
        larger = {option.rpartition(", by ")[0] for option in draft.wrong}
        assert larger <= names(draft)


def test_where_nothing_is_missing_it_is_refused() -> None:
    assert not twins(grid(SCORES), Tables.lookup)
    assert not twins(grid(FILTERS), Tables.find), "there is no other column"
