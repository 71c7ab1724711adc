"""Help: every command has it, and asking for it loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evalhub.cli import COMMANDS
from tests.cli.helpers import evalhub

HEAVY = ("torch", "transformers", "duckdb", "polars", "pyarrow", "numpy", "streamlit", "rich", "reasoning_gym")


GROUPS = {
    "model": ("alias", "list", "set"),
    "law": ("fit", "forget", "pass-at"),
    "live": ("list", "show", "removed", "check", "predict", "plan"),
    "schedule": ("emit", "status"),
    "bench": ("new", "list", "show", "diff", "refresh", "export", "import", "delete"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    """And stands in the list with its line."""
    for part in GROUPS.get(command, ("",)):
        done = evalhub(command, *filter(None, [part]), "--help")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"Usage: evalhub {command} {part}".rstrip())
        assert "--hub" in done.out and "--debug" in done.out
    text = " ".join(evalhub("--help").out.split())
    assert f"{command} {COMMANDS[command]}" in text


@pytest.mark.parametrize("group", ["", *GROUPS])
def test_a_list_of_commands_is_cut_off_nowhere(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal of 80 columns each line says a whole sentence."""
    monkeypatch.setenv("COLUMNS", "80")
    _, _, listed = evalhub(*filter(None, [group]), "--help").out.partition("Commands:\n")
    assert listed and "..." not in listed and "…" not in listed
    assert max(map(len, listed.splitlines())) <= 80
    told = " ".join(listed.split())
    assert set(GROUPS.get(group, COMMANDS)) <= set(told.split())


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], ["score", "--help"], ["rank", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """What a command needs is loaded when it runs."""
    program = (
        "import sys\n"
        "from evalhub.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit as end:\n"
        f"    found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "    sys.exit(f'{end.code} {found}')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "0 []"
    assert done.stdout


def test_importing_evalhub_imports_nothing_heavy() -> None:
    """`import evalhub` is fast."""
    program = f"import sys, evalhub; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_wrong_call_is_a_usage_error() -> None:
    """Exit code 2, what is wrong on stderr, nothing on stdout."""
    for arguments in (
        ["scoer"],
        ["score"],
        ["rank", "--method"],
        ["rank", "--replicates", "1000000000000"],
        ["score", "m", "--passes", "0"],
        ["--nonsense"],
    ):
        done = evalhub(*arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert "Error: " in done.err and "Traceback" not in done.err
