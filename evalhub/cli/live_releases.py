"""`evalhub live list`, `show`, `removed` and `check`: the releases of a hub."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json
from evalhub.wording import counted, plain


@click.command("list")
@json_option
@hub_option
def list_command(as_json: bool, hub_path: Path) -> None:
    """List the releases, in order of their names."""
    from evalhub.cli.live_pages import print_releases
    from evalhub.store.hub import Hub
    from evalhub.store.releases import releases

    with Hub(hub_path, make=False) as hub:
        there = releases(hub)
    if as_json:
        print_json({"releases": [one.to_json() for one in there]})
    elif there:
        print_releases(there)
    else:
        click.echo("no release yet: evalhub refresh, or evalhub ingest papers PATH…")


@click.command("show")
@click.argument("name", metavar="RELEASE")
@json_option
@hub_option
def show_command(name: str, as_json: bool, hub_path: Path) -> None:
    """Show how a release was made, and what each filter took out."""
    from evalhub.cli.live_pages import print_release, print_stage
    from evalhub.store.hub import Hub
    from evalhub.store.refresh_stages import stages
    from evalhub.store.releases import release

    with Hub(hub_path, make=False) as hub:
        made, steps = release(hub, name), stages(hub, name)
    if as_json:
        print_json({**made.to_json(), "stages": [one.to_json() for one in steps]})
        return
    print_release(made)
    for one in steps:
        print_stage(one.stage, one.counts)
    for filter_, reasons in made.counts.get("filter", {}).get("removed", {}).items():
        for reason, count in reasons.items():
            click.echo(f"  {filter_}: {_line(reason)} ({count:,})")


@click.command("removed")
@click.argument("name", metavar="RELEASE")
@click.option("--filter", "wanted", default="", help="Only what this filter took out.")
@json_option
@hub_option
def removed_command(name: str, wanted: str, as_json: bool, hub_path: Path) -> None:
    """Show the questions that filters took out, and why."""
    from evalhub.store.hub import Hub
    from evalhub.store.releases import release, removed_questions

    with Hub(hub_path, make=False) as hub:
        made = release(hub, name)
        rows = removed_questions(hub, name).to_dicts()
    known = sorted({row["filter"] for row in rows})
    if wanted and wanted not in known:
        raise click.UsageError(f"no filter '{wanted}' took anything out; there are {', '.join(known) or 'none'}")
    rows = [
        {**row, "question": json.loads(row["question"]), "proof": json.loads(row["proof"])}
        for row in rows
        if wanted in ("", row["filter"])
    ]
    if as_json:
        print_json({"release": made.name, "removed": rows})
        return
    for row in rows:
        question = row["question"]
        options = ", ".join(map(_line, question["choices"])) or "none"
        click.echo(f"{row['filter']}: {_line(row['reason'])} ({_line(row['paper_id'])})")
        click.echo(f"  {_line(question['prompt'])}")
        click.echo(f"  answer {_line(question['reference'])}; options {options}")


def _line(text: object) -> str:
    """What a paper says, on one line and with nothing for the terminal to obey."""
    return " ".join(plain(str(text)).split())


@click.command("check")
@click.argument("name", metavar="RELEASE")
@json_option
@hub_option
def check_command(name: str, as_json: bool, hub_path: Path) -> None:
    """Run a release's programs again, and compare its hash. Exit code 1: something is not as it was frozen."""
    from evalhub.live.checked import check
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        found = check(hub, name)
    if as_json:
        print_json(found.to_json())
    else:
        click.echo(f"{counted(found.programs, 'program')} run again, {counted(len(found.faults), 'fault')}")
        click.echo(f"hash {found.release_id}" + ("" if found.same_hash else f", frozen as {found.frozen_id}"))
        for sample_id, fault in found.faults.items():
            click.echo(f"  {sample_id}: {_line(fault)}")
    if found.faults or not found.same_hash:
        raise SystemExit(1)
