"""A new release and some models run on it: everyone's score, two plain guesses beside, what to be wary of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aggregate.columns import refuse
from aggregate.measurements import Measurements
from aggregate.rerun.changes import learn_changes
from aggregate.rerun.drift import Drift, drift
from aggregate.rerun.scores import check_chances, drawn_scores

_FEW = 3
"""Models run again below which intervals rest mostly on what releases usually change."""

_MANY = 30
"""Samples of a tag or cluster that a model does not fail all of by chance ..."""

_PASSED = 0.1
"""... where the others pass this share of them."""


@dataclass(frozen=True)
class ReleaseScore:
    """A model on the new release."""

    model: str
    score: float
    low: float
    high: float
    """Interval of what answering every sample of the release would give."""

    rerun: bool
    """Whether the model was run on the release; else its score is predicted."""

    old: float | None
    """Score on the old release; None for a model that was not there."""

    answered: int
    """Samples of the new release with a result of this model."""


@dataclass(frozen=True)
class ReleaseScores:
    """Everyone on the new release."""

    models: tuple[ReleaseScore, ...]
    """Best first."""

    rerun: tuple[str, ...]
    shift: dict[str, float]
    """Models of the old release: old score plus the mean change of those run again."""

    carry: dict[str, float]
    """Models of the old release: old score."""

    drift: Drift
    samples: int
    """Of the new release."""

    level: float
    warnings: tuple[str, ...]


def predict_release(old: Measurements, new: Measurements, *, level: float = 0.95) -> ReleaseScores:
    """Scores on a new release of the models that have results there and of those that only have old ones.

    Results must lie in [0, 1]. Models with results in `new` speak for themselves (`scores.drawn_scores`, so their
    results must be of all samples or of some drawn at random), the others are predicted from how these changed
    (`changes.Changes.predict`). The samples of the release are those with a result in `new`.
    Raises MeasurementsError where the values cannot be scores or no model has results in both.
    """
    check_chances(old)
    check_chances(new)
    place = {model: i for i, model in enumerate(old.models)}
    both = [model for model in new.models if model in place]
    if not both:
        refuse(f"no model has results on both releases: old {_some(old.models)}; new {_some(new.models)}")
    changes = learn_changes(old)
    own = drawn_scores(new, level)
    at = np.array([new.models.index(model) for model in both])
    rerun = np.array([place[model] for model in both])
    guess = changes.predict(rerun, own.mean[at], own.variance[at], len(new.samples), level)
    rest = [model for model in old.models if model not in {*both}]
    carry = {model: float(changes.score[i]) for model, i in place.items()}
    moved = float((own.mean[at] - changes.score[rerun]).mean())
    rows = [
        ReleaseScore(model, own.mean[i], own.low[i], own.high[i], True, carry.get(model), int(own.answered[i]))
        for i, model in enumerate(new.models)
    ] + [
        ReleaseScore(model, guess.score[i], guess.low[i], guess.high[i], False, carry[model], 0)
        for i, model in enumerate(rest)
    ]
    found = drift(old, new, level=level)
    return ReleaseScores(
        models=tuple(sorted(rows, key=lambda row: (-row.score, row.model))),
        rerun=new.models,
        shift={model: min(max(score + moved, 0.0), 1.0) for model, score in carry.items()},
        carry=carry,
        drift=found,
        samples=len(new.samples),
        level=level,
        warnings=(*_caveats(old, new, len(both), bool(rest), found), *failed_parts(old), *failed_parts(new)),
    )


def failed_parts(m: Measurements) -> tuple[str, ...]:
    """Warnings of models that fail every sample of a tag (else of a cluster), or all samples, where others pass
    some: their runs may have failed, and not they."""
    parts: list[tuple[str, tuple[str, ...], np.ndarray]] = [("", ("",), np.zeros(len(m.samples), np.int64))]
    if m.tags:
        parts.append(("tag", m.tags, m.tag_of))
    elif np.bincount(m.cluster_of).max() >= _MANY:
        parts.append(("cluster", m.clusters, m.cluster_of))
    total = np.bincount(m.sample, m.value, len(m.samples))
    found: dict[str, list[str]] = {}
    for what, names, of in parts:
        cell = m.model.astype(np.int64) * len(names) + of[m.sample]
        count = np.bincount(cell, minlength=len(m.models) * len(names))
        passed = np.bincount(cell, m.value, count.size)
        usual = np.bincount(of, total, len(names)) / np.bincount(of, m.observers, len(names))
        for at in np.flatnonzero((count >= _MANY) & (passed == 0)).tolist():
            model, name = m.models[at // len(names)], at % len(names)
            if usual[name] > _PASSED and "" not in found.get(model, ()):
                found.setdefault(model, []).append(what and f" of {what} {names[name]!r}")
    return tuple(
        f"{model} fails all samples{where}: if these runs failed, leave their values empty; missing is not 0"
        for model, places in found.items()
        for where in places
    )


def _caveats(old: Measurements, new: Measurements, both: int, guessed: bool, found: Drift) -> list[str]:
    warnings = []
    if found.alarm:
        warnings.append(
            f"the new release is {'harder' if found.change < 0 else 'easier'}: models run on both score "
            f"{found.change:+.3f} on average (p = {found.p_value:.2g})"
        )
    if guessed and both < _FEW:
        warnings.append(
            f"only {both} of the models {'has' if both == 1 else 'have'} results on both releases: intervals rest "
            "mostly on how far scores usually move"
        )
    if any(len(m.clusters) == len(m.samples) for m in (old, new)):
        warnings.append(
            "no two samples of a release share a cluster: where they share papers or images, name these in a "
            "column 'cluster', or the alarm rings too often"
        )
    if repeated := len({*old.samples} & {*new.samples}):
        warnings.append(f"{repeated:,} samples are in both releases")
    for name, m in (("old", old), ("new", new)):
        if m.missing:
            warnings.append(f"{m.missing:,} rows of the {name} release have no value; they are left out, not 0")
    return warnings


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return f"has {shown}{' …' if len(names) > 3 else ''}"
