"""`evalhub import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalhub.cli.options import Columns, hub_option, json_option, print_json

if TYPE_CHECKING:
    from evalhub.imports.run import Imported
    from ingest.metrics import Scale


class Scales(click.ParamType):
    """NAME=up or NAME=down, with a range behind it: NAME=up:0:10."""

    name = "NAME=up|down[:LOW:HIGH]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Scale]:
        from ingest.metrics import PASS, Scale

        metric, _, said = value.rpartition("=")
        direction, *ends = said.split(":")
        if said == "pass":
            return metric.strip(), PASS
        try:
            if direction not in ("up", "down") or len(ends) not in (0, 2):
                raise ValueError
            bounds = dict(zip(("low", "high"), map(float, ends), strict=False))
        except ValueError:
            self.fail(f"{value!r} is not like score=up, loss=down or score=up:0:10", param, ctx)
        return metric.strip(), Scale(direction=direction, **bounds)  # type: ignore[arg-type]


@click.command("import")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "format_", default="", metavar="NAME", help="Of the logs.  [default: told from content]")
@click.option(
    "--columns",
    type=Columns(),
    help="Tables: what they call our columns, as in sample=part+question.",
)
@click.option("--model", default="", metavar="NAME", help="Whose results they are, where the logs name no model.")
@click.option(
    "--source",
    default="",
    metavar="NAME",
    help="Where samples come from that have only a name. The same name of the same source is one sample.  "
    "[default: table:FILE]",
)
@click.option(
    "--metric",
    "scales",
    type=Scales(),
    multiple=True,
    help="Which way a metric is better that is not known, and its range; without a name, of tables that have no "
    "column metric. May be given several times.",
)
@click.option("--list", "listed", is_flag=True, help="Show the ledger: every import, its logs, what was refused.")
@click.option("--show", metavar="ID", help="Show one import in full.")
@click.option("--undo", metavar="ID", help="Take out what an import brought in.")
@click.option("--doubts", is_flag=True, help="List samples and models that may be one and were not merged.")
@click.option("--formats", is_flag=True, help="List the formats.")
@json_option
@hub_option
def command(
    paths: tuple[Path, ...],
    format_: str,
    columns: dict[str, str] | None,
    model: str,
    source: str,
    scales: tuple[tuple[str, Scale], ...],
    listed: bool,
    show: str | None,
    undo: str | None,
    doubts: bool,
    formats: bool,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Bring in the results of others: logs of evaluation tools, or tables, in files and in folders.

    The format is told from the content. What a log does not measure is missing, never 0; what is refused is
    counted by reason. A log that came in before is left alone.
    """
    from evalhub.cli import import_pages as pages
    from evalhub.store.hub import Hub

    if sum(map(bool, (paths, listed, show, undo, doubts, formats))) != 1:
        raise click.UsageError("give PATHS, or one of --list, --show ID, --undo ID, --doubts, --formats")
    if formats:
        pages.show_formats(as_json)
        return
    with Hub(hub_path, make=bool(paths)) as hub:
        if listed or show:
            pages.show_ledger(hub, show or "", as_json)
        elif undo:
            pages.undo(hub, undo, as_json)
        elif doubts:
            pages.show_doubts(hub, as_json)
        else:
            from evalhub.imports.run import import_logs
            from ingest.importer import Told

            told = Told(columns=columns or {}, model=model, source=source, scales=dict(scales))
            with pages.Progress() as progress:
                done = import_logs(hub, paths, format_ or ("table" if columns else ""), told, progress)
            if as_json:
                print_json(done.to_json())
            else:
                pages.print_import(hub, done)
            _fail_if_any(done)


def _fail_if_any(done: Imported) -> None:
    if done.failed:
        raise click.exceptions.Exit(1)
