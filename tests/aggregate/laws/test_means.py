"""The law of means, and what people fit instead."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from aggregate.laws.curve import rate_of
from aggregate.laws.family import FamilyError, Means
from aggregate.laws.law import Law, law_of_means
from aggregate.laws.means import BASELINES, fit_means, scatter_interval

SIZES = np.array([1e7, 1e8, 1e9, 1e10])


def true_rates(chance: float = 0.0, at: np.ndarray = SIZES) -> np.ndarray:
    return rate_of(0.6 - 0.3 * np.log(at / 1e9), chance)


@pytest.mark.parametrize("chance", [0.0, 0.25])
def test_a_law_without_scatter_is_found_to_the_digit(chance: float) -> None:
    law = fit_means(SIZES[:3], true_rates(chance)[:3], chance)
    assert law.alpha[0] == pytest.approx(0.3, abs=1e-5)
    assert law.rate(1e10)[0] == pytest.approx(true_rates(chance)[3], abs=1e-5)
    low, high = scatter_interval(SIZES[:3], true_rates(chance)[:3], 1e10, chance=chance) or (0, 1)
    assert low == pytest.approx(high, abs=1e-3)


def test_many_fits_at_once_are_each_alone() -> None:
    rng = np.random.default_rng(0)
    rows = np.clip(true_rates() + rng.normal(0, 0.02, (5, 4)), 0, 1)
    together = fit_means(SIZES, rows)
    for place, row in enumerate(rows):
        assert together.alpha[place] == pytest.approx(fit_means(SIZES, row).alpha[0], rel=1e-5)


def test_that_no_bend_is_seen_is_little_where_sizes_are_few_or_the_largest_model_is_elsewhere() -> None:
    seen = law_of_means(
        Means.of(list("abcd"), SIZES.tolist(), (true_rates() + np.array([0, 0.01, 0, 0])).tolist(), 0.0)
    )
    law = replace(seen, shape="straight")
    assert law.held_out and law.finding == "no bend is seen"
    assert law.finding + ", but three sizes can hardly show one" == replace(law, models=law.models[:3]).finding
    elsewhere = replace(law, held_out=replace(law.held_out, rate=0.0)).finding
    assert elsewhere == "no bend is seen, but the largest model is not where the others say"


def test_a_rate_of_zero_needs_no_special_case() -> None:
    law = fit_means(SIZES, np.array([0.0, 0.0, 0.01, 0.2]))
    assert 0.2 < law.rate(1e11)[0] < 1
    assert BASELINES["power law"](SIZES, np.array([0.0, 0.0, 0.0, 0.2]), 1e11) != BASELINES["power law"](
        SIZES, np.array([0.0, 0.0, 0.1, 0.2]), 1e11
    )
    assert np.isnan(BASELINES["logit line"](SIZES, np.array([0.0, 0.0, 0.0, 0.2]), 1e11))


def test_no_rate_above_chance_is_no_law() -> None:
    with pytest.raises(FamilyError, match="no model passes more than a guess"):
        fit_means(SIZES, np.full(4, 0.2), 0.25)


def test_the_interval_covers_as_it_says_where_models_scatter_in_f() -> None:
    rng = np.random.default_rng(1)
    at = np.array([1e7, 3e7, 1e8, 3e8, 1e9, 3e9])
    inside = 0
    for _ in range(300):
        rates = rate_of(0.6 - 0.3 * np.log(at / 1e9) + rng.normal(0, 0.08, 6))
        low, high = scatter_interval(at[:5], rates[:5], at[5], level=0.9) or (0, 0)
        inside += low <= rates[5] <= high
    assert 0.85 <= inside / 300 <= 0.95


def test_a_law_of_means_holds_out_the_largest_and_rejects_nothing() -> None:
    means = Means.of(["d", "a", "c", "b"], SIZES[[3, 0, 2, 1]].tolist(), true_rates()[[3, 0, 2, 1]].tolist(), 0.0)
    law = law_of_means(means, sizes=[1e11])
    assert law.models == ("a", "b", "c", "d") and law.rejected is None and law.samples == 0
    assert law.held_out and law.held_out.rate == pytest.approx(law.held_out.forecasts[0].rate or 0, abs=1e-4)
    assert law.outlooks[0][1].rate == pytest.approx(float(true_rates(at=np.array([1e11]))[0]), abs=1e-4)


@pytest.mark.parametrize("count", [2, 4])
def test_a_law_comes_back_from_json_as_it_was(count: int) -> None:
    """Also one that holds out nothing."""
    sizes, rates = SIZES[: max(3, count)].tolist(), true_rates()[: max(3, count)].tolist()
    if count == 2:
        rates[:2] = [0.0, 0.0]
    law = law_of_means(Means.of(list("abcd")[: len(sizes)], sizes, rates, 0.0), sizes=[1e11])
    assert (law.held_out is None) == (count == 2)
    plain = json.loads(json.dumps(law.to_json()))
    assert Law.from_json(plain) == law
    del plain["log_c"]  # as an older evalhub kept it
    assert Law.from_json(plain) == replace(law, log_c=None)
