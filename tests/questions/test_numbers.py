"""Numbers as papers print them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.questions.numbers import decimals_for, is_missing, parse, plain, printed


@pytest.mark.parametrize(
    ("text", "value", "decimals", "digits"),
    [
        ("1,234", "1234", 0, 4),
        ("12.30", "12.3", 2, 4),
        ("0.05", "0.05", 2, 1),
        ("−3", "-3", 0, 1),
        ("–0.5", "-0.5", 1, 1),
        ("+1.2", "1.2", 1, 2),
        (".85", "0.85", 2, 2),
        ("1.2e-3", "0.0012", 4, 2),
        ("1.2 × 10−3", "0.0012", 4, 2),
        ("1.2×10⁻³", "0.0012", 4, 2),
        ("3.4M", "3400000", 1, 2),
        ("1.2B", "1200000000", 1, 2),
        ("25k", "25000", 0, 2),
        ("25K", "25000", 0, 2),
        ("~3.8B", "3800000000", 1, 2),
        ("93.3*", "93.3", 1, 3),
        ("6.8†", "6.8", 1, 2),
        ("93.3²", "93.3", 1, 3),
        ("84.5 ↑", "84.5", 1, 3),
    ],
)
def test_what_papers_print(text: str, value: str, decimals: int, digits: int) -> None:
    found = parse(text)
    assert found is not None
    assert found.value == Fraction(value)
    assert (found.decimals, found.digits) == (decimals, digits)


def test_what_stands_beside_a_number() -> None:
    spread = parse("12.3 ± 0.4")
    assert spread is not None and (spread.number, spread.spread) == (Fraction("12.3"), "0.4")
    percent = parse("45.2%")
    assert percent is not None and (percent.value, percent.unit) == (Fraction("45.2"), "%")
    late = parse("45.2 ± 1.0%")
    assert late is not None and late.unit == "%"
    two = parse("28.9M (35.6%)")
    assert two is not None and (two.value, two.aside) == (28_900_000, "(35.6%)")
    time = parse("3.5 ms")
    assert time is not None and time.unit == "ms"
    money = parse("$1,000")
    assert money is not None and (money.value, money.unit) == (1000, "$")


@pytest.mark.parametrize(
    "text",
    ["", "full text", "< 5", "1–2", "12/34", "1.2.3", "v1", "3 models", "1e99999", "9" * 50, "12,34", "—", "†"],
)
def test_what_is_no_number(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "missing"),
    [("", True), ("—", True), ("-", True), ("n/a", True), ("N/A", True), ("no", False), ("†", False)],
)
def test_what_is_missing(text: str, missing: bool) -> None:
    assert is_missing(text) == missing


def test_marks_are_no_part_of_a_name() -> None:
    assert [plain(text) for text in ("Large†", "Acc. ↑", "R²", "C#", "*Ours")] == [
        "Large",
        "Acc.",
        "R²",
        "C#",
        "Ours",
    ]


@given(st.integers(-(10**9), 10**9), st.integers(0, 4))
def test_a_printed_number_is_read_back(number: int, decimals: int) -> None:
    text = printed(Fraction(number, 10**decimals), decimals)
    found = parse(text)
    assert found is not None
    assert (found.value, found.decimals) == (Fraction(number, 10**decimals), decimals)


@given(st.fractions(-1000, 1000, max_denominator=997), st.integers(0, 4))
def test_rounding_is_that_of_decimal(value: Fraction, decimals: int) -> None:
    assume((value * 10**decimals * 2).denominator != 1 or (value * 10**decimals).denominator == 1)
    unit = Decimal(1).scaleb(-decimals)
    exact = (Decimal(value.numerator) / Decimal(value.denominator)).quantize(unit, ROUND_HALF_UP)
    assert Decimal(printed(value, decimals)) == exact
    assert not printed(value, decimals).startswith("-0") or Decimal(printed(value, decimals)) != 0


def test_a_toss_up_is_not_rounded() -> None:
    with pytest.raises(ValueError, match="half-way"):
        printed(Fraction(1, 4), 1)


@given(st.fractions(min_value=Fraction(1, 1000), max_value=10**6), st.integers(1, 4))
def test_significant_digits(value: Fraction, digits: int) -> None:
    decimals = decimals_for(value, digits)
    assert 10 ** (digits - 1) <= value * Fraction(10) ** decimals < 10**digits
