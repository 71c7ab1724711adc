"""What filters say, against a plain reading of them in Python, with unknown values and all."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.filters import FilterError, model_filter, sample_filter
from evalhub.store.sample_columns import SAMPLE_COLUMNS
from tests.filters.checks import check, table_of

Row = dict[str, Any]
Truth = bool | None
Typed = tuple[str, Callable[[Row], Truth]]
"""A condition as it is typed, and what it says of a row."""

UNKNOWN: Row = {one.name: [] if one.kind == "list" else None for one in SAMPLE_COLUMNS}
ROWS: list[Row] = [
    UNKNOWN,
    UNKNOWN | {"source": ["a"], "tags": ["phys", "x%"], "licence": "MIT", "difficulty": 0.5, "has_image": True},
    UNKNOWN | {"source": ["a", "b"], "tags": ["Phys"], "licence": "mit", "difficulty": 0.0, "has_image": False},
    UNKNOWN | {"source": ["b"], "tags": [""], "licence": "it's", "difficulty": 1.0, "n_choices": 4},
    UNKNOWN | {"source": ["c"], "licence": "a_b", "n_choices": 0, "published_at": date(2024, 6, 30)},
    UNKNOWN | {"source": ["c", "a"], "licence": "", "n_choices": -3, "published_at": date(2023, 1, 1)},
    UNKNOWN | {"source": [""], "tags": ["phys", "PHYS", "é"], "n_choices": 10, "published_at": date(2025, 2, 28)},
]
TABLE = table_of(SAMPLE_COLUMNS, [row | {"source_id": str(place)} for place, row in enumerate(ROWS)])

TEXTS = ["a", "b", "MIT", "mit", "it's", "phys", "PHYS", "é", "x%", "a_b", "", "%", "_", "p%", "%S", "a_", "\\%"]
NUMBERS = [-3, 0, 0.5, 1, 4, 10, 1e9]
DATES = [date(2023, 1, 1), date(2024, 6, 30), date(2025, 2, 28), date(2026, 1, 1)]
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
FLIPPED = {"=": "=", "<>": "<>", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def quoted(value: object) -> str:
    if isinstance(value, bool):
        return "TrUe" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def like(text: str, pattern: str, ignoring: bool) -> bool:
    plain = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(plain, text, re.DOTALL | (re.IGNORECASE if ignoring else 0)) is not None


def known(name: str, says: Callable[[Any], bool]) -> Callable[[Row], Truth]:
    """What is unknown says nothing; a list says what any of its values says."""

    def read(row: Row) -> Truth:
        value = row[name]
        if isinstance(value, list):
            return any(says(one) for one in value)
        return None if value is None else says(value)

    return read


def negated(read: Callable[[Row], Truth]) -> Callable[[Row], Truth]:
    return lambda row: None if (found := read(row)) is None else not found


def both(left: Callable[[Row], Truth], right: Callable[[Row], Truth]) -> Callable[[Row], Truth]:
    def read(row: Row) -> Truth:
        a, b = left(row), right(row)
        return False if a is False or b is False else None if a is None or b is None else True

    return read


def either(left: Callable[[Row], Truth], right: Callable[[Row], Truth]) -> Callable[[Row], Truth]:
    return negated(both(negated(left), negated(right)))


COLUMNS: dict[str, list[Any]] = {
    "source": TEXTS,
    "tags": TEXTS,
    "licence": TEXTS,
    "difficulty": NUMBERS,
    "n_choices": NUMBERS,
    "published_at": DATES,
    "has_image": [True, False],
}


@st.composite
def comparisons(draw: st.DrawFn) -> Typed:
    name = draw(st.sampled_from(sorted(COLUMNS)))
    values = st.sampled_from(COLUMNS[name])
    value: Any = draw(values)
    listed, ordered = name in ("source", "tags"), name not in ("source", "tags", "has_image")
    kinds = ["equal", "in", "null"] + ["order", "between"] * ordered + ["like"] * (COLUMNS[name] is TEXTS)
    kind = draw(st.sampled_from(kinds + ["alone"] * (name == "has_image")))
    name_typed = draw(st.sampled_from([name, name.upper(), f"({name})"]))
    no = draw(st.booleans())
    if kind == "alone":
        return name_typed, known(name, bool)
    if kind == "null":
        return f"{name_typed} IS {'NOT ' * no}NULL", lambda row: (row[name] in (None, [])) is not no
    if kind in ("equal", "order"):
        sign = draw(st.sampled_from(["=", "<>", "!="] if kind == "equal" else sorted(ORDER)))
        if listed and sign != "=":
            return f"{name_typed} {sign} {quoted(value)}", negated(known(name, lambda one: one == value))
        read = known(name, lambda one: ORDER[sign](one, value))
        if draw(st.booleans()):
            return f"{quoted(value)} {FLIPPED[sign]} {name_typed}", read
        date_word = "DATE " * (name == "published_at" and draw(st.booleans()))
        return f"{name_typed}{sign}{date_word}{quoted(value)}", read
    if kind == "in":
        several = draw(st.lists(values, min_size=1, max_size=3))
        typed, read = f"IN ({', '.join(map(quoted, several))})", known(name, lambda one: one in several)
    elif kind == "between":
        high: Any = draw(values)
        typed = f"BETWEEN {quoted(value)} AND {quoted(high)}"
        read = known(name, lambda one: value <= one <= high)
    else:
        word = draw(st.sampled_from(["LIKE", "ILIKE", "like"]))
        typed, read = f"{word} {quoted(value)}", known(name, lambda one: like(one, value, word == "ILIKE"))
    return f"{name_typed} {'NOT ' * no}{typed}", negated(read) if no else read


def grown(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    def joined(left: Typed, right: Typed, word: str, bracket: bool) -> Typed:
        read = (both if word.upper() == "AND" else either)(left[1], right[1])
        if bracket or word.upper() == "AND":
            return f"(({left[0]}) {word}\n({right[0]}))", read
        return f"({left[0]}) {word} ({right[0]})", read

    words = st.sampled_from(["AND", "OR", "and", "Or"])
    return st.one_of(
        st.builds(joined, inner, inner, words, st.booleans()),
        inner.map(lambda one: (f"NOT ({one[0]})", negated(one[1]))),
    )


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.recursive(comparisons(), grown, max_leaves=8))
def test_filters_say_what_they_seem_to_say(typed: Typed) -> None:
    text, read = typed
    found = sample_filter(text)
    check(found, SAMPLE_COLUMNS)
    query = f"SELECT {found.sql} FROM facts ORDER BY source_id::INT"
    said = [row[0] for row in TABLE.execute(query, dict(found.parameters)).fetchall()]
    assert said == [read(row) for row in ROWS], text
    again = sample_filter(found.text)
    assert (again, again.sql, again.parameters) == (found, found.sql, found.parameters)


@pytest.mark.parametrize(
    "texts",
    [
        ("has_image AND n_choices>4 OR source='a'", "(HAS_IMAGE and\n\t((n_choices > 4.0))) or 'a' = source"),
        ("licence <> 'MIT'", "licence != 'MIT'", "'MIT' <> Licence"),
        ("source IN ('b', 'a')", "source in ('a','b','a')"),
        ("n_choices = 10000000000", "n_choices = 10e9", "n_choices = 1E10"),
        ("published_at >= '2024-01-01'", "published_at >= DATE '2024-01-01'", "'2024-01-01' <= published_at"),
        ("licence NOT IN ('x')", "NOT licence IN ('x')"),
        ("licence LIKE 'x'", "NOT licence NOT LIKE 'x'", "NOT (NOT (licence LIKE 'x'))"),
        ("has_image AND (tags = 'a' OR tags = 'b')", "has_image AND NOT (NOT (tags = 'a' OR tags = 'b'))"),
    ],
)
def test_one_condition_has_one_spelling(texts: tuple[str, ...]) -> None:
    assert len({sample_filter(text).text for text in texts}) == len({sample_filter(text) for text in texts}) == 1


def test_and_binds_closer_than_or() -> None:
    assert sample_filter("has_image OR has_image AND n_choices = 1").sql == (
        '"has_image" OR ("has_image" AND "n_choices" = $sample_0)'
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sourc = 'x'", "there is no column sourc, did you mean source? there are source, source_id, tags,"),
        ("n_choices > 3 AND\n dificulty > 0.5", "did you mean difficulty?"),
        ("n_choices > 3 AND\n dificulty > 0.5", "(character 20: n_choices > 3 AND »dificulty« > 0.5)"),
        ("published_at > '2024-13-01'", "'2024-13-01' is no date; write one as '2024-06-30' (character 16: "),
        ("n_choices = '4'", "n_choices is compared with a number, as in 4 or 0.5 (character 13: "),
        ("source = 4", "source is compared with text in single quotes, as in 'mmlu' (character 10: source = »4«)"),
        ("has_image = 'yes'", "has_image is compared with TRUE or FALSE, or stands alone"),
        ('source = "mmlu"', "write 'text' in single quotes, columns without quotes (character 10: "),
        ("source = ’x’", "write 'text' in straight quotes"),
        ("source = 'x' AND", "this does not read as a condition (character 14: source = 'x' »AND«)"),
        ("a" * 11_000, "at most 10,000 characters, this one 11,000"),
        ("licence = NULL", "nothing is equal to NULL; write licence IS NULL"),
        (
            "n_choices < 7B",
            "numbers are written as 1000, 0.5 or 7e9, without a unit (character 13: n_choices < »7B«)",
        ),
        ("lower(source) = 'x'", "a filter calls no functions (character 1: »lower«(source) = 'x')"),
        ("source = 'x' -- y", "a filter has no comments (character 13: "),
        ("sоurce = 'x'", "there is no column 's\\u043eurce' (not plain letters), did you mean source?"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, said: str) -> None:
    with pytest.raises(FilterError) as raised:
        sample_filter(text)
    assert said in str(raised.value)


def test_models() -> None:
    found = model_filter("open_weights AND parameters < 10e9 AND released > '2025-01-01'")
    assert found.columns == ("parameters", "open_weights", "released")
    assert found.parameters == {"model_0": 10**10, "model_1": date(2025, 1, 1)}
