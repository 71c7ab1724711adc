"""`evalhub model`."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalhub.cli.options import Count, hub_option, json_option, print_json

if TYPE_CHECKING:
    from ingest.records import Model

_FACTS = ("parameters", "licence", "released", "cutoff", "open_weights")


class Date(click.ParamType):
    """A day as a date."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        return self.fail(f"{value!r} is no date, such as 2024-06-30", param, ctx)


@click.group("model")
def command() -> None:
    """List the models of the hub, say what is known of them, and which names are one."""


@command.command("list")
@json_option
@hub_option
def list_models(as_json: bool, hub_path: Path) -> None:
    """List the models, with their other names and what is known of them."""
    from evalhub.store.aliases import aliases
    from evalhub.store.hub import Hub
    from evalhub.store.model_columns import known_models

    with Hub(hub_path, make=False) as hub:
        models, others = known_models(hub), aliases(hub)
    names = {model: [alias for alias, other in others.items() if other == model] for model in models}
    if as_json:
        print_json([{**_facts(model), "aliases": names[name]} for name, model in models.items()])
        return
    from rich.table import Table

    from evalhub.cli.tables import console, escape

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("model", "also", "parameters", "licence", "weights", "released", "cutoff"):
        table.add_column(title, overflow="fold", justify="right" if title == "parameters" else "left")
    for name, model in models.items():
        weights = {True: "open", False: "closed", None: None}[model.open_weights]
        count = None if model.parameters is None else f"{model.parameters:,}"
        known = (count, model.licence, weights, model.released, model.cutoff)
        cells = (name, ", ".join(names[name]), *("unknown" if fact in (None, "") else str(fact) for fact in known))
        table.add_row(*map(escape, cells))
    console().print(table)


@command.command("set")
@click.argument("model")
@click.option("--parameters", type=Count(), help="Number of weights.")
@click.option("--licence", metavar="NAME", help="SPDX name.")
@click.option("--released", type=Date(), help="Release date.")
@click.option("--cutoff", type=Date(), help="Last date of its training data.")
@click.option("--open-weights/--closed-weights", default=None, help="Whether its weights can be had.")
@click.option(
    "--forget",
    type=click.Choice(_FACTS),
    multiple=True,
    metavar="FACT",
    help=f"Make it unknown again: {', '.join(_FACTS)}; may be repeated.",
)
@click.option("--new", is_flag=True, help="MODEL is not in the hub yet.")
@hub_option
def set_model(model: str, forget: tuple[str, ...], new: bool, hub_path: Path, **facts: Any) -> None:
    """Say what is known of MODEL, for filters and for --after-cutoff."""
    from evalhub.store.hub import Hub
    from evalhub.store.model_columns import set_facts

    given = {name: value for name, value in facts.items() if value is not None}
    if both := sorted(given.keys() & set(forget)):
        raise click.UsageError(f"set {both[0]} or forget it")
    given |= {name: "" if name == "licence" else None for name in forget}
    if not given:
        raise click.UsageError("say what is known, e.g. --cutoff 2024-06-30")
    with Hub(hub_path, make=new) as hub:
        name = set_facts(hub, model, given, new=new)
    said = ", ".join(f"{fact} {'unknown' if value in (None, '') else value}" for fact, value in given.items())
    click.echo(f"{name}: {said}")


def _facts(model: Model) -> dict[str, Any]:
    return {
        "model": model.model_id,
        "parameters": model.parameters,
        "licence": model.licence or None,
        "open_weights": model.open_weights,
        "released": model.released and model.released.isoformat(),
        "cutoff": model.cutoff and model.cutoff.isoformat(),
    }


@command.command("alias")
@click.argument("name")
@click.argument("model", required=False)
@click.option("--remove", is_flag=True, help="NAME stands for itself again.")
@hub_option
def alias(name: str, model: str | None, remove: bool, hub_path: Path) -> None:
    """Say that NAME is another name of MODEL. What is recorded under it counts for MODEL, now and later.

    Nothing is rewritten: --remove takes it back.
    """
    from evalhub.store.aliases import add_alias, drop_alias
    from evalhub.store.hub import Hub

    if remove == (model is not None):
        raise click.UsageError("give NAME and MODEL, or NAME and --remove")
    with Hub(hub_path, make=False) as hub:
        if model is None:
            click.echo(f"{name} stands for itself again, no longer for {drop_alias(hub, name)}")
        else:
            add_alias(hub, name, model)
            click.echo(f"{name} is now another name of {model}")
