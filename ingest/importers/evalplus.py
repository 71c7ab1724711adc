"""Results of EvalPlus."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ingest.importer import Log, LogError, Told
from ingest.importers.json_files import as_object, as_text, beginning, read_json, storable
from ingest.metrics import PASS
from ingest.reading import Reading, named_sample
from ingest.records import Condition
from ingest.untold import NOT_TOLD

_KEYS = {"eval", "base_status", "solution"}
_NAMED = re.compile(r"(?P<model>.+?)_[a-z]+_temp_(?P<temperature>\d+(?:\.\d+)?)(?P<kind>.*)")
"""How EvalPlus names what it generates: model, backend, temperature, and how the outputs were cleaned."""

_NO_MODEL = ("", "samples", "results", "solutions", "evalplus", "humaneval", "mbpp")


class EvalPlus:
    """`*_eval_results.json`. Each solution of a task is an attempt, in order, under two metrics: `base`, the tests
    of the original data set, and `plus`, those and EvalPlus's own. A solution that ran out of time is missing,
    where EvalPlus itself counts it as failed."""

    summary = "EvalPlus: *_eval_results.json"
    general = False

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        opening, keys = beginning(head)
        return (path,) if opening == "{" and keys >= _KEYS else None

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        path = files[0]
        tasks = as_object(as_object(read_json(path)).get("eval"))
        if not tasks:
            raise LogError(f"{path} has no results under 'eval'")
        model, taken_from, condition = _identifier(path)
        if not (told.model or model):
            raise LogError(f"{path.name} does not say whose solutions they are: say it with --model NAME")
        reading = Reading("evalplus", told, tool="evalplus")
        name = reading.model(told.model or model)
        if not told.model:
            reading.warn(f"took the model '{name}' from the name of the {taken_from}: --model NAME says another")
        for metric in ("base", "plus"):
            reading.scale(metric, PASS)
        solved = [one for several in tasks.values() if isinstance(several, list) for one in several]
        extended = any(as_object(one).get("plus_status") is not None for one in solved)
        for row, (task, solutions) in enumerate(tasks.items(), start=1):
            if not isinstance(solutions, list):
                reading.refuse("not a list of solutions", f"task {row}: {task[:60]}")
                continue
            sample = named_sample(told.source or f"evalplus:{_data_set(task)}", task)
            for attempt, solution in enumerate(solutions):
                if not isinstance(solution, dict) or "base_status" not in solution:
                    reading.refuse("not a solution", f"task {row}: {task[:60]}, attempt {attempt}")
                    continue
                base = _verdict(solution["base_status"])
                verdicts = {"base": base}
                if extended:
                    verdicts["plus"] = _both(base, _verdict(solution.get("plus_status")))
                for metric, (value, reason) in verdicts.items():
                    reading.result(
                        name,
                        sample,
                        condition,
                        metric,
                        value,
                        row=row,
                        attempt=attempt,
                        reason=reason,
                        main=metric == "plus" or not extended,
                    )
        if not extended:
            del reading.log.scales["plus"]
        return reading.done()


_Verdict = tuple[float | None, str]


def _verdict(status: Any) -> _Verdict:
    if status == "pass":
        return 1.0, ""
    if status == "fail":
        return 0.0, ""
    return None, "timeout" if status == "timeout" else "error" if status else ""


def _both(base: _Verdict, plus: _Verdict) -> _Verdict:
    """One failure is enough, whatever became of the other tests."""
    if 0.0 in (base[0], plus[0]):
        return 0.0, ""
    return base if base[0] is None else plus


def _identifier(path: Path) -> tuple[str, str, Condition]:
    """The model of a file, whose name it is, and how it was asked, as far as names say them."""
    stem = storable(path.stem.removesuffix("eval_results").rstrip("_"))
    taken_from = "file" if stem else "folder"
    stem = stem or storable(path.parent.name)
    found = _NAMED.fullmatch(stem)
    if found is None:
        return "" if stem.lower() in _NO_MODEL else stem, taken_from, _condition(NOT_TOLD, "")
    condition = _condition(float(found["temperature"]), found["kind"])
    return found["model"].replace("--", "/"), taken_from, condition


def _condition(temperature: float, kind: str) -> Condition:
    # Outputs cleaned and not are two measurements; only here a condition can say which.
    return Condition(
        template="{prompt}" + (f"\n[{kind.strip('-_.')}]" if kind else ""),
        temperature=temperature,
        top_p=1.0,
        max_tokens=0,
    )


def _data_set(task: str) -> str:
    return as_text(task).partition("/")[0].lower()
