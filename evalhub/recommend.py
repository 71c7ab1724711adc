"""Which of a hub's models to use for a need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from aggregate.caveats import few_clusters
from aggregate.choice import Choice, choose
from evalhub.backends.baseline import RANDOM
from evalhub.errors import EvalhubError
from evalhub.ranking import select
from evalhub.selection import Selection
from evalhub.store.chosen import model_ids
from evalhub.store.costs import attempt_costs
from evalhub.store.hub import Hub
from evalhub.store.model_columns import known_models
from evalhub.store.results import measurement_frame, metrics
from evalhub.wording import counted, first_few, is_baseline, short_size

_NO_SIZE, _NO_COST, _LARGE, _DEAR = "its size is unknown", "its cost is unknown", "too large", "too dear"

_MENDED = {
    _NO_SIZE: "evalhub model set NAME --parameters 7B says it",
    _NO_COST: "attempts cost what prices.toml of the hub said when they were made (docs/backends.md), imported "
    "results have no cost",
}
"""How what is unknown becomes known."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """A choice among models that may be used."""

    choice: Choice

    parameters: dict[str, int | None]
    """Of the candidates; None where unknown."""

    costs: dict[str, float | None]
    """Mean cost of an attempt on these samples in US dollars; None where unknown."""

    refused: dict[str, str]
    """Why others may not be used."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """That clusters are few, and what is unknown, and how it becomes known, where more models are left out for
        that than are compared."""
        counts = Counter(why for why in self.refused.values() if why in _MENDED)
        among = counted(len(self.refused) + len(self.choice.candidates) + len(self.choice.left_out), "model")
        unknown = (
            f"not used, {why}: {count:,} of {among} ({_MENDED[why]})"
            for why, count in counts.items()
            if counts.total() > len(self.choice.candidates)
        )
        return (*few_clusters(self.choice.clusters), *unknown)

    def to_json(self) -> dict[str, Any]:
        """As `evalhub recommend --json` prints it."""
        return {
            "warnings": list(self.warnings),
            **self.choice.to_json(),
            "parameters": self.parameters,
            "costs": self.costs,
            "refused": self.refused,
        }


def recommend(
    hub: Hub,
    selection: Selection,
    *,
    max_parameters: int | None = None,
    max_cost: float | None = None,
    metric: str = "",
    level: float = 0.9,
    seed: int = 0,
) -> Recommendation:
    """Choose among the models of a selection that are small and cheap enough. What is unknown is neither.

    Chance baselines are no candidates; what baseline:random scores on the same samples stands beside them.

    Raises:
        EvalhubError: nothing is measured there or by that metric, or by several, or no model is left.
        aggregate.measurements.MeasurementsError: too few samples are shared.
    """
    if metric and metric not in (there := metrics(hub)):
        raise EvalhubError(f"nothing is measured by '{metric}'; there are {', '.join(there) or 'no metrics yet'}")
    measurements, samples = select(hub, selection, metric).measurements, selection.samples(hub)
    if not measurements.metrics:
        raise EvalhubError(
            "there are only votes, which do not count for a recommendation: evalhub rank takes them"
        )
    if len(measurements.metrics) > 1:
        there = metrics(hub, samples)
        raise EvalhubError(f"a recommendation is by one metric: name it with --metric, of {', '.join(there)}")
    facts, ids = known_models(hub), model_ids(hub)
    spent = attempt_costs(hub, samples)
    parameters: dict[str, int | None] = {}
    costs: dict[str, float | None] = {}
    refused: dict[str, str] = {}
    for name in measurements.models:
        model_id = ids.get(name, name)
        if is_baseline(model_id):
            continue
        known = facts.get(model_id)
        parameters[name], costs[name] = known.parameters if known else None, spent.get(model_id)
        if why := _refusal(parameters[name], costs[name], max_parameters, max_cost):
            refused[name] = why
    kept = parameters.keys() - refused.keys()
    if not kept:
        raise EvalhubError(f"no model is left to recommend: {_reasons(refused, parameters, costs)}")
    left = measurements.of_models(np.isin(measurements.models, list(kept)))
    guesses = measurement_frame(hub, replace(samples, models=(RANDOM,)), metric).drop_nulls("value")
    alike = guesses.filter(pl.col("metric") == left.metrics[0].name).group_by("sample").agg(pl.mean("value"))
    choice = choose(left, guesses=dict(alike.iter_rows()), level=level, seed=seed)
    used = {one.model for one in choice.candidates}
    return Recommendation(
        choice=choice,
        parameters={name: size for name, size in parameters.items() if name in used},
        costs={name: cost for name, cost in costs.items() if name in used},
        refused=refused,
    )


def _refusal(size: int | None, cost: float | None, max_parameters: int | None, max_cost: float | None) -> str:
    """Why a model of such a size and cost may not be used; '' where it may."""
    if max_parameters is not None and (size is None or size > max_parameters):
        return _NO_SIZE if size is None else _LARGE
    if max_cost is not None and (cost is None or cost > max_cost):
        return _NO_COST if cost is None else _DEAR
    return ""


def _reasons(
    refused: Mapping[str, str], parameters: Mapping[str, int | None], costs: Mapping[str, float | None]
) -> str:
    """Why none may be used, and what would change it."""
    said = []
    for why in sorted(set(refused.values())):
        names = [name for name, reason in refused.items() if reason == why]
        if why == _LARGE:
            smallest = min(size for name, size in parameters.items() if size is not None and name in names)
            change = f"the smallest has {short_size(smallest)} weights"
        elif why == _DEAR:
            cheapest = min(cost for name, cost in costs.items() if cost is not None and name in names)
            change = f"the cheapest costs {cheapest:.3g} USD an attempt"
        else:
            change = _MENDED[why]
        said.append(f"{first_few(names)}: {why} ({change})")
    return "; ".join(said) or "only chance baselines are measured"
