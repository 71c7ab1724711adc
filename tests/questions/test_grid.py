"""Tables: names of rows and columns, and what is refused."""

from __future__ import annotations

import json

import pytest

from ingest.papers.records import Cell, Table
from ingest.questions.grid import Grid, Refused, content_of
from tests.questions.papers import FILTERS, MODELS, SCORES, SIZES, table


def grid(made: Table) -> Grid:
    """Through JSON, as it is stored."""
    return Grid(json.loads(json.dumps(content_of(made))))


def spanned(*texts: tuple[str, int, int, int, int], header_rows: int = 1, header_columns: int = 1) -> Grid:
    cells = tuple(Cell(text=t, row=r, column=c, rows=rs, columns=cs) for t, r, c, rs, cs in texts)
    return grid(table((), cells=cells, header_rows=header_rows, header_columns=header_columns))


def test_a_plain_table() -> None:
    read = grid(table(SCORES))
    assert read.row_names[1] == "title"
    assert read.column_names == {1: "Precision", 2: "Recall", 3: "F1"}
    assert read.numeric == (1, 2, 3)
    assert read.alike(1, 2)


def test_headers_of_several_levels_make_a_path() -> None:
    read = spanned(
        ("Approach", 0, 0, 2, 1),
        ("CS", 0, 1, 1, 2),
        ("Bio", 0, 3, 1, 2),
        *((name, 1, place, 1, 1) for place, name in enumerate(("prec.", "yield", "prec.", "yield"), 1)),
        *((text, 2, place, 1, 1) for place, text in enumerate(("Statistical", "98.4", "712", "94.4", "928"))),
        *((text, 3, place, 1, 1) for place, text in enumerate(("Hybrid", "91.5", "1990", "92.1", "3126"))),
        header_rows=2,
    )
    assert read.column_names == {1: "CS / prec.", 2: "CS / yield", 3: "Bio / prec.", 4: "Bio / yield"}
    assert read.alike(1, 3)
    assert not read.alike(1, 2)


def test_a_name_that_spans_rows_is_part_of_theirs_and_makes_a_group() -> None:
    read = spanned(
        ("Task", 0, 0, 1, 1),
        ("Model", 0, 1, 1, 1),
        ("F1", 0, 2, 1, 1),
        ("NER", 1, 0, 2, 1),
        ("REL", 3, 0, 2, 1),
        *((("base", "large")[row % 2], 1 + row, 1, 1, 1) for row in range(4)),
        *((f"8{row}.5", 1 + row, 2, 1, 1) for row in range(4)),
        header_columns=2,
    )
    assert read.row_names == {1: "NER / base", 2: "NER / large", 3: "REL / base", 4: "REL / large"}
    assert read.groups == {"NER": (1, 2), "REL": (3, 4)}


def test_a_row_of_one_text_heads_those_below() -> None:
    read = spanned(
        ("Model", 0, 0, 1, 1),
        ("F1", 0, 1, 1, 1),
        ("English", 1, 0, 1, 2),
        ("base", 2, 0, 1, 1),
        ("1.0", 2, 1, 1, 1),
        ("large", 3, 0, 1, 1),
        ("2.0", 3, 1, 1, 1),
        ("German", 4, 0, 1, 1),
        ("base", 5, 0, 1, 1),
        ("3.0", 5, 1, 1, 1),
        ("large", 6, 0, 1, 1),
        ("4.0", 6, 1, 1, 1),
    )
    assert read.rows == (2, 3, 5, 6)
    assert read.row_names[6] == "German / large"
    assert read.groups == {"English": (2, 3), "German": (5, 6)}


def test_rows_of_one_name_are_told_apart_by_a_column_of_text_or_not_at_all() -> None:
    printed = (
        ("Data", "Task", "F1"),
        ("GENIA", "LAS", "90.4"),
        ("GENIA", "UAS", "91.9"),
        ("SciERC", "NER", "67.5"),
    )
    assert grid(table(printed)).row_names[1] == "GENIA / LAS"
    without = tuple((first, last) for first, _, last in printed)
    with pytest.raises(Refused, match="told apart"):
        grid(table(without[:3]))
    assert grid(table((*without, ("Other", "1.0")))).row_names == {3: "SciERC", 4: "Other"}


def test_names_that_do_not_stand_beside_every_row_are_not_used() -> None:
    printed = (("Domain", "Data", "F1"), ("", "A1", "1.0"), ("Bio", "B1", "2.0"), ("", "C1", "3.0"))
    assert grid(table(printed, header_columns=2)).row_names == {1: "A1", 2: "B1", 3: "C1"}


def test_a_first_row_of_numbers_is_no_header_and_nobody_asks_about_a_column_without_a_name() -> None:
    with pytest.raises(Refused, match="its columns have no names"):
        grid(table((("Total papers", "81.1M"), ("With PDF", "28.9M (35.6%)"), ("With DOI", "52.2M (64.3%)"))))
    years = grid(table((("Model", "2019"), ("small", "1.0"), ("large", "2.0"))))
    assert years.column_names == {1: "2019"}


def test_what_says_that_there_is_no_name_is_none() -> None:
    read = grid(table((("Field", "n/a", "Papers"), ("Medicine", "1", "12"), ("n/a", "2", "9"), ("Art", "3", "7"))))
    assert read.row_names == {1: "Medicine", 3: "Art"}
    assert read.column_names == {2: "Papers"}


def test_a_column_of_mixed_units_is_not_computed_over() -> None:
    read = grid(table((("Model", "Gain"), ("small", "10%"), ("large", "20"), ("huge", "30%"))))
    assert read.numeric == ()
    assert grid(table(SIZES)).unit(2) == "%"
    assert grid(table(MODELS, units=("", "M", "", "", ""))).unit(1) == "M"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ((), "no cells"),
        ((("a", 0, 0, 2, 2), ("b", 1, 1, 1, 1)), "over each other"),
        ((("a", 0, 0, 10**6, 10**6),), "too large"),
        (
            (("n", 0, 0, 2, 1), ("x", 0, 1, 1, 1), ("1", 1, 1, 1, 1), ("b", 2, 0, 1, 1), ("2", 2, 1, 1, 1)),
            "reaches",
        ),
        (
            (("n", 0, 0, 1, 1), ("x", 0, 1, 1, 1), ("aa", 1, 0, 1, 1), ("1", 1, 1, 2, 1), ("bb", 2, 0, 1, 1)),
            "merged",
        ),
        ((("n", 0, 0, 1, 1), ("x", 0, 1, 1, 1), ("aa", 1, 0, 1, 1), ("1", 1, 1, 1, 1)), "fewer than two"),
    ],
)
def test_odd_structure_is_refused(cells: tuple[tuple[str, int, int, int, int], ...], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        spanned(*cells)


def test_tables_without_names_are_refused() -> None:
    with pytest.raises(Refused, match="rows have no names"):
        grid(table((("F1", "EM"), ("1.0", "2.0"), ("3.0", "4.0")), header_columns=0))
    with pytest.raises(Refused, match="columns have no names"):
        grid(table(SCORES[1:], header_rows=0))
    with pytest.raises(Refused, match="columns cannot"):
        grid(table((("Model", "F1", "F1"), ("small", "1", "2"), ("large", "3", "4"))))
    assert grid(table(FILTERS)).column_names == {1: "Number of papers"}
