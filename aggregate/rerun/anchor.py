"""Releases that follow each other on one scale: what models of both say of the questions is taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from aggregate.measurements import Measurements
from aggregate.methods.mean import Mean
from aggregate.rerun.drift import Drift, drift
from aggregate.rerun.scores import check_chances


@dataclass(frozen=True, kw_only=True)
class AnchoredScore:
    """A model on one of the releases."""

    release: int
    """Its place among the releases, from 0."""

    model: str

    score: float
    """Mean value on that release."""

    low: float
    high: float
    """Interval of it, for releases drawn without end."""

    samples: int
    """With a result of this model."""

    anchored: float | None
    """The score as if that release were as hard as the last one: may lie outside [0, 1]. None where the releases
    in between are not linked."""

    anchored_low: float | None
    anchored_high: float | None


@dataclass(frozen=True)
class Anchored:
    """All releases on the scale of the last one."""

    scores: tuple[AnchoredScore, ...]
    """By release, best first."""

    changes: tuple[Drift | None, ...]
    """Of each release from the one before it, the first left out; None where no model was run on both."""


def anchor(releases: Sequence[Measurements], *, level: float = 0.95) -> Anchored:
    """Put the mean scores on releases, oldest first, on the scale of the last one.

    The change of the mean of the models that were run on two neighbours (`drift.drift`) is what the questions
    changed; an earlier score is moved by the sum of the changes that follow it. Half widths of the score and of
    these changes are added in quadrature: as samples that are hard for one model are hard for others, what is
    shared between them cancels in truth, so that intervals are rather too wide. Assumes that a model is the same
    in both releases, that changed questions move all models alike, and that results are of all samples or of some
    drawn at random. Raises MeasurementsError where values cannot be scores, ValueError for a level not in (0, 1).
    """
    for one in releases:
        check_chances(one)
    changes = tuple(
        drift(old, new, level=level) if {*old.models} & {*new.models} else None for old, new in pairwise(releases)
    )
    scores: list[AnchoredScore] = []
    for place, one in enumerate(releases):
        after = changes[place:]
        moves = [change for change in after if change]
        linked = len(moves) == len(after)
        moved = sum(change.change for change in moves)
        below = sum((change.change - change.low) ** 2 for change in moves)
        above = sum((change.high - change.change) ** 2 for change in moves)
        for row in Mean()(one, level=level).models:
            at = row.score + moved
            scores.append(
                AnchoredScore(
                    release=place,
                    model=row.model,
                    score=row.score,
                    low=row.low,
                    high=row.high,
                    samples=row.samples,
                    anchored=at if linked else None,
                    anchored_low=at - ((row.score - row.low) ** 2 + below) ** 0.5 if linked else None,
                    anchored_high=at + ((row.high - row.score) ** 2 + above) ** 0.5 if linked else None,
                )
            )
    return Anchored(tuple(scores), changes)
