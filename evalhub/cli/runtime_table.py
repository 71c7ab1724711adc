"""Tables of `evalhub runtime`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click
from rich.table import Table

from evalhub.cli.options import print_json
from evalhub.cli.tables import console, escape
from evalhub.runtime.accelerators import Accelerator
from evalhub.runtime.calibration import Calibration
from evalhub.runtime.estimate import Load, Takes
from evalhub.runtime.in_hub import Ideal
from evalhub.wording import first_few, plain


def print_accelerators(known: Mapping[str, Accelerator], *, as_json: bool) -> None:
    """Those that there are."""
    if as_json:
        print_json([asdict(one) for one in known.values()])
        return
    table = _table("name", "memory", "bandwidth", "bf16", "USD an hour", "whose price")
    for one in known.values():
        table.add_row(
            escape(one.name),
            f"{one.memory / 1e9:.0f} GB",
            f"{one.bandwidth / 1e12:.3g} TB/s",
            f"{one.flops['bf16'] / 1e12:,.0f} TFLOPS",
            "unknown" if one.price is None else f"{one.price:.2f}",
            escape(one.priced),
        )
    console().print(table)


def print_estimates(found: Ideal, calibration: Calibration | None, loads: Sequence[Load], level: float) -> None:
    """Roofline and calibrated values side by side, costs, and what they rest on."""
    times = ("first token", "per token", "an attempt")
    table = _table("model", "on", "tokens", "", *times, "USD", "USD a pass")
    for one in found.estimates:
        on = f"{one.count} x {one.accelerator}" + ("" if one.needed <= one.count else " (too few)")
        head = (escape(one.model), escape(on), f"{one.prompt:,}+{one.output:,}")
        table.add_row(*head, "roofline", *_cells(one.roofline))
        if one.calibrated:
            table.add_row("", "", "", "calibrated", *_cells(one.calibrated))
    console().print(table)
    first = found.estimates[0]
    click.echo(f"weights in {first.dtype}, {first.batch} at a time; an idealized value knows no other load")
    for load in loads:
        price = load.accelerator.price if load.price is None else load.price
        said = load.accelerator.priced if load.price is None else "as given"
        if price is not None:
            click.echo(f"{load.accelerator.name}: {price:.2f} USD an hour ({said})")
    if calibration is not None:
        ceilings = calibration.ceilings
        off = ""
        if calibration.factor is not None:
            off = f"; half of the runs lie within a factor of {calibration.factor:.2f} of what other models' say"
        click.echo(
            f"calibrated by {calibration.runs} runs: {ceilings.launch * 1e3:.3g} ms to start a layer, "
            f"{ceilings.memory:.0%} of the bandwidth, {ceilings.compute:.0%} of the operations{off}"
        )
    if any(one.rate for one in found.estimates):
        click.echo(f"USD a pass: an attempt's over the pass rate, with the rate's {level * 100:.12g}% interval")
    for one in {one.model: one for one in found.estimates if one.needed > one.count}.values():
        click.echo(f"{plain(one.model)} needs {one.needed} x {one.accelerator} for its weights and what it keeps")
    lacking: dict[str, list[str]] = {}
    for name, what in found.unknown.items():
        lacking.setdefault(what, []).append(plain(name))
    for what, names in lacking.items():
        click.echo(f"left out, not known: {what}: {first_few(names)}")


def _cells(one: Takes) -> tuple[str, ...]:
    correct = ""
    if one.per_correct is not None or one.per_correct_low is not None:
        middle, low, high = map(_money, (one.per_correct, one.per_correct_low, one.per_correct_high))
        correct = f"{middle} ({low} to {high})"
    return _time(one.first_token), _time(one.per_token), _time(one.seconds), _money(one.cost), correct


def _money(amount: float | None) -> str:
    return "–" if amount is None else f"{amount:.2g}"


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place > 2 else "left", overflow="fold")
    return table
