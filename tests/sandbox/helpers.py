"""What the tests share."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from evalhub.sandbox import Judgement, Sandbox

HONEST = "def f(x):\n    return x * x\n"
SQUARES = "def check(candidate):\n    assert [candidate(n) for n in range(4)] == [0, 1, 4, 9]\n"


def judge(sandbox: Sandbox, program: str, tests: str = SQUARES, prompt: str = "") -> Judgement:
    """Judge a program that defines `f`."""
    return sandbox.judge(program=program, entry_point="f", prompt=prompt, tests=tests)


def with_libc(program: str) -> str:
    """A program to which `libc` is the C library."""
    return "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n" + program


def descendants(root: int) -> dict[int, str]:
    """The processes below `root`: pid and name, zombies included."""
    parents: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            name = stat[stat.index("(") + 1 : stat.rindex(")")]
            parents[int(folder.name)] = int(stat[stat.rindex(")") + 2 :].split()[1]), name
    found: dict[int, str] = {}
    grown = True
    while grown:
        grown = False
        for pid, (parent, name) in parents.items():
            if pid not in found and (parent == root or parent in found):
                found[pid] = name
                grown = True
    return found


def cpu_of_ended(pids: Iterable[int]) -> float:
    """CPU seconds of the processes that these have waited for."""
    ticks = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat").read_text()
        ticks += sum(map(int, stat[stat.rindex(")") + 2 :].split()[13:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
