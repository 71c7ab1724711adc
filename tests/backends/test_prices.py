"""The user's table of prices."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalhub.backends.prices import Price, price_of
from evalhub.errors import EvalhubError


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that EVALHUB_PRICES names."""
    path = tmp_path / "mine.toml"
    monkeypatch.setenv("EVALHUB_PRICES", str(path))
    return path


def test_dollars_per_million_tokens(table: Path) -> None:
    """Models that are not named have no price."""
    table.write_text('["org/m-1.5"]\ninput = 0.15\noutput = 0.6\n')
    assert price_of("org/m-1.5", table.parent) == Price(0.15, 0.6)
    assert price_of("org/m-1.5", table.parent) is not None and Price(0.15, 0.6).cost(
        2_000_000, 500_000
    ) == pytest.approx(0.6)
    assert price_of("m", table.parent) is None


def test_the_hub_holds_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None without it."""
    monkeypatch.delenv("EVALHUB_PRICES", raising=False)
    assert price_of("m", tmp_path) is None
    (tmp_path / "prices.toml").write_text("[m]\ninput = 1\noutput = 2\n")
    assert price_of("m", tmp_path) == Price(1, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[m]\ninput = 1\n", "needs input and output"),
        ("[m]\ninput = -1\noutput = 2\n", "needs input and output"),
        ("[m]\ninput = nan\noutput = 2\n", "needs input and output"),
        ("[m]\ninput = '1'\noutput = 2\n", "needs input and output"),
        ("m = 1\n", "needs input and output"),
        ("[m\n", "cannot be read"),
    ],
)
def test_a_table_that_is_none(text: str, words: str, table: Path) -> None:
    """One line that names the file."""
    table.write_text(text)
    with pytest.raises(EvalhubError, match=words) as caught:
        price_of("m", table.parent)
    assert str(table) in str(caught.value)


def test_a_name_with_a_dot_needs_quotes(table: Path) -> None:
    """TOML would read it as a table within a table, and the price would silently be missing."""
    table.write_text("[m-4.1]\ninput = 1\noutput = 2\n")
    with pytest.raises(EvalhubError, match="needs quotes"):
        price_of("m-4.1", table.parent)


def test_a_named_file_must_be_there(table: Path) -> None:
    """Else the user would wait for costs that never come."""
    with pytest.raises(EvalhubError, match=f"EVALHUB_PRICES names a file that is not there: {table}"):
        price_of("m", table.parent)
