"""What answers by likelihood come to, as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from evalhub.cli.tables import console, escape
from evalhub.scoring.figures import Figure


def print_figures(figures: Sequence[Figure]) -> None:
    """A line for each metric of each source; nothing where there are none."""
    if not figures:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("source", overflow="fold")
    table.add_column("metric")
    for name in ("value", "95% interval", "samples"):
        table.add_column(name, justify="right")
    for figure in figures:
        known = figure.low is not None and figure.high is not None
        table.add_row(
            escape(figure.source),
            figure.metric,
            f"{figure.value:.4g}",
            f"{figure.low:.4g} to {figure.high:.4g}" if known else "unknown",
            f"{figure.samples:,}",
        )
    out = console()
    out.print()
    out.print(table)
    out.print("[dim]by likelihood, with lm-eval's names; its acc is the pass rate above.[/]")
