"""Programs that forge a verdict or make one impossible: what each does, and what its judgement must say.

The tests want a value that no program can know, so that whoever passes has forged.
"""

from __future__ import annotations

PROGRAMS: dict[str, tuple[str, str]] = {}

WAITING: dict[str, str] = {}
"""Programs that wait for ever, each in another way: their judgement is a timeout."""

# Sends a verdict in every form that a parent might take, to whoever listens.
_SEND = """
import json, os, struct
def send(nonce="0" * 32):
    verdict = json.dumps([nonce, True, "passed"]).encode()
    for payload in (verdict, b"=" + verdict, b"!" + verdict, b"passed", b"true"):
        for fd in range(64):
            try:
                os.set_blocking(fd, False)
                os.write(fd, struct.pack("<I", len(payload)) + payload)
            except OSError:
                pass
"""


def _add(name: str, detail: str, program: str) -> None:
    PROGRAMS[name] = (program, detail)


_add(
    "forges through its frames",
    "",
    _SEND
    + """
import ctypes, sys
def f(x):
    frame = sys._getframe()
    while frame:
        for names in (frame.f_locals, frame.f_globals):
            for name in list(names):
                if name in ("answer", "passed", "verdict", "failure", "expected"):
                    names[name] = b"=true"
            if "nonce" in names:
                send(names["nonce"])
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), 0)
        frame = frame.f_back
    send()
""",
)
_add(
    "forges through the garbage collector",
    "",
    _SEND
    + """
import gc, re
def f(x):
    for found in gc.get_objects():
        if isinstance(found, dict):
            for name, value in list(found.items()):
                if isinstance(value, str) and re.fullmatch("[0-9a-f]{32}", value):
                    send(value)
                if isinstance(value, str) and "check(candidate)" in value:
                    return eval(value.split("==")[1])
    send()
""",
)
_add(
    "reads the tests out of its memory",
    "",
    """
import ctypes
libc = ctypes.CDLL(None)
# Looked for in another alphabet, so that what is found is not what is looked for.
turned = bytes(255 - n for n in range(256))
needle = bytes(255 - ord(letter) for letter in reversed("== )2(etadidnac tressa"))
def f(x):
    page, resident = 4096, ctypes.create_string_buffer(1)
    for root in (id(object()), ctypes.addressof(resident), id(f)):
        for start in range((root & -page) - 2**23, (root & -page) + 2**23, page):
            if libc.mincore(ctypes.c_void_p(start), page, resident):
                continue
            text = ctypes.string_at(start, page).translate(turned)
            if needle in text:
                return eval(text.translate(turned).split(needle.translate(turned))[1].split(b"\\n")[0])
    return None
""",
)
_add(
    "changes numbers and constants in memory",
    "",
    """
import ctypes
def f(x):
    for number in range(100):
        ctypes.memmove(id(number) + 24, id(7) + 24, 4)
    ctypes.memmove(id(False), id(True), 28)
    return False
""",
)
_add(
    "forges when it ends",
    "raised SystemExit",
    _SEND + "import atexit, sys\natexit.register(send)\ndef f(x):\n    sys.exit(0)\n",
)
_add(
    "forges in a thread",
    "raised RuntimeError",
    _SEND
    + """
import _thread, threading
def f(x):
    try:
        _thread.start_new_thread(send, ())
    except RuntimeError:
        pass
    threading.Thread(target=send).start()
""",
)
_add(
    "forges in a handler of signals",
    "",
    _SEND
    + """
import signal
signal.signal(signal.SIGALRM, lambda *_: send())
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
def f(x):
    for _ in range(10**6):
        pass
""",
)
_add(
    "changes the built-in functions",
    "",
    """
import builtins, sys
class Anything(type):
    def __eq__(self, other): return True
    def __instancecheck__(self, other): return True
    def __hash__(self): return 0
class Any(metaclass=Anything):
    def __eq__(self, other): return True
    def __bool__(self): return True
for name in ("AssertionError", "BaseException", "Exception", "compile", "exec", "eval", "all", "any", "len"):
    setattr(builtins, name, Any)
builtins.__build_class__ = builtins.__import__ = lambda *a, **k: Any
sys.modules["json"] = sys.modules["inside.judge"] = Any
def f(x):
    return True
""",
)
_add(
    "changes unittest and json",
    "",
    """
import json, unittest
for name in dir(unittest.TestCase):
    if name.startswith("assert"):
        setattr(unittest.TestCase, name, lambda *a, **k: None)
unittest.main = unittest.TestCase.run = lambda *a, **k: True
json.JSONEncoder.encode = json.JSONEncoder.iterencode = lambda *a, **k: "true"
json.JSONDecoder.decode = lambda *a, **k: [["x"], {}]
json.dumps = lambda *a, **k: '["0", true, "passed"]'
def f(x):
    return True
""",
)
_add(
    "is equal to everything inside every kind of value",
    "assertion failed",
    """
def yes(base):
    always = {name: (lambda *a: True) for name in ("__eq__", "__contains__", "__bool__", "__iter__", "__len__")}
    return type("Yes", (base,), {**always, "__ne__": lambda *a: False, "__hash__": lambda *a: 0})
def f(x):
    values = [yes(base)() for base in (int, float, complex, str, bytes, tuple, frozenset)]
    return yes(list)([*values, yes(dict)(zip(values, values)), yes(set)(values)])
""",
)
_add(
    "pretends to be of another class",
    "returned a value of type Yes",
    """
class Yes:
    __class__ = bool
    __eq__ = __instancecheck__ = lambda *a: True
    __reduce__ = lambda self: (eval, ("True",))
def f(x):
    return Yes()
""",
)
_add(
    "raises what means a failed test elsewhere",
    "raised AssertionError",
    "def f(x):\n    raise AssertionError('passed')\n",
)
_add(
    "names an error like a verdict",
    "raised passed",
    "def f(x):\n    raise type('passed', (BaseException,), {})\n",
)
_add(
    "says that it failed in the words of a pass",
    "passed",
    """
import os
os.write(3, b'\\x09\\0\\0\\0!"passed"')
def f(x):
    return True
""",
)
# Codes of answers: what makes each in the program, and what the tests make of it.
_CODES = {
    "no number": ('b\'["i","0x"]\'', "sent what is no message"),
    "a set of lists": ('b\'["S",["l"]]\'', "sent what is no message"),
    "an object": ("b'{\"a\": 1}'", "sent what is no message"),
    "depth without end": ("b'[' * 10**5", "sent what is no message"),
    "no number that is a number": ('b\'["f","nan"]\'', "assertion failed"),
    "a number beyond all": ("b'1e999'", "assertion failed"),
    "a number of a million digits": ("b'[\"i\",\"0x' + b'f' * 10**6 + b'\"]'", "assertion failed"),
    "a set whose members all collide": (
        "json.dumps(['S', *[['i', hex(n * (2**61 - 1))] for n in range(1, 60_000)]]).encode()",
        "kept the tests busy",
    ),
}
for _name, (_code, _detail) in _CODES.items():
    _add(
        f"answers in a code of its own: {_name}",
        _detail,
        f"""
import json, os, struct
code = b"=" + {_code}
def f(x):
    frame = memoryview(struct.pack("<I", len(code)) + code)
    while frame:
        frame = frame[os.write(3, frame):]
    os._exit(0)
""",
    )
_add(
    "hangs up in the middle of its answer",
    "ended early with exit status 7",
    "import os\ndef f(x):\n    os.write(3, b'\\xff\\0\\0\\0=[1,')\n    os._exit(7)\n",
)
_add(
    "hangs up and lives on",
    "hung up",
    """
import os, socket, time
def f(x):
    socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RDWR)
    time.sleep(600)
""",
)
_add(
    "hangs up and takes its time to end",
    "ended early with exit status 7",
    """
import os, socket, time
def f(x):
    socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RDWR)
    time.sleep(0.05)
    os._exit(7)
""",
)
_add(
    "hides its socket inside itself and ends",
    "ended early with exit status 0",
    """
import array, os, socket
def f(x):
    one, other = socket.socketpair()
    ends = array.array("i", [3, one.fileno(), other.fileno()])
    one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, ends)])
    os._exit(0)
""",
)
_add(
    "sends its judge descriptors",
    "assertion failed",
    """
import array, os, socket
def f(x):
    link = socket.socket(fileno=os.dup(3))
    link.setblocking(False)
    files = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 3]))]
    try:
        while True:
            link.sendmsg([b"\\x06\\0\\0\\0=false"], files)
    except OSError:
        os._exit(0)
""",
)
_add("is nested too deep to be read", "raised", "x = " + "(" * 10**5 + ")" * 10**5 + "\ndef f(x):\n    return 1\n")
_add("is too long an expression", "raised", "def f(x):\n    return x" + ".real" * 10**5 + "\n")
_add("holds half a character", "raised", "text = '\ud800'\ndef f(x):\n    return text\n")
_add("holds eight megabytes", "assertion failed", f"text = '{'x' * 2**23}'\ndef f(x):\n    return 1\n")

WAITING.update(
    {
        "sleeps": "import time\ndef f(x):\n    time.sleep(3600)\n",
        "sleeps while it holds locks": """
import fcntl, threading, time
kept = open("/tmp/file", "w")
lock = threading.Lock()
def f(x):
    fcntl.lockf(kept, fcntl.LOCK_EX)
    with lock:
        time.sleep(3600)
""",
        "waits for a lock that it holds": """
import threading
lock = threading.Lock()
def f(x):
    lock.acquire()
    lock.acquire()
""",
        "waits for a signal that nobody sends": """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, lambda *_: None)
    except (OSError, ValueError):
        pass
def f(x):
    while True:
        signal.pause()
""",
        "reads the calls that are meant for its keeper": "import os\nwhile True:\n    os.read(3, 2**20)\n",
        "answers a byte at a time": """
import os, time
def f(x):
    while True:
        os.write(3, b"\\0\\0\\1\\0")
        for _ in range(2**20):
            os.write(3, b"x")
            time.sleep(0.1)
""",
    }
)
