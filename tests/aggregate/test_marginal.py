"""The marginal likelihood: its derivatives, and that a fit finds the truth for every kind of value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import optimize

from aggregate.bootstrap import resampling_units
from aggregate.effects import Effects
from aggregate.latent_part import Gradient, LatentPart
from aggregate.marginal import Marginal
from aggregate.measurements import Measurements, MeasurementsError
from aggregate.methods.rasch import Rasch
from aggregate.vote_part import VotePart

KINDS = ("binary", "attempts", "ordinal", "numeric")


def simulated(
    kind: str, ability: np.ndarray, samples: int, seen: float = 0.7, seed: int = 0, spread: float = 0.0
) -> pl.DataFrame:
    """Values of all models on samples of normal difficulty, `seen` of the cells; discriminations of `spread`."""
    rng = np.random.default_rng(seed)
    sharp = np.exp(spread * rng.normal(size=samples))
    u = sharp * (ability[:, None] - rng.normal(size=samples))
    extra: dict[str, Any] = {}
    if kind == "binary":
        value = (rng.random(u.shape) < 1 / (1 + np.exp(-u))).astype(float)
    elif kind == "attempts":
        value = rng.binomial(8, 1 / (1 + np.exp(-u))) / 8
    elif kind == "ordinal":
        value = np.digitize(u + rng.logistic(size=u.shape), [-1, 0, 1.5]).astype(float)
    else:
        value = 10 + 2 * (u + 0.5 * rng.normal(size=u.shape))
    model, sample = np.nonzero(rng.random(u.shape) < seen)
    if kind == "attempts":
        extra = {"attempts": np.full(model.size, 8), "passes": np.rint(8 * value[model, sample]).astype(int)}
    return pl.DataFrame({"model": model, "sample": sample, "value": value[model, sample], **extra})


def measured(kind: str, *args: Any, **options: Any) -> Measurements:
    given: Any = "binary" if kind == "attempts" else kind
    return Measurements.from_frame(simulated(kind, *args, **options), kind=given)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("discriminate", [False, True])
def test_gradients_are_those_of_the_likelihood_and_scores_add_up_to_them(kind: str, discriminate: bool) -> None:
    rng = np.random.default_rng(3)
    m = measured(kind, rng.normal(size=5), 40)
    part = LatentPart(m, 0, m.cluster_of, first=discriminate, discriminate=discriminate)
    own = part.own_start + 0.1
    x = np.concatenate([rng.normal(size=5), own, 0.1 * rng.normal(size=len(m.samples))])
    first, second = 5, 5 + own.size

    def value(x: np.ndarray) -> float:
        return part.gradient(x[:first], x[first:second], x[second:]).value

    found = part.gradient(x[:first], x[first:second], x[second:])
    gradient = np.concatenate([found.ability, found.own, found.mean])
    np.testing.assert_allclose(gradient, optimize.approx_fprime(x, value, 1e-6), rtol=1e-4, atol=2e-3)
    scores = part.scores(0, len(m.clusters), x[:first], x[first:second], x[second:])
    parameters = np.concatenate([scores.ability.toarray(), scores.own], axis=1)
    np.testing.assert_allclose(parameters.sum(axis=0), gradient[:second], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(scores.mean, found.mean, rtol=1e-6, atol=1e-9)
    expected = scores.share @ part.values(x[:first], x[first:second])
    np.testing.assert_allclose(expected.sum(axis=0), found.expected, rtol=1e-9)


def differences(gradient: Callable[[np.ndarray], Gradient], ability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of a gradient and of what comes with it, by abilities."""
    found = []
    for n in range(ability.size):
        step = np.zeros(ability.size)
        step[n] = 1e-4
        up, down = gradient(ability + step), gradient(ability - step)
        found.append(((up.ability - down.ability) / 2e-4, (up.expected - down.expected) / 2e-4))
    second, expected = (np.stack(each, axis=1) for each in zip(*found, strict=True))
    return second, expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("discriminate", [False, True])
def test_curvatures_are_those_of_the_likelihood(kind: str, discriminate: bool) -> None:
    rng = np.random.default_rng(3)
    m = replace(measured(kind, rng.normal(size=5), 40), weight=rng.choice([0.0, 1.0, 2.5], 40))
    part = LatentPart(m, 0, m.cluster_of, first=discriminate, discriminate=discriminate)
    ability, own, mean = rng.normal(size=5), part.own_start + 0.1, 0.1 * rng.normal(size=40)
    found = part.curvature(ability, own, mean)
    second, expected = differences(lambda x: part.gradient(x, own, mean), ability)
    np.testing.assert_allclose(found.ability, second, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found.expected, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("ties", [False, True])
def test_the_curvature_of_votes(ties: bool) -> None:
    rng = np.random.default_rng(4)
    first = rng.integers(0, 5, 60)
    votes = pl.DataFrame(
        {
            "model_a": first,
            "model_b": (first + rng.integers(1, 5, 60)) % 5,
            "outcome": rng.choice([0.0, 0.5, 1.0] if ties else [0.0, 1.0], 60),
        }
    )
    m = Measurements.from_frame(simulated("binary", rng.normal(size=5), 40), votes)
    part = VotePart(m, resampling_units(m).of_vote, first=False)
    part.weight = rng.choice([0.0, 1.0, 2.0], 60)
    ability, own = rng.normal(size=5), part.own_start + 0.3
    found = part.curvature(ability, own, np.empty(0))
    second, _ = differences(lambda x: part.gradient(x, own, np.empty(0)), ability)
    np.testing.assert_allclose(found.ability, second, rtol=1e-6, atol=1e-7)
    assert not found.expected.any()


@pytest.mark.parametrize("stray", [0.1, 9.0])
def test_the_whole_curvature_is_that_of_the_loss(stray: float) -> None:
    """Of several metrics and votes, with priors, effects of tags, and own parameters that have strayed."""
    rng = np.random.default_rng(5)
    ability = rng.normal(size=4)
    values = [
        simulated(kind, ability, 30, seed=k).with_columns(metric=pl.lit(kind), kind=pl.lit(kind))
        for k, kind in enumerate(("binary", "numeric"))
    ]
    frame = pl.concat(values).with_columns(tag=pl.col("sample") % 2)
    first = rng.integers(0, 4, 40)
    votes = pl.DataFrame(
        {"model_a": first, "model_b": (first + 1) % 4, "outcome": rng.choice([0.0, 0.5, 1.0], 40), "tag": 0}
    )
    m = Measurements.from_frame(frame, votes)
    whole = Marginal(m, discriminate=True, effects=Effects.of_tags(m))
    x = whole._start + 0.1 * rng.normal(size=whole.size)
    x[len(ability) + 1] += stray
    variances = np.full(len(whole.effects.names), 0.5)
    second, slope = whole._curvature(x, variances)
    weight = m.weight.sum()
    for n in range(whole.size):
        step = np.zeros(whole.size)
        step[n] = 1e-5
        (_, up, more), (_, down, less) = (whole._evaluate(x + side * step, variances) for side in (1, -1))
        np.testing.assert_allclose(second[n], (up - down) / 2e-5, atol=2e-3 * np.abs(second).max())
        np.testing.assert_allclose(slope[:, n], (more - less) / 2e-5 / weight, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_finds_the_abilities(kind: str) -> None:
    ability = np.linspace(-1.5, 1.5, 6)
    m = measured(kind, ability, 3000, seen=0.4)
    fit = Marginal(m).fit()
    unit = m.value.std() / 2 if kind == "numeric" else 1  # numbers are fitted in their standard deviations
    found = unit * (fit.ability - fit.ability.mean())
    np.testing.assert_allclose(found, ability, atol=0.2)
    spread = unit * np.exp(fit.own[0][0])
    assert spread == pytest.approx(1, abs=0.1)


def test_discriminations_are_found_where_they_are() -> None:
    ability = np.linspace(-1.5, 1.5, 12)
    m = measured("binary", ability, 3000, seen=0.8, spread=0.6)
    fit = Marginal(m, discriminate=True).fit()
    assert np.exp(fit.own[0][1]) == pytest.approx(0.6, abs=0.1)
    true = ability[[int(name) for name in m.models]]
    np.testing.assert_allclose(fit.ability - fit.ability.mean(), true, atol=0.15)


@pytest.mark.parametrize("kind", KINDS)
def test_with_all_samples_measured_the_expected_value_is_the_mean(kind: str) -> None:
    m = measured(kind, np.array([-1.0, 0, 0.3, 2]), 300, seen=1.0)
    estimates, _ = Rasch().estimate(m)
    mean = np.bincount(m.model, m.value) / 300
    # Exact but for the weak priors; cumulative grades have no such identity.
    np.testing.assert_allclose(estimates.scores, mean, atol=(0.02 if kind == "ordinal" else 1e-3) * m.value.std())


def test_votes_and_values_are_one_fit() -> None:
    ability = np.linspace(-1, 1, 5)
    rng = np.random.default_rng(5)
    first, second = rng.integers(5, size=(2, 4000))
    first, second = first[first != second], second[first != second]
    gap = 2 * (ability[first] - ability[second])
    chance = np.stack([np.exp(gap / 2), np.full(gap.size, 0.8), np.exp(-gap / 2)])
    chance /= chance.sum(axis=0)
    outcome = (rng.random(gap.size) > np.cumsum(chance, axis=0)[:2]).sum(axis=0)
    votes = pl.DataFrame({"model_a": first, "model_b": second, "outcome": 1 - outcome / 2})
    values = simulated("binary", ability, 400)
    fits = [Marginal(Measurements.from_frame(*frames)).fit() for frames in ((values,), (votes,), (values, votes))]
    errors = [
        np.abs(fit.ability - fit.ability.mean() - ability * (2 if f == 1 else 1)) for f, fit in enumerate(fits)
    ]
    assert all(error.max() < 0.25 for error in errors)
    log_scale, log_tie = fits[2].own[1]
    assert np.exp(log_scale) == pytest.approx(2, rel=0.15) and np.exp(log_tie) == pytest.approx(0.8, rel=0.15)
    information = [np.diag(fit.information)[:5].sum() for fit in fits]
    assert information[2] > information[0] + 1


def test_tags_of_unlike_difficulty_are_found_and_shrunk_where_they_are_alike() -> None:
    rng = np.random.default_rng(7)
    hard = np.repeat([-1.0, 0, 1], 400)
    u = np.array([-0.5, 0, 0.5, 1])[:, None] - hard - rng.normal(size=1200)
    value = (rng.random(u.shape) < 1 / (1 + np.exp(-u))).astype(float)
    model, sample = np.nonzero(np.ones_like(u))
    frame = pl.DataFrame({"model": model, "sample": sample, "value": value[model, sample]})
    tagged = Measurements.from_frame(frame.with_columns(tag=sample // 400))
    mixed = Measurements.from_frame(frame.with_columns(tag=sample % 3))
    fit = Marginal(tagged, effects=Effects.of_tags(tagged)).fit()
    np.testing.assert_allclose(fit.effects - fit.effects.mean(), [-1, 0, 1], atol=0.15)
    assert Marginal(mixed, effects=Effects.of_tags(mixed)).fit().variances[0] < 0.02


def test_thinned_curvature_is_close_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    m = measured("binary", np.linspace(-1, 1, 6), 3000)
    whole = Marginal(m).fit()
    monkeypatch.setattr("aggregate.marginal._CURVATURE_ROWS", m.value.size // 2)
    part = Marginal(m).fit()
    np.testing.assert_allclose(part.ability, whole.ability, atol=1e-4)
    np.testing.assert_allclose(np.diag(part.information), np.diag(whole.information), rtol=0.1)


def test_too_many_grades_are_refused() -> None:
    frame = pl.DataFrame({"model": ["a"] * 60, "sample": range(60), "value": range(60)})
    with pytest.raises(MeasurementsError, match="60 grades are too many"):
        Marginal(Measurements.from_frame(frame, kind="ordinal"))
