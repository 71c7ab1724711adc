"""Tasks of lm-eval, the evaluation harness of EleutherAI (Gao et al. 2021, doi 10.5281/zenodo.5371628)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from ingest.records import Sample
from ingest.source import SourceError


class LmEval:
    """`evalhub ingest lm-eval:TASK`: what lm-eval would ask, to the letter.

    A sample's prompt is the question, or the doc's own part of lm-eval's prompt where the question cannot be told
    from the rest; description and worked examples are in the condition.
    """

    summary = "a task or group of lm-eval, worked examples and all: lm-eval:TASK"

    def samples(
        self,
        *,
        path: str = "",
        include_path: str = "",
        num_fewshot: int | None = None,
        seed: int = 1234,
        limit: int | None = None,
    ) -> Iterator[Sample]:
        """Yield the docs of a task in its order, those of a group task after task.

        Args:
            path: the task's name; `evalhub ingest lm-eval:TASK` sets it.
            include_path: a folder with YAML files of one's own tasks.
            num_fewshot: worked examples before each question, instead of what the task says.
            seed: draws them. lm-eval's own is 1234.
            limit: only the first so many.
        """
        if not path:
            raise SourceError("name the task: evalhub ingest lm-eval:TASK")
        if find_spec("lm_eval") is None:
            raise SourceError('lm-eval is not installed: pip install "evalhub[lm-eval]"')
        from ingest.sources.lm_eval_docs import samples_of
        from ingest.sources.lm_eval_tasks import load_tasks

        tasks = load_tasks(path, include_path, num_fewshot=num_fewshot, seed=seed)
        # All are made before the first one leaves: a task that cannot be carried adds nothing.
        samples: list[Sample] = []
        for name, task in tasks.items():
            left = None if limit is None else limit - len(samples)
            if left != 0:
                samples += samples_of(task, name, source=f"lm-eval:{path}", of_group=len(tasks) > 1, limit=left)
        yield from samples
