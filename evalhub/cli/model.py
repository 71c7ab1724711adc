"""`evalhub model`."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalhub.cli.options import Count, hub_option, json_option, print_json

if TYPE_CHECKING:
    from ingest.records import Model

_FACTS = ("parameters", "licence", "released", "cutoff", "open_weights")
_SIZES = ("parameters", "active_parameters")
_SHAPE = ("active_parameters", "layers", "query_width", "kv_width")


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
    from evalhub.store.shapes import Shape, shapes

    with Hub(hub_path, make=False) as hub:
        models, others, shaped = known_models(hub), aliases(hub), shapes(hub)
    names = {model: [alias for alias, other in others.items() if other == model] for model in models}
    if as_json:
        print_json(
            [
                {**_facts(model), **asdict(shaped.get(name, Shape())), "aliases": names[name]}
                for name, model in models.items()
            ]
        )
        return
    from rich.table import Table

    from evalhub.cli.tables import console, escape
    from evalhub.wording import short_size

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("model", "also", "parameters", "licence", "weights", "released", "cutoff"):
        table.add_column(title, overflow="fold", justify="right" if title == "parameters" else "left")
    for name, model in models.items():
        weights = {True: "open", False: "closed", None: None}[model.open_weights]
        count = None if model.parameters is None else short_size(model.parameters)
        known = (count, model.licence, weights, model.released, model.cutoff)
        cells = (name, ", ".join(names[name]), *("unknown" if fact in (None, "") else str(fact) for fact in known))
        table.add_row(*map(escape, cells))
    console().print(table)


@command.command("set")
@click.argument("model")
@click.option("--parameters", type=Count(), help="Number of weights.")
@click.option("--active", "active_parameters", type=Count(), help="Number of weights that a token passes through.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="A config.json of transformers, or its folder: what the model is made of, and its sizes where neither "
    "given nor known.",
)
@click.option("--licence", metavar="NAME", help="SPDX name.")
@click.option("--released", type=Date(), help="Release date.")
@click.option("--cutoff", type=Date(), help="Last date of its training data.")
@click.option("--open-weights/--closed-weights", default=None, help="Whether its weights can be had.")
@click.option(
    "--forget",
    type=click.Choice((*_FACTS, *_SHAPE)),
    multiple=True,
    metavar="FACT",
    help=f"Make it unknown again: {', '.join((*_FACTS, *_SHAPE))}; may be repeated.",
)
@click.option("--new", is_flag=True, help="MODEL is not in the hub yet.")
@hub_option
def set_model(
    model: str, config: Path | None, forget: tuple[str, ...], new: bool, hub_path: Path, **facts: Any
) -> None:
    """Say what is known of MODEL.

    It is for filters, for --after-cutoff, for density and for idealized runtimes.
    """
    from evalhub.store.hub import Hub
    from evalhub.store.model_columns import set_facts
    from evalhub.store.shapes import set_shape
    from evalhub.wording import short_size

    given = {name: value for name, value in facts.items() if value is not None}
    known = _known(hub_path, model)
    if config is not None:
        sizes = {**known, **given}
        if "parameters" in given and "active_parameters" not in given:
            sizes.pop("active_parameters", None)  # those were of another size
        given = {**_made_of(config, sizes), **given}
    if both := sorted(given.keys() & set(forget)):
        raise click.UsageError(f"set {both[0]} or forget it")
    given |= {name: "" if name == "licence" else None for name in forget}
    if not given:
        raise click.UsageError("say what is known, e.g. --cutoff 2024-06-30")
    sizes = {**known, **given}
    parameters, active = (sizes.get(name) or 0 for name in _SIZES)
    if 0 < parameters < active:
        raise click.UsageError(
            f"a token passes through no more weights than there are: not {short_size(active)} "
            f"of {short_size(parameters)}"
        )
    with Hub(hub_path, make=new) as hub:
        name = set_facts(hub, model, {fact: given[fact] for fact in given if fact not in _SHAPE}, new=new)
        set_shape(hub, name, {fact: given[fact] for fact in given if fact in _SHAPE})
    shown = {fact: short_size(value) if value and fact in _SIZES else value for fact, value in given.items()}
    said = ", ".join(f"{fact} {'unknown' if value in (None, '') else value}" for fact, value in shown.items())
    click.echo(f"{name}: {said}")


def _known(hub_path: Path, name: str) -> dict[str, int]:
    """The sizes of a model that the hub knows."""
    from evalhub.store.aliases import aliases
    from evalhub.store.hub import Hub
    from evalhub.store.model_columns import known_models
    from evalhub.store.shapes import Shape, shapes

    if not (hub_path / "hub.duckdb").exists():
        return {}
    with Hub(hub_path, make=False) as hub:
        model_id = aliases(hub).get(name, name)
        model, shape = known_models(hub).get(model_id), shapes(hub).get(model_id, Shape())
    sizes = {"parameters": model and model.parameters, "active_parameters": shape.active_parameters}
    return {fact: size for fact, size in sizes.items() if size}


def _made_of(config: Path, sizes: dict[str, Any]) -> dict[str, Any]:
    """Facts of a configuration, with these sizes and the configuration's where there is none."""
    from evalhub.runtime.architecture import read_architecture
    from evalhub.store.shapes import shape_of

    parameters, active = (sizes.get(name) for name in _SIZES)
    found = read_architecture(config, parameters=parameters, active=active)
    return {"parameters": found.parameters, **shape_of(found)}


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
