"""What models that were not run on a new release score there."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from aggregate.rerun.changes import choose_models, learn_changes
from tests.aggregate.releases import Simulated, simulated


def trial(made: Simulated, number: int, level: float) -> tuple[float, float, float]:
    """Share of intervals that hold, our mean error, that of `shift`."""
    changes, truth = learn_changes(made.old), made.truth
    rerun = choose_models(changes.score, number)
    rest = np.setdiff1d(np.arange(truth.size), rerun)
    found = changes.predict(rerun, truth[rerun], np.zeros(number), len(made.new.samples), level)
    shift = changes.score[rest] + (truth[rerun] - changes.score[rerun]).mean()
    held = (found.low <= truth[rest]) & (truth[rest] <= found.high)
    return (
        float(held.mean()),
        float(np.abs(found.score - truth[rest]).mean()),
        float(np.abs(shift - truth[rest]).mean()),
    )


@pytest.mark.slow
@pytest.mark.parametrize(("together", "alone"), [(0.0, 0.0), (0.3, 0.1), (1.0, 0.1)])
@pytest.mark.parametrize("number", [2, 4])
def test_intervals_hold_and_beat_the_shift(together: float, alone: float, number: int) -> None:
    """Whether models change or only samples do, a little or by 13 points."""
    trials = [
        trial(simulated(seed, papers=60, together=together, alone=alone), number, level=0.9) for seed in range(25)
    ]
    held, ours, shift = np.mean(trials, axis=0)
    assert held >= 0.9
    assert ours <= shift + 0.001


def test_more_models_run_again_tell_more() -> None:
    made = [simulated(seed, papers=60, together=0.3, alone=0.1) for seed in range(8)]
    errors = [np.mean([trial(one, number, 0.95)[1] for one in made]) for number in (1, 3, 8)]
    assert all(more < fewer for fewer, more in pairwise(errors))


def test_models_that_fail_the_same_samples_change_alike() -> None:
    """A model's twin says more of it than a stranger does."""
    made = simulated(0, models=6)
    value = made.old.value.reshape(len(made.old.samples), 6).copy()
    value[:, 1] = value[:, 0]
    twins = learn_changes(replace(made.old, value=value.ravel()))
    own, stranger = twins.apart[0, 1], twins.apart[0, 2:]
    assert own > 2 * stranger.max()


def test_answers_on_part_of_the_release_say_less() -> None:
    """The intervals of the others grow with what is unsure of those run again."""
    made = simulated(1)
    changes, rerun = learn_changes(made.old), np.array([1, 5, 9])
    widths = []
    for noise in (0.0, 0.02**2, 0.2**2):
        found = changes.predict(rerun, made.truth[rerun], np.full(3, noise), len(made.new.samples), 0.95)
        widths.append((found.high - found.low).mean())
    assert widths[0] < widths[1] < widths[2]


def test_the_error_to_expect_is_that_of_small_changes() -> None:
    """Where models do not change at all, it is an upper bound; none for models that answer everything."""
    made = [simulated(seed, papers=60) for seed in range(10)]
    rerun = np.array([1, 4, 7, 10])
    changes = learn_changes(made[0].old)
    expected = changes.expected_error(rerun, np.zeros(4), len(made[0].new.samples))
    assert (expected[rerun] == 0).all()
    assert np.mean([trial(one, 4, 0.95)[1] for one in made]) < np.delete(expected, rerun).mean() < 0.06


def test_models_are_spread_over_the_scores() -> None:
    score = np.array([0.9, 0.1, 0.5, 0.3, 0.7, 0.2])
    assert choose_models(score, 2).tolist() == [4, 5]
    assert choose_models(score, 3).tolist() == [0, 2, 5]
    assert choose_models(score, 6).tolist() == list(range(6))
    for number in (0, 7):
        with pytest.raises(ValueError, match="cannot be chosen"):
            choose_models(score, number)


def test_results_without_any_difference_make_no_trouble() -> None:
    made = simulated(2, models=3, papers=4)
    same = replace(made.old, value=np.ones_like(made.old.value))
    found = learn_changes(same).predict(np.array([0]), np.array([1.0]), np.zeros(1), 20, 0.95)
    assert (found.score > 0.95).all() and (found.high == 1).all() and (found.low < 0.999).all()
