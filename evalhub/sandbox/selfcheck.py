"""Before a jail is trusted: a program in it tries the doors, and must find them shut."""

from __future__ import annotations

from pathlib import Path

from .pair import Pair
from .terms import Limits, SandboxUnavailable

_PROGRAM = """
import ctypes, os, socket

def _find_doors(home, visible):
    def fork():
        if os.fork() == 0:
            os._exit(0)

    def thread():
        import threading
        threading.Thread(target=int).start()

    def write():
        open("/filled", "wb").close()

    doors = {
        "the home folder": lambda: os.listdir(home),
        "the folder of processes": lambda: os.listdir("/proc/self"),
        "the network": lambda: socket.socket().connect(("127.0.0.1", 9)),
        "a new process": fork,
        "a new thread": thread,
        "a program to execute": lambda: os.execv(visible, [visible, "-c", ""]),
        "a file outside its folder": write,
        "memory over the limit": lambda: bytes(2**40),
        "root": lambda: os.setuid(0),
    }
    found = []
    for name, enter in doors.items():
        try:
            enter()
        except (OSError, RuntimeError, MemoryError):
            continue
        found.append(name)
    if os.getuid() == 0 or ctypes.CDLL(None).unshare(0x10000000) == 0:
        found.append("capabilities")
    if os.environ:
        found.append("the environment")
    if found:
        # A judgement tells the name of what was raised, and no more.
        raise type(" and ".join(found), (Exception,), {})
    return "shut"
"""

_TESTS = """
def check(candidate):
    assert candidate(HOME, VISIBLE) == "shut"
"""


def check(pair: Pair, visible: str) -> None:
    """Raise SandboxUnavailable unless the pair's jails work and hold. `visible`: a program shown inside."""
    tests = _TESTS.replace("HOME", repr(str(Path.home()))).replace("VISIBLE", repr(visible))
    outcome = pair.judge(_PROGRAM, "_find_doors", "", tests, Limits())
    if outcome.passed is None:
        raise SandboxUnavailable(f"its self-check could not run ({outcome.detail})")
    if not outcome.passed:
        raise SandboxUnavailable(f"its self-check found open: {outcome.detail.removeprefix('raised ')}")
