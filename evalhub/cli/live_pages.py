"""Live releases, as a reader sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.table import Table

from evalhub.benchmarks.frozen import SHOWN
from evalhub.cli.tables import console, escape
from evalhub.live.release import Release
from evalhub.wording import counted, plain


def print_release(release: Release) -> None:
    """What a release is, in two lines."""
    private = f", private until {release.private_until}" if release.private_until else ""
    click.echo(
        f"release {release.name}: {counted(release.questions, 'question')} on {counted(release.papers, 'paper')}, "
        f"{release.removed:,} removed{private}"
    )
    click.echo(f"hash {release.release_id}")


def print_releases(releases: Sequence[Release]) -> None:
    """A row for each."""
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("release")
    for name in ("questions", "papers", "removed"):
        table.add_column(name, justify="right")
    for name in ("frozen", "private until", "hash"):
        table.add_column(name)
    for one in releases:
        table.add_row(
            escape(one.name),
            f"{one.questions:,}",
            f"{one.papers:,}",
            f"{one.removed:,}",
            f"{one.frozen_at:%Y-%m-%d}",
            str(one.private_until or ""),
            one.release_id[:SHOWN],
        )
    console().print(table)


def silent(stage: str, counts: Mapping[str, Any] | None) -> None:
    """Hears of a stage, and says nothing."""
    del stage, counts


def print_stage(stage: str, counts: Mapping[str, Any] | None) -> None:
    """A line for a stage that is done, one for each paper that was refused, and how solvers do blind."""
    if counts is not None:
        click.echo(f"{stage:<8} {_words(counts)}")
        why = counts.get("why")
        for paper, reason in why.items() if isinstance(why, Mapping) else ():
            click.echo(f"  {plain(paper)}: {plain(reason)}")
        if stage == "filter" and counts.get("kept"):
            standings = counts.get("blind", {}).get("standings", ())
            for one in standings:
                click.echo(
                    f"  blind, {plain(one['solver'])} on {counted(one['items'], one['kind'] + ' question')} "
                    f"({one['way']}): {one['accuracy']:.1%} right [{one['low']:.1%}, {one['high']:.1%}], "
                    f"chance {one['chance']:.1%}"
                )
            if not standings:
                click.echo("  no solver tried the questions without their pictures")


def _words(counts: Mapping[str, Any]) -> str:
    words = []
    for name, value in counts.items():
        if isinstance(value, Mapping):
            if value and name in ("left_out", "removed"):
                words.append(f"{name.replace('_', ' ')} {_total(value):,}")
            elif value and name == "models":
                words += [
                    f"{model} {part['rate']:.3f}" for model, part in value.items() if part["rate"] is not None
                ]
            elif value and name == "known":
                words += [f"{count:,} of them in {release} already" for release, count in value.items()]
        elif value or name in ("papers", "questions"):
            words.append(f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}")
    return ", ".join(words)


def _total(counts: Mapping[str, Any]) -> int:
    return sum(_total(value) if isinstance(value, Mapping) else value for value in counts.values())
