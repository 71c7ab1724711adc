"""Warnings that every method owes its readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress

import numpy as np

from aggregate.basis import Basis
from aggregate.columns import refuse
from aggregate.comparisons import Comparisons
from aggregate.measurements import Measurements, Metric
from aggregate.several_metrics import lacking_metrics

_FEW = 10


def named(models: Sequence[str], most: int = 5) -> str:
    """A list of names short enough for one line."""
    rest = f" and {len(models) - most} more" if len(models) > most else ""
    return ", ".join(models[:most]) + rest


def caveats(results: Basis) -> list[str]:
    """What was missing from the input, and whether there is anything to compare."""
    found = []
    if results.missing_votes:
        found.append(f"{results.missing_votes} votes have no outcome and are left out")
    if results.missing:
        of = results.missing + results.value_count
        found.append(f"{results.missing} of {of} measurements have no value and are left out, not taken for 0")
    if results.unmeasured:
        found.append(f"no value at all, not ranked: {named(results.unmeasured)}")
    if isinstance(results, Measurements) and (lacking := lacking_metrics(results)):
        metrics = named([metric.name or "unnamed" for metric in results.metrics])
        found.append(
            f"samples were measured by several metrics ({metrics}), some models by fewer of them than others "
            f"({named(lacking)}): a strict metric then looks like a weak model; --metric NAME ranks by one"
        )
    if len(results.models) == 1:
        found.append("only one model: there is nothing to compare it with")
    return found


def mixed_scales(m: Measurements) -> list[str]:
    """Whether numbers of one metric look like two scales: within [0, 1] for some models, far above for others."""
    found = []
    models = len(m.models)
    for i, metric in enumerate(m.metrics):
        rows = slice(None) if len(m.metrics) == 1 else m.metric_of[m.sample] == i
        model, value = m.model[rows], m.value[rows]
        if metric.kind != "numeric" or not value.size or value.min() < 0 or value.max() <= 1:
            continue
        least, most = np.full(models, np.inf), np.full(models, -np.inf)
        np.minimum.at(least, model, value)
        np.maximum.at(most, model, value)
        mean = np.bincount(model, value, models) / np.maximum(np.bincount(model, minlength=models), 1)
        small, large = (most <= 1) & (least < 1), mean > 2
        if small.any() and large.any():
            names = [named([m.models[i] for i in np.flatnonzero(which).tolist()], 3) for which in (small, large)]
            of = f" of {metric.name}" if metric.name else ""
            found.append(
                f"values{of} are on two scales, at most 1 for {names[0]}, up to {value.max():g} for {names[1]}: "
                "rescale, or name them apart in a column 'metric'"
            )
    return found


def few_units(results: Basis) -> list[str]:
    """Whether the intervals rest on enough clusters, each for itself."""
    clusters, samples = results.cluster_count, results.measured_count
    if results.grouped:
        return [
            f"intervals rest on {clusters} random groups of clusters, of which counts are kept, and not on each "
            f"cluster: their widths vary by about {np.sqrt(0.5 / max(clusters - 1, 1)):.0%} with the grouping"
        ]
    if clusters == 1 and samples > 1:
        return [f"all {samples} samples are in one cluster: the intervals speak about this cluster only"]
    return few_clusters(clusters)


def few_clusters(clusters: int) -> list[str]:
    """Whether there are fewer than intervals should rest on."""
    return [f"intervals from so few clusters are rough: {clusters}"] if clusters < _FEW else []


def one_scale(measurements: Measurements) -> Metric:
    """The metric whose values can be averaged: the only one, or any of several chances of passing.

    Raises MeasurementsError where there is none.
    """
    first, *others = measurements.metrics
    alike = all((other.kind, other.direction) == ("binary", first.direction) for other in others)
    if others and not (first.kind == "binary" and alike):
        names = named([metric.name or "unnamed" for metric in measurements.metrics])
        refuse(f"several metrics have no common scale to average: {names}; keep one, or use bradley-terry or auto")
    return first


def values_only(measurements: Measurements) -> Measurements:
    """Without votes, for a method that cannot use them; a model that has only votes counts as unmeasured.

    Raises MeasurementsError where there are only votes.
    """
    if not measurements.metrics:
        refuse("only votes: they have no values to average, use win-rate, bradley-terry or auto")
    if not measurements.votes.outcome.size:
        return measurements
    measured = np.bincount(measurements.model, minlength=len(measurements.models)) > 0
    clusters, cluster_of = np.unique(measurements.cluster_of, return_inverse=True)
    none = np.empty(0, np.int32)
    return replace(
        measurements,
        models=tuple(compress(measurements.models, measured)),
        clusters=tuple(measurements.clusters[c] for c in clusters.tolist()),
        model=(np.cumsum(measured) - 1).astype(np.int32)[measurements.model],
        cluster_of=cluster_of.astype(np.int32),
        votes=Comparisons(
            samples=(),
            first=none,
            second=none,
            sample=none,
            cluster=none,
            outcome=none.astype(np.float32),
            sources=(),
            source_of=none,
            missing=0,
        ),
        unmeasured=tuple(sorted({*measurements.unmeasured, *compress(measurements.models, ~measured)})),
    )


def votes_left_out(measurements: Measurements) -> list[str]:
    """Whether votes stand beside the values of a method that cannot use them."""
    if not measurements.votes.outcome.size:
        return []
    return [f"{measurements.votes.outcome.size} votes are left out: this method uses values only"]
