"""A log as it is read: values and votes one by one, and what is wrong with them counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from ingest.importer import IMPORTED, NAMED_IN, RESULTS, VOTES, Log, LogError, Told, direction_unknown
from ingest.metrics import Scale, known_scale
from ingest.records import JSON, Condition, Model, Sample, content_hash

NOT_A_NUMBER = "NaN"
NO_VALUE = "no value"


def imported_sample(
    *, source: str, source_id: str, prompt: str, reference: JSON = None, choices: tuple[str, ...] = (), **more: Any
) -> Sample:
    """A sample that a log tells of. Equal questions with equal choices and references are one sample, whatever
    tool wrote the log: give the question alone, choices as texts, and as reference the text of the right one.

    more: other fields of `Sample`, such as images, tags and cluster.
    """
    return Sample(
        source=source,
        source_id=source_id,
        prompt=prompt.strip(),
        reference=reference.strip() if isinstance(reference, str) else reference,
        choices=tuple(choice.strip() for choice in choices),
        grader=IMPORTED,
        **more,
    )


def named_sample(source: str, name: str, *, cluster: str = "", tags: tuple[str, ...] = ()) -> Sample:
    """A sample of which only the name within its source is known, which is then its content."""
    return Sample(
        source=source,
        source_id=name,
        prompt=name,
        reference={NAMED_IN: source},
        grader=IMPORTED,
        cluster=cluster,
        tags=tags,
    )


class Reading:
    """Gathers a `Log`."""

    def __init__(self, format: str, told: Told, *, tool: str, version: str = "") -> None:
        self.log = Log(format=format, tool=tool, tool_version=version)
        self._told = told
        self._results: list[tuple[Any, ...]] = []
        self._votes: list[tuple[Any, ...]] = []
        self._models: dict[str, Model] = {}
        self._ids: dict[int, tuple[Condition, str]] = {}

    def scale(self, metric: str, scale: Scale | None = None) -> Scale:
        """How a metric is to be read: as the log says, or the user, or as everyone knows.

        Raises:
            LogError: nobody says.
        """
        if metric not in self.log.scales:
            found = self._told.scales.get(metric) or scale or known_scale(metric)
            if found is None:
                raise direction_unknown(metric)
            self.log.scales[metric] = found
        return self.log.scales[metric]

    def model(self, name: str, **facts: Any) -> str:
        """Note a model. Returns the name under which its results go: what the user said, where a log has none."""
        name = (name or self._told.model).strip()
        if not name:
            raise LogError("the log names no model: say it with --model NAME")
        if name not in self._models:
            self._models[name] = Model(model_id=name, **facts)
        return name

    def result(
        self,
        model: str,
        sample: Sample,
        condition: Condition,
        metric: str,
        value: Any,
        *,
        row: int,
        attempt: int = 0,
        reason: str = "",
        main: bool = True,
    ) -> None:
        """Take a value, or that it is missing and why. The metric's scale must be known (`scale`).

        value: a number or a bool; None and NaN are missing. Anything else, and numbers beyond the scale, are
        refused. reason: of a missing value; a value beside a reason is not looked at.
        row: where in the log, from 1.
        """
        self.log.rows += 1
        number = None if reason else self._number(metric, value, row)
        if number is not None and math.isnan(number):
            number, reason = None, NOT_A_NUMBER
        elif number is None and not reason:
            if value is not None:
                return  # refused
            reason = NO_VALUE
        self.log.samples[sample.sample_id] = sample
        condition_id = self._condition_id(condition)
        self._results.append(
            (
                model,
                sample.sample_id,
                condition_id,
                metric,
                main,
                attempt,
                number,
                None,
                None,
                reason if number is None else "",
                row,
            )
        )

    def vote(
        self, model_a: str, model_b: str, sample: Sample | None, outcome: str | None, *, judge: str = "", row: int
    ) -> None:
        """Take a vote: outcome `a`, `b` or `tie`; None where it is missing."""
        self.log.rows += 1
        if sample is not None:
            self.log.samples[sample.sample_id] = sample
        self._votes.append((model_a, model_b, sample.sample_id if sample else "", outcome, judge, row))

    def refuse(self, reason: str, where: str, rows: int = 1) -> None:
        """Count rows that are not taken. The reason is a few words, the same for all such rows."""
        self.log.rows += rows
        self.log.refuse(reason, rows, [where])

    def warn(self, text: str) -> None:
        """Tell the user, once for each text."""
        if text not in self.log.warnings:
            self.log.warnings.append(text)

    def done(self) -> Log:
        """The log as it was read."""
        self.log.results = pl.DataFrame(self._results, schema=RESULTS, orient="row")
        self.log.votes = pl.DataFrame(self._votes, schema=VOTES, orient="row")
        self.log.models = list(self._models.values())
        return self.log

    def _number(self, metric: str, value: Any, row: int) -> float | None:
        if value is None:
            return None
        if not isinstance(value, bool | int | float):
            self.log.refuse(f"{metric} is no number", details=[f"row {row}: {metric} is {value!r:.60}"])
            return None
        try:
            number = float(value)
        except OverflowError:  # an int beyond all floats
            number = math.inf
        if math.isnan(number) or self.scale(metric).holds(number):
            return number
        self.log.refuse(f"{metric} out of its range", details=[f"row {row}: {metric} is {value!r:.60}"])
        return None

    def _condition_id(self, condition: Condition) -> str:
        """Remembered by the object, whose hash would be computed for every row."""
        known = self._ids.get(id(condition))
        if known is None:
            known = self._ids[id(condition)] = (condition, condition.condition_id)
            self.log.conditions[known[1]] = condition
        return known[1]


def key_of(content: Mapping[str, Any]) -> str:
    """A short stable name for content that has none of its own."""
    return content_hash(content)[:12]
