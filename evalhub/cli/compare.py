"""`evalhub compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.options import hub_option, json_option, level_option, print_json, selection_options

if TYPE_CHECKING:
    from aggregate.head_to_head import HeadToHead
    from evalhub.compare import Comparison

_SHOWN = 30
"""Rows of the table."""


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@selection_options("Only")
@click.option(
    "--metric", default="", metavar="NAME", help="Only what is measured by this metric.  [default: each metric]"
)
@level_option("the intervals", 0.95)
@json_option
@hub_option
def command(
    first: str,
    second: str,
    source: str,
    bench: str,
    where: str,
    metric: str,
    level: float,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Compare the models A and B on the samples that both were measured on, and by the votes between them.

    Names are those that evalhub rank shows, or other names of a model.
    """
    from evalhub.cli.progress import telling
    from evalhub.compare import compare
    from evalhub.selection import Selection
    from evalhub.store.hub import Hub

    selection = Selection(source=source, bench=bench, where=where)
    with Hub(hub_path, make=False) as hub, telling() as tell:
        tell("comparing")
        found = compare(hub, first, second, selection, metric=metric, level=level)
    if as_json:
        print_json(found.to_json())
    else:
        _show(found)


def _show(found: Comparison) -> None:
    from rich.table import Table

    from evalhub.cli.tables import console, escape
    from evalhub.wording import counted

    out = console()
    out.print(f"A is {escape(found.first)}, B is {escape(found.second)}", soft_wrap=True)
    if found.values:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("metric", "source"):
            table.add_column(title, overflow="fold")
        interval = f"{found.level * 100:.12g}% interval"
        for title in ("samples", "A", "B", "A - B", interval, "A better", "ties", "B better"):
            table.add_column(title, justify="right", no_wrap=True)
        for row in found.values[:_SHOWN]:
            counts = (_count(row.wins), _count(row.ties), _count(row.losses))
            table.add_row(
                escape(row.metric.name or "pass rate"),
                escape(row.source or "all"),
                f"{row.samples:,}",
                *_means(row),
                *counts,
            )
        out.print(table)
        if len(found.values) > _SHOWN:
            out.print(f"and {len(found.values) - _SHOWN:,} more rows (--json prints all)")
        out.print("[dim]Intervals are of A - B, sample by sample, over clusters; each holds for its row alone.[/]")
    votes = found.votes
    if total := votes.wins + votes.ties + votes.losses:
        for_each = f"{votes.wins:,} for A, {votes.losses:,} for B, {counted(votes.ties, 'tie')}"
        out.print(f"{counted(total, 'vote')} between them: {for_each}")


def _means(row: HeadToHead) -> tuple[str, ...]:
    interval = "none" if row.low is None or row.high is None else f"{row.low:+.3f} to {row.high:+.3f}"
    return f"{row.first:.3f}", f"{row.second:.3f}", f"{row.difference:+.3f}", interval


def _count(number: float) -> str:
    """Of samples: not a whole number where rates of several attempts are compared."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"
