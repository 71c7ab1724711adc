"""A new release: which models count as run on it, and how good the predictions of the others were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from aggregate.measurements import Measurements
from aggregate.rerun.changes import choose_models
from aggregate.rerun.release import ReleaseScores, predict_release
from aggregate.rerun.scores import check_chances, completed_scores, drawn_scores
from evalhub.errors import EvalhubError


@dataclass(frozen=True)
class Backtest:
    """What models whose results were hidden scored in truth."""

    observed: dict[str, float]
    error: dict[str, float]
    """Mean absolute error of our scores, and of the baselines `shift` and `carry`."""

    held: float
    """Share of the intervals that held the truth."""


@dataclass(frozen=True)
class Prediction:
    """Everyone's scores on a new release."""

    scores: ReleaseScores
    backtest: Backtest | None
    """None where no result was hidden."""

    def to_json(self) -> dict[str, Any]:
        """As `evalhub live predict --json` prints it."""
        found, hidden = self.scores, self.backtest
        observed = hidden.observed if hidden else {}
        rows = [{**asdict(row), "observed": observed.get(row.model)} for row in found.models]
        return {
            "rerun": list(found.rerun),
            "models": rows,
            "baselines": {"shift": found.shift, "carry": found.carry},
            "samples": found.samples,
            "level": found.level,
            "drift": asdict(found.drift),
            "backtest": hidden and {"models": len(observed), "error": hidden.error, "held": hidden.held},
            "warnings": list(found.warnings),
        }


def predict(
    old: Measurements, new: Measurements, models: str = "", *, level: float = 0.95, warnings: Sequence[str] = ()
) -> Prediction:
    """Scores on a new release, of which some results may be hidden to see how well they are predicted.

    models: which models count as run again: a number, names with commas between them, or nothing for all that
    have results in `new`. What the others have there is hidden, and compared with what is predicted. warnings:
    what else there is to say of `new`.

    Raises:
        EvalhubError: there are not so many models, or none of a name.
        aggregate.measurements.MeasurementsError: the values cannot be scores.
    """
    check_chances(old)
    check_chances(new)
    chosen = _chosen(old, new, models)
    scores = predict_release(old, new.of_models(np.isin(new.models, chosen)), level=level)
    scores = replace(scores, warnings=(*warnings, *scores.warnings))
    truth = dict(zip(new.models, drawn_scores(new, level).mean.tolist(), strict=True))
    hidden = [row for row in scores.models if not row.rerun and row.model in truth]
    if apart := sorted({*new.models} - {row.model for row in scores.models}):
        line = f"no results on the old release, so not predicted: {', '.join(apart)}"
        scores = replace(scores, warnings=(*scores.warnings, line))
    if not hidden:
        return Prediction(scores, None)
    guesses = {"predicted": {row.model: row.score for row in hidden}, "shift": scores.shift, "carry": scores.carry}
    return Prediction(
        scores,
        Backtest(
            observed={row.model: truth[row.model] for row in hidden},
            error={
                name: float(np.mean([abs(guess[row.model] - truth[row.model]) for row in hidden]))
                for name, guess in guesses.items()
            },
            held=float(np.mean([row.low <= truth[row.model] <= row.high for row in hidden])),
        ),
    )


_LONGEST = 9
"""Digits of a number of models."""


def _chosen(old: Measurements, new: Measurements, models: str) -> list[str]:
    """The models that count as run again."""
    if not models:
        return list(new.models)
    if models.strip().isdecimal():
        both = np.isin(old.models, new.models)
        most = int(both.sum())
        number = int(models) if len(models) <= _LONGEST else 0
        if not 1 <= number <= most:
            said = models if len(models) <= _LONGEST else f"{models[:_LONGEST]}…"
            raise EvalhubError(f"--models {said}: {most} models have results on both releases")
        able = np.array(old.models)[both]
        return sorted(able[choose_models(completed_scores(old)[0][both], number)].tolist())
    names = [name.strip() for name in models.split(",")]
    if "" in names:
        raise EvalhubError(
            f"--models {models!r} has a name missing beside a comma: write it as in model-1,model-4"
        )
    if unknown := {*names} - {*new.models}:
        raise EvalhubError(f"--models: the new release has no results of {min(unknown)!r}")
    return names
