"""What an aggregate file of Every Eval Ever says of its results: metric, scale, and how they were measured."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from ingest.importer import Told
from ingest.importers.json_files import as_count, as_list, as_number, as_object, as_text, as_texts
from ingest.metrics import Direction, Kind, Scale, known_scale
from ingest.records import Condition
from ingest.untold import NOT_TOLD, UNTOLD


@dataclass(frozen=True)
class Result:
    """One result of an aggregate: a metric over samples."""

    place: int
    """In the file's order: of the metrics of a sample, the first is its main one."""

    metric: str

    longer: str
    """What the metric is called where two of one sample have one name."""

    scale: Scale | None = field(hash=False)
    """None: the aggregate does not say."""

    unknown: bool
    """Whether the aggregate has a direction only because it must have one."""

    has_unknown: bool
    """Whether a score of -1 stands for none."""

    condition: Condition = field(hash=False)

    source: str
    """The data set."""


class Results:
    """Those of an aggregate file; without one, a record makes its own."""

    def __init__(self, aggregate: dict[str, Any], told: Told) -> None:
        self._told = told
        found = [as_object(one) for one in as_list(aggregate.get("evaluation_results"))]
        self._any = bool(found)
        self._by_id: dict[str, Result] = {}
        self._by_name: dict[str, list[Result]] = {}
        for place, one in enumerate(found):
            result = self._result(place, one)
            if name := as_text(one.get("evaluation_result_id")):
                self._by_id.setdefault(name, result)
            self._by_name.setdefault(as_text(one.get("evaluation_name")), []).append(result)
        self._made: dict[tuple[str, str], Result] = {}

    def of(self, result_id: str, evaluation: str) -> Result | None:
        """The result that a record belongs to; None where the aggregate has none such."""
        if result_id in self._by_id:
            return self._by_id[result_id]
        named = self._by_name.get(evaluation, [])
        if len(named) == 1 and not result_id:
            return named[0]
        if self._any and (result_id or not named):
            return None
        if (result_id, evaluation) not in self._made:
            self._made[result_id, evaluation] = self._merged(result_id or evaluation, evaluation, named)
        return self._made[result_id, evaluation]

    def _merged(self, metric: str, evaluation: str, named: list[Result]) -> Result:
        """For records that name an evaluation with several metrics, or none: of the metric they say nothing."""
        scales = {one.scale for one in named}
        return Result(
            place=named[0].place if named else 0,
            metric=metric,
            longer=f"{evaluation}/{metric}",
            scale=next(iter(scales)) if len(scales) == 1 else known_scale(metric),
            unknown=bool(named) and len(scales) > 1,
            has_unknown=any(one.has_unknown for one in named),
            condition=named[0].condition if named else UNTOLD,
            source=named[0].source if named else "",
        )

    def _result(self, place: int, one: dict[str, Any]) -> Result:
        config = as_object(one.get("metric_config"))
        evaluation, result_id = as_text(one.get("evaluation_name")), as_text(one.get("evaluation_result_id"))
        names = (as_text(config.get(name)) for name in ("metric_name", "metric_id", "metric_kind"))
        metric = next((name for name in names if name), result_id or evaluation)
        scale = _scale(config, metric)
        known = known_scale(metric)
        unknown = as_text(as_object(config.get("additional_details")).get("polarity")) in (
            "unknown",
            "not_applicable",
        )
        return Result(
            place=place,
            metric=metric,
            longer=result_id if result_id and result_id != metric else f"{evaluation}/{metric}",
            scale=known if unknown else scale,
            unknown=unknown and known is None,
            has_unknown=config.get("has_unknown_level") is True,
            condition=_condition(as_object(one.get("generation_config"))),
            source=as_text(as_object(one.get("source_data")).get("dataset_name")),
        )


def _scale(config: dict[str, Any], metric: str) -> Scale | None:
    lower = config.get("lower_is_better")
    if not isinstance(lower, bool):
        return known_scale(metric)
    direction: Direction = "down" if lower else "up"
    if config.get("score_type") == "binary":
        return Scale(direction=direction, low=0.0, high=1.0, kind="binary")
    low, high = _bound(config.get("min_score"), -math.inf), _bound(config.get("max_score"), math.inf)
    levels = len(as_list(config.get("level_names")))
    if config.get("score_type") == "levels":
        return Scale(direction=direction, low=0.0, high=levels - 1.0 if levels else math.inf, kind="ordinal")
    known = known_scale(metric)
    # Tools call all their scores continuous; what is known everywhere as pass or fail is that here too.
    same = known is not None and known.direction == direction and known.low <= low and high <= known.high
    kind: Kind = known.kind if known is not None and same else "numeric"
    return Scale(direction=direction, low=low, high=high, kind=kind)


def _bound(value: Any, default: float) -> float:
    if value in ("Infinity", "-Infinity"):
        return float(value)
    return as_number(value, default)


def _condition(config: dict[str, Any]) -> Condition:
    args, details = as_object(config.get("generation_args")), as_object(config.get("additional_details"))
    said = [f"{name}: {as_text(details[name])}" for name in sorted(details)]
    if plan := as_texts(as_object(args.get("eval_plan")).get("steps")):
        said.append("steps: " + "; ".join(plan))
    if template := as_text(args.get("prompt_template")):
        said.append("template: " + template)
    return Condition(
        preamble="\n".join(said),
        temperature=as_number(args.get("temperature"), NOT_TOLD),
        top_p=as_number(args.get("top_p"), 1.0),
        top_k=as_count(args.get("top_k")) or 0,
        max_tokens=as_count(args.get("max_tokens")) or 0,
    )
