"""`evalhub recommend`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalhub.cli.options import (
    Count,
    Number,
    hub_option,
    json_option,
    level_option,
    print_json,
    seed_option,
    selection_options,
)

if TYPE_CHECKING:
    from aggregate.choice import Choice, Pair
    from evalhub.recommend import Recommendation

_SHOWN = 10
"""Candidates in the table."""

_NO_BETTER = "no better than guessing ({:.3f})"


class AtMost(Count):
    """A largest number of weights; one in words, as 8B, admits what is rounded to it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        count = super().convert(value, param, ctx)
        unit = Count().convert(f"1{value.strip()[-1]}", param, ctx) if value.strip()[-1].isalpha() else 0
        decimals = len(value.strip()[:-1].partition(".")[2])
        return count + max(0, unit // (2 * 10**decimals) - 1)


@click.command("recommend")
@selection_options("Judge by", 'Only models that fit, as in "open_weights".')
@click.option(
    "--max-params",
    type=AtMost(),
    help="Only models of at most so many weights, not of unknown size; 8B admits what rounds to it, as 8.03B.",
)
@click.option(
    "--max-cost",
    type=Number(0),
    metavar="USD",
    help="Only models whose attempts on these samples cost at most so much on average; not of unknown cost.",
)
@click.option("--metric", default="", metavar="NAME", help="Judge by this metric.  [default: the main one]")
@level_option("the intervals")
@seed_option
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
    from evalhub.wording import counted, first_few, plain, short_size

    choice = found.choice
    for warning in found.warnings:
        console().print(f"[yellow]warning:[/] {escape(warning)}", soft_wrap=True)
    for line in _headline(choice):
        click.echo(line)
    by = f"{counted(choice.samples, 'sample')} in {counted(choice.clusters, 'cluster')}"
    several = len(choice.candidates) > 1
    click.echo(f"by {by}{' that all were measured on' if several else ''}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold")
    priced = any(cost is not None for cost in found.costs.values())
    headings = [
        *(["best with\nchance"] if several else []),
        "score",
        f"{choice.level * 100:.12g}% interval",
        "size",
    ]
    for heading in (*headings, *(["USD an\nattempt"] if priced else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in choice.candidates[:_SHOWN]:
        size, cost = found.parameters[one.model], found.costs[one.model]
        table.add_row(
            escape(one.model),
            *([f"{one.best:.2f}"] if several else []),
            f"{one.score:.3f}",
            f"[{one.low:.3f}, {one.high:.3f}]",
            "unknown" if size is None else short_size(size),
            *(["unknown" if cost is None else f"{cost:.3g}"] if priced else []),
        )
    console().print(table)
    if len(choice.candidates) > _SHOWN:
        click.echo(f"and {len(choice.candidates) - _SHOWN:,} less likely ones")
    if no_better := [plain(one.model) for one in choice.candidates[1:] if one.beats_guessing is False]:
        click.echo(f"{_NO_BETTER.format(choice.guessing)}: {first_few(no_better)}")
    if pair := choice.pair:
        _show_pair(pair, choice.candidates[0].model)
    for name, share in choice.left_out.items():
        click.echo(f"left out: {plain(name)}, measured on {share:.0%} of the samples")
    for why in sorted(set(found.refused.values())):
        names = [plain(name) for name, reason in found.refused.items() if reason == why]
        click.echo(f"not used, {why}: {first_few(names)}")


def _headline(choice: Choice) -> Iterator[str]:
    """Lines that say which model to use."""
    from evalhub.wording import counted, first_few, plain

    first, among = choice.candidates[0], counted(len(choice.candidates), "model")
    name, beyond = plain(first.model), first.beats_guessing is not False
    no_better = "" if beyond else _NO_BETTER.format(choice.guessing)
    if first.best is None:
        yield f"use {name}: the only candidate" if beyond else f"{name} is the only candidate, and {no_better}"
    elif first.best >= 0.5:
        said = f"the best of {among} with chance {first.best:.2f}"
        yield f"use {name}: {said}" if beyond else f"{name} is {said}, but {no_better}"
    else:
        alike = [plain(one) for one in choice.alike]
        yield f"{len(alike)} of {among} cannot be told apart: {first_few(alike)}"
        yield (
            f"{name} is the likeliest best one, with chance {first.best:.2f} only"
            + (": choose among them by price or size, or " if beyond else f", and {no_better}: ")
            + "measure more samples"
        )


def _show_pair(pair: Pair, best: str) -> None:
    from evalhub.wording import first_few, plain

    if pair.low <= 0:
        click.echo(f"two together: no pair does better than {plain(best)} by more than luck")
        return
    tags = plain(first_few(pair.second_on))
    click.echo(
        f"two together: ask {plain(pair.second)} on {tags}, and {plain(pair.first)} on all else. That scores "
        f"{pair.score:.3f}, {pair.gain:+.3f} [{pair.low:+.3f}, {pair.high:+.3f}] better than {plain(best)} alone; "
        f"{pair.oracle:+.3f} if it were known of each sample which of the two does better"
    )
