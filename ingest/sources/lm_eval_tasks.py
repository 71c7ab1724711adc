"""lm-eval's task objects, as its own runs make them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingest.nearest import nearest
from ingest.source import SourceError
from ingest.sources.hub import quietly, why


def load_tasks(name: str, include_path: str, *, num_fewshot: int | None, seed: int) -> dict[str, Any]:
    """The task of this name, or the tasks of this group or tag, each by its own name, with their data.

    Raises:
        SourceError: there is none, or it cannot be loaded.
    """
    folder = Path(include_path).expanduser().resolve() if include_path else None
    if folder and not folder.is_dir():
        raise SourceError(f"include_path={include_path}: no such folder")
    with quietly():
        manager = _manager(name, folder)
        if name not in manager.all_tasks:
            close = nearest(name, manager.all_tasks, 3, 0.8)
            hint = f": did you mean {' or '.join(close)}?" if close else ": `lm-eval ls tasks` lists them"
            where = f", nor has {include_path}" if include_path else ""
            raise SourceError(f"lm-eval has no task '{name}'{where}{hint}")
        try:
            tasks: dict[str, Any] = manager.load(name)["tasks"]
        except Exception as error:  # of the YAML, of the data, of a task's own code
            raise SourceError(why(error, f"lm-eval's {name}")) from error
        for own_name, task in tasks.items():
            _check(task, own_name)
            _set_shots(task, own_name, num_fewshot)
            task.set_fewshot_seed(seed=seed)
    return tasks


def _manager(name: str, folder: Path | None) -> Any:
    """lm-eval's list of tasks. The ten thousand of its own take ten seconds, and are left out where a task of the
    folder does without them."""
    from lm_eval.tasks import TaskManager

    if not hasattr(TaskManager, "load"):
        raise SourceError('this needs a newer lm-eval: pip install -U "evalhub[lm-eval]"')
    if folder:
        small = TaskManager(include_path=str(folder), include_defaults=False)
        if name in small.all_subtasks:
            return small
    return TaskManager(include_path=str(folder) if folder else None)


def _check(task: Any, name: str) -> None:
    """Refuse what samples cannot be made of.

    Raises:
        SourceError: says why.
    """
    from lm_eval.api.task import ConfigurableTask

    reason = ""
    if type(task) is not ConfigurableTask:
        reason = "is a program of its own, not a configuration"
    elif getattr(task, "MULTIMODAL", False):
        reason = "shows images or plays sounds"
    elif getattr(task, "UNSAFE_CODE", False):
        reason = "runs code that the model wrote, which evalhub does in its sandbox only"
    elif task.config.repeats > 1:
        reason = f"asks each question {task.config.repeats} times and counts the answers together"
    if reason:
        raise SourceError(f"lm-eval's {name} {reason}: it cannot be made samples of")


def _set_shots(task: Any, name: str, asked: int | None) -> None:
    """As lm-eval itself does, but that what it would pass over is refused."""
    own = task.get_config("num_fewshot")
    if asked is None:
        task.set_config(key="num_fewshot", value=own or 0)
    elif own == 0 != asked:
        raise SourceError(f"lm-eval's {name} has no worked examples, whatever is asked for: leave num_fewshot out")
    else:
        task.set_config(key="num_fewshot", value=asked)
