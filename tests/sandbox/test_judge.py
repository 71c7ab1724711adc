"""What honest programs and honest failures come to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from evalhub.sandbox import Limits, Sandbox, pair
from ingest.records import Status

from .helpers import HONEST, SQUARES, judge


@pytest.mark.parametrize(
    ("program", "detail"),
    [
        ("def f(x):\n    return x\n", "assertion failed"),
        ("def f(x):\n    return x / 0\n", "raised ZeroDivisionError"),
        ("def f(x:\n", "raised SyntaxError"),
        ("def g(x):\n    return x * x\n", "defined no f"),
        ("import nothing_of_that_name\n", "raised ModuleNotFoundError"),
        ("def f(x):\n    return input()\n", "raised EOFError"),
        ("def f(x):\n    return f(x)\n", "raised RecursionError"),
        ("def f(x):\n    return None\n", "assertion failed"),
    ],
)
def test_failures_say_why(sandbox: Sandbox, program: str, detail: str) -> None:
    judgement = judge(sandbox, program)
    assert (judgement.status, judgement.passed, judgement.detail) == (Status.OK, False, detail)


@pytest.mark.parametrize(
    "program",
    [
        HONEST,
        HONEST + "print('hello')\nassert __name__ != '__main__'\n",
        """
from dataclasses import dataclass
@dataclass
class P:
    x: int
def f(x):
    return P(x).x ** 2
""",
        "def f(x):\n    open('/tmp/a', 'w').write(str(x))\n    return int(open('a').read()) ** 2\n",
        """
import tempfile
def f(x):
    with tempfile.TemporaryFile() as t:
        t.write(b'a')
    return x * x
""",
        "import asyncio\nasync def g(x):\n    return x * x\ndef f(x):\n    return asyncio.run(g(x))\n",
        "import hashlib, decimal, zlib, random, statistics\nf = lambda x: x * x\n",
        "total = 0\ndef f(x):\n    global total\n    total += 2 * x - 1 if x else 0\n    return total\n",
    ],
)
def test_honest_programs_pass(sandbox: Sandbox, program: str) -> None:
    judgement = judge(sandbox, program)
    assert (judgement.passed, judgement.detail) == (True, "passed")


def test_programs_start_clean(sandbox: Sandbox) -> None:
    trace = """
import os
def f(x):
    left = os.listdir('.')
    open('left', 'w').close()
    return x * x if x or not left else -1
"""
    for _ in range(4):
        assert judge(sandbox, trace).passed is True


def test_random_numbers_differ_between_programs(sandbox: Sandbox) -> None:
    seen = {
        judge(
            sandbox,
            "import random\ndef f(x):\n    raise type(f'E{random.random()}', (Exception,), {})\n",
        ).detail
        for _ in range(3)
    }
    assert len(seen) == 3


def test_the_tests_may_use_the_prompt(sandbox: Sandbox) -> None:
    prompt = 'def helper(x):\n    return x + 1\n\ndef f(x):\n    """Undo helper."""\n'
    tests = "def check(candidate):\n    assert candidate(helper(5)) == 5\n    assert f is candidate\n"
    assert judge(sandbox, prompt + "    return x - 1\n", tests, prompt).passed is True
    assert judge(sandbox, HONEST, SQUARES, "def half a prompt(").passed is True


@pytest.mark.parametrize(
    ("tests", "detail"),
    [
        ("def check(", "the tests cannot be loaded: SyntaxError"),
        ("x = 1", "the tests cannot be loaded: KeyError"),
        ("def check(candidate):\n    candidate(print)\n", "the tests pass a value of type"),
    ],
)
def test_unusable_tests_are_our_error_and_no_failure(sandbox: Sandbox, tests: str, detail: str) -> None:
    judgement = judge(sandbox, HONEST, tests)
    assert (judgement.status, judgement.passed) == (Status.ERROR, None)
    assert judgement.detail.startswith(detail)


def test_tests_that_swallow_exceptions_pass_nobody(sandbox: Sandbox) -> None:
    tests = "def check(candidate):\n    try:\n        candidate(1)\n    except BaseException:\n        pass\n"
    assert judge(sandbox, "def f(x):\n    raise ValueError\n", tests).detail == "raised ValueError"


def test_answers_that_keep_the_tests_busy_fail(sandbox: Sandbox) -> None:
    tests = "def check(candidate):\n    for _ in range(candidate(1)):\n        pass\n"
    judgement = judge(sandbox, "def f(x):\n    return 10**12\n", tests)
    assert judgement.passed is False
    assert "kept the tests busy" in judgement.detail


def test_processes_can_be_allowed(kind: str) -> None:
    threads = """
import threading
def f(x):
    out = []
    t = threading.Thread(target=lambda: out.append(x * x))
    t.start()
    t.join()
    return out[0]
"""
    forks = """
import os
def f(x):
    pid = os.fork()
    if pid == 0:
        os._exit(x * x)
    return os.WEXITSTATUS(os.waitpid(pid, 0)[1])
"""
    bomb = """
import os
def f(x):
    for _ in range(8):
        if os.fork() == 0:
            while True:
                pass
"""
    with Sandbox(workers=1, limits=Limits(processes=4), jail=kind) as sandbox:  # type: ignore[arg-type]
        assert judge(sandbox, threads).detail == "passed"
        assert judge(sandbox, forks).detail == "passed"
        assert judge(sandbox, bomb).detail == "raised BlockingIOError"


def test_an_interrupted_program_does_not_answer_for_the_next(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pair, "_receive", interrupt)
        with pytest.raises(KeyboardInterrupt):
            judge(sandbox, HONEST)
    assert judge(sandbox, "def f(x):\n    return x\n").passed is False
    assert judge(sandbox, HONEST).passed is True


def test_many_threads_may_judge(sandbox: Sandbox) -> None:
    programs = [HONEST, "def f(x):\n    return x\n"] * 50
    with ThreadPoolExecutor(8) as pool:
        passed = [judgement.passed for judgement in pool.map(lambda program: judge(sandbox, program), programs)]
    assert passed == [True, False] * 50
