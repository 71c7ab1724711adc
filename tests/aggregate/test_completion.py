"""What other models tell of a pool, and when they tell nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aggregate.completion import LEAST_MODELS, learn
from tests.aggregate.pools import learned, simulated


def test_few_models_or_few_results_teach_nothing() -> None:
    """Five models with 20 results each do."""
    truth = simulated(0, LEAST_MODELS, 40)
    seen = np.zeros_like(truth.value, bool)
    seen[:, :19] = True
    model, sample = np.nonzero(seen)
    for rows, teach in ((slice(None), False), (slice(0), False)):
        pool = learn(model[rows], sample[rows], truth.value[model, sample][rows], 40)
        assert (pool.prior is not None, pool.known.any()) == (teach, teach)
    seen[:, 20] = True
    model, sample = np.nonzero(seen)
    pool = learn(model, sample, truth.value[model, sample], 40)
    assert pool.prior is not None and pool.prior.models == LEAST_MODELS
    assert pool.known.tolist() == seen.any(axis=0).tolist()


def test_models_with_few_results_are_left_out() -> None:
    """As if they were not there, wherever they stand."""
    truth = simulated(1, 8, 60)
    seen = np.ones_like(truth.value, bool)
    seen[3, 10:] = False
    some, none = learned(truth, seen=seen), seen.copy()
    none[3] = False
    without = learned(truth, seen=none)
    assert some.prior and without.prior and some.prior.models == 6
    np.testing.assert_array_equal(some.easiness, without.easiness)
    np.testing.assert_array_equal(some.prior.covariance, without.prior.covariance)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": [0.5, 1.1]}, "must lie in"),
        ({"value": [0.5, -0.1]}, "must lie in"),
        ({"value": [0.5, np.nan]}, "leave missing ones out"),
        ({"value": [0.5]}, "of each result"),
        ({"sample": [0, 3]}, "between 0 and 2"),
        ({"sample": [0, -1]}, "between 0 and 2"),
        ({"group_of": np.zeros(2, int)}, "of each sample"),
        ({"cluster_of": np.zeros(4, int)}, "of each sample"),
    ],
)
def test_what_cannot_be_read(changes: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"model": [0, 0], "sample": [0, 1], "value": [0.5, 1.0], "samples": 3}
    with pytest.raises(ValueError, match=message):
        learn(**{**given, **changes})


def test_the_order_of_rows_and_samples_does_not_matter() -> None:
    truth = simulated(2, 9, 80)
    model, sample = np.nonzero(np.ones_like(truth.value))
    value = truth.value[model, sample]
    pool = learn(model, sample, value, 80, group_of=truth.group_of)
    rng = np.random.default_rng(0)
    rows, place = rng.permutation(model.size), rng.permutation(80)
    group_of = np.empty(80, int)
    group_of[place] = truth.group_of
    other = learn(model[rows], place[sample[rows]], value[rows], 80, group_of=group_of)
    np.testing.assert_allclose(other.easiness[place], pool.easiness, atol=1e-8)
    assert pool.prior and other.prior
    np.testing.assert_allclose(np.diag(other.prior.covariance), np.diag(pool.prior.covariance), rtol=1e-6)


def test_the_prior_holds_how_models_vary() -> None:
    """Wider where abilities are, and over groups where models are better at some than at others."""
    priors = {}
    for spread, stray in ((0.5, 0.0), (1.5, 0.0), (0.5, 0.8)):
        prior = learned(simulated(3, 30, 400, spread=spread, stray=stray)).prior
        assert prior is not None
        priors[spread, stray] = np.sqrt(np.diag(prior.covariance))
    assert priors[1.5, 0.0][0] > 1.5 * priors[0.5, 0.0][0]
    assert priors[0.5, 0.8][-1] > 0.5 > 0.3 > priors[0.5, 0.0][-1]


def test_rates_vary_less_about_their_chance_than_single_results() -> None:
    truth = simulated(4, 12, 200)
    rates = np.random.default_rng(0).binomial(8, truth.chance) / 8
    model, sample = np.nonzero(np.ones_like(rates))
    single, several = (learn(model, sample, y[model, sample], 200).prior for y in (truth.value, rates))
    assert single and several
    assert single.dispersion == pytest.approx(1, abs=0.15) and several.dispersion < 0.4


def test_results_of_a_cluster_that_go_together_are_noticed() -> None:
    """Ten copies of each sample, against as many samples of their own."""
    truth = simulated(5, 12, 40, groups=1)
    copies = np.repeat(truth.value, 10, axis=1)
    own = np.random.default_rng(1).random(copies.shape) < np.repeat(truth.chance, 10, axis=1)
    model, sample = np.nonzero(np.ones_like(copies))
    found = []
    for value in (copies, own.astype(float)):
        prior = learn(model, sample, value[model, sample], 400, cluster_of=np.arange(400) // 10).prior
        assert prior is not None
        found.append(prior.together)
    assert found[0] > 0.5 and found[1] < 0.1
