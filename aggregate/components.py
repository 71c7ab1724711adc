"""Models that no chain of shared samples or votes connects: each group is estimated by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from aggregate.caveats import named
from aggregate.estimates import Estimates
from aggregate.measurements import Measurements


def groups_of(measurements: Measurements) -> np.ndarray:
    """(M,) int: models of one group share samples or votes, directly or through others."""
    m = measurements
    models, samples = len(m.models), len(m.samples)
    if m.observers.max(initial=0) == models:  # the usual case: a sample that all of them saw
        return np.zeros(models, np.int64)
    first = np.concatenate([m.model, m.votes.first])
    second = np.concatenate([m.sample + models, m.votes.second])
    size = models + samples
    graph = sparse.coo_matrix((np.ones(first.size, bool), (first, second)), shape=(size, size))
    found: np.ndarray = csgraph.connected_components(graph, directed=False)[1][:models]
    return np.unique(found, return_inverse=True)[1]


def estimated_apart(measurements: Measurements, estimate: Callable[[Measurements], Estimates]) -> Estimates:
    """What `estimate` says of each group of connected models by itself, in one list.

    No two models of different groups are told apart, and a warning says so.
    """
    group = groups_of(measurements)
    parts = [estimate(measurements.of_models(group == g)) for g in range(group.max() + 1)]
    if len(parts) == 1:
        return parts[0]
    names = [f"[{named(np.array(measurements.models)[group == g].tolist())}]" for g in range(len(parts))]
    warning = (
        f"{len(parts)} groups of models share no sample, their order across groups is not measured: {named(names)}"
    )
    together = _together(parts, group)
    return replace(together, warnings=(*together.warnings, warning))


def _of_each(parts: list[Estimates], group: np.ndarray) -> tuple[str, ...]:
    """Each model's unit; the parts have their models in the order of all."""
    units = [iter(part.units) for part in parts]
    return tuple(next(units[g]) for g in group.tolist())


def _together(parts: list[Estimates], group: np.ndarray) -> Estimates:
    """Estimates of all models; those of different groups do not vary together."""
    models = group.size

    def joined(name: str) -> np.ndarray | None:
        given = [getattr(part, name) for part in parts]
        shape = next((values.shape[:-1] for values in given if values is not None), None)
        if shape is None:
            return None
        found = np.full((*shape, models), np.nan)
        for g, values in enumerate(given):
            if values is not None:
                found[..., group == g] = values
        return found

    covariance = None
    if parts[0].covariance is not None:
        covariance = np.zeros((models, models))
        for g, part in enumerate(parts):
            of = np.flatnonzero(group == g)
            covariance[np.ix_(of, of)] = part.covariance
    scores = joined("scores")
    assert scores is not None
    return Estimates(
        scores=scores,
        covariance=covariance,
        draws=joined("draws"),
        low=joined("low"),
        high=joined("high"),
        within=joined("within"),
        comparable=group[:, None] == group,
        higher_is_better=np.array([parts[g].higher_is_better for g in group.tolist()]),
        units=_of_each(parts, group),
        warnings=tuple(dict.fromkeys(warning for part in parts for warning in part.warnings)),
    )
