"""Text made harmless, numbers made short."""

from __future__ import annotations

import json
import re
from math import inf, nan

import pytest

from app.wording import escaped, number, number_format, share, size, start
from evalhub.wording import plain, safe_json, span, with_interval


def test_plain_keeps_text_and_drops_control() -> None:
    """Letters of any script, tabs and line ends stay."""
    assert plain("a\tb\r\nc\rd é 漢字 🙂") == "a\tb\nc\nd é 漢字 🙂"
    assert plain("\x1b]0;title\x07x\x1b[1;31my\x1b[0m\x00\x9b\u202ez\u2066") == "xyz"


def test_json_that_is_printed_keeps_every_character_and_obeys_none() -> None:
    """Marks that turn the reading direction and one-byte control characters stand as escapes."""
    content = {"x": "\u202egnp\u2066 \x9b31m\x7f \x1b[0m \u061c é 漢字 🙂\n", "y": [1.5, None]}
    text = safe_json(json.dumps(content, ensure_ascii=False, indent=2))
    assert json.loads(text) == content
    assert plain(text) == text and "漢字 🙂" in text
    half = safe_json(json.dumps("\ud800", ensure_ascii=False))
    assert half.encode() == b'"\\ud800"'


def test_escaped_is_one_line_of_literal_characters() -> None:
    """Every character that Markdown could act on is escaped."""
    assert escaped("a\n# *b* :red[c] $d$ <e>") == r"a \# \*b\* \:red\[c\] \$d\$ \<e\>"


@pytest.mark.parametrize("text", ["https://example.org/x", "HTTP://a", "www.example.org", "a.b@example.org"])
def test_an_address_is_no_link(text: str) -> None:
    """A word joiner stands where a link would have to go on; nothing else is changed."""
    assert escaped(text).replace("\\", "").replace("\u2060", "") == text
    assert not re.search(r"://\w|www\.|@\w", escaped(text).replace("\\", ""), re.IGNORECASE)


def test_start_marks_a_cut() -> None:
    """The length is that of the result."""
    assert start("one  two\nthree", 20) == "one two three"
    assert start("one two three", 8) == "one two…"


@pytest.mark.parametrize(
    "value, text",
    [(None, "–"), (0.51234, "0.512"), (0.0001234, "0.000123"), (1234.5, "1,234"), (0.0, "0"), (-0.0, "0")],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    """And none of them is turned into powers of ten where it is large."""
    assert number(value) == text


def test_shares_are_never_rounded_to_none_or_all() -> None:
    """As coverage is told."""
    shares = (0.0, 0.00002, 0.001, 0.0723, 0.0999, 0.853, 0.9999, 1.0)
    assert [share(one) for one in shares] == ["0 %", "<0.1 %", "0.1 %", "7.2 %", "10 %", "85 %", ">99 %", "100 %"]


def test_sizes_and_spans() -> None:
    """As one would say them."""
    assert [size(n) for n in (None, 500, 134_515_008, 7_240_000_000)] == ["unknown", "500", "135M", "7.24B"]
    assert [span(3, 3), span(1, 2)] == ["3", "1–2"]


@pytest.mark.parametrize(
    "numbers, texts",
    [
        ((2.5199, -100.46, 105.501), ("3", "-100", "106")),
        ((2.0461, 1.9943, 2.0979), ("2.046", "1.994", "2.098")),
        ((-0.0004, -0.219, 0.218), ("0.00", "-0.22", "0.22")),
        ((0.7123, 0.7119, 0.7127), ("0.71230", "0.71190", "0.71270")),
        ((1500.2, 1412.0, 1588.4), ("1,500", "1,412", "1,588")),
        ((1.0, -inf, 2.0), ("1.0", "", "2.0")),
        ((0.5, -inf, inf), ("0.500", "", "")),
        ((0.0, 0.0, 0.0), ("0.000", "0.000", "0.000")),
        ((nan, None, nan), ("", "", "")),
        ((17_337.0, -271_875.4, 306_549.4, 472_971.625), ("17,337", "-271,875", "306,549", "472,972")),
        ((1.7e27, -2.7e28, 3.1e28, 4.7297e28), ("2e+27", "-2.7e+28", "3.1e+28", "4.7e+28")),
        ((3.3e-9, 1e-9, 5.5e-9, 1.0e-9), ("3.3e-09", "1.0e-09", "5.5e-09", "1.0e-09")),
        ((0.00002, 0.00001, 0.00003), ("0.000020", "0.000010", "0.000030")),
        ((2e15, None, None, 0.0), ("2.000e+15", "", "", "0")),
    ],
)
def test_digits_are_those_that_the_interval_leaves(numbers: tuple[float, ...], texts: tuple[str, ...]) -> None:
    """Two of half its width, for whatever stands beside it, too; nothing is -0, or too long to be read."""
    assert with_interval(*numbers) == texts


def test_one_large_number_takes_no_digits_from_a_column() -> None:
    """Where most are large, none has a fraction."""
    assert [number_format(*of) for of in ((0.5, 900), (0.5, 1200), (1500, 1700))] == ["%.3g", "%.5g", "%.0f"]
