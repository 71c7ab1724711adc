"""`evalhub schedule`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.options import hub_option, json_option, print_json

if TYPE_CHECKING:
    from evalhub.live.schedule import Standing


_LISTED = 6
"""Missing months that are named."""


@click.group("schedule")
def command() -> None:
    """Run the monthly refresh by cron, systemd or GitHub, and see whether it is late."""


@command.command("emit")
@click.argument("kind", type=click.Choice(["cron", "systemd", "github"]))
@hub_option
def emit(kind: str, hub_path: Path) -> None:
    """Print what makes a machine run the monthly refresh. It is for cron, systemd or GitHub.

    `evalhub refresh` comes several days in a row: a month that is whole takes no time, one that was cut off goes
    on.
    """
    from evalhub.live.schedule import unit

    click.echo(unit(kind, hub_path), nl=False)


@command.command("status")
@json_option
@hub_option
def status(as_json: bool, hub_path: Path) -> None:
    """Say which month is done, which is next, and what is late. Exit code 1: a month is overdue."""
    from datetime import UTC, datetime

    from evalhub.live.schedule import standing
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        stands = standing(hub, datetime.now(UTC).date())
    if as_json:
        print_json(stands.to_json())
    else:
        _show(stands)
    if stands.overdue:
        raise SystemExit(1)


def _show(stands: Standing) -> None:
    ended = f", published {stands.ended_at:%Y-%m-%d %H:%M} UTC" if stands.ended_at else ""
    click.echo(f"last: {stands.last + ended if stands.last else 'no month is whole yet'}")
    click.echo(f"next: {stands.month}, due {stands.due}" + (": overdue" if stands.overdue else ""))
    if stands.missing:
        more = f" and {len(stands.missing) - _LISTED:,} more (--json names all)" * (len(stands.missing) > _LISTED)
        click.echo(
            f"missing: {', '.join(stands.missing[:_LISTED])}{more}: evalhub refresh --month {stands.missing[0]}"
        )
    for stage in stands.unfinished:
        why = stage.counts.get("why", "cut off: evalhub refresh goes on")
        click.echo(f"  {stage.release} {stage.stage}: {stage.status}, {why}")
