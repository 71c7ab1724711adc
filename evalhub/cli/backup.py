"""`evalhub backup`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json


@click.command("backup")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace the backup that is there, once the new one is whole.")
@json_option
@hub_option
def command(out: Path, force: bool, as_json: bool, hub_path: Path) -> None:
    """Copy the hub to OUT: one file where the name ends in .tar, else a folder.

    The database is read to its end first: of a damaged hub there is no backup. The copy is of one moment, has the
    SHA-256 of every file, and is read back before it takes its name. The board goes on meanwhile; other commands
    are told to wait. What is left out can be computed again: the search index, and snapshots that are no longer
    the published one.
    """
    from evalhub.backup.make import back_up
    from evalhub.cli.progress import telling
    from evalhub.redact import redacted, shell_word

    with telling() as tell:
        done = back_up(hub_path, out, force=force, tell=tell)
    manifest = done.manifest
    if as_json:
        print_json({"backup": str(done.path), **manifest.to_json()})
        return
    size = manifest.size / 2**20
    click.echo(redacted(f"{done.path}: {len(manifest.files):,} files, {size:,.1f} MiB, read back"))
    click.echo(f"hash {manifest.hash}")
    click.echo(redacted(f"bring it back: evalhub restore {shell_word(str(out))} --hub PATH"))
