"""`evalhub restore`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json


@click.command("restore")
@click.argument("backup", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="In the place of a hub that is there, which is lost.")
@json_option
@hub_option
def command(backup: Path, force: bool, as_json: bool, hub_path: Path) -> None:
    """Bring back the hub that `evalhub backup` wrote to BACKUP.

    Every file is held against its SHA-256, and the databases are read to their end, before the hub appears: whole,
    or not at all. A restore that is killed is run again.
    """
    from evalhub.backup.restore import restore
    from evalhub.cli.progress import telling
    from evalhub.redact import redacted

    with telling() as tell:
        manifest = restore(backup, hub_path, force=force, tell=tell)
    if as_json:
        print_json({"hub": str(hub_path), **manifest.to_json()})
        return
    rows = manifest.rows
    told = (
        f"{hub_path}: as of {manifest.made_at}, {rows.get('sample', 0):,} samples, "
        f"{rows.get('attempt', 0):,} attempts, {manifest.size / 2**20:,.1f} MiB, all hashes right"
    )
    click.echo(redacted(told))
    click.echo(f"hash {manifest.hash}")
