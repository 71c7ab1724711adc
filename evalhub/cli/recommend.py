"""`evalhub recommend`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.options import Count, Number, hub_option, json_option, print_json

if TYPE_CHECKING:
    from evalhub.recommend import Recommendation

_SHOWN = 10
"""Candidates in the table."""


@click.command("recommend")
@click.option("--bench", default="", metavar="BENCH", help="Judge by the samples of this benchmark.")
@click.option("--source", default="", help="Judge by the samples of this source.")
@click.option("--where", default="", metavar="FILTER", help="Judge by samples that fit.")
@click.option("--models", default="", metavar="FILTER", help='Only models that fit, as in "open_weights".')
@click.option("--max-params", type=Count(), help="Only models of at most so many weights; not of unknown size.")
@click.option(
    "--max-cost",
    type=Number(0),
    metavar="USD",
    help="Only models whose attempts on these samples cost at most so much on average; not of unknown cost.",
)
@click.option("--metric", default="", metavar="NAME", help="Judge by this metric.  [default: the main one]")
@click.option(
    "--level",
    type=Number(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="Of the intervals.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn.")
@json_option
@hub_option
def command(
    bench: str,
    source: str,
    where: str,
    models: str,
    max_params: int | None,
    max_cost: float | None,
    metric: str,
    level: float,
    seed: int,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Say which model to use for a need, and how likely it is the best.

    The need is what samples stand for it: a benchmark (evalhub bench new), a source, a filter. Also says what two
    models would gain, each asked on the tags that it does better on.
    """
    from evalhub.cli.progress import telling
    from evalhub.recommend import recommend
    from evalhub.selection import Selection
    from evalhub.store.hub import Hub

    selection = Selection(source=source, where=where, bench=bench, models=models)
    with Hub(hub_path, make=False) as hub, telling() as tell:
        tell("comparing")
        found = recommend(
            hub,
            selection,
            max_parameters=max_params,
            max_cost=max_cost,
            metric=metric,
            level=level,
            seed=seed,
        )
    if as_json:
        print_json(found.to_json())
    else:
        _show(found)


def _show(found: Recommendation) -> None:
    from rich.table import Table

    from evalhub.cli.tables import console, escape
    from evalhub.wording import counted, plain

    choice = found.choice
    first = choice.candidates[0]
    among = counted(len(choice.candidates), "model")
    click.echo(f"use {plain(first.model)}: the best of {among} with chance {first.best:.2f}")
    by = f"{counted(choice.samples, 'sample')} in {counted(choice.clusters, 'cluster')}"
    click.echo(f"by {by} that all were measured on")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold")
    for heading in (
        "best with chance",
        "score",
        f"{choice.level * 100:.12g}% interval",
        "weights",
        "USD an attempt",
    ):
        table.add_column(heading, justify="right")
    for one in choice.candidates[:_SHOWN]:
        size, cost = found.parameters[one.model], found.costs[one.model]
        table.add_row(
            escape(one.model),
            f"{one.best:.2f}",
            f"{one.score:.3f}",
            f"[{one.low:.3f}, {one.high:.3f}]",
            "unknown" if size is None else f"{size:,}",
            "unknown" if cost is None else f"{cost:.3g}",
        )
    console().print(table)
    if len(choice.candidates) > _SHOWN:
        click.echo(f"and {len(choice.candidates) - _SHOWN:,} less likely ones")
    if pair := choice.pair:
        tags = ", ".join(pair.second_on[:5]) + (", …" if len(pair.second_on) > 5 else "")
        click.echo(
            f"two together: {plain(pair.first)}, and {plain(pair.second)} on {plain(tags)}: {pair.gain:+.3f} "
            f"[{pair.low:+.3f}, {pair.high:+.3f}] over the better one alone; if it were known of each sample "
            f"which does better, {pair.oracle:+.3f}"
        )
        if pair.low <= 0:
            click.echo("that is no more than luck may be: one model does")
    for name, share in choice.left_out.items():
        click.echo(f"left out: {plain(name)}, measured on {share:.0%} of the samples")
    for why in sorted(set(found.refused.values())):
        names = [plain(name) for name, reason in found.refused.items() if reason == why]
        click.echo(f"not used, {why}: {', '.join(names[:5])}{', …' if len(names) > 5 else ''}")
