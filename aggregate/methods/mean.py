"""Mean: each model's average over the samples it was measured on."""

from __future__ import annotations

import numpy as np
from scipy import sparse, special

from aggregate.bootstrap import cluster_weights, resampling_units
from aggregate.caveats import caveats, few_units, one_scale, votes_left_out
from aggregate.intervals import check_level, cluster_variance, korn_graubard
from aggregate.measurements import Measurements
from aggregate.ranking import Ranking, ranking_rows, ranks_from_draws


class Mean:
    """Score: mean value. Interval: Korn-Graubard for values in [0, 1], else the studentised bootstrap."""

    name = "mean"
    assumes = "every model was measured on the same samples, or on samples picked without regard to the model"
    unit = "mean value"

    def __call__(
        self, measurements: Measurements, *, level: float = 0.95, replicates: int = 1000, seed: int = 0
    ) -> Ranking:
        """See `aggregate.method.Method`."""
        check_level(level)
        metric = one_scale(measurements)
        totals = _Totals(measurements)
        draws, errors = totals.draw(replicates, seed)
        if totals.bounded:
            low, high = korn_graubard(totals.mean, totals.variance, totals.samples, totals.clusters, level)
        else:
            low, high = totals.studentised(draws, errors, level)

        # An imaginary further cluster, of any value, for each model: without it a model that passes all or
        # nothing would never vary, and three samples would set it apart from the others for certain.
        spread = 1.0 if totals.bounded else measurements.value.std()
        noise = np.random.default_rng([seed, 1]).standard_normal(draws.shape)
        sign = 1 if metric.direction == "up" else -1
        ranks = ranks_from_draws(
            sign * totals.mean,
            sign * (draws + noise * spread / totals.clusters),
            level=level,
            clusters=totals.clusters,
        )
        all_samples = len(measurements.samples)
        return Ranking(
            method=self.name,
            assumes=self.assumes,
            unit=self.unit,
            level=level,
            models=ranking_rows(measurements.models, totals.mean, low, high, ranks, totals.samples, all_samples),
            samples=all_samples,
            clusters=len(measurements.clusters),
            warnings=(
                *caveats(measurements),
                *few_units(measurements),
                *votes_left_out(measurements),
                *_unlike(totals.samples / all_samples),
            ),
        )


def _unlike(coverage: np.ndarray) -> list[str]:
    if coverage.min() == 1:
        return []
    return [
        f"means over different samples are not comparable: coverage from {coverage.min():.1%} to "
        f"{coverage.max():.1%}; see bradley-terry"
    ]


class _Totals:
    """Sums and counts of each model in each cluster, held only where there are any."""

    def __init__(self, measurements: Measurements) -> None:
        models = len(measurements.models)
        unit_of, self.units = resampling_units(measurements)
        cells, cell = np.unique(
            measurements.model * self.units + unit_of[measurements.sample], return_inverse=True
        )
        self.of, unit = np.divmod(cells, self.units)
        sums = np.bincount(cell, weights=measurements.value)
        counts = np.bincount(cell).astype(np.float64)
        self.clusters = np.bincount(self.of)
        self.samples = measurements.samples_per_model
        self.mean = np.bincount(self.of, weights=sums) / self.samples
        self.variance = cluster_variance(sums, counts, self.of, models)
        self.lowest, self.highest = measurements.value.min(), measurements.value.max()
        self.bounded = bool(self.lowest >= 0 and self.highest <= 1)

        # What the bootstrap weights are multiplied with: moments of residuals, so that nothing cancels.
        residuals = sums - self.mean[self.of] * counts
        columns = (
            [residuals, counts]
            if self.bounded
            else [residuals, counts, residuals**2, residuals * counts, counts**2]
        )
        self.moments = sparse.vstack(
            [sparse.csr_matrix((column, (self.of, unit)), (models, self.units)) for column in columns]
        )

    def draw(self, replicates: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """(B, M) bootstrap means and, for unbounded values, their standard errors (else an empty array).

        A replicate without any of a model's clusters says nothing about it and gets its mean.
        """
        models = self.mean.size
        draws, errors = [], []
        for weights in cluster_weights(self.units, replicates, seed):
            moments = (self.moments @ weights.T).reshape(-1, models, len(weights))
            n = np.maximum(moments[1], 1)
            shift = moments[0] / n
            draws.append((self.mean[:, None] + shift).T)
            if not self.bounded:
                squares = moments[2] - 2 * shift * moments[3] + shift**2 * moments[4]
                errors.append((np.sqrt(np.maximum(squares, 0)) / n).T)
        return np.concatenate(draws), np.concatenate(errors) if errors else np.empty(0)

    def studentised(self, draws: np.ndarray, errors: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Symmetric bootstrap-t ends (Hall 1988, Ann. Statist. 16:927), at least as wide as Student's.

        Where a model's values never vary, the bound of `korn_graubard` within the range of all values.
        """
        correction = self.clusters / np.maximum(self.clusters - 1, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            t = np.abs(draws - self.mean) / (errors * np.sqrt(correction))
        t[~np.isfinite(t)] = 0
        student = special.stdtrit(np.maximum(self.clusters - 1, 1), (1 + level) / 2)
        half = np.maximum(np.quantile(t, level, axis=0), student) * np.sqrt(self.variance)

        width = self.highest - self.lowest
        inside = (self.mean - self.lowest) / (width or 1.0)
        nothing = np.zeros_like(self.variance)
        low, high = korn_graubard(inside, nothing, self.samples, self.clusters, level)
        flat = np.sqrt(self.variance) <= 1e-12 * width
        return (
            np.where(flat, self.lowest + width * low, self.mean - half),
            np.where(flat, self.lowest + width * high, self.mean + half),
        )
