"""`evalhub publish`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalhub.cli.options import hub_option, json_option, print_json


@click.command("publish")
@click.option(
    "--site",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write the board as plain files into DIR, for any host of files.",
)
@click.option("--force", is_flag=True, help="Replace the site that is in DIR; what else is there stays.")
@json_option
@hub_option
def command(site: Path | None, force: bool, as_json: bool, hub_path: Path) -> None:
    """Publish a snapshot for the leaderboard.

    Ranks the pool and each source by auto, mean and bradley-terry, then writes a read-only copy of the hub and
    puts it in the place of the last one in a single step. A leaderboard that is open shows it at its next reload.
    """
    if force and site is None:
        raise click.UsageError("--force is about --site")
    from evalhub.cli.progress import waiting
    from evalhub.ranking import rank_everything
    from evalhub.store.hub import Hub
    from evalhub.store.snapshot import folder, publish

    if site is not None:
        from evalhub.exports.target import check_folder

        check_folder(site, force)
    with Hub(hub_path, make=False) as hub, waiting("ranking and publishing"):
        rankings = rank_everything(hub)
        name = publish(hub)
    made: dict[str, Any] = {"snapshot": name, "rankings": rankings}
    if site is not None:
        with waiting("writing the site"):
            made["pages"] = _write_site(folder(hub_path), site)
    if as_json:
        print_json(made)
        return
    click.echo(f"published snapshot {name} with {rankings} rankings")
    if site is not None:
        click.echo(f"wrote {made['pages']:,} pages into {site}")


def _write_site(snapshots: Path, site: Path) -> int:
    """Let the app write its pages, in a process of its own: this floor does not know it."""
    import subprocess
    import sys

    from evalhub.errors import EvalhubError

    done = subprocess.run(
        [sys.executable, "-P", "-m", "app.site", "--snapshots", str(snapshots), str(site)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EvalhubError(f"the site was not written: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}")
    return int(done.stdout)
