"""Auto: Rasch, corrected where the samples that models were measured on are not alike."""

from __future__ import annotations

import numpy as np

from aggregate.ability_method import AbilityMethod, Fitted
from aggregate.caveats import named
from aggregate.coverage import CoverageTest, coverage_test
from aggregate.effects import Effects
from aggregate.interactions import tag_covariance
from aggregate.marginal import Fit, Marginal
from aggregate.measurements import Measurements
from aggregate.overlap import overlap

SIGNIFICANT = 0.01
"""P value below which coverage counts as biased: a false alarm in one of a hundred unbiased inputs."""

_NAMED = 3
"""Models that a warning names."""

_PART = 0.05
"""Share of the samples in tags that a model has nothing on, from which it is told."""

_PARTS = (
    "models were measured on different parts of the pool: some share far more samples than others, so that a "
    "score rests on how the parts compare, and intervals do not hold how unevenly a model does over them; give "
    "the parts as tags if they have names"
)

_OTHER_FORMS = (0.0, 1.0)
"""Powers of the number of observers that a sample's mean difficulty may depend on it by, beside the middle one."""


class Auto(AbilityMethod):
    """Score: the value that a model would get on average over all samples, measured or not.

    The marginal likelihood of `rasch`, in which samples of a tag may be harder or easier together. Where
    `coverage_test` finds that models were measured on samples picked by difficulty, or `overlap` that they were
    measured on different parts of the pool, a sample's mean difficulty also depends on who was measured on it
    (correlated random effects: Mundlak 1978), a warning says so, and intervals are wider by what other forms of
    that dependence would change. Where models saw the tags in unlike shares, intervals are wider by how unevenly
    models do over tags.
    """

    name = "auto"
    assumes = (
        "one ability per model and one difficulty per sample decide every result; samples may have been picked "
        "by difficulty, not by how this one model does on them"
    )

    def fitted(self, measurements: Measurements) -> Fitted:
        """See `AbilityMethod`."""
        tags = Effects.of_tags(measurements)
        test = coverage_test(measurements)
        biased = test.p_value is not None and test.p_value < SIGNIFICANT
        unlike = biased or overlap(measurements).unlike
        marginal = Marginal(measurements, effects=tags + Effects.of_observers(measurements) if unlike else tags)
        fit = marginal.fit()
        extra = tag_covariance(marginal, fit)
        unseen = _unseen(measurements)
        if not unlike:
            return Fitted(marginal, fit, extra, unseen)
        warnings = (*(_biased(measurements, test) if biased else (_PARTS,)), *unseen)
        return Fitted(marginal, fit, extra + np.eye(len(extra)) * _form_variance(marginal, fit, tags), warnings)


def _form_variance(marginal: Marginal, fit: Fit, tags: Effects) -> float:
    """Variance of abilities because nobody knows the form in which difficulty depends on who was measured: the
    mean square of what they change by in the forms on either side. Of large data a part is looked at."""
    few = marginal.thinned()
    ability = fit.ability if few is marginal else few.fit().ability
    changes = []
    for power in _OTHER_FORMS:
        effects = tags + Effects.of_observers(marginal.measurements, power)
        other = Marginal(marginal.measurements, effects=effects).thinned().fit()
        changes.append(np.var(other.ability - ability))
    return float(np.mean(changes))


def _unseen(m: Measurements) -> tuple[str, ...]:
    """Which models were not measured on whole tags, so that the others must tell how they would do there."""
    if len(m.tags) < 2:
        return ()
    seen = np.zeros((len(m.models), len(m.tags)), bool)
    seen[m.model, m.tag_of[m.sample]] = True
    share = np.bincount(m.tag_of, m.weight, len(m.tags)) / max(m.weight.sum(), 1e-300)
    lacking = (~seen) @ share
    worst = [i for i in np.argsort(-lacking, kind="stable").tolist() if lacking[i] > _PART][:_NAMED]
    if not worst:
        return ()
    found = []
    for i in worst:
        absent = [m.tags[t] or "untagged" for t in np.flatnonzero(~seen[i]).tolist()]
        found.append(f"{m.models[i]} on {named(absent, 3)} ({lacking[i]:.0%} of the samples)")
    more = int((lacking > _PART).sum()) - len(worst)
    return (
        f"nothing measured, so that the score there is a guess from other tags: {'; '.join(found)}"
        + (f"; and {more} more models" if more else ""),
    )


def _biased(measurements: Measurements, test: CoverageTest) -> tuple[str, ...]:
    """What the test found, in plain words: the largest leans and what the intervals leave out."""
    order = [i for i in np.argsort(-np.abs(np.nan_to_num(test.lean)), kind="stable") if np.isfinite(test.lean[i])]
    order = [i for i in order[:_NAMED] if abs(test.lean[i]) > abs(test.lean[order[0]]) / 4]
    points = all(metric.kind == "binary" for metric in measurements.metrics)
    one = points or len(measurements.metrics) == 1
    leans = []
    for i in order:
        size = abs(test.lean[i])
        amount = f"{100 * size:.1f} points" if points else f"{size:.2g}" + ("" if one else " standard deviations")
        easier = "easier" if test.lean[i] > 0 else "harder"
        more = "more" if test.lean[i] > 0 else "less"
        leans.append(f"{measurements.models[i]} on {easier} ones (there the others get {amount} {more})")
    p = "p < 0.0001" if _given(test.p_value) < 1e-4 else f"p = {test.p_value:.1g}"
    return (
        f"coverage is biased ({p}): models were measured on samples of unlike difficulty: "
        + "; ".join(leans)
        + ". Scores are adjusted for it, and intervals widened by what other forms of the adjustment would "
        "change. If results were kept or left out for how they came out, nothing mends that",
    )


def _given(p_value: float | None) -> float:
    return 1.0 if p_value is None else p_value
