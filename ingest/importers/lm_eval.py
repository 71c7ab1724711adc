"""lm-eval's samples, each file with the results file beside it."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from ingest.importer import Log, LogError, Told
from ingest.importers.lm_eval_conditions import Conditions
from ingest.importers.lm_eval_results import Run, Task, date_of, is_results, read_results
from ingest.importers.lm_eval_rows import DISAGREE, NEEDED, Refusal, Row, lines_of, row_of
from ingest.metrics import UP, Scale, known_scale
from ingest.reading import Reading, imported_sample, named_sample
from ingest.records import Sample

_SYSTEMATIC = 5
"""Rows of which none fits a hash: lm-eval computed it of something else, and none of them is damaged."""

_NONE = "bypass"
"""The metric of a run that scored nothing."""


class LmEval:
    """Rows of `samples_TASK_DATE.jsonl`, with model, task and direction from the `results_DATE.json` beside it.

    A metric of several filters is named METRIC,FILTER, but METRIC where the filter is `none`. The first metric of
    the task under its first filter is the main one. Metrics of which a row holds the parts and not the value (f1,
    perplexity of words) are left out and counted. Rows that do not fit the hashes they carry are refused. What was
    read has to have the mean that the results file gives; else the log is partial.
    """

    summary = "lm-eval: samples_*.jsonl of --log_samples, with the results_*.json beside it"
    general = False

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        """Rows with doc, arguments and resps; or aggregates, which are a log of their own only where they are
        alone."""
        if _is_samples(head):
            results = _results_of(path)
            return (path, results) if results else (path,)
        return (path,) if is_results(path, head) else None

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        """Read one file of samples."""
        path, *others = files
        try:
            with path.open("rb") as file:
                head = file.read(2**16)
        except OSError as error:
            raise LogError(f"{path} cannot be read: {error.strerror or error}") from error
        if is_results(path, head):
            raise LogError(_aggregates_alone(path))
        run = read_results(others[0]) if others else Run()
        task = run.task(path.name)
        reading = Reading("lm-eval", told, tool="lm-eval", version=run.version)
        facts = {"parameters": run.parameters} if run.parameters else {}
        model = reading.model(run.model, **facts)
        rows = _sound(_rows(path, task, run, reading), task, reading)
        _take(rows, model, task, run, reading)
        _check(rows, task, reading)
        if not task.told:
            whose = f"{others[0].name} does not tell of the task" if others else "no results file is beside it"
            reading.warn(f"{path.name}: {whose}, so whether it is whole is not known")
        return reading.done()


def _is_samples(head: bytes) -> bool:
    lines = head.split(b"\n")
    for line in lines[:5]:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(fields, dict) and fields.keys() >= NEEDED:
            return True
    return len(lines) == 1 and head.startswith(b'{"doc_id": ') and b'"doc": ' in head[:100]


def _results_of(path: Path) -> Path | None:
    """The results file of the same run: beside it, with the same date."""
    date = date_of(path)
    for other in sorted(path.parent.glob("*.json")) if date else ():
        if date_of(other) == date:
            try:
                with other.open("rb") as file:
                    head = file.read(2**16)
            except OSError:
                continue
            if is_results(other, head):
                return other
    return None


def _aggregates_alone(path: Path) -> str:
    date = date_of(path)
    beside = sorted(path.parent.glob(f"samples_*_{date}.jsonl")) if date else []
    if beside:
        return f"{path} holds aggregates alone: import its samples, such as {beside[0].name}, or the whole folder"
    return f"{path} holds aggregates alone: run lm-eval with --log_samples and import the samples that it writes"


def _rows(path: Path, task: Task, run: Run, reading: Reading) -> list[Row]:
    """All rows that are understood; the others are refused."""
    rows = []
    line = b"\n"
    broken = False
    for number, line in lines_of(path):
        try:
            rows.append(row_of(number, line, task, chat=run.chat))
            broken = False
        except Refusal as refusal:
            broken = True
            reading.refuse(refusal.reason, f"{path.name}, line {number}: {refusal.detail:.100}")
    if not line.endswith(b"\n"):
        _partial(reading, f"its last line {'is cut short' if broken else 'has no end'}")
    return rows


def _sound(rows: list[Row], task: Task, reading: Reading) -> list[Row]:
    """Rows that fit their hashes, and that have what the others have."""
    misfits = Counter(key for row in rows for key in row.damaged)
    odd = {key for key, count in misfits.items() if count == len(rows) >= _SYSTEMATIC}
    for key in sorted(odd - {DISAGREE}):
        reading.warn(f"{key} fits no row, so it is not looked at: damage to what it tells of would go unnoticed")
    common = frozenset().union(*(row.has for row in rows))
    sound = []
    for row in rows:
        damaged = [key for key in row.damaged if key not in odd]
        unknown = [
            key
            for key in (f"{metric},{row.filter}" for metric in row.values if metric != _NONE)
            if task.aggregates and key not in task.aggregates
        ]
        if damaged:
            reason = DISAGREE if damaged[0] == DISAGREE else f"does not fit its {damaged[0]}"
            reading.refuse(reason, f"line {row.number}")
        elif row.has != common:
            reading.refuse("lacks what other rows have", f"line {row.number}: {', '.join(common - row.has)}")
        elif unknown:
            reading.refuse("a metric of which the results file does not know", f"line {row.number}: {unknown[0]}")
        else:
            sound.append(row)
    return sound


def _take(rows: list[Row], model: str, task: Task, run: Run, reading: Reading) -> None:
    """Hand the values of rows over."""
    conditions = Conditions(rows, task, run)
    there = dict.fromkeys(row.filter for row in rows)
    first = next((filter_ for filter_ in (*task.filters, *there) if filter_ in there), "")
    lists: Counter[str] = Counter()
    unscored = 0
    for row in rows:
        values = {}
        for metric, value in row.values.items():
            if metric == _NONE:
                unscored += 1
            elif isinstance(value, list | dict):
                lists[_name(metric, row.filter, task)] += 1
            elif not (value == -1 and "!= -1" in task.aggregation.get(metric, "")):  # stands for: not of this doc
                values[metric] = value
        main = next((metric for metric in (*task.metrics, *values) if metric in values), "")
        sample = _sample(row, task)
        condition = conditions.of(row)
        for metric, value in values.items():
            name = _name(metric, row.filter, task)
            reading.scale(name, _scale(metric, task))
            reading.result(
                model,
                sample,
                condition,
                name,
                value,
                row=row.number,
                main=metric == main and row.filter == first,
            )
    for name, count in lists.items():
        reading.warn(f"{name}: lists, of which only lm-eval makes one figure; left out: {count:,}")
    if unscored:
        reading.warn(f"outputs that were not scored (lm-eval's --predict_only): {unscored:,}")
    repeats = max((row.repeats for row in rows), default=1)
    if repeats > 1:
        reading.warn(f"each question was asked {repeats} times, of which lm-eval keeps one value")


def _name(metric: str, filter_: str, task: Task) -> str:
    metric = "loglikelihood" if _is_likelihood(metric, task) else metric
    return metric if filter_ == "none" else f"{metric},{filter_}"


def _is_likelihood(metric: str, task: Task) -> bool:
    """Whether rows hold log-likelihoods of which lm-eval makes one perplexity in the end."""
    return metric == "perplexity" and task.aggregation.get(metric, "") in ("", "perplexity")


def _scale(metric: str, task: Task) -> Scale | None:
    """As the log says which way is better, within the range that everyone knows of the metric."""
    if _is_likelihood(metric, task):
        return UP
    known = known_scale(metric)
    better = task.higher.get(metric)
    if better is None:
        return known
    direction = "up" if better else "down"
    return known if known and known.direction == direction else Scale(direction="up" if better else "down")


def _sample(row: Row, task: Task) -> Sample:
    source = f"lm-eval:{task.name}"
    if not row.item.question:
        return named_sample(source, str(row.doc_id), tags=row.tags)
    return imported_sample(
        source=source,
        source_id=row.name,
        prompt=row.item.question,
        reference=row.item.reference,
        choices=row.item.choices,
        tags=row.tags,
    )


def _check(rows: list[Row], task: Task, reading: Reading) -> None:
    """Whether all samples are there, and whether they come to what the results file says."""
    seen: dict[str, dict[int | str, Row]] = {}
    for row in rows:
        seen.setdefault(row.filter, {}).setdefault(row.doc_id, row)
    docs = set().union(*seen.values()) if seen else set()
    least = min((len(found) for found in seen.values()), default=0)
    expected = len(docs) if task.samples is None else task.samples
    if least < expected:
        _partial(reading, f"{least:,} of {expected:,} samples")
        return
    for filter_, found in seen.items():
        for metric in dict.fromkeys(metric for row in found.values() for metric in row.values):
            told = _mean([task.aggregates.get(f"{metric},{filter_}")])
            mean = _mean([row.values.get(metric) for row in found.values()])
            if told is None or mean is None or task.aggregation.get(metric, "-") not in ("", "mean"):
                continue
            if not math.isclose(mean, told, rel_tol=1e-6, abs_tol=1e-9):
                name = _name(metric, filter_, task)
                _partial(reading, f"the mean of {name} is {mean:.4f}, but {told:.4f} in the results file")


def _mean(values: list[Any]) -> float | None:
    """None where not all are finite numbers."""
    try:
        finite = all(isinstance(value, int | float) and math.isfinite(value) for value in values)
        return math.fsum(values) / len(values) if finite else None
    except OverflowError:  # an int beyond all floats
        return None


def _partial(reading: Reading, why: str) -> None:
    reading.log.partial = "; ".join(filter(None, (reading.log.partial, why)))
