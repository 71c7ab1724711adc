"""Releases on one scale: what the questions changed is taken out, and intervals hold."""

from __future__ import annotations

import numpy as np
import pytest

from aggregate.measurements import Measurements, MeasurementsError
from aggregate.rerun.anchor import anchor
from tests.aggregate.releases import release

ABILITY = np.array([-1.0, -0.3, 0.2, 0.9, 1.5])
SHIFTS = (0.0, -0.7, 0.4)


def three(seed: int, papers: int = 40) -> list[Measurements]:
    """Releases of different hardness; the best model is new in the second one, the worst is not in the third."""
    rng = np.random.default_rng(seed)
    frames = [release(f"r{k}", ABILITY + shift, papers, rng) for k, shift in enumerate(SHIFTS)]
    made = [Measurements.from_frame(frame) for frame in frames]
    return [made[0].of_models(np.arange(5) < 4), made[1], made[2].of_models(np.arange(5) > 0)]


def expected() -> np.ndarray:
    """(3, 5) chances to pass, over samples without end."""
    hard = np.random.default_rng(1).normal(0, np.hypot(0.8, 1.0), 200_000)
    return np.array([[(1 / (1 + np.exp(hard - a - shift))).mean() for a in ABILITY] for shift in SHIFTS])


def test_intervals_hold_the_score_on_the_last_releases_scale() -> None:
    """At their level or more, whichever release a model was run on."""
    chance = expected()
    links = [(chance[1] - chance[0])[:4].mean(), (chance[2] - chance[1])[1:].mean()]
    truth = [chance[0] + sum(links), chance[1] + links[1], chance[2]]
    held, wide = [], []
    for seed in range(60):
        for row in anchor(three(seed), level=0.9).scores:
            assert row.anchored_low is not None and row.anchored_high is not None
            held.append(row.anchored_low <= truth[row.release][int(row.model[1:])] <= row.anchored_high)
            wide.append(row.anchored_high - row.anchored_low)
    assert 0.9 <= np.mean(held) <= 0.995
    assert np.mean(wide) < 0.5


def test_a_harder_release_does_not_move_a_model() -> None:
    """As measured the same model falls by a tenth and more; on the scale it stays where it is."""
    found = anchor(three(0, papers=400))
    by = {(row.release, row.model): row for row in found.scores}
    fell = by[1, "m02"].score - by[0, "m02"].score
    stayed = by[1, "m02"].anchored - by[0, "m02"].anchored
    assert fell < -0.1 and abs(stayed) < 0.03
    assert by[2, "m02"].anchored == by[2, "m02"].score
    assert [change.models for change in found.changes if change] == [4, 4]


def test_a_gap_is_not_bridged() -> None:
    """Before two neighbours that share no model nothing is on the scale."""
    first, second, third = three(0)
    found = anchor([first, second.of_models(np.arange(5) > 3), third])
    assert found.changes[0] is None and found.changes[1] is not None
    assert {row.release for row in found.scores if row.anchored is None} == {0}


def test_values_that_are_no_chances_are_refused() -> None:
    """A number of points has no place on the scale."""
    frame = release("r", ABILITY, 4, np.random.default_rng(0))
    with pytest.raises(MeasurementsError, match=r"\[0, 1\]"):
        anchor([Measurements.from_frame(frame.with_columns(value=frame["value"] * 10))])
