"""Density against a ladder: places that are right, intervals that hold, and bounds where the ladder ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from aggregate.density import Densities, Measured, densities
from aggregate.doubling import doubling
from aggregate.ladder import reached, rising
from aggregate.laws.curve import rate_of
from aggregate.laws.family import FamilyError

SIZES = np.array([1e7, 3e7, 1e8, 3e8, 1e9, 3e9])
OTHERS = {"sparse": (5e7, 0.5), "even": (2e8, 1.0), "dense": (7e8, 2.0)}
"""Sizes and true densities."""

EFFECTIVE = np.array([*SIZES, *(size * density for size, density in OTHERS.values())])


def measured(samples: int, seed: int, *, attempts: int = 4, cluster: int = 1, exact: bool = False) -> Measured:
    """The ladder and the others on samples that each have a law of their own, which clusters share."""
    rng = np.random.default_rng(seed)
    ease, slope = np.repeat(rng.normal((1.2, 0.35), (0.8, 0.1), (samples // cluster, 2)), cluster, axis=0).T
    rates = rate_of(ease[:, None] - slope[:, None] * (np.log(EFFECTIVE) - np.log(SIZES).mean()))
    return Measured(
        models=(*(f"rung-{size:.0e}" for size in SIZES), *OTHERS),
        rates=rates if exact else rng.binomial(attempts, rates) / attempts,
        parameters=(*SIZES.tolist(), *(size for size, _ in OTHERS.values())),
        active=(None,) * len(EFFECTIVE),
        released=(None,) * len(EFFECTIVE),
        cluster=np.arange(samples) // cluster,
    )


def against(m: Measured, **options: int) -> Densities:
    return densities(m, np.array([name.startswith("rung") for name in m.models]), **options)


def test_a_known_density_is_found_where_rates_are_known() -> None:
    """What is left is that the ladder is a line between its rungs: a few percent."""
    found = {one.model: one for one in against(measured(20_000, 0, exact=True), resamples=100).models}
    for name, (size, density) in OTHERS.items():
        assert found[name].over(size)[0] == pytest.approx(density, rel=0.05)
        assert found[name].place == "within"


@pytest.mark.parametrize("cluster", [1, 4])
def test_intervals_hold_about_as_often_as_they_say(cluster: int) -> None:
    inside = []
    for seed in range(100):
        found = against(measured(200, seed, cluster=cluster), resamples=200)
        for one in found.models:
            size, density = OTHERS[one.model]
            low, high = one.over(size)[1:]
            inside.append((low or 0) <= density <= (high or np.inf))
    assert 0.86 <= np.mean(inside) <= 0.98


def test_beyond_the_ladder_there_is_one_bound() -> None:
    m = measured(100, 0)
    rates = m.rates.copy()
    rates[:, m.models.index("dense")] = 1.0
    rates[:, m.models.index("sparse")] = 0.0
    found = {one.model: one for one in against(replace(m, rates=rates)).models}
    above, below = found["dense"], found["sparse"]
    assert (above.place, above.equivalent, above.equivalent_high) == ("above", None, None)
    assert above.equivalent_low == pytest.approx(3e9)
    assert (below.place, below.equivalent, below.equivalent_low) == ("below", None, None)
    assert below.equivalent_high is not None and below.equivalent_high < 1e8


def test_a_score_that_small_rungs_have_too_has_no_lower_bound() -> None:
    """Two rungs that never pass, and a model that never does."""
    m = measured(100, 0)
    rates = m.rates.copy()
    rates[:, [0, 1, m.models.index("sparse")]] = 0.0
    never = next(one for one in against(replace(m, rates=rates)).models if one.model == "sparse")
    assert (never.place, never.equivalent, never.equivalent_low) == ("within", pytest.approx(1e7), None)
    assert 3e7 < (never.equivalent_high or 0) < 1e8


def test_a_ladder_that_scores_alike_is_refused() -> None:
    m = measured(100, 0)
    rates = m.rates.copy()
    rates[:, :6] = 0.0
    with pytest.raises(FamilyError, match="score alike"):
        against(replace(m, rates=rates))


def test_a_ladder_that_falls_is_refused() -> None:
    m = measured(100, 0)
    rates = m.rates.copy()
    rates[:, :6] = rates[:, :6][:, ::-1]
    with pytest.raises(FamilyError, match="no better than the smaller"):
        against(replace(m, rates=rates))


def test_a_model_of_the_ladder_again_has_density_one() -> None:
    m = measured(100, 3)
    rates = m.rates.copy()
    rates[:, -1] = rates[:, 3]
    one = next(one for one in against(replace(m, rates=rates)).models if one.model == m.models[-1])
    assert one.equivalent == pytest.approx(SIZES[3])
    assert SIZES[2] < (one.equivalent_low or 0) <= SIZES[3] <= (one.equivalent_high or 0) < SIZES[4]


def test_of_a_mixture_both_sizes_count_and_a_ladder_has_none() -> None:
    m = measured(100, 0)
    active = list(m.active)
    active[m.models.index("dense")] = 1e8
    one = next(one for one in against(replace(m, active=tuple(active))).models if one.model == "dense")
    told = one.to_json()
    assert told["active_density"] == pytest.approx(7 * told["density"])
    active[2] = 5e7
    with pytest.raises(FamilyError, match="mixture of experts"):
        against(replace(m, active=tuple(active)))


def test_each_model_counts_on_the_samples_that_it_shares_with_the_ladder() -> None:
    """Those that it lacks are not failed; with too few it is left out."""
    m = measured(200, 5)
    rates = m.rates.copy()
    hard = rates[:, :6].mean(axis=1) < np.median(rates[:, :6].mean(axis=1))
    rates[hard & (np.arange(200) > 20), m.models.index("even")] = np.nan
    rates[30:, m.models.index("sparse")] = np.nan
    found = against(replace(m, rates=rates))
    even = next(one for one in found.models if one.model == "even")
    assert even.samples < 140 and 0.4 < (even.over(even.parameters)[0] or 0) < 2.5
    assert found.left_out == {"sparse": 0.15} and {one.model for one in found.models} == {"even", "dense"}


def test_means_alone_have_a_density_and_no_interval() -> None:
    m = measured(1000, 0, exact=True)
    found = against(replace(m, rates=m.rates.mean(axis=0, keepdims=True), cluster=None))
    assert found.samples == 0 and {one.place for one in found.models} == {"within"}
    assert all(one.equivalent_low is None and one.equivalent_high is None for one in found.models)


def test_a_ladder_that_is_none_is_refused() -> None:
    m = measured(100, 0)
    with pytest.raises(FamilyError, match="3 sizes"):
        densities(m, np.arange(len(m.models)) < 2)
    with pytest.raises(FamilyError, match="size of each model"):
        against(replace(m, parameters=(None, *m.parameters[1:])))
    rates = m.rates.copy()
    rates[5:, 0] = np.nan
    with pytest.raises(FamilyError, match="share 5 samples"):
        against(replace(m, rates=rates))


def test_rates_are_made_to_rise_by_least_squares() -> None:
    """Against pooling of neighbours, done by hand; and what rises already stays."""
    assert rising(np.array([[0.1, 0.3, 0.2, 0.5], [0.0, 0.1, 0.2, 0.3], [0.4, 0.3, 0.2, 0.9]])) == pytest.approx(
        np.array([[0.1, 0.25, 0.25, 0.5], [0.0, 0.1, 0.2, 0.3], [0.3, 0.3, 0.3, 0.9]])
    )


def test_a_score_on_a_plateau_is_first_reached_where_it_begins() -> None:
    ladder, x = np.array([[0.1, 0.3, 0.3, 0.3, 0.6]]), np.arange(5.0)
    assert reached(ladder, x, np.array([0.3]), 100)[0] == 1.0
    assert 3.0 < reached(ladder, x, np.array([0.31]), 100)[0] < 3.2
    assert reached(ladder, x, np.array([0.05]), 100)[0] == -np.inf
    assert reached(ladder, x, np.array([0.7]), 100)[0] == np.inf


def test_a_doubling_time_is_found_and_its_interval_holds() -> None:
    """Doubling in 100 days, with scatter; few models tell none."""
    days = np.arange(0, 1000, 60)
    when = [date.fromordinal(738_000 + int(day)) for day in days]
    inside = 0
    for seed in range(600):
        noise = np.random.default_rng(seed).normal(0, 0.6, len(days))
        found = doubling(when, np.exp(np.log(2) / 100 * days + noise), 0.9)
        assert found is not None and found.days_low is not None
        inside += found.days_low <= 100 <= (found.days_high or np.inf)
    assert 0.86 <= inside / 600 <= 0.94
    assert doubling(when[:5], [1.0] * 5, 0.9) is None
    falling = doubling(when, np.exp(-days / 100), 0.9)
    assert falling is not None and falling.days is None and falling.per_year < 1
