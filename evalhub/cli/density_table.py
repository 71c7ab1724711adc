"""The table of `evalhub density`: the ladder, and each model in its place on it."""

from __future__ import annotations

from math import inf

import click
from rich.table import Table

from aggregate.density import Densities, Density
from aggregate.doubling import Doubling
from evalhub.cli.tables import console, escape
from evalhub.wording import counted, plain, short_size

_MARK = "·"


def print_densities(found: Densities) -> None:
    """The models between the rungs that score as much, what is not in the intervals, and the trend."""
    level = f"{found.level * 100:.12g}%"
    by = f"{counted(found.samples, 'sample')} in {counted(found.clusters, 'cluster')}"
    click.echo(f"by {by if found.samples else 'means, without intervals'}; the ladder's own scores over size")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold")
    active = any(one.active is not None for one in found.models)
    headings = ("size", "score", "ladder's\nsize", "density", f"{level} interval", "by\nactive", "interval")
    for heading in headings if active else headings[:5]:
        table.add_column(heading, justify="right", no_wrap=True)
    rows: list[tuple[float, tuple[str, ...]]] = [
        (one.parameters, (f"{_MARK} {escape(one.model)}", *(short_size(one.parameters), f"{one.score:.3f}")))
        for one in found.ladder
    ]
    rows += [(_place(one), _cells(one, found)) for one in found.models]
    for _, cells in sorted(rows, key=lambda row: -row[0]):
        table.add_row(*(cells if active else cells[:6]))
    console().print(table)
    click.echo(
        f"{_MARK}: the ladder. density: the size at which it scores as much as a model, over the model's own; –: "
        "the ladder knows no bound"
    )
    if found.factor is not None:
        click.echo(
            f"half of the ladder's inner models lie within a factor of {found.factor:.2f} of the size that the "
            "others say; that is not in the intervals"
        )
    if found.trend:
        _print_trend(found.trend)
        if outside := sum(one.place != "within" for one in found.models):
            click.echo(f"not in it: {counted(outside, 'model')} whose scores lie outside the ladder's")
    for name, share in found.left_out.items():
        click.echo(f"left out: {plain(name)}, measured on {share:.0%} of the ladder's samples")


def _place(one: Density) -> float:
    return {"below": 0.0, "above": inf}.get(one.place, one.equivalent or 0.0)


def _cells(one: Density, found: Densities) -> tuple[str, ...]:
    ends = {"below": f"< {short_size(found.ladder[0].parameters)}", "above": f"> {short_size(_largest(found))}"}
    return (
        escape(one.model),
        "unknown" if one.parameters is None else short_size(one.parameters),
        f"{one.score:.3f}",
        ends.get(one.place) or short_size(one.equivalent or 0.0),
        *_told(one.over(one.parameters)),
        *_told(one.over(one.active)),
    )


def _largest(found: Densities) -> float:
    return found.ladder[-1].parameters


def _told(three: tuple[float | None, float | None, float | None]) -> tuple[str, str]:
    """A density and its interval; an end is a dash where the ladder knows none."""
    middle, low, high = three
    if low is None and high is None:
        return "" if middle is None else f"{middle:.3g}", ""
    interval = " to ".join("–" if one is None else f"{one:.3g}" for one in (low, high))
    return "–" if middle is None else f"{middle:.3g}", interval


def _print_trend(trend: Doubling) -> None:
    days = "it does not grow" if trend.days is None else f"it doubles in {trend.days:.0f} days"
    ends = " to ".join("no end" if one is None else f"{one:.0f}" for one in (trend.days_low, trend.days_high))
    click.echo(
        f"density of {counted(trend.models, 'model')} over release dates: times {trend.per_year:.2f} a year "
        f"[{trend.low:.2f}, {trend.high:.2f}]; {days} [{ends}], if these are independent models on one trend"
    )
