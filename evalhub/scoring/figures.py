"""What answers by likelihood come to beyond the pass rate: lm-eval's figures by source, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aggregate.intervals import mean_interval
from aggregate.ratio import ratio_interval
from evalhub.scoring.likelihood import count_bytes, count_words, is_text, perplexity
from evalhub.store.metrics import Metric
from ingest.records import Sample


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A metric over the samples of a source."""

    source: str
    metric: str
    direction: str
    """up: higher is better; down."""

    samples: int
    value: float
    low: float | None
    high: float | None
    """95 % interval over samples, by cluster; None where one cluster tells nothing of others."""

    def to_json(self) -> dict[str, Any]:
        """As `evalhub score --json` prints it."""
        return asdict(self)


def figures(metrics: Sequence[Metric], samples: Mapping[str, Sample]) -> list[Figure]:
    """Sum metrics up, source by source.

    Accuracies and log-likelihoods are means over samples. Perplexities and bits are of all texts of a source
    together, as if they were one: sums of nats over sums of bytes, words or answers.

    Args:
        samples: those measured, by id.
    """
    by_source: dict[str, dict[str, dict[str, float]]] = {}
    for metric in metrics:
        named = by_source.setdefault(samples[metric.sample_id].source, {})
        named.setdefault(metric.metric, {})[metric.sample_id] = metric.value
    return [figure for source, named in sorted(by_source.items()) for figure in _of_source(source, named, samples)]


def _of_source(source: str, named: dict[str, dict[str, float]], samples: Mapping[str, Sample]) -> Iterator[Figure]:
    for name in ("acc_norm", "acc_bytes"):
        if found := named.get(name):
            interval = mean_interval(np.array(list(found.values())), _clusters(found, samples))
            yield _figure(source, name, "up", len(found), interval.mean, interval.low, interval.high)
    likely = named.get("loglikelihood", {})
    answers = {one: value for one, value in likely.items() if not is_text(samples[one])}
    if answers:
        mean = _ratio(answers, lambda _: 1, samples)
        yield _figure(source, "loglikelihood", "up", len(answers), *mean)
        if not any(samples[one].choices for one in answers):
            value, low, high = (perplexity(-nats) for nats in mean)
            yield _figure(source, "perplexity", "down", len(answers), value, high, low)
    texts = {one: -value for one, value in likely.items() if is_text(samples[one])}
    if texts:
        per_byte = _ratio(texts, count_bytes, samples)
        per_word = _ratio(texts, count_words, samples)
        yield _figure(source, "bits_per_byte", "down", len(texts), *(nats / math.log(2) for nats in per_byte))
        yield _figure(source, "byte_perplexity", "down", len(texts), *map(perplexity, per_byte))
        yield _figure(source, "word_perplexity", "down", len(texts), *map(perplexity, per_word))


def _ratio(values: dict[str, float], size: Any, samples: Mapping[str, Sample]) -> tuple[float, float, float]:
    """Sum of values over sum of their texts' sizes, with its interval, which keeps to the sign of the values."""
    sizes = np.array([size(samples[one].prompt) for one in values], float)
    ratio, low, high = ratio_interval(np.array(list(values.values())), sizes, _clusters(values, samples))
    return (ratio, max(low, 0.0), high) if ratio > 0 else (ratio, low, min(high, 0.0))


def _clusters(values: Mapping[str, float], samples: Mapping[str, Sample]) -> np.ndarray:
    return np.array([samples[one].cluster or one for one in values])


def _figure(source: str, metric: str, direction: str, count: int, value: float, low: float, high: float) -> Figure:
    known = math.isfinite(low) and math.isfinite(high)
    return Figure(
        source=source,
        metric=metric,
        direction=direction,
        samples=count,
        value=value,
        low=low if known else None,
        high=high if known else None,
    )
