"""What live.toml says is refused in one line where it is read, not where it would fail."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from evalhub.errors import EvalhubError
from evalhub.live.months import Month
from evalhub.live.settings import FILE, Settings, read_settings


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("private_days = 3000000", "private_days is from 0 to 36,500"),
        ("papers = -1", "papers is from 1 to 100,000"),
        ("papers = 0", "papers is from 1 to 100,000"),
        (f"attempts = {'9' * 4000}", "attempts is from 1 to 1,000,000"),
        (f"attempts = {'9' * 5000}", "a number too long"),
        ("attempts = true", "attempts is a whole number, not True"),
        ("day = 28", "day is from 1 to 22"),
        (f"models = {'[' * 5000}{']' * 5000}", "cannot be read"),
        ('models = ["smollm2-135m", ""]', "models has '' in it"),
        ('solvers = [" "]', "solvers has ' ' in it"),
        (r'writers = ["openai:a\nb"]', r"writers has 'openai:a\nb' in it"),
        ("verifiers = ['']", "verifiers has '' in it"),
        ("categories = []", "name at least one category"),
        (r'contact = "me@example.org\r\nHost: x"', "contact is one line"),
    ],
)
def test_what_would_fail_later_is_refused(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(line)
    with pytest.raises(EvalhubError) as error:
        read_settings(tmp_path)
    assert said in str(error.value) and str(tmp_path / FILE) in str(error.value)
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_empty_lists_are_no_empty_names(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("solvers = []\nmodels = []\nprivate_days = 36500\nday = 22\n")
    settings = read_settings(tmp_path)
    assert settings == Settings(solvers=(), models=(), private_days=36500, day=22)
    assert date(2999, 12, 31) + timedelta(days=settings.private_days)


@pytest.mark.parametrize(
    "text", ["9999-12", "0001-01", "1990-12", "2026-13", "2026-00", "2026-1", "٢٠٢٦-11", "2026-11\n", "9" * 5000]
)
def test_what_is_no_month_of_papers(text: str) -> None:
    with pytest.raises(EvalhubError, match="is no month") as error:
        Month.read(text)
    assert len(str(error.value)) < 100


def test_months_at_the_ends_have_neighbours() -> None:
    assert str(Month.read("1991-01").before) == "1990-12" and str(Month.read("2999-12").next) == "3000-01"
