"""`evalhub model`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json


@click.group("model")
def command() -> None:
    """List the models of the hub, and say which names are one."""


@command.command("list")
@json_option
@hub_option
def list_models(as_json: bool, hub_path: Path) -> None:
    """List the models, with their other names."""
    from evalhub.store.aliases import aliases, model_names
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        known, names = aliases(hub), model_names(hub)
    others: dict[str, list[str]] = {name: [] for name in names if name not in known}
    for alias, model in known.items():
        others.setdefault(model, []).append(alias)
    if as_json:
        print_json([{"model": model, "aliases": found} for model, found in others.items()])
        return
    from evalhub.cli.tables import console, escape

    for model, found in others.items():
        also = f"  (also {', '.join(found)})" if found else ""
        console().print(escape(model + also), soft_wrap=True)


@command.command("alias")
@click.argument("name")
@click.argument("model", required=False)
@click.option("--remove", is_flag=True, help="NAME stands for itself again.")
@hub_option
def alias(name: str, model: str | None, remove: bool, hub_path: Path) -> None:
    """Say that NAME is another name of MODEL: what is recorded under it counts for MODEL, now and later.

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
