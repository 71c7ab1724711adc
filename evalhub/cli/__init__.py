"""The command line. Each command is a module of its own, imported only when it is called."""

from __future__ import annotations

import importlib
import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Collection
from typing import NoReturn

import click

from evalhub.errors import EvalhubError, HubLocked
from evalhub.interrupt import Stopped, heard, leave_at_once, raising
from evalhub.redact import Redacting, redacted

COMMANDS = {
    "score": "Score a model on the pool and rank it.",
    "rank": "Rank the models of the hub, or of a file.",
    "compare": "Compare two models on the samples that both were measured on.",
    "ingest": "Bring samples of a source into the pool.",
    "import": "Bring the results of others into the hub.",
    "export": "Write what the hub holds into files, for other tools.",
    "probe": "Find the samples of the pool that a sentence means.",
    "bench": "Save what a probe finds as a benchmark, and see what it is worth.",
    "recommend": "Say which model to use for a need, and how likely it is the best.",
    "law": "Lay laws through pass rates: what larger models will score.",
    "runtime": "Say how long an attempt would take on an accelerator, and what it would cost.",
    "density": "Say how much models score for their size, against a ladder of reference models.",
    "live": "See the releases of live samples; plan and predict when a new one appears.",
    "model": "List the models, and say which names are one.",
    "sources": "List the sources that can be ingested, and what the pool holds.",
    "refresh": "Bring in a month of papers as a live release, score, rank and publish.",
    "schedule": "Run the monthly refresh by cron, systemd or GitHub, and see whether it is late.",
    "publish": "Publish a snapshot for the leaderboard.",
    "doctor": "Check the whole hub, and mend what can be mended.",
    "backup": "Copy the hub to a folder or a file, with the hash of everything.",
    "restore": "Bring back a hub from a backup.",
    "serve": "Open the leaderboard in a browser.",
}
"""Names and first help lines, so that --help imports nothing."""


_FULL = ("No space left on device", "database or disk is full")


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"evalhub.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="evalhub", prog_name="evalhub")
def evalhub() -> None:
    """One ever-growing pool of test samples, every model's result on each of them, and rankings that say how
    sure they are.

    A hub is a folder: --hub PATH on any command, or the variable EVALHUB_HOME.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run a command; whatever goes wrong is one line on stderr and an exit code that is not 0.

    Codes: 1 an error that the message explains, 2 a wrong call, 75 try again (the hub is locked, arXiv is down),
    130 Ctrl-C, 143 SIGTERM.
    """
    own = arguments is None
    arguments = sys.argv[1:] if arguments is None else arguments
    # numpy's products here are small, or run in our own threads: BLAS threads would only wait for busy cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name that the terminal cannot show must not end a command
    told = logging.StreamHandler()
    told.setFormatter(Redacting("%(message)s"))
    logging.basicConfig(handlers=[told])
    logging.getLogger("evalhub").setLevel(logging.INFO)
    warnings.simplefilter("ignore", SyntaxWarning)  # of others' code, told when it is compiled
    warnings.formatwarning = lambda message, *_, **__: f"evalhub: {redacted(str(message))}\n"
    try:
        try:
            with raising():
                code = evalhub.main(arguments, prog_name="evalhub", standalone_mode=False) or 0
        finally:
            if own:
                leave_at_once()
    except Stopped as stop:
        _stopped(stop.number, as_json="--json" in arguments)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        _stopped(signal.SIGINT)
    except BrokenPipeError:
        # The reader of our output has gone (as in `| head`): nothing to say, and nowhere to say it.
        _write_no_more()
        if heard():
            _stopped(heard())
        sys.exit(1)
    except Exception as error:
        if "--debug" in arguments:
            raise
        click.echo(f"evalhub: {redacted(_line(error))}", err=True)
        sys.exit(75 if isinstance(error, HubLocked) or _is(error, _LATER) else 1)
    sys.exit(code)


def _stopped(number: int, *, as_json: bool = False) -> NoReturn:
    """Say that a signal ended the command, and exit as shells expect it."""
    if as_json:
        try:
            click.echo('{"run": null, "interrupted": true}')
            sys.stdout.flush()
        except BrokenPipeError:
            _write_no_more()
    click.echo("stopped; what was done is kept", err=True)
    sys.exit(128 + number)


def _write_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _line(error: Exception) -> str:
    """An error as one line: our own as they are, others with what they are."""
    text = " ".join(str(error).split())
    if any(sign in text for sign in _FULL):
        return "the disk is full: free some space and run the same command again; what was done is kept"
    if isinstance(error, EvalhubError | click.ClickException) or _explains_itself(error):
        return error.message if isinstance(error, click.ClickException) else text
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or text}{where}"
    return f"{type(error).__name__}: {text[:300]} (use --debug for the whole story)"


def _explains_itself(error: Exception) -> bool:
    """Whether the error is one of the lower floors' own, whose messages are written for the user."""
    names = {
        ("ingest.source", "SourceError"),
        ("ingest.importer", "LogError"),
        ("ingest.papers.limits", "PaperError"),
        ("aggregate.columns", "MeasurementsError"),
    }
    return _is(error, names)


_LATER = {("ingest.arxiv.errors", "SourceDown")}
"""Errors that pass by themselves."""


def _is(error: Exception, names: Collection[tuple[str, str]]) -> bool:
    """Whether the error is of one of these classes, by module and name: nothing is imported to know."""
    return any((kind.__module__, kind.__name__) in names for kind in type(error).__mro__)
