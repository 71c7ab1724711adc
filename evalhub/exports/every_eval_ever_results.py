"""The results in an aggregate file of Every Eval Ever: metric, score with its error, how it was measured."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from evalhub.store.chosen import PASS_RATE
from ingest.metrics import known_scale
from ingest.records import Condition


@dataclass(frozen=True)
class Metric:
    """What a result is of."""

    name: str
    kind: str
    direction: str
    main: bool
    condition: str

    @property
    def result_id(self) -> str:
        """The key by which instances name the result, within one file."""
        return f"{slug(self.name)}/{self.kind}/{self.direction}/{self.condition}"

    def right(self, value: float) -> bool:
        """Whether a value is a whole pass; that of a metric without passes never is."""
        return self.kind == "binary" and value == (1.0 if self.direction == "up" else 0.0)


@dataclass
class Scores:
    """The values of one metric so far, by cluster."""

    clusters: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))
    """Number and sum of each."""

    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    whole: bool = True
    """Whether all of them are 0 or 1."""

    missing: Counter[str] = field(default_factory=Counter)
    """By reason."""

    def add(self, value: float, cluster: str) -> None:
        """Take a value."""
        sums = self.clusters[cluster]
        sums[0] += 1
        sums[1] += value
        self.squares += value * value
        self.low, self.high = min(self.low, value), max(self.high, value)
        self.whole &= value in (0.0, 1.0)

    def to_json(self) -> dict[str, Any]:
        """The field `score_details`: the mean, and its error from the variance between clusters."""
        count = sum(number for number, _ in self.clusters.values())
        mean = sum(total for _, total in self.clusters.values()) / count
        details = {"clusters": str(len(self.clusters)), "missing": str(self.missing.total())}
        details |= {f"missing: {reason}": str(number) for reason, number in self.missing.items()}
        uncertainty: dict[str, Any] = {"num_samples": int(count)}
        if count > 1:
            variance = max(self.squares - count * mean * mean, 0.0) / (count - 1)
            uncertainty["standard_deviation"] = math.sqrt(variance)
        if (groups := len(self.clusters)) > 1:
            between = sum((total - number * mean) ** 2 for number, total in self.clusters.values())
            error = math.sqrt(between * groups / (groups - 1)) / count
            uncertainty["standard_error"] = {"value": error, "method": "analytic, between clusters of samples"}
        return {"score": mean, "details": details, "uncertainty": uncertainty}


def result(source: str, metric: Metric, scores: Scores, condition: Condition) -> dict[str, Any]:
    """One of the field `evaluation_results`."""
    return {
        "evaluation_result_id": metric.result_id,
        "evaluation_name": source,
        "source_data": {"dataset_name": source, "source_type": "other"},
        "metric_config": _metric_config(metric, scores),
        "score_details": scores.to_json(),
        "generation_config": _generation_config(metric.condition, condition),
    }


def _metric_config(metric: Metric, scores: Scores) -> dict[str, Any]:
    low, high = _range(metric, scores)
    own = metric.name.rpartition("/")[2].partition(",")[0]
    config: dict[str, Any] = {
        "metric_id": slug(metric.name),
        "metric_name": metric.name,
        "metric_kind": slug(PASS_RATE if metric.name == PASS_RATE else own),
        "lower_is_better": metric.direction == "down",
        "score_type": "binary" if metric.kind == "binary" and scores.whole else "continuous",
        "min_score": low if math.isfinite(low) else "-Infinity",
        "max_score": high if math.isfinite(high) else "Infinity",
        "additional_details": {"kind": metric.kind, "main": str(metric.main).lower()},
    }
    if metric.kind == "binary":
        config["metric_unit"] = "proportion"
    return config


def _range(metric: Metric, scores: Scores) -> tuple[float, float]:
    """Where values can lie, as far as the metric's name says it everywhere."""
    if metric.kind == "binary":
        return 0.0, 1.0
    known = known_scale(metric.name)
    if known is None or known.direction != metric.direction or scores.low < known.low or scores.high > known.high:
        return -math.inf, math.inf
    return known.low, known.high


def _generation_config(condition_id: str, condition: Condition) -> dict[str, Any]:
    arguments: dict[str, Any] = {"prompt_template": condition.template}
    if condition.answer == "generate" and condition.temperature >= 0:  # logs may not tell it
        arguments |= {"temperature": condition.temperature, "top_p": condition.top_p}
        if condition.top_k:
            arguments["top_k"] = condition.top_k
        if condition.max_tokens:
            arguments["max_tokens"] = condition.max_tokens
    said = {
        "condition": condition_id,
        "variant": condition.variant,
        "form": condition.form,
        "answer": condition.answer,
        "preamble": condition.preamble,
        "stop": " ".join(map(repr, condition.stop)),
        "engine": condition.engine,
        "revision": condition.revision,
    }
    return {
        "generation_args": arguments,
        "additional_details": {name: text for name, text in said.items() if text},
    }


def slug(text: str) -> str:
    """A name of letters, digits and what stands in names of files everywhere."""
    return re.sub(r"[^\w.+-]+", "_", text).strip("._ ") or "_"
