"""`evalhub publish`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json


@click.command("publish")
@json_option
@hub_option
def command(as_json: bool, hub_path: Path) -> None:
    """Publish a snapshot for the leaderboard.

    Ranks the pool and each source by auto, mean and bradley-terry, then writes a read-only copy of the hub and
    puts it in the place of the last one in a single step. A leaderboard that is open shows it at its next reload.
    """
    from evalhub.cli.progress import waiting
    from evalhub.ranking import rank_everything
    from evalhub.store.hub import Hub
    from evalhub.store.snapshot import publish

    with Hub(hub_path, make=False) as hub, waiting("ranking and publishing"):
        rankings = rank_everything(hub)
        name = publish(hub)
    if as_json:
        print_json({"snapshot": name, "rankings": rankings})
    else:
        click.echo(f"published snapshot {name} with {rankings} rankings")
