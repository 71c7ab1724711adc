"""What `evalhub import` shows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from evalhub import plugins
from evalhub.cli.options import print_json
from evalhub.cli.tables import console, escape
from evalhub.imports.find import tables_among
from evalhub.imports.run import Imported, log_json
from evalhub.store.aliases import doubts as all_doubts
from evalhub.store.hub import Hub
from evalhub.store.imports import ImportEntry, LogEntry, imports, undo_import
from evalhub.wording import counted

_MOST = 10
"""Lines of one kind that are shown."""


class Progress:
    """A bar over the logs on stderr; nothing where there is no terminal."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        out = console(stderr=True)
        self._bar = Bar(*columns, console=out, transient=True, disable=not out.is_terminal)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, logs: int) -> None:
        """As `evalhub.imports.run.Watcher`."""
        self._task = self._bar.add_task("reading logs", total=logs)

    def advance(self, path: Path) -> None:
        """As `evalhub.imports.run.Watcher`."""
        self._bar.update(self._task, advance=1, description=escape(path.name))


def print_import(hub: Hub, done: Imported) -> None:
    """What an import did."""
    out = console()
    summary = done.to_json()
    if done.import_id:
        out.print(
            f"[bold]import {done.import_id}[/]: {counted(len(done.logs), 'log')}, "
            f"{counted(summary['rows'], 'row')}, {summary['kept']:,} kept"
        )
    if len(done.logs) > 1:
        out.print(_logs_table(done.logs))
    _print_refused(summary["refused"], [line for log in done.logs for line in log.details])
    _print_some("partial", summary["partial"])
    _print_some("warning", summary["warnings"])
    _print_some("not imported", [one["error"] for one in summary["failed"]])
    if done.before:
        out.print(f"{counted(len(done.before), 'log')} in the hub already:")
        for path, import_id in done.before[:_MOST]:
            out.print(f"  {escape(path)} (import {escape(import_id)})")
    if done.unknown:
        names = ", ".join(escape(Path(name).name) for name in done.unknown[:_MOST])
        more = ", …" if len(done.unknown) > _MOST else ""
        out.print(f"{counted(len(done.unknown), 'other file')} passed over: {names}{more}")
        if tables := tables_among([Path(name) for name in done.unknown]):
            out.print(f"  an import of their own can take {escape(tables)}")
    open_doubts = len(all_doubts(hub))
    if done.import_id:
        if open_doubts:
            out.print(f"{open_doubts:,} samples or models may be one with others: evalhub import --doubts")
        then = "evalhub rank ranks them; " if summary["kept"] else "nothing was kept; "
        out.print(f"[dim]{then}evalhub import --undo {done.import_id} takes this back[/]")


def show_ledger(hub: Hub, import_id: str, as_json: bool) -> None:
    """The ledger, or one import."""
    found = imports(hub, import_id)
    if as_json:
        print_json([_entry_json(entry) for entry in found] if not import_id else _entry_json(found[0]))
        return
    out = console()
    if not found:
        out.print("nothing was imported yet")
    for entry in found:
        ended = "" if entry.ended_at else ", stopped before its end"
        when = f"{entry.started_at:%Y-%m-%d %H:%M}"
        out.print(f"[bold]import {entry.import_id}[/] of {when}, evalhub {entry.evalhub}{ended}")
        out.print(_logs_table(entry.logs))
        if import_id:
            for log in entry.logs:
                tool = " ".join(filter(None, [log.tool, log.tool_version]))
                out.print(f"{escape(log.path)}: {f'{escape(tool)}, ' if tool else ''}sha256 {log.content}")
                _print_refused(log.refused, log.details)
                _print_some("partial", [log.partial] if log.partial else [])
                _print_some("warning", log.warnings)


def undo(hub: Hub, import_id: str, as_json: bool) -> None:
    """Take an import back and say what that took out."""
    done = undo_import(hub, import_id)
    if as_json:
        print_json({"import": import_id, **vars(done)})
        return
    click.echo(
        f"import {import_id} is taken back: {counted(done.measurements, 'measurement')}, "
        f"{counted(done.comparisons, 'vote')}, "
        f"{counted(done.samples, 'sample')}, {counted(done.models, 'model')}"
    )


def show_doubts(hub: Hub, as_json: bool) -> None:
    """What may be one."""
    found = all_doubts(hub)
    if as_json:
        print_json([vars(doubt) for doubt in found])
        return
    if not found:
        click.echo("no samples or models look like one under two names")
        return
    out = console()
    for kind, what in (("model", "evalhub model alias FIRST SECOND makes them one"), ("sample", "")):
        some = [doubt for doubt in found if doubt.kind == kind]
        if some:
            out.print(f"[bold]{counted(len(some), 'pair')} of {kind}s[/] {what}")
        for doubt in some:
            out.print(f"  {escape(doubt.first)}  {escape(doubt.second)}  [dim]{escape(doubt.why)}[/]")


def show_formats(as_json: bool) -> None:
    """The importers."""
    found = {name: plugins.make("importer", name).summary for name in plugins.names("importer")}
    if as_json:
        print_json([{"format": name, "summary": summary} for name, summary in found.items()])
        return
    width = max(map(len, found))
    for name, summary in found.items():
        click.echo(f"{name:{width}}  {summary}")


def _entry_json(entry: ImportEntry) -> dict[str, Any]:
    return {
        "import": entry.import_id,
        "evalhub": entry.evalhub,
        "told": entry.told,
        "started_at": entry.started_at.isoformat(),
        "ended_at": entry.ended_at.isoformat() if entry.ended_at else None,
        "logs": [log_json(log) for log in entry.logs],
    }


def _logs_table(logs: tuple[LogEntry, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("log", overflow="fold")
    table.add_column("format")
    for name in ("rows", "kept", "refused"):
        table.add_column(name, justify="right")
    for log in logs:
        refused = f"{log.rows - log.kept:,}"
        table.add_row(escape(_short(log.path)), log.format, f"{log.rows:,}", f"{log.kept:,}", refused)
    return table


def _short(path: str) -> str:
    """A log's name, and that of its folder."""
    return "/".join(Path(path).parts[-2:])


def _print_refused(refused: dict[str, int], details: list[str]) -> None:
    out = console()
    for reason, rows in Counter(refused).most_common():
        out.print(f"  [yellow]refused[/] {rows:,}: {escape(reason)}")
    for line in details[:_MOST]:
        out.print(f"    [dim]{escape(line)}[/]")


def _print_some(what: str, lines: list[str]) -> None:
    out = console()
    for line in lines[:_MOST]:
        out.print(f"  [yellow]{what}[/] {escape(line)}")
    if len(lines) > _MOST:
        out.print(f"  … and {len(lines) - _MOST:,} more")
