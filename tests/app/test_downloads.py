"""Tables as files."""

from __future__ import annotations

import csv as reader
import io

import polars as pl
import pytest

from app.downloads import csv, parquet


def table(frame: pl.DataFrame) -> list[list[str]]:
    """What a spreadsheet would read."""
    return list(reader.reader(io.StringIO(csv(frame).decode())))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\n=1"),
        ("\x00\x1b[31m=1", "'=1"),
        ("\u202emodel\x07 \"a\", 'b'", "model \"a\", 'b'"),
        ("gpt-4=o", "gpt-4=o"),
        ("", ""),
    ],
)
def test_a_name_is_neither_a_formula_nor_an_order(name: str, shown: str) -> None:
    """In a cell, and at the head of a column; the other kind of file has it as it is."""
    frame = pl.DataFrame({"model": [name, "b"], "score": [-0.5, None], name: [1, 2]})
    assert table(frame) == [["model", "score", shown], [shown, "-0.5", "1"], ["b", "", "2"]]
    assert pl.read_parquet(io.BytesIO(parquet(frame))).equals(frame)


def test_columns_whose_names_differ_in_control_characters_alone() -> None:
    assert table(pl.DataFrame({"a": [1], "a\x07": [None]}, schema_overrides={"a\x07": pl.String})) == [
        ["a", "a"],
        ["1", ""],
    ]
