"""Nothing is left behind: no process, no descriptor, whoever ends first."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from evalhub.sandbox import Sandbox
from evalhub.sandbox.gate import Gate
from ingest.records import Status

from .conftest import LIMITS
from .helpers import HONEST, descendants, judge

SLEEP = "import time\ndef f(x):\n    time.sleep(3600)\n"


def _gone(pids: dict[int, str], seconds: float = 10) -> bool:
    """Whether these processes end in time (a zombie that nobody reaps has ended)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] != "Z"


def test_close_leaves_no_process_and_no_descriptor(kind: str) -> None:
    def state() -> tuple[int, dict[int, str], int]:
        return len(list(Path("/proc/self/fd").iterdir())), descendants(os.getpid()), threading.active_count()

    before = state()
    sandbox = Sandbox(workers=2, limits=LIMITS, jail=kind)  # type: ignore[arg-type]
    assert judge(sandbox, HONEST).passed is True
    inside = set(descendants(os.getpid())) - set(before[1])
    assert inside
    sandbox.close()
    assert state() == before
    assert _gone(dict.fromkeys(inside, ""))
    with pytest.raises(RuntimeError, match="closed"):
        judge(sandbox, HONEST)
    sandbox.close()


@pytest.mark.slow
def test_a_thousand_programs_leak_nothing(kind: str) -> None:
    with Sandbox(workers=1, limits=LIMITS, jail=kind) as sandbox:  # type: ignore[arg-type]
        assert judge(sandbox, HONEST).passed is True
        jails = descendants(os.getpid())
        here = len(list(Path("/proc/self/fd").iterdir()))
        there = {pid: len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in jails}
        for _ in range(500):
            assert judge(sandbox, HONEST).passed is True
            assert judge(sandbox, "import os\nos._exit(0)").passed is False
        assert descendants(os.getpid()) == jails
        assert len(list(Path("/proc/self/fd").iterdir())) == here
        assert {pid: len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in jails} == there


@pytest.mark.parametrize("program", [HONEST, SLEEP])
def test_nothing_survives_a_killed_parent(kind: str, program: str) -> None:
    code = f"""
import sys, threading
from evalhub.sandbox import Sandbox
sandbox = Sandbox(workers=1, jail={kind!r})
judge = lambda: sandbox.judge(program={program!r}, entry_point="f", prompt="", tests="def check(c): c(1)")
if "sleep" in {program!r}:
    threading.Thread(target=judge).start()
else:
    judge()
print("ready", flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdin is not None
    assert parent.stdout is not None
    with parent.stdin, parent.stdout:
        assert parent.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + 10
        wanted = 6 if program == SLEEP else 4
        while len(inside := descendants(parent.pid)) < wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(inside) >= wanted
        parent.kill()
        parent.wait()
        assert _gone(inside)


def test_a_jail_outlives_the_thread_that_first_needed_it(sandbox: Sandbox) -> None:
    def once() -> None:
        assert judge(sandbox, HONEST).passed is True

    thread = threading.Thread(target=once)
    thread.start()
    thread.join()
    jails = descendants(os.getpid())
    assert judge(sandbox, HONEST).passed is True
    assert descendants(os.getpid()) == jails


@pytest.mark.parametrize("deaths", [1, 9])
def test_a_program_is_not_blamed_for_one_death_of_its_jail(kind: str, deaths: int) -> None:
    others = set(descendants(os.getpid()))
    slow = "import time\ndef f(x):\n    time.sleep(0.3)\n    return x * x\n"

    def kill() -> None:
        for _ in range(deaths):
            time.sleep(0.2)
            for pid in set(descendants(os.getpid())) - others:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    with Sandbox(workers=1, limits=LIMITS, jail=kind) as sandbox:  # type: ignore[arg-type]
        assert judge(sandbox, HONEST).passed is True
        killer = threading.Thread(target=kill)
        killer.start()
        judgement = judge(sandbox, slow)
        killer.join()
        if deaths == 1:
            assert judgement.passed is True
        else:
            # A jail that cannot even be started on so bad a host is an error; else the program is to blame.
            assert (judgement.status, judgement.passed) in ((Status.OK, False), (Status.ERROR, None))
        assert judge(sandbox, HONEST).passed is True


def test_the_gate_lets_one_be_alone() -> None:
    gate, inside, most, alone_with = Gate(), [0], [0], [-1]
    lock = threading.Lock()

    def share() -> None:
        with gate.shared():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.05)
            with lock:
                inside[0] -= 1

    def be_alone() -> None:
        with gate.alone():
            alone_with[0] = inside[0]
            time.sleep(0.05)
            alone_with[0] += inside[0]

    threads = [threading.Thread(target=target) for target in (share, share, be_alone, share, share)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] >= 2
    assert alone_with == [0]
