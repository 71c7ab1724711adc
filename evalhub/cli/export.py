"""`evalhub export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.options import hub_option, json_option, print_json
from evalhub.wording import counted

if TYPE_CHECKING:
    from evalhub.exports.exported import Exported

_FORMATS = {
    "table": ("--source", "--metric"),
    "every-eval-ever": ("--source", "--metric"),
    "hugging-face": ("--source", "--limit"),
    "lm-eval": ("--source", "--limit"),
}
"""The formats, and the options that say what goes into them."""


@click.command("export")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "format_",
    type=click.Choice(list(_FORMATS)),
    default="table",
    show_default=True,
    help="table: measurements and votes. every-eval-ever: results in that exchange format. hugging-face: samples "
    "with their images as a data set. lm-eval: samples as tasks that lm-eval runs.",
)
@click.option("--source", default="", help="Only the samples of this source.  [default: the whole pool]")
@click.option(
    "--metric",
    default="",
    metavar="NAME",
    help="table, every-eval-ever: only what is measured by the metric of this name.  [default: all, and votes]",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    help="hugging-face, lm-eval: the first so many samples of each source, spread over its tags.",
)
@click.option("--force", is_flag=True, help="Replace what an earlier export wrote there.")
@json_option
@hub_option
def command(
    out: Path,
    format_: str,
    source: str,
    metric: str,
    limit: int | None,
    force: bool,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Write what the hub holds into OUT, for others and for other tools.

    A table is a file that ends in .parquet, .csv or .jsonl; votes go beside it, into OUT.votes.parquet and so on.
    evalhub import reads both, evalhub rank too. All other formats are folders.
    """
    for option, value in (("--metric", metric), ("--limit", limit)):
        if value and option not in _FORMATS[format_]:
            raise click.UsageError(f"{option} says nothing of --to {format_}")

    from evalhub.cli.progress import telling
    from evalhub.store.hub import Hub
    from ingest.tables import SUFFIXES

    if format_ == "table" and out.suffix.lower() not in SUFFIXES:
        raise click.UsageError(
            f"{out} does not end in {', '.join(SUFFIXES)}: name it so, or say which folder to write with --to"
        )
    with Hub(hub_path, make=False) as hub, telling() as tell:
        if format_ == "table":
            from evalhub.exports.matrix import export_matrix

            done = export_matrix(hub, out, source=source, metric=metric, force=force, tell=tell)
        elif format_ == "every-eval-ever":
            from evalhub.exports.every_eval_ever import export_records

            done = export_records(hub, out, source=source, metric=metric, force=force, tell=tell)
        elif format_ == "hugging-face":
            from evalhub.exports.hugging_face import export_data_set

            done = export_data_set(hub, out, source=source, limit=limit, force=force, tell=tell)
        else:
            from evalhub.exports.lm_eval import export_tasks

            done = export_tasks(hub, out, source=source, limit=limit, force=force, tell=tell)
    if as_json:
        print_json(done.to_json())
    else:
        _show(done, format_)


def _show(done: Exported, format_: str) -> None:
    models = f", {counted(done.models, 'model')}" if done.models else ""
    click.echo(f"{done.path}: {counted(done.rows, 'row')}, {counted(done.samples, 'sample')}{models}")
    for reason, count in done.left_out.most_common():
        click.echo(f"  left out {count:,}: {reason}")
    if done.more.get("votes_path"):
        click.echo(f"{done.more['votes_path']}: {done.more['votes']:,} votes")
    if format_ == "lm-eval":
        for task in done.more["tasks"]:
            click.echo(f"  lm_eval --include_path {done.path} --tasks {task}")
