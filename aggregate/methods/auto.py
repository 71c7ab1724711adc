"""Auto: Rasch, corrected where the samples that models were measured on are not alike."""

from __future__ import annotations

import numpy as np

from aggregate.ability_method import AbilityMethod, Fitted
from aggregate.caveats import named
from aggregate.coverage import coverage_test
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
        p_value = 1.0 if test.p_value is None else test.p_value
        biased = p_value < SIGNIFICANT
        unlike = biased or overlap(measurements).unlike
        marginal = Marginal(measurements, effects=tags + Effects.of_observers(measurements) if unlike else tags)
        fit = marginal.fit()
        extra = tag_covariance(marginal, fit)
        unseen = _unseen(measurements)
        if not unlike:
            return Fitted(marginal, fit, extra, unseen)
        warnings = (*(_biased(measurements, test.lean, p_value) if biased else (_PARTS,)), *unseen)
        return Fitted(marginal, fit, extra + np.eye(len(extra)) * _form_variance(marginal, fit), warnings)


def _form_variance(marginal: Marginal, fit: Fit) -> float:
    """Variance of abilities because nobody knows the form in which difficulty depends on who was measured: the
    mean square of what they change by in the forms on either side. Of large data a part is looked at."""
    few = marginal.thinned()
    m, ability = few.measurements, fit.ability if few is marginal else few.fit().ability
    changes = []
    for power in _OTHER_FORMS:
        other = Marginal(m, effects=Effects.of_tags(m) + Effects.of_observers(m, power)).fit()
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


def _biased(measurements: Measurements, lean: np.ndarray, p_value: float) -> tuple[str, ...]:
    """What the test found, in plain words: the largest leans and what the intervals leave out."""
    order = [i for i in np.argsort(-np.abs(np.nan_to_num(lean)), kind="stable") if np.isfinite(lean[i])]
    order = [i for i in order[:_NAMED] if abs(lean[i]) > abs(lean[order[0]]) / 4]
    points = all(metric.kind == "binary" for metric in measurements.metrics)
    one = points or len(measurements.metrics) == 1
    leans = []
    for i in order:
        size = abs(lean[i])
        amount = f"{100 * size:.1f} points" if points else f"{size:.2g}" + ("" if one else " standard deviations")
        easier = "easier" if lean[i] > 0 else "harder"
        more = "more" if lean[i] > 0 else "less"
        leans.append(f"{measurements.models[i]} on {easier} ones (there the others get {amount} {more})")
    p = "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.1g}"
    return (
        f"coverage is biased ({p}): models were measured on samples of unlike difficulty: "
        + "; ".join(leans)
        + ". Scores are adjusted for it, and intervals widened by what other forms of the adjustment would "
        "change. If results were kept or left out for how they came out, nothing mends that",
    )
