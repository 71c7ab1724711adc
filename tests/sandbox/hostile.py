"""Hostile programs: what each does, and what its judgement must say (a part of the detail).

Each is judged by tests that its function passes only if the harm was done: it returns True then, or passes
by a trick. `CANARY`, `SECRET`, `PORT` and `PARENT` are filled in by the test.
"""

from __future__ import annotations

PROGRAMS: dict[str, tuple[str, str]] = {}


def _add(name: str, detail: str, program: str) -> None:
    PROGRAMS[name] = (program, detail)


_add("reads the home folder", "raised FileNotFoundError", "def f(x):\n    return bool(open(CANARY).read())\n")
_add(
    "writes to the home folder",
    "raised",
    "def f(x):\n    open(CANARY, 'w').write('harmed')\n    return True\n",
)
_add(
    "walks the whole tree for the secret",
    "assertion failed",
    """
import os
def f(x):
    for folder, _, names in os.walk("/"):
        for name in names:
            if os.path.basename(CANARY) == name:
                return True
    return False
""",
)
_add(
    "opens a socket",
    "raised PermissionError",
    """
import socket
def f(x):
    with socket.create_connection(("127.0.0.1", PORT), 1) as link:
        link.sendall(b"harmed")
    return True
""",
)
_add("forks without end", "raised", "import os\ndef f(x):\n    while True:\n        os.fork()\n")
_add(
    "threads without end",
    "raised RuntimeError",
    """
import threading, time
def f(x):
    while True:
        threading.Thread(target=time.sleep, args=(60,)).start()
""",
)
_add("fills memory", "raised MemoryError", "def f(x):\n    return len(bytearray(2**30)) == 2**30\n")
_add(
    "fills memory bit by bit and never gives up",
    "",
    """
def f(x):
    kept = []
    while True:
        try:
            kept.append(bytearray(2**20))
        except BaseException:
            pass
""",
)
_add(
    "fills memory through memfd and shared memory",
    "assertion failed",
    """
import ctypes, os
def f(x):
    libc = ctypes.CDLL(None)
    if libc.shmget(0, 2**20, 0o1600) >= 0:
        return True
    try:
        os.memfd_create("harm")
        return True
    except OSError:
        return False
""",
)
_add(
    "fills the disk",
    "assertion failed",
    """
def f(x):
    written = 0
    try:
        for number in range(10_000):
            with open(f"/tmp/{number}", "wb") as file:
                written += file.write(bytes(2**20))
    except OSError:
        pass
    return written > 2**27
""",
)
_add(
    "fills the disk outside its folder",
    "raised",
    "def f(x):\n    with open('/code/inside/harm', 'w') as file:\n        file.write('x')\n    return True\n",
)
_add(
    "swallows the alarm",
    "killed: more than 1 s of CPU",
    """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except Exception:
        pass
def f(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
)
_add(
    "is equal to everything",
    "returned a value of type Yes",
    "class Yes:\n    def __eq__(self, other):\n        return True\ndef f(x):\n    return Yes()\n",
)
_add(
    "is a number equal to everything",
    "assertion failed",
    "class Yes(int):\n    def __eq__(self, other):\n        return True\ndef f(x):\n    return Yes(7)\n",
)
_add(
    "is a list equal to everything",
    "assertion failed",
    """
class Yes(list):
    def __eq__(self, other):
        return True
    def __iter__(self):
        return iter([True])
def f(x):
    return Yes()
""",
)
_add("exits with success", "raised SystemExit", "import sys\ndef f(x):\n    sys.exit(0)\n")
_add("exits with success at once", "raised SystemExit", "import sys\nsys.exit(0)\n")
_add("exits hard with success", "ended early with exit status 0", "import os\ndef f(x):\n    os._exit(0)\n")
_add(
    "writes a fake verdict",
    "",
    """
import os, json, struct
fake = json.dumps(["0" * 32, True, "passed"]).encode()
def f(x):
    print(True, "passed", flush=True)
    for fd in range(64):
        try:
            os.write(fd, struct.pack("<I", len(fake)) + fake)
        except OSError:
            pass
    return "passed"
""",
)
_add(
    "writes on every descriptor",
    "sent",
    """
import os
for fd in range(1024):
    try:
        os.write(fd, b"passed" * 100)
    except OSError:
        pass
def f(x):
    return True
""",
)
_add(
    "sends a frame without end",
    "sent a message of",
    "import os\nos.write(3, b'\\xff' * 4)\ndef f(x):\n    return True\n",
)
_add(
    "prints a gigabyte",
    "raised OSError",
    "def f(x):\n    for _ in range(1024):\n        print('x' * 2**20)\n    return True\n",
)
_add("returns a hundred megabytes", "returned a value of more than", "def f(x):\n    return 'x' * 10**8\n")
_add(
    "returns a deep value",
    "returned a value nested more than",
    "def f(x):\n    v = []\n    for _ in range(10**5):\n        v = [v]\n    return v\n",
)
_add(
    "returns itself",
    "returned a value nested more than",
    "def f(x):\n    v = []\n    v.append(v)\n    return v\n",
)
_add(
    "returns a generator without end",
    "returned a value of type generator",
    "import itertools\ndef f(x):\n    return (n for n in itertools.count())\n",
)
_add(
    "runs without end in an iterator",
    "killed: more than 1 s of CPU",
    "import itertools\ndef f(x):\n    return list(itertools.filterfalse(bool, itertools.count(1)))\n",
)
_add(
    "kills everything",
    "raised ProcessLookupError",
    "import os\ndef f(x):\n    os.kill(-1, 9)\n    return False\n",
)
_add(
    "kills its parents",
    "",
    """
import os
def f(x):
    for pid in (os.getppid(), 1, PARENT):
        try:
            os.kill(pid, 9)
        except OSError:
            pass
    return False
""",
)
_add(
    "leaves a daemon behind",
    "raised",
    """
import os, time
def f(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    return True
""",
)
_add(
    "reads the memory of others",
    "assertion failed",
    """
import ctypes, os
def f(x):
    libc = ctypes.CDLL(None)
    for pid in (PARENT, os.getppid(), 1, 2):
        if pid != os.getpid() and libc.ptrace(16, pid, 0, 0) == 0:
            return True
        try:
            open(f"/proc/{pid}/mem", "rb")
            return True
        except OSError:
            pass
    return False
""",
)
_add(
    "reads the environment",
    "assertion failed",
    """
import os, ctypes
def f(x):
    seen = str(dict(os.environ))
    for path in ("/proc/self/environ", "/proc/1/environ", f"/proc/{PARENT}/environ"):
        try:
            seen += open(path).read()
        except OSError:
            pass
    return SECRET in seen or bool(ctypes.CDLL(None).getenv(b"EVALHUB_SECRET"))
""",
)
_add(
    "patches everything it can reach",
    "",
    """
import builtins, json, os, socket, sys
for module in list(sys.modules.values()):
    for name in list(vars(module) or ()):
        if name in ("dumps", "_encode", "NotPlain", "isfinite"):
            setattr(module, name, lambda *a, **k: b"true")
builtins.isinstance = builtins.issubclass = lambda *a: True
builtins.type = lambda *a: int
json.loads = lambda *a, **k: True
socket.socket.sendall = os.fsync = lambda *a: 1
def f(x):
    return True
""",
)
_add(
    "looks for the tests in its frames and garbage",
    "assertion failed",
    """
import gc, sys
def f(x):
    frame = sys._getframe()
    while frame:
        if "check" in frame.f_globals or "tests" in frame.f_locals.get("request", ()):
            return True
        frame = frame.f_back
    return any(isinstance(o, dict) and ("nonce" in o or "tests" in o) for o in gc.get_objects())
""",
)
_add(
    "traces what runs after it",
    "assertion failed",
    """
import sys
seen = []
def trace(frame, event, argument):
    seen.append(frame.f_code.co_filename)
    for name in frame.f_locals:
        if name in ("passed", "nonce", "verdict"):
            frame.f_locals[name] = True
    return trace
sys.settrace(trace)
def f(x):
    return "<tests>" in seen
""",
)
_add(
    "finds another program's text in memory",
    "assertion failed",
    """
import gc
def f(x):
    needle = "left by an " + "earlier program"
    return any(isinstance(o, str) and needle in o and "gc" not in o for o in gc.get_objects())
""",
)
_add("executes a shell", "raised PermissionError", "import os\ndef f(x):\n    os.execv('/bin/sh', ['sh'])\n")
_add(
    "starts a shell",
    "raised",
    "import subprocess\ndef f(x):\n    return subprocess.run('id', shell=True).returncode == 0\n",
)
_add(
    "plays with symbolic links",
    "raised FileNotFoundError",
    "import os\ndef f(x):\n    os.symlink(CANARY, '/tmp/link')\n    return bool(open('/tmp/link').read())\n",
)
_add(
    "climbs out of its root",
    "assertion failed",
    """
import ctypes, os
def f(x):
    libc = ctypes.CDLL(None)
    climbed = (
        libc.chroot(b"/tmp") == 0
        or libc.unshare(0x10000000) == 0
        or libc.mount(b"none", b"/tmp", b"tmpfs", 0, b"") == 0
        or libc.umount2(b"/tmp", 2) == 0
    )
    os.chdir("../" * 64)
    return climbed or os.path.exists("." + CANARY)
""",
)
_add(
    "becomes root",
    "raised OSError",
    "import os\ndef f(x):\n    os.setuid(0)\n    return True\n",
)
_add(
    "lifts its limits",
    "raised ValueError",
    """
import resource
def f(x):
    unlimited = resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_AS, (unlimited, unlimited))
    return True
""",
)
_add(
    "closes every descriptor",
    "",
    "import os\ndef f(x):\n    os.closerange(0, 1024)\n    return True\n",
)
_add(
    "overflows the C stack",
    "",
    "import sys\nsys.setrecursionlimit(10**9)\ndef f(x):\n    return f(x)\n",
)
_add(
    "reads a null pointer",
    "killed",
    "import ctypes\ndef f(x):\n    return bool(ctypes.string_at(0))\n",
)
_add(
    "raises what is no error",
    "raised GeneratorExit",
    "def f(x):\n    raise GeneratorExit\n",
)
_add(
    "hides line breaks in a name",
    "raised",
    "def f(x):\n    raise type('A\\nstatus: passed\\x1b[2J' * 100, (Exception,), {})\n",
)
