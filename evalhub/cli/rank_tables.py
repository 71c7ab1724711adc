"""What stands below the table of a ranking: its parts, and what other methods say."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from aggregate.agreement import Agreement
from evalhub.cli.tables import console, escape, print_groups
from evalhub.group_sections import rank_range
from evalhub.report import Report
from evalhub.wording import counted

_WARNED = 3
"""Warnings of a part that are printed."""


def print_parts(report: Report) -> None:
    """A short table for each part, and a line for each that could not be ranked."""
    out = console()
    for name, ranking in report.parts.items():
        out.print(
            f"\n[bold]{escape(report.by)} {escape(name)}[/]: {counted(ranking.samples, 'sample')} "
            f"in {counted(ranking.clusters, 'cluster')}"
        )
        print_groups(ranking, out)
        for warning in ranking.warnings[:_WARNED]:
            out.print(f"[yellow]warning:[/] {escape(warning)}")
        if len(ranking.warnings) > _WARNED:
            out.print(f"[dim]{len(ranking.warnings) - _WARNED} more warnings: --json prints them[/]")
    if report.left_out or report.outside:
        out.print()
    for name, reason in report.left_out.items():
        out.print(f"[yellow]not ranked:[/] {escape(report.by)} {escape(name)}: {escape(reason)}")
    if report.outside:
        out.print(
            f"[yellow]in no part:[/] {report.outside:,} samples or votes have no {escape(report.by)}; "
            f"they count in the overall ranking only"
        )


def print_agreement(report: Report, *, side_by_side: bool) -> None:
    """In words whether methods agree; side_by_side: also what each says of each model."""
    agreed = report.agreement
    if agreed is None:
        return
    out = console()
    if side_by_side:
        _print_side_by_side(agreed, out)
    if len(agreed.rankings) > 1:
        out.print(_verdict(agreed))
    for method, reason in report.incomparable.items() if side_by_side else ():
        out.print(f"[yellow]not compared:[/] {escape(method)}: {escape(reason)}")


def _print_side_by_side(agreed: Agreement, out: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold")
    for ranking in agreed.rankings:
        for name in ("rank", ranking.method):
            table.add_column(escape(name), justify="right")
    rows = [{row.model: row for row in ranking.models} for ranking in agreed.rankings]
    sizes = [{group.group: group.models for group in ranking.groups} for ranking in agreed.rankings]
    for model in dict.fromkeys(name for by_name in rows for name in by_name):
        cells = []
        for by_name, of in zip(rows, sizes, strict=True):
            row = by_name.get(model)
            rank = "" if row is None else rank_range(row.rank_low, row.rank_high, of[row.group])
            cells += [rank, "" if row is None else f"{row.score:.3f}"]
        table.add_row(escape(model), *cells)
    out.print("\n[bold]Methods side by side[/]")
    out.print(table)


def _verdict(agreed: Agreement) -> str:
    first = agreed.rankings[0].method
    if agreed.contradictions:
        said = "[bold]Methods contradict each other[/] (see the warnings)"
    elif agreed.same_order:
        said = "[bold]Methods agree[/] on the order of all models"
        said += " of each group" * agreed.apart
    else:
        said = "[bold]Methods agree[/] wherever two of them are sure of an order"
    taus = [
        f"{escape(c.second)} {'none (all tie)' if c.tau is None else f'{c.tau:.3f}'}"
        for c in agreed.concords
        if c.first == first
    ]
    said += f". Kendall's tau of {escape(first)} to {', to '.join(taus)}"
    if agreed.moves:
        moves = "; ".join(
            f"{escape(move.model)} is {_ordinal(move.rank)}, by {escape(move.method)} {_ordinal(move.other_rank)}"
            for move in agreed.moves
        )
        said += f". Largest moves: {moves}"
    return f"{said}."


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, …, 11th, …, 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
