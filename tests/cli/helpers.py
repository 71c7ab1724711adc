"""The command line, as a user meets it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from evalhub.cli import main


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, which must be one JSON value without NaN and nothing else."""

        def refuse(name: str) -> None:
            raise AssertionError(f"{name} is no JSON")

        return json.loads(self.out, parse_constant=refuse)

    @property
    def line(self) -> str:
        """What went wrong: the command failed with one line on stderr, of which this is the text."""
        assert self.code not in (0, None)
        assert self.out == ""
        assert "Traceback" not in self.err
        last = self.err.rstrip("\n").splitlines()[-1]
        assert last.startswith("evalhub: "), self.err
        return last.removeprefix("evalhub: ")


def evalhub(*arguments: object) -> Done:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as exit_:
            code = exit_.code
    return Done(code, out.getvalue(), err.getvalue())


def written(frame: pl.DataFrame, path: Path) -> Path:
    """The frame as a file of the kind that its name says."""
    write: dict[str, Any] = {
        ".parquet": frame.write_parquet,
        ".csv": frame.write_csv,
        ".jsonl": frame.write_ndjson,
    }
    write[path.suffix.lower()](path)
    return path


def process(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Run a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "evalhub", *map(str, arguments)],
        text=True,
        env={**os.environ, "COLUMNS": "100"},
        **options,
    )
