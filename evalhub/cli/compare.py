"""`evalhub compare`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, level_option, print_json, selection_options


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@selection_options("Only")
@click.option(
    "--metric", default="", metavar="NAME", help="Only what is measured by this metric.  [default: each metric]"
)
@level_option("the intervals", 0.95)
@json_option
@hub_option
def command(
    first: str,
    second: str,
    source: str,
    bench: str,
    where: str,
    metric: str,
    level: float,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Compare the models A and B on the samples that both were measured on, and by the votes between them.

    Names are those that evalhub rank shows, or other names of a model.
    """
    from evalhub.cli.progress import telling
    from evalhub.compare import compare
    from evalhub.selection import Selection
    from evalhub.store.hub import Hub

    selection = Selection(source=source, bench=bench, where=where)
    with Hub(hub_path, make=False) as hub, telling() as tell:
        tell("comparing")
        found = compare(hub, first, second, selection, metric=metric, level=level)
    if as_json:
        print_json(found.to_json())
    else:
        from evalhub.cli.compare_table import print_comparison

        print_comparison(found)
