"""More hostile programs: what the system offers beyond files and sockets, as in `hostile`.

`HOST` is the name of the machine, `COLUMN` which of two numbers of a system call is this architecture's.
"""

from __future__ import annotations

from .helpers import with_libc

PROGRAMS: dict[str, tuple[str, str]] = {}


def _add(name: str, detail: str, program: str) -> None:
    PROGRAMS[name] = (with_libc(program), detail)


_add(
    "reads the kernel's log",
    "assertion failed",
    """
def f(x):
    return libc.klogctl(3, ctypes.create_string_buffer(2**16), 2**16) >= 0 or libc.klogctl(10, None, 0) >= 0
""",
)
_add("learns the name of the machine", "assertion failed", "def f(x):\n    return os.uname().nodename == HOST\n")
_add(
    "learns where the machine keeps its files",
    "assertion failed",
    """
import struct
def f(x):
    found = (ctypes.c_uint64 * 64)()
    return libc.syscall(458, struct.pack("IIQQ", 24, 0, 2**64 - 1, 0), found, 64, 0) > 0
""",
)
_add(
    "looks for processes and devices under other names",
    "assertion failed",
    """
def f(x):
    for path in ("/proc", "/sys", "/dev", "/run", "/etc", "/var", "/root", "/home", "/boot", "/mnt", "/opt"):
        try:
            if os.listdir(path):
                return True
        except OSError:
            pass
    tree = libc.syscall(428, -100, b"/", 1)
    return tree >= 0 or libc.syscall(430, b"proc", 0) >= 0 or libc.syscall(430, b"sysfs", 0) >= 0
""",
)
_add(
    "opens its descriptors and devices by name",
    "assertion failed",
    """
def f(x):
    paths = ["/dev/null", "/dev/tty", "/dev/mem", "/dev/stdin", "/dev/ptmx", "/proc/self/exe"]
    for path in paths + [f"/{place}/fd/{fd}" for place in ("dev", "proc/self") for fd in range(8)]:
        try:
            os.open(path, os.O_RDWR)
            return True
        except OSError:
            pass
    return False
""",
)
_add(
    "looks for descriptors that were left to it",
    "assertion failed",
    """
import stat
def f(x):
    kinds = {}
    for fd in range(1024):
        try:
            kinds[fd] = os.fstat(fd).st_mode
        except OSError:
            pass
    # Standard input is the null device, output and errors a file of its own, and one socket.
    return len(kinds) > 4 or any(map(stat.S_ISDIR, kinds.values())) or bool(os.read(0, 1))
""",
)
_add(
    "opens files by their handles",
    "assertion failed",
    """
import struct
def f(x):
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    for folder in (b"/", b"/usr/lib", b"/code/inside"):
        libc.name_to_handle_at(-100, folder, handle, ctypes.byref(ctypes.c_int()), 0)
        fd = os.open(folder, os.O_RDONLY)
        if libc.open_by_handle_at(fd, handle, 0) >= 0:
            return True
    return False
""",
)
_add(
    "signals process groups",
    "assertion failed",
    """
import signal
def f(x):
    for group in (PARENT, os.getppid(), *range(2, 3000)):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            try:
                if group:
                    os.killpg(group, number)
                    return True
            except OSError:
                pass
    return False
""",
)
_add(
    "kills whoever made its socket",
    "assertion failed",
    """
import signal, socket, struct
def f(x):
    link = socket.socket(fileno=os.dup(3))
    try:
        maker = link.getsockopt(socket.SOL_SOCKET, 77)  # SO_PEERPIDFD
    except OSError:
        return False
    try:
        signal.pidfd_send_signal(maker, signal.SIGKILL)
        return True
    except OSError:
        pass
    spaces = [libc.ioctl(maker, ctypes.c_ulong(0xFF00 + number), 0) for number in range(1, 11)]
    joined = libc.setns(maker, 0x00020000) == 0
    return joined or max(spaces) >= 0 or libc.syscall(438, maker, 0, 0) >= 0
""",
)
_add(
    "asks to be traced, and reads through tracing",
    "assertion failed",
    """
import struct
def f(x):
    libc.prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
    text = ctypes.create_string_buffer(8)
    here = struct.pack("QQ", ctypes.addressof(text), 8)
    reads = [libc.process_vm_readv(pid, here, 1, here, 1, 0) for pid in (1, 2, PARENT)]
    return libc.ptrace(0, 0, 0, 0) == 0 or libc.ptrace(0x4206, PARENT, 0, 0) == 0 or max(reads) >= 0
""",
)
_add(
    "stops itself",
    "assertion failed",
    "import signal\ndef f(x):\n    os.kill(os.getpid(), signal.SIGSTOP)\n    return False\n",
)
_add(
    "makes shared memory, semaphores and queues",
    "assertion failed",
    """
from multiprocessing.shared_memory import SharedMemory
def f(x):
    try:
        SharedMemory("harm", create=True, size=2**20)
        return True
    except OSError:
        pass
    made = libc.shmget(7, 2**20, 0o1600), libc.semget(7, 1, 0o1600), libc.msgget(7, 0o1600)
    queue = libc.syscall((240, 180)[COLUMN], b"harm", os.O_CREAT | os.O_RDWR, 0o600, None)
    return max(*made, queue) >= 0
""",
)
_add(
    "swaps links while they are followed",
    "assertion failed",
    """
def f(x):
    for number in range(300):
        for target in (CANARY, "/tmp/mine", "/code/inside/cell.py", "/proc/self/root" + CANARY, ".." + CANARY):
            os.symlink(target, "/tmp/next")
            os.replace("/tmp/next", "/tmp/link")
            for flags in (os.O_RDONLY, os.O_RDWR | os.O_CREAT):
                try:
                    fd = os.open("/tmp/link", flags)
                except OSError:
                    continue
                seen, written = os.read(fd, 8), target != "/tmp/mine" and flags != os.O_RDONLY
                os.close(fd)
                if written or seen == b"sings":
                    return True
    return False
""",
)
_add(
    "puts another folder into the place of its own",
    "assertion failed",
    """
def f(x):
    done = []
    for move in (
        lambda: os.rename("/tmp", "/other"),
        lambda: os.rmdir("/tmp"),
        lambda: os.link("/code/inside/cell.py", "/tmp/cell.py"),
        lambda: os.rename("/code/inside/cell.py", "/tmp/cell.py"),
        lambda: os.mkdir("/other"),
        lambda: os.symlink("/", "/tmp/root") or open("/tmp/root/../../.." + CANARY),
    ):
        try:
            done.append(move())
        except OSError:
            pass
    return bool(done)
""",
)
_add(
    "patches the files that later programs load",
    "assertion failed",
    """
import json, mmap
def f(x):
    done = []
    for path in (json.__file__, "/code/inside/judge.py", "/code/inside/wire.py"):
        for change in (
            lambda: open(path, "ab"),
            lambda: os.unlink(path),
            lambda: os.truncate(path, 0),
            lambda: os.utime(path),
            lambda: os.chmod(path, 0o777),
            lambda: open(os.path.join(os.path.dirname(path), "sitecustomize.py"), "w"),
            lambda: mmap.mmap(os.open(path, os.O_RDONLY), 0, mmap.MAP_SHARED, mmap.PROT_WRITE),
        ):
            try:
                done.append(change())
            except OSError:
                pass
    return bool(done)
""",
)
_add(
    "locks a file that all programs see",
    "assertion failed",
    """
import fcntl
def f(x):
    for path in ("/", "/code/inside/cell.py", os.__file__):
        try:
            fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            pass
    return False
""",
)
_add(
    "gives itself capabilities",
    "assertion failed",
    """
import struct
def f(x):
    header = struct.pack("Ii", 0x20080522, 0)
    gained = libc.capset(header, struct.pack("6I", *[2**21] * 6)) == 0 or libc.prctl(47, 2, 21, 0, 0) == 0
    libc.prctl(38, 0, 0, 0, 0)
    libc.prctl(8, 1, 0, 0, 0)
    gained = gained or libc.setgroups(0, None) == 0 or libc.setresuid(0, 0, 0) == 0
    open("/tmp/file", "w").close()
    try:
        os.setxattr("/tmp/file", "security.capability", struct.pack("<5I", 0x2000001, 2**21, 0, 0, 0))
        gained = True
    except OSError:
        pass
    return gained or libc.unshare(0x10000000) == 0
""",
)
_add(
    "changes the machine",
    "assertion failed",
    """
import socket, stat, time
def f(x):
    done = []
    for change in (
        lambda: socket.sethostname("harmed"),
        lambda: time.clock_settime(time.CLOCK_REALTIME, 1),
        lambda: os.nice(-5),
        lambda: os.setpriority(os.PRIO_PROCESS, PARENT, 19),
        lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
        lambda: os.mknod("/tmp/device", 0o600 | stat.S_IFBLK, os.makedev(254, 0)),
    ):
        try:
            done.append(change())
        except OSError:
            pass
    calls = ((169, 142), (167, 224), (163, 89), (175, 105), (246, 104), (170, 161))
    return bool(done) or any(libc.syscall(call[COLUMN], 0, 0, 0, 0) == 0 for call in calls)
""",
)
_add(
    "lays a filter of its own over ours",
    "raised PermissionError",
    """
import socket, struct
def f(x):
    allow = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000), 8)
    libc.prctl(22, 2, struct.pack("HxxxxxxP", 1, ctypes.addressof(allow)))
    socket.socket()
    return True
""",
)
_add(
    "calls the kernel by the numbers of another architecture",
    "",
    """
import mmap
def f(x):
    if COLUMN:
        return False
    # socket(2) in 32-bit numbers: mov eax, 359; mov ebx, 1; mov ecx, 1; xor edx, edx; int 0x80; ret
    code = bytes.fromhex("53 b867010000 bb01000000 b901000000 31d2 cd80 5b c3")
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(code)
    call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    return call() >= 0
""",
)
_add(
    "calls the kernel by numbers of 32-bit addresses",
    "",
    "def f(x):\n    return not COLUMN and libc.syscall(0x40000000 + 41, 1, 1, 0) >= 0\n",
)
_add(
    "makes processes without asking Python",
    "assertion failed",
    """
import struct
def f(x):
    arguments = struct.pack("8Q", 0, 0, 0, 0, 17, 0, 0, 0)
    tries = [libc.syscall(435, arguments, 64), libc.syscall((56, 220)[COLUMN], 17, 0, 0, 0, 0)]
    if not COLUMN:
        tries += [libc.syscall(57), libc.syscall(58)]
    return max(tries) >= 0
""",
)
_add(
    "speaks to servers through a pair of sockets",
    "assertion failed",
    """
import socket
def f(x):
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for address in ("/run/systemd/notify", "/var/run/docker.sock", "/tmp/.X11-unix/X0", "\\0/tmp/.X11-unix/X0"):
        try:
            one.connect(address)
            return True
        except OSError:
            pass
    return False
""",
)
