"""`evalhub refresh`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from evalhub.cli.options import hub_option, json_option, print_json


@click.command("refresh")
@click.option("--month", "text", default="", metavar="YYYY-MM", help="[default: the last that is over]")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Papers from this day on, in the place of the month's first.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; ask nobody and write nothing.")
@json_option
@hub_option
def command(text: str, since: datetime | None, dry_run: bool, as_json: bool, hub_path: Path) -> None:
    """Bring in a month of papers as a live release, score models on it, rank and publish.

    Papers come from arXiv; what is taken and who is scored is in live.toml in the hub's folder (docs/live.md).
    Each stage is recorded and, once done, not run again: stopped at any point, the same command goes on. A month
    without a usable paper is an error. Exit code 75: arXiv does not answer, or the hub is locked; try again later.
    """
    from datetime import UTC
    from datetime import datetime as clock

    from evalhub.cli.live_pages import print_release, print_stage, silent
    from evalhub.cli.progress import ScoreProgress, telling, waiting
    from evalhub.live.months import Month
    from evalhub.live.refresh import Heard, check_month, refresh, stages_left
    from evalhub.live.schedule import due_month
    from evalhub.live.settings import read_settings
    from evalhub.store.hub import Hub
    from evalhub.store.refresh_stages import STAGES, stages

    today = clock.now(UTC).date()
    month = Month.read(text) if text else due_month(today)
    check_month(month, today)
    settings = read_settings(hub_path)
    first = since.date() if since else None
    if first and first >= month.next.first:
        raise click.UsageError(f"--since {first} is after {month}")
    if dry_run:
        left = list(STAGES)
        if (hub_path / "hub.duckdb").exists():
            with Hub(hub_path, make=False) as hub:
                left = stages_left(hub, month)
        told = {
            "release": str(month),
            "since": str(first or month.first),
            "until": str(month.next.first),
            "categories": list(settings.categories),
            "models": list(settings.models),
            "stages": left,
        }
        print_json(told) if as_json else _show_plan(told)
        return
    with Hub(hub_path) as hub:
        with telling() as tell:
            heard = Heard(
                stage=silent if as_json else print_stage, tell=tell, waiting=waiting, watching=ScoreProgress
            )
            made = refresh(hub, month, first, settings, heard)
        if as_json:
            print_json({**made.to_json(), "stages": [one.to_json() for one in stages(hub, str(month))]})
        else:
            print_release(made)


def _show_plan(told: Mapping[str, Any]) -> None:
    click.echo(f"release {told['release']}: papers of {', '.join(told['categories'])}")
    click.echo(f"first submitted from {told['since']} on and before {told['until']}")
    click.echo(f"scored: {', '.join(told['models']) or 'nobody'}")
    click.echo(f"stages to run: {', '.join(told['stages']) or 'none, it is whole'}")
