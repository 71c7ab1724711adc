"""Warnings that every method owes its readers."""

from __future__ import annotations

from collections.abc import Sequence

from aggregate.measurements import Measurements

_FEW = 10


def named(models: Sequence[str], most: int = 5) -> str:
    """A list of names short enough for one line."""
    rest = f" and {len(models) - most} more" if len(models) > most else ""
    return ", ".join(models[:most]) + rest


def caveats(measurements: Measurements) -> list[str]:
    """What was missing from the input, and whether there is anything to compare."""
    found = []
    if measurements.missing:
        of = measurements.missing + measurements.value.size
        found.append(
            f"{measurements.missing} of {of} measurements have no value and are left out, not taken for 0"
        )
    if measurements.unmeasured:
        found.append(f"no value at all, not ranked: {named(measurements.unmeasured)}")
    if len(measurements.models) == 1:
        found.append("only one model: there is nothing to compare it with")
    return found


def few_units(measurements: Measurements) -> list[str]:
    """Whether the intervals rest on enough clusters."""
    clusters, samples = len(measurements.clusters), len(measurements.samples)
    if clusters == 1 and samples > 1:
        return [f"all {samples} samples are in one cluster: the intervals speak about this cluster only"]
    if clusters < _FEW:
        return [f"intervals from so few clusters are rough: {clusters}"]
    return []
