"""From a fit of the marginal likelihood to the scores that users read, and how sure they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from aggregate.bootstrap import cluster_weights
from aggregate.estimates import Estimates, given
from aggregate.influence import influence_covariance
from aggregate.intervals import small_sample_factor
from aggregate.latent_part import LatentPart
from aggregate.marginal import RIDGE, Fit, Marginal
from aggregate.measurements import Measurements

PASS_UNIT = "estimated pass rate over all samples, measured or not"
VALUE_UNIT = "estimated mean value over all samples, measured or not"
LOG_ODDS_UNIT = "ability above the average model, in log-odds"
DEVIATIONS_UNIT = "ability above the average model, in standard deviations of the values"


_ANY_OUTCOME = 0.5
"""Size of the derivative by ability of a result that comes out one way or the other."""


def unit_of(measurements: Measurements) -> str:
    """What a score is: there is a value to expect with one metric, or several that are chances alike; votes alone
    have none."""
    kinds = {(metric.kind, metric.direction) for metric in measurements.metrics}
    if kinds in ({("binary", "up")}, {("binary", "down")}):
        return PASS_UNIT
    if len(measurements.metrics) == 1:
        return VALUE_UNIT
    numbers = {kind for kind, _ in kinds} == {"numeric"}
    return DEVIATIONS_UNIT if numbers and not measurements.votes.outcome.size else LOG_ODDS_UNIT


def abilities(
    marginal: Marginal,
    fit: Fit,
    *,
    level: float,
    draws: int,
    seed: int,
    extra: np.ndarray | None = None,
) -> Estimates:
    """Scores with a covariance over clusters or, if `draws` are asked for, that many bootstrap replicates.

    extra: (M, M) covariance of abilities that no cluster shows.

    A score is the value that a model is expected to get given everybody's results, averaged over all samples,
    weighted: its plain mean where it saw them all. Without a common scale of values it is the ability less the
    average. The covariance is that of the scores' influence functions, summed by cluster: the spread of expected
    values over samples, and the scores' slopes times the inverse information times the likelihood's derivatives.
    """
    m, unit = marginal.measurements, unit_of(marginal.measurements)
    models = marginal.models
    centre = np.eye(models) - 1 / models
    by_value = unit in (PASS_UNIT, VALUE_UNIT)
    origin, deviation = 0.0, 1.0
    if by_value and isinstance(marginal.parts[0], LatentPart):
        origin, deviation = marginal.parts[0].response.origin, marginal.parts[0].response.deviation

    def score(ability: np.ndarray, expected: np.ndarray) -> np.ndarray:
        found: np.ndarray = origin + deviation * expected if by_value else centre @ ability
        return found

    scores, clusters = score(fit.ability, fit.expected), marginal.units.per_model
    widen = small_sample_factor(clusters, level)
    if by_value:
        slope = deviation * fit.expected_slope
    else:
        slope = np.hstack([centre, np.zeros((models, marginal.size - models))])
    beyond = np.zeros((models, models))
    if extra is not None:
        beyond += slope[:, :models] @ extra @ slope[:, :models].T
    by_derivative = np.linalg.solve(fit.information, slope.T)
    if unit != PASS_UNIT:
        beyond += _imaginary(m, by_derivative[:models], clusters, by_value)
    if draws:
        refits = [
            score(*marginal.refit(fit, weight))
            for weights in cluster_weights(marginal.units.number, draws, seed)
            for weight in weights
        ]
        normal = np.random.default_rng([seed, 5]).standard_normal((2, draws, models))
        size, direction = np.linalg.eigh(beyond)
        found = np.array(refits) + normal[0] @ (direction * np.sqrt(np.maximum(size, 0))).T
        if unit != PASS_UNIT:
            return _turned(m, unit, _unbounded(m, by_value, widen, Estimates(scores=scores, draws=found)))
        low, high, lack = _in_unit(m, scores, found.var(axis=0), clusters, widen, level)
        found += normal[1] * np.sqrt(lack)
        return _turned(m, unit, Estimates(scores=scores, draws=found, low=low, high=high))

    scale = deviation / m.weight.sum() if by_value else 0.0
    covariance = beyond + influence_covariance(marginal, fit, by_derivative, scale)
    if unit != PASS_UNIT:
        return _turned(m, unit, _unbounded(m, by_value, widen, Estimates(scores=scores, covariance=covariance)))
    low, high, lack = _in_unit(m, scores, np.diag(covariance), clusters, widen, level)
    covariance = covariance + np.diag(lack)
    return _turned(m, unit, Estimates(scores=scores, covariance=covariance, low=low, high=high))


def _unbounded(m: Measurements, by_value: bool, widen: np.ndarray, estimates: Estimates) -> Estimates:
    """Ends without a bound where no value differs from another, so that nothing is known of how they vary; where
    there is no other model for an ability to stand beside; and where an ability is known no better than by the
    prior."""
    if by_value:
        known = np.full(len(m.models), m.value.min() < m.value.max())
    else:
        draws = estimates.draws
        variance = np.diag(given(estimates.covariance)) if draws is None else draws.var(axis=0)
        known = (widen**2 * variance < 1 / RIDGE) & (len(m.models) > 1)
    if known.all():
        return estimates
    nowhere = np.where(known, np.nan, np.inf)
    return replace(estimates, low=-nowhere, high=nowhere)


def _imaginary(m: Measurements, slope: np.ndarray, clusters: np.ndarray, by_value: bool) -> np.ndarray:
    """(M, M) what one further result of each model, of any outcome, would add: without it, results that all say
    the same would look certain. slope: (M, M) of the scores by the derivatives of each model."""
    numeric = bool(m.metrics) and all(metric.kind == "numeric" for metric in m.metrics)
    if by_value or numeric:
        spread = float(m.value.std(dtype=np.float64)) if by_value else 1.0
        return np.diag((spread / np.maximum(clusters, 1)) ** 2)
    return (_ANY_OUTCOME * slope).T @ (_ANY_OUTCOME * slope)


def _in_unit(
    m: Measurements,
    rate: np.ndarray,
    variance: np.ndarray,
    clusters: np.ndarray,
    widen: np.ndarray,
    level: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intervals of rates on the scale of log-odds, and what their variances lack.

    C clusters cannot show more than that 1 - (a/2)^(1/C) of all would go the other way: ends are at least as far
    (as in `intervals.korn_graubard`), which is what is left where every cluster says the same. A record without a
    fail sets no upper end, one without a pass no lower one.
    """
    tail = (1 - level) / 2
    z = special.ndtri(1 - tail)
    unseen = -np.expm1(np.log(tail) / np.maximum(clusters, 1))
    rate = np.clip(rate, 1e-9, 1 - 1e-9)
    half = z * widen * np.sqrt(variance) / (rate * (1 - rate))
    low = np.minimum(special.expit(special.logit(rate) - half), rate * (1 - unseen))
    high = np.maximum(special.expit(special.logit(rate) + half), rate + (1 - rate) * unseen)
    low = np.where(np.bincount(m.model, m.upward, rate.size) == 0, 0, low)
    high = np.where(np.bincount(m.model, 1 - m.upward, rate.size) == 0, 1, high)
    least = (np.maximum(rate, 1 - rate) * unseen / z) ** 2
    return low, high, np.maximum(least - variance, 0)


def _turned(measurements: Measurements, unit: str, estimates: Estimates) -> Estimates:
    """Scores as the user's values are: turned back where lower is better; rounded, so that equals tie."""
    if unit not in (PASS_UNIT, VALUE_UNIT) or measurements.metrics[0].direction == "up":
        return replace(estimates, scores=np.round(estimates.scores, 9))

    def turn(values: np.ndarray) -> np.ndarray:
        return 1 - values if unit == PASS_UNIT else -values

    return replace(
        estimates,
        scores=np.round(turn(estimates.scores), 9),
        draws=None if estimates.draws is None else turn(estimates.draws),
        low=None if estimates.high is None else turn(estimates.high),
        high=None if estimates.low is None else turn(estimates.low),
        higher_is_better=False,
    )
