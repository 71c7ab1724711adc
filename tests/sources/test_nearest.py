"""Which name was meant."""

from __future__ import annotations

import pytest

from ingest.nearest import nearest

KNOWN = ["GPT 4", "gpt-foo", "isl-A", "isl-B", "open_weights", "Ｗide"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gpt4", ["GPT 4"]),
        ("ISL a", ["isl-A"]),
        ("open_weight", ["open_weights"]),
        ("Open Weights", ["open_weights"]),
        ("wide", ["Ｗide"]),
        ("quite another", []),
        ("...", []),
    ],
)
def test_case_spaces_and_punctuation_are_no_difference(name: str, meant: list[str]) -> None:
    """A name that is the same but for them is meant, and no similar one."""
    assert nearest(name, KNOWN, 3) == meant


def test_the_likeliest_first() -> None:
    assert sorted(nearest("isl-c", KNOWN, 3)) == ["isl-A", "isl-B"]
    assert len(nearest("isl-c", KNOWN)) == 1 and nearest("isl-c", KNOWN, alike=0.99) == []
    assert nearest("a-b", ["A B", "ab", "abc"], 2) == ["A B", "ab"]
