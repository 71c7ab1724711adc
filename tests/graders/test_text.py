"""Graders that compare texts."""

from __future__ import annotations

import pytest

from evalhub import plugins
from ingest.records import JSON, Status
from tests.graders.items import asked


@pytest.mark.parametrize(
    ("reference", "text", "passes"),
    [
        ("Paris", "Paris", True),
        ("Paris", " paris.\n", True),
        ("New York", "new \n york", True),
        ("Straße", "STRASSE", True),
        ("Paris", "It is Paris", False),
        ("Paris", "", False),
        ("Paris", "Pari", False),
        (True, "true", True),
        (True, "1", False),
        ("1.50", "1.5", False),
    ],
)
def test_exact(reference: JSON, text: str, passes: bool) -> None:
    """The text itself, apart from case, white space and a final period."""
    verdict = plugins.make("grader", "exact").grade(asked("exact", reference), text)
    assert (verdict.status, verdict.value) == (Status.OK, float(passes))


@pytest.mark.parametrize(
    ("reference", "text", "passes"),
    [
        (42, "42", True),
        (42, "The answer is 42.", True),
        (42, "6 times 7 is 42", True),
        (42, "42 is 6 times 7", False),
        (42, "forty-two", False),
        (42, "", False),
        (1234, "$1,234.00", True),
        ("1,234", "1234", True),
        (-5, "x = -5", True),
        (-5, "x = −5", True),
        (5, "x = -5", False),
        (0.1, "0.10000000001", True),
        (0.1, ".1", True),
        (0.1, "0.11", False),
        (1500, "1.5e3", True),
        (0, "0.0", True),
        (0, "0.0000001", False),
        (12345678, "12345679", False),
        (10**20 + 1, str(10**20), False),
        (10**20 + 1, str(10**20 + 1), True),
        ("inf", "Inf", True),
        ("nan", "7", False),
        (1, "1e999999", False),
        (1.0e300, "1" + "0" * 299, False),
    ],
)
def test_numeric(reference: JSON, text: str, passes: bool) -> None:
    """The last number in the output; whole ones exactly, others to one part in a million."""
    verdict = plugins.make("grader", "numeric").grade(asked("numeric", reference), text)
    assert (verdict.status, verdict.value) == (Status.OK, float(passes))


def test_numeric_says_what_it_read() -> None:
    """So that a user can see why."""
    grader = plugins.make("grader", "numeric")
    assert grader.grade(asked("numeric", 3), "1 or 2?").detail == "read as 2"
    assert grader.grade(asked("numeric", 3), "none").detail == "no number in the output"


COLOURS = ("blue", "red", "dark red")
MANY = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.mark.parametrize(
    ("choices", "reference", "text", "passes"),
    [
        (COLOURS, "red", "red", True),
        (COLOURS, "red", "Red.", True),
        (COLOURS, "red", "It is red, I think", True),
        (COLOURS, "red", "B", True),
        (COLOURS, "red", "b", True),
        (COLOURS, "red", "(B)", True),
        (COLOURS, "red", "B) red", True),
        (COLOURS, "red", "b. the second", True),
        (COLOURS, "red", "B because it looks warm", True),
        (COLOURS, "red", "The answer is B.", True),
        (COLOURS, "red", "Answer: (b)", True),
        (COLOURS, "red", "The answer is A", False),
        (COLOURS, "red", "The answer is a warm colour", False),
        (COLOURS, "red", "A", False),
        (COLOURS, "red", "blue", False),
        (COLOURS, "red", "red or blue", False),
        (COLOURS, "red", "blue, not red", False),
        (COLOURS, "red", "", False),
        (COLOURS, "red", "green", False),
        (COLOURS, "red", "D", False),
        (COLOURS, "red", "coloured", False),
        (COLOURS, "red", "dark red", False),
        (COLOURS, "dark red", "it is dark red", True),
        (COLOURS, "dark red", "it is dark red or red", False),
        (COLOURS, "red", "A red one", True),
        (COLOURS, "blue", "A red one", False),
        (COLOURS, "blue", "a warm colour", False),
        (("yes", "no"), "yes", "Yes, it is not", True),
        (("1", "-1"), "-1", "it is -1", True),
        (("1", "-1"), "1", "it is 1", True),
        (("1", "2"), "1", "it is 1.5", False),
        (("b", "a"), "a", "a", True),
        (("3", "4"), 3, "3", True),
        (MANY, "nine", "I do not know", False),
    ],
)
def test_choice(choices: tuple[str, ...], reference: JSON, text: str, passes: bool) -> None:
    """The right option alone, by its text or its letter; an article is no letter."""
    verdict = plugins.make("grader", "choice").grade(asked("choice", reference, *choices), text)
    assert (verdict.status, verdict.value) == (Status.OK, float(passes)), verdict.detail


@pytest.mark.parametrize("name", ["exact", "numeric", "choice"])
def test_text_graders_work_everywhere(name: str) -> None:
    """They refuse nothing and hold nothing."""
    grader = plugins.make("grader", name)
    assert grader.refuses() == ""
    grader.close()
