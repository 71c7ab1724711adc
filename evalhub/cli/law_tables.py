"""Tables of `evalhub law`."""

from __future__ import annotations

import click
import numpy as np
from rich.table import Table

from aggregate.laws.law import SAMPLES, Forecast, Law
from evalhub.cli.tables import console, escape
from evalhub.wording import plain, short_size


def print_law(law: Law, family: str = "") -> None:
    """A family's table, what its largest model should have scored, and the verdict."""
    out = console()
    if family:
        out.print(f"[bold]{escape(family)}[/]")
    table = _table("model", "parameters", "pass rate")
    for model, size, rate in zip(law.models, law.parameters, law.rates, strict=True):
        table.add_row(escape(model), short_size(size), _rate(rate))
    out.print(table)
    level = f"{law.level * 100:.12g}% interval"
    reach = "" if law.alpha_low is None else f" ({level} {law.alpha_low:.3f} to {law.alpha_high:.3f})"
    of = f"{law.samples:,} samples, each with a line of its own" if law.samples else "the mean pass rates"
    curve = "exp(-c N^-alpha)"
    if law.chance:
        curve = f"chance + (1 - chance) {curve}, chance {law.chance:.3g}"
    constant = "" if law.log_c is None else f", ln c {law.log_c:.3f}"
    middle = " of the middle one" if law.samples else ""
    click.echo(f"law: rate = {curve} on {of}; alpha {law.alpha:.4f}{reach}{constant}{middle}")
    tested = "" if law.p is None else f" (p {law.p:.2g})"
    click.echo(f"verdict: {law.verdict}{tested}; {law.finding}")
    if held := law.held_out:
        click.echo(f"{plain(held.model)} by the smaller models; measured {_rate(held.rate)}:")
        table = _table("way", "forecast", level, "error")
        for one in held.forecasts:
            error = "" if one.rate is None else f"{one.rate - held.rate:+.4f}"
            table.add_row(one.way, _rate(one.rate), _span(one), error)
        out.print(table)
        if held.inside is not None:
            where = "inside" if held.inside else "outside"
            click.echo(f"the measured rate is {where} the law's interval")
    for size, one in law.outlooks:
        reach = "" if one.low is None or one.high is None else f" ({level} {_rate(one.low)} to {_rate(one.high)})"
        click.echo(f"at {short_size(size)} parameters: {_rate(one.rate)}{reach}{_doubt(law)}")
    for warning in law.warnings:
        click.echo(f"note: {plain(warning)}")
    if law.way == SAMPLES:
        click.echo(
            "intervals take it that the models differ in nothing but size: chance in training is not in them"
        )
    if family:
        click.echo()


def print_errors(laws: list[Law]) -> None:
    """How far the ways were off over several families' largest models."""
    errors: dict[str, list[float]] = {}
    for law in laws:
        for one in law.held_out.forecasts if law.held_out else ():
            if one.rate is not None and law.held_out:
                errors.setdefault(one.way, []).append(abs(one.rate - law.held_out.rate))
    if len(laws) < 2 or not errors:
        return
    click.echo(f"largest models of {len(laws):,} families, held out:")
    table = _table("way", "mean error", "median", "forecasts")
    for way, found in errors.items():
        table.add_row(way, f"{np.mean(found):.4f}", f"{np.median(found):.4f}", f"{len(found):,}")
    console().print(table)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", overflow="fold")
    return table


def _rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.4f}" if rate >= 0.001 or rate == 0 else f"{rate:.2e}"


def _doubt(law: Law) -> str:
    """What a rejected law's forecast is worth."""
    if not law.rejected:
        return ""
    side = "low" if law.bend is not None and law.bend < 0 else "high"
    return f"; do not rely on it: the law is rejected, and this is likely too {side}"


def _span(one: Forecast) -> str:
    return "" if one.low is None or one.high is None else f"[{_rate(one.low)}, {_rate(one.high)}]"
