"""`evalhub doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.options import hub_option, json_option, print_json

if TYPE_CHECKING:
    from evalhub.doctor.doctor import Checkup


@click.command("doctor")
@click.option("--mend", is_flag=True, help="Mend what can be mended without losing anything.")
@click.option("--drop-unnamed", is_flag=True, help="With --mend: also drop texts that nothing names.")
@json_option
@hub_option
def command(mend: bool, drop_unnamed: bool, as_json: bool, hub_path: Path) -> None:
    """Check the whole hub, and say what to do about what is found.

    Files, settings, disk and permissions; every table and text to its last byte, against its checksum or hash;
    what rows name; measurements against their attempts; benchmarks, releases and snapshots. Exit code 1: there is
    a fault that is not mended. What a stopped command left to be gone on with is told, and is no fault.
    """
    if drop_unnamed and not mend:
        raise click.UsageError("--drop-unnamed goes with --mend")
    from evalhub.cli.progress import telling
    from evalhub.doctor.doctor import check_up
    from evalhub.wording import counted

    with telling() as tell:
        found = check_up(hub_path, tell, mend=mend, drop_unnamed=drop_unnamed)
    if as_json:
        print_json(found.to_json())
    else:
        _print(found)
        if mend and not found.sound:
            faults = sum(one.fault and not one.mended for one in found.findings)
            click.echo(f"not mended: {counted(faults, 'fault')}, as told above")
    if not found.sound:
        raise click.exceptions.Exit(1)


def _print(found: Checkup) -> None:
    from evalhub.redact import redacted

    for one in found.findings:
        word = "mended" if one.mended else "FAULT" if one.fault else "note"
        todo = "" if one.mended or not one.todo else f" → {one.todo}"
        click.echo(f"{word:6} {redacted(f'{one.check}: {one.what}{todo}')}")
    sound = "sound" if found.sound else "not sound"
    version = "" if found.version is None else f" at version {found.version}, {found.rows:,} rows"
    click.echo(redacted(f"{found.hub}: {sound}{version}"))
