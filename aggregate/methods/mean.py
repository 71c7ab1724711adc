"""Mean: each model's average over the samples it was measured on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse, special

from aggregate.bootstrap import cluster_weights, resampling_units
from aggregate.caveats import mixed_scales, one_scale, values_only, votes_left_out
from aggregate.components import estimated_apart
from aggregate.estimates import Estimates, make_ranking
from aggregate.intervals import cluster_variance, korn_graubard
from aggregate.measurements import Measurements
from aggregate.method import Intervals, check_options
from aggregate.ranking import Ranking

# Numbers held densely at once.
_BLOCK_CELLS = 2**22


class Mean:
    """Score: mean value. Interval: Korn-Graubard for values in [0, 1], else Student's or the bootstrap's."""

    name = "mean"
    assumes = "every model was measured on the same samples, or on samples picked without regard to the model"
    unit = "mean value"
    pairwise = False

    def __call__(
        self,
        measurements: Measurements,
        *,
        level: float = 0.95,
        intervals: Intervals = "sandwich",
        replicates: int = 1000,
        seed: int = 0,
    ) -> Ranking:
        """See `aggregate.method.Method`."""
        check_options(level, intervals, replicates)
        used = values_only(measurements)
        shares = _shares(used)

        def of_group(m: Measurements) -> Estimates:
            return self._estimated(m, shares, level, replicates if intervals == "bootstrap" else 0, seed)

        estimates = estimated_apart(used, of_group)
        warnings = (*votes_left_out(measurements), *mixed_scales(used), *estimates.warnings)
        estimates = replace(estimates, warnings=warnings)
        return make_ranking(self, measurements, estimates, level=level, seed=seed, used=used)

    def _estimated(
        self, used: Measurements, shares: set[str], level: float, replicates: int, seed: int
    ) -> Estimates:
        """Of one group of connected models. shares: metrics whose values cannot leave [0, 1]."""
        metric = one_scale(used)
        totals = _Totals(used, bounded=metric.name in shares, ends=metric.ends)
        # An imaginary further cluster, of any value, for each model: without it a model that passes all or
        # nothing would never vary, and three samples would set it apart from the others for certain.
        imaginary = (1.0 if totals.bounded else used.value.std()) / totals.clusters
        low, high = totals.ends(level)
        covariance = draws = None
        if not replicates:
            covariance = totals.covariance() + np.diag(imaginary**2)
        else:
            draws, errors = totals.draw(replicates, seed)
            if not totals.bounded:
                low, high = totals.studentised(draws, errors, level)
            draws = draws + imaginary * np.random.default_rng([seed, 1]).standard_normal(draws.shape)
        return Estimates(
            scores=totals.mean,
            covariance=covariance,
            draws=draws,
            low=low,
            high=high,
            higher_is_better=metric.direction == "up",
            units=(self.unit,) * len(used.models),
            within=metric.within(len(used.models)),
            warnings=tuple(_unlike(totals.samples / len(used.samples))),
        )


def _shares(m: Measurements) -> set[str]:
    """Names of metrics whose values lie in [0, 1]: by what they are, by known ends, else by all values there are,
    of whatever group: that a few lie there does not bound the others."""
    found = set()
    for i, metric in enumerate(m.metrics):
        low, high = metric.ends
        if not np.isfinite(metric.ends).all():
            value = m.value if len(m.metrics) == 1 else m.value[m.metric_of[m.sample] == i]
            low, high = value.min(), value.max()
        if metric.kind == "binary" or (low >= 0 and high <= 1):
            found.add(metric.name)
    return found


def _unlike(coverage: np.ndarray) -> list[str]:
    if coverage.min() == 1:
        return []
    return [
        f"means over different samples are not comparable: coverage from {coverage.min():.1%} to "
        f"{coverage.max():.1%}; see auto"
    ]


class _Totals:
    """Weighted sums and counts of each model in each unit, held only where there are any."""

    def __init__(self, m: Measurements, *, bounded: bool, ends: tuple[float, float]) -> None:
        """bounded: whether values cannot leave [0, 1]. ends: what is known of where they can lie."""
        units = resampling_units(m)
        shape = (units.number, len(m.models))
        cell = (units.of_sample[m.sample], m.model)
        weight = m.weight[m.sample]
        # Counts are above 0 wherever there are values, so that both matrices hold the same cells.
        counts = sparse.csr_matrix((weight, cell), shape)
        sums = sparse.csr_matrix((weight * m.value, cell), shape)
        self.units, self.models = shape
        self.clusters, self.samples = units.per_model, m.samples_per_model
        self.of, self.counts = counts.indices, counts.data
        self.weight = np.bincount(self.of, self.counts, self.models)
        self.mean = np.bincount(self.of, sums.data, self.models) / self.weight
        self.variance = cluster_variance(sums.data, self.counts, self.of, self.models)
        known = bool(np.isfinite(ends).all())
        self.lowest, self.highest = ends if known else (float(m.value.min()), float(m.value.max()))
        self.bounded = bounded
        # Residuals, so that nothing cancels.
        self.residuals = sums.data - self.mean[self.of] * self.counts
        self._cells = counts

    def _matrix(self, column: np.ndarray) -> sparse.csr_matrix:
        """(units, M) of values for each held cell."""
        return sparse.csr_matrix((column, self._cells.indices, self._cells.indptr), self._cells.shape)

    def covariance(self) -> np.ndarray:
        """(M, M) of the means, linearised over units, as `sandwich` would give it."""
        influence = self._matrix(self.residuals / self.weight[self.of])
        total = np.zeros((self.models, self.models))
        width = max(1, _BLOCK_CELLS // self.models)
        for start in range(0, self.units, width):
            block = influence[start : start + width].toarray()
            total += block.T @ block
        return total

    def ends(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """(M,) ends of the intervals: of `korn_graubard` for values in [0, 1], else Student's.

        Where a model's values outside [0, 1] never vary, the bound of `korn_graubard` within the metric's ends, or
        the range of all values where they are not known; none where not even these vary, since nothing is known of
        their spread.
        """
        if self.bounded:
            return korn_graubard(self.mean, self.variance, self.samples, self.clusters, level)
        student = special.stdtrit(np.maximum(self.clusters - 1, 1), (1 + level) / 2)
        return self._around(student, level)

    def _around(self, t: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        half = t * np.sqrt(self.variance)
        width = self.highest - self.lowest
        if width == 0:
            return np.full_like(half, -np.inf), np.full_like(half, np.inf)
        inside = (self.mean - self.lowest) / width
        nothing = np.zeros_like(self.variance)
        low, high = korn_graubard(inside, nothing, self.samples, self.clusters, level)
        flat = np.sqrt(self.variance) <= 1e-12 * width
        return (
            np.where(flat, self.lowest + width * low, self.mean - half),
            np.where(flat, self.lowest + width * high, self.mean + half),
        )

    def draw(self, replicates: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """(B, M) bootstrap means and, for unbounded values, their standard errors (else an empty array).

        A replicate without any of a model's units says nothing about it and gets its mean.
        """
        r, n = self.residuals, self.counts
        columns = [r, n] if self.bounded else [r, n, r**2, r * n, n**2]
        matrices = [self._matrix(column).T for column in columns]
        draws, errors = [], []
        for weights in cluster_weights(self.units, replicates, seed):
            moments = [matrix @ weights.T for matrix in matrices]
            total = np.where(moments[1] > 0, moments[1], 1.0)
            shift = moments[0] / total
            draws.append((self.mean[:, None] + shift).T)
            if not self.bounded:
                squares = moments[2] - 2 * shift * moments[3] + shift**2 * moments[4]
                errors.append((np.sqrt(np.maximum(squares, 0)) / total).T)
        return np.concatenate(draws), np.concatenate(errors) if errors else np.empty(0)

    def studentised(self, draws: np.ndarray, errors: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Symmetric bootstrap-t ends (Hall 1988, Ann. Statist. 16:927), at least as wide as Student's."""
        correction = self.clusters / np.maximum(self.clusters - 1, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            t = np.abs(draws - self.mean) / (errors * np.sqrt(correction))
        t[~np.isfinite(t)] = 0
        student = special.stdtrit(np.maximum(self.clusters - 1, 1), (1 + level) / 2)
        return self._around(np.maximum(np.quantile(t, level, axis=0), student), level)
