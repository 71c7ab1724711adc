"""Programs that use up what the machine has: as in `hostile`, with `COLUMN` as in `hostile_system`."""

from __future__ import annotations

from .helpers import with_libc

PROGRAMS: dict[str, tuple[str, str]] = {}


def _add(name: str, detail: str, program: str) -> None:
    PROGRAMS[name] = (with_libc(program), detail)


_add(
    "uses up what the machine has of asynchronous requests",
    "assertion failed",
    """
def f(x):
    return libc.syscall((206, 0)[COLUMN], 4096, ctypes.byref(ctypes.c_ulong(0))) == 0
""",
)
_add(
    "uses up what its user has of watches",
    "assertion failed",
    "def f(x):\n    return libc.inotify_init1(0) >= 0 or libc.fanotify_init(0x200, 0) >= 0\n",
)
_add(
    "fills memory through sockets",
    "assertion failed",
    """
import socket
def f(x):
    kept, sent = [], 0
    try:
        while True:
            pair = socket.socketpair()
            kept.append(pair)
            for end in pair:
                try:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**24)
                except OSError:
                    pass
                end.setblocking(False)
                try:
                    while True:
                        sent += end.send(bytes(2**16))
                except BlockingIOError:
                    pass
    except OSError:
        return sent > 2**26
""",
)
_add(
    "fills memory through sockets that are on their way through others",
    "assertion failed",
    """
import array, socket
def f(x):
    carrier, sent = socket.socketpair(), 0
    carrier[0].setblocking(False)
    try:
        while True:
            pair = socket.socketpair()
            for end in pair:
                end.setblocking(False)
                try:
                    while True:
                        sent += end.send(bytes(2**16))
                except BlockingIOError:
                    pass
            ends = array.array("i", [end.fileno() for end in pair])
            carrier[0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, ends)])
            for end in pair:
                end.close()
    except OSError:
        return sent > 2**26
""",
)
_add(
    "fills memory through pipes",
    "assertion failed",
    """
import fcntl
def f(x):
    sent = 0
    try:
        while True:
            _, end = os.pipe()
            try:
                fcntl.fcntl(end, 1031, 2**20)  # F_SETPIPE_SZ
            except OSError:
                pass
            os.set_blocking(end, False)
            try:
                while True:
                    sent += os.write(end, bytes(2**16))
            except BlockingIOError:
                pass
    except OSError:
        return sent > 2**26
""",
)
_add(
    "fills memory through signals and timers",
    "assertion failed",
    """
import signal
def f(x):
    signal.pthread_sigmask(signal.SIG_BLOCK, [40])
    made = 0
    while made < 2000 and libc.sigqueue(os.getpid(), 40, None) == 0:
        made += 1
    while made < 2000 and libc.timer_create(0, None, ctypes.create_string_buffer(8)) == 0:
        made += 1
    return made >= 2000
""",
)
_add(
    "fills memory through shared maps",
    "raised",
    """
import mmap
def f(x):
    kept = []
    while len(kept) < 512:
        kept.append(mmap.mmap(-1, 2**20))
        kept[-1].write(bytes(2**20))
    return True
""",
)
_add(
    "fills memory through files without a name",
    "",
    """
import mmap
def f(x):
    kept = []
    while len(kept) < 64:
        fd = os.open("/tmp", os.O_TMPFILE | os.O_RDWR, 0o600)
        os.ftruncate(fd, 2**20)
        kept.append(mmap.mmap(fd, 2**20))
        os.close(fd)
        kept[-1].write(b"x" * 2**20)
    return True
""",
)
_add(
    "fills memory through names, folders and attributes",
    "assertion failed",
    """
def f(x):
    made, open_file = 0, open("/tmp/file", "w")
    try:
        while made < 5000:
            os.mkdir(f"/tmp/{made}")
            made += 1
    except OSError:
        pass
    kept = 0
    try:
        while kept < 1000:
            os.setxattr("/tmp/file", f"user.{kept}", bytes(60_000))
            kept += 1
    except OSError:
        pass
    return made >= 5000 or kept >= 1000
""",
)
