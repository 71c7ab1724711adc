"""How `evalhub compare` shows two models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.table import Table

from evalhub.cli.tables import console, escape
from evalhub.wording import counted, with_interval

if TYPE_CHECKING:
    from rich.console import Console

    from aggregate.head_to_head import HeadToHead, Outcomes
    from evalhub.compare import Comparison

_SHOWN = 30
"""Rows of the table."""

_NAME = 10
"""Columns of the terminal that a longer name needs, folded; where numbers leave less, rows stand as text."""

_GAP = 2


class _Row(NamedTuple):
    metric: str
    source: str
    samples: str
    first: str
    second: str
    difference: str
    interval: str
    wins: str
    ties: str
    losses: str


def print_comparison(found: Comparison) -> None:
    """Two models side by side: by metric and source, and by votes."""
    out = console()
    out.print(f"A is {escape(found.first)}, B is {escape(found.second)}", soft_wrap=True)
    interval = f"{found.level * 100:.12g}% interval"
    if found.values:
        rows = [_row(one) for one in found.values[:_SHOWN]]
        titles = _Row("metric", "source", "samples", "A", "B", "A - B", interval, "A\nbetter", "ties", "B\nbetter")
        if _fits([titles, *rows], out.width):
            out.print(_table(titles, rows))
        else:
            _print_texts(rows, interval, out)
        if len(found.values) > _SHOWN:
            out.print(f"and {len(found.values) - _SHOWN:,} more rows (--json prints all)")
        out.print("[dim]Intervals are of A - B, sample by sample, over clusters; each holds for its row alone.[/]")
    if found.votes.total:
        _print_votes(found.votes, interval, out)


def _row(row: HeadToHead) -> _Row:
    difference, low, high, first, second = with_interval(row.difference, row.low, row.high, row.first, row.second)
    return _Row(
        metric=escape(row.metric.name or "pass rate"),
        source=escape(row.source or "all"),
        samples=f"{row.samples:,}",
        first=first,
        second=second,
        difference=_signed(row.difference, difference),
        interval="none" if row.low is None or row.high is None else _span(row.low, low, row.high, high),
        wins=_count(row.wins),
        ties=_count(row.ties),
        losses=_count(row.losses),
    )


def _span(low: float, low_text: str, high: float, high_text: str) -> str:
    return f"{_signed(low, low_text)} to {_signed(high, high_text)}"


def _signed(value: float, text: str) -> str:
    """With the sign of the value, which tells the side of 0 where the text rounds to it."""
    return f"{'-' if value < 0 else '+'}{text.removeprefix('-')}"


def _count(number: float) -> str:
    """Of samples: not a whole number where rates of several attempts are compared."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _print_votes(votes: Outcomes, interval: str, out: Console) -> None:
    share, low, high = with_interval(votes.share, votes.low, votes.high)
    for_each = f"{votes.wins:,} for A, {votes.losses:,} for B, {counted(votes.ties, 'tie')}"
    out.print(f"{counted(votes.total, 'vote')} between them: {for_each}")
    out.print(f"A wins {share} of them ({interval} {low} to {high}), a tie being half a win")


def _fits(rows: Sequence[_Row], width: int) -> bool:
    """Whether all numbers have a line, and names room to be read."""
    columns = zip(*rows, strict=True)
    widths = [max(cell_len(line) for text in column for line in text.split("\n")) for column in columns]
    needed = sum(widths[2:]) + sum(min(one, _NAME) for one in widths[:2])
    return needed + _GAP * (len(widths) - 1) <= width


def _table(titles: _Row, rows: Sequence[_Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles[:2]:
        table.add_column(title, overflow="fold")
    for title in titles[2:]:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _print_texts(rows: Sequence[_Row], interval: str, out: Console) -> None:
    for row in rows:
        out.print(f"[bold]{row.metric}[/], {row.source}: {row.samples} sample{'' if row.samples == '1' else 's'}")
        out.print(f"  A {row.first}, B {row.second}, A - B {row.difference} ({interval} {row.interval})")
        out.print(f"  A better on {row.wins}, B better on {row.losses}, ties {row.ties}")
