"""Auto: Rasch, corrected where the samples that models were measured on are not alike."""

from __future__ import annotations

import numpy as np

from aggregate.ability_method import AbilityMethod, Fitted
from aggregate.coverage import CoverageTest, coverage_test
from aggregate.effects import Effects
from aggregate.interactions import tag_variance
from aggregate.marginal import Marginal
from aggregate.measurements import Measurements

SIGNIFICANT = 0.01
"""P value below which coverage counts as biased: a false alarm in one of a hundred unbiased inputs."""

_LEANS_NAMED = 3


class Auto(AbilityMethod):
    """Score: the value that a model would get on average over all samples, measured or not.

    The marginal likelihood of `rasch`, in which samples of a tag may be harder or easier together. Where the
    test of `aggregate.coverage` finds that models were measured on samples picked by difficulty, a sample's mean
    difficulty also depends on who was measured on it (correlated random effects: Mundlak 1978), a warning says
    who leans where, and intervals are labelled. Where models saw the tags in unlike shares, intervals are wider by
    how unevenly models do over tags.
    """

    name = "auto"
    assumes = (
        "one ability per model and one difficulty per sample decide every result; samples may have been picked "
        "by difficulty, not by how this one model does on them"
    )

    def fitted(self, measurements: Measurements) -> Fitted:
        """See `AbilityMethod`."""
        effects = Effects.of_tags(measurements)
        warnings: tuple[str, ...] = ()
        test = coverage_test(measurements)
        if test.p_value is not None and test.p_value < SIGNIFICANT:
            effects += Effects.of_observers(measurements)
            warnings = _biased(measurements, test)
        marginal = Marginal(measurements, effects=effects)
        fit = marginal.fit()
        return Fitted(marginal, fit, tag_variance(marginal, fit), warnings)


def _biased(measurements: Measurements, test: CoverageTest) -> tuple[str, ...]:
    """What the test found, in plain words: the worst leans and what the intervals leave out."""
    order = [i for i in np.argsort(-np.abs(np.nan_to_num(test.statistic))) if np.isfinite(test.lean[i])]
    points = all(metric.kind == "binary" for metric in measurements.metrics)
    one = points or len(measurements.metrics) == 1
    leans = []
    for i in order[:_LEANS_NAMED]:
        size = abs(test.lean[i])
        amount = f"{100 * size:.1f} points" if points else f"{size:.2g}" + ("" if one else " standard deviations")
        easier = "easier" if test.lean[i] > 0 else "harder"
        more = "more" if test.lean[i] > 0 else "less"
        leans.append(f"{measurements.models[i]} on {easier} ones (there the others get {amount} {more})")
    return (
        f"coverage is biased (p = {test.p_value:.1g}): models were measured on samples of unlike difficulty: "
        + "; ".join(leans)
        + ". Scores are corrected for it, and intervals hold sampling error only",
    )
