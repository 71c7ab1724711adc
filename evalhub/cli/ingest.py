"""`evalhub ingest`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json
from evalhub.errors import EvalhubError
from evalhub.wording import counted


@click.command("ingest")
@click.argument("source")
@click.option("--seed", type=int, help="Names the slice of a source that generates its samples.")
@click.option("--limit", type=click.IntRange(1), help="At most so many samples.")
@click.option("options", "-o", metavar="NAME=VALUE", multiple=True, help="An option of the source itself.")
@json_option
@hub_option
def command(
    source: str, seed: int | None, limit: int | None, options: tuple[str, ...], as_json: bool, hub_path: Path
) -> None:
    """Bring samples of SOURCE into the pool.

    SOURCE is a name from `evalhub sources`, or jsonl:FILE for a file of your own. Samples are known by their
    content: a second run adds nothing.
    """
    from evalhub.pool import ingest
    from evalhub.store.hub import Hub

    given = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise EvalhubError(f"-o takes NAME=VALUE, not '{option}'")
        given[name] = value
    for name, number in (("seed", seed), ("limit", limit)):
        if number is not None:
            given[name] = str(number)
    with Hub(hub_path) as hub:
        done = ingest(hub, source, given)
    if as_json:
        print_json({"source": source, "samples": done.samples, "added": done.added})
    elif done.added:
        click.echo(f"{source}: {counted(done.samples, 'sample')}, {done.added:,} added")
    else:
        click.echo(f"{source}: {counted(done.samples, 'sample')}, all in the pool already; nothing added")
