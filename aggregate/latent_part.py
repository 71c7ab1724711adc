"""One metric's share of a marginal likelihood: samples whose difficulty is integrated out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from aggregate.measurements import Measurements
from aggregate.responses import Grades, Normal, Passes, Response
from kernels.latent import entry_scores, posterior, score_curvature, shares
from kernels.latent_rows import Nodes, Rows

_REACH = 6.0
"""Standard deviations of difficulty that the grid spans to each side."""

_STEP = 1.3
"""Widest step of the grid, in standard deviations of the narrowest posterior: errors stay below 1e-5."""

_MOST_NODES = 801

_SHARP = 4
"""Power in which the spread of difficulties and the least that a grid can show add up."""

_DISCRIMINATIONS = 7
"""Gauss-Hermite nodes for the log-discrimination of the 2PL."""


_WIDEST = 1.0
"""Log-spread of log-discriminations beyond which a fit may stray without making any difference."""

_DIFFERENCE = 1e-5
"""Step of a central difference; its error is about 1e-10."""


@dataclass(frozen=True)
class Gradient:
    """Of a part's log-likelihood, and what comes with it."""

    value: float
    ability: np.ndarray
    """(M,)"""

    own: np.ndarray
    """(P,) by the part's own parameters."""

    mean: np.ndarray
    """(S,) by the mean difficulty of each sample."""

    expected: np.ndarray
    """(M,) not a derivative: the sum over all samples, weighted, of the value that a model is expected to get."""


@dataclass(frozen=True)
class Curvature:
    """Derivatives of a part's gradient by abilities."""

    ability: np.ndarray
    """(M, M) second derivatives of the log-likelihood."""

    expected: np.ndarray
    """(M, M) of the sums of expected values (first axis) by abilities."""


@dataclass(frozen=True)
class Scores:
    """Of n samples or votes, all weighted."""

    unit: np.ndarray
    """(n,) their resampling unit, counted from the first one asked for."""

    ability: sparse.csr_matrix
    """(n, M) derivatives of the log-likelihood by abilities."""

    own: np.ndarray
    """(n, P) by own parameters."""

    mean: np.ndarray
    """(n,) by the mean difficulty; empty for votes."""

    sample: np.ndarray
    """(n,) which samples they are; empty for votes."""

    share: np.ndarray
    """(n, Q) posteriors of the nodes; no nodes for votes."""


class LatentPart:
    """Samples s of one metric: value ~ response(d_s (scale * ability_i - b_s)), b_s ~ N(mean_s, sd^2).

    d_s is 1, or with `discriminate` log-normal with median 1 (2PL with random items). Own parameters, in this
    order: log sd, as long as the grid can show it; with `discriminate` the log of the spread of log d; location
    and log scale unless this is the `first` part, which sets the zero and the unit of ability; those of the
    response.
    """

    def __init__(
        self, measurements: Measurements, metric: int, unit: np.ndarray, *, first: bool, discriminate: bool
    ) -> None:
        m = measurements
        alone = len(m.metrics) == 1
        of_metric = m.metric_of == metric
        here = slice(None) if alone else of_metric[m.sample]
        value, model = m.upward[here], m.model[here]
        attempts = None if m.attempts is None else m.attempts[here]
        kind = m.metrics[metric].kind
        self.response: Response = (
            Passes() if kind == "binary" else Grades(value) if kind == "ordinal" else Normal(value)
        )
        row, level, often = self.response.entries(value, attempts)
        sample = m.sample if alone else (np.cumsum(of_metric) - 1)[m.sample[here]]
        self.samples = np.flatnonzero(of_metric)
        if row is not None:
            sample, model = sample[row], model[row]
        start = np.searchsorted(sample, np.arange(self.samples.size + 1, dtype=sample.dtype))
        self.rows = Rows(start, model, level, often)
        self.weight, self.unit = m.weight[of_metric], unit[of_metric]
        self.first, self.discriminate = first, discriminate
        logistic = kind != "numeric"
        self.spread = 1.5 if logistic else 0.5
        self.own_start = np.concatenate(
            [
                [np.log(self.spread)],
                [np.log(0.3)] if discriminate else [],
                [] if first else [0.0, 0.0],
                self.response.start(),
            ]
        )
        self._information = np.diff(self.rows.start).max(initial=0) * (0.2 if logistic else 4 / self.spread**2)
        self.set_grid(self.spread, 0.0)

    def set_grid(self, sd: float, widest_mean: float) -> None:
        """Lay the nodes for difficulties of about this spread, around means of at most this size."""
        sd = 2 ** (np.round(2 * np.log2(sd)) / 2)  # so that what is left in the last digits makes no other grid
        reach = widest_mean + _REACH * sd
        step = min(_STEP / np.sqrt(1 / sd**2 + self._information), sd / 2)
        nodes = np.linspace(-reach, reach, min(2 * int(np.ceil(reach / step)) + 1, _MOST_NODES))
        # Between nodes that are further apart, a narrower prior would lose its mass.
        self._least = (nodes[1] - nodes[0]) / _STEP
        x, weight = np.polynomial.hermite_e.hermegauss(_DISCRIMINATIONS if self.discriminate else 1)
        self._node = np.repeat(nodes, x.size)
        self._x = np.tile(x, nodes.size)
        self._log_weight = np.tile(np.log(weight / weight.sum()), nodes.size) + np.log(nodes[1] - nodes[0])

    def share_grid(self, other: LatentPart) -> None:
        """Take the nodes of another part."""
        self._node, self._x, self._log_weight, self._least = other._node, other._x, other._log_weight, other._least

    @property
    def nodes(self) -> int:
        """Q, nodes of the grid."""
        return self._node.size

    def rows_of(self, begin: int, end: int) -> slice:
        """The samples of the units from begin to end."""
        return slice(*np.searchsorted(self.unit, [begin, end]).tolist())

    def _sd(self, log_sd: float) -> float:
        """Spread of difficulties: smoothly never below the least."""
        return float((np.exp(_SHARP * log_sd) + self._least**_SHARP) ** (1 / _SHARP))

    def _split(self, own: np.ndarray) -> tuple[float, float, float, float, np.ndarray]:
        """sd, spread of log d, location, scale, the response's own."""
        given = list(own)
        sd = self._sd(given.pop(0))
        spread = np.exp(min(given.pop(0), _WIDEST)) if self.discriminate else 0.0
        location, scale = (0.0, 1.0) if self.first else (given.pop(0), np.exp(given.pop(0)))
        return sd, spread, location, scale, np.array(given)

    def _nodes(
        self, ability: np.ndarray, own: np.ndarray, mean: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, Nodes]:
        """u (M, Q), d (Q,), slopes by u (M, L, Q), and the nodes."""
        sd, spread, location, scale, response = self._split(own)
        d = np.exp(spread * self._x)
        u = d * (scale * ability[:, None] - self._node - location)
        log_chance, slope = self.response.tables(u, response)
        log_prior = self._log_weight - np.log(sd) - np.log(2 * np.pi) / 2
        return u, d, slope, Nodes(self._node, log_chance, log_prior, mean, sd**-2)

    def gradient(self, ability: np.ndarray, own: np.ndarray, mean: np.ndarray) -> Gradient:
        """Of the log-likelihood at ability (M,), own (P,) and the samples' mean difficulties (S,)."""
        sd, spread, _, scale, response = self._split(own)
        u, d, slope, nodes = self._nodes(ability, own, mean)
        found = posterior(self.rows, nodes, self.weight)
        by_u = (found.counts * slope).sum(axis=1)
        by_ability = scale * (by_u * d).sum(axis=1)
        off = self.weight * (found.first - mean) / sd**2
        squares = self.weight * (found.second - 2 * mean * found.first + mean**2)
        return Gradient(
            float(self.weight @ found.log_likelihood),
            by_ability,
            np.concatenate(
                [
                    [(squares.sum() / sd**2 - self.weight.sum()) * (np.exp(own[0]) / sd) ** _SHARP],
                    [spread * (by_u * u * self._x).sum() * (own[1] <= _WIDEST)] if self.discriminate else [],
                    [] if self.first else [-(by_u * d).sum(), by_ability @ ability],
                    self.response.own_gradient(u, response, found.counts),
                ]
            ),
            off,
            self.response.expected(u, response) @ found.totals,
        )

    def curvature(self, ability: np.ndarray, own: np.ndarray, mean: np.ndarray) -> Curvature:
        """Of the log-likelihood and expected values by abilities; arguments as for `gradient`."""
        _, _, _, scale, response = self._split(own)
        u, d, slope, nodes = self._nodes(ability, own, mean)
        found = posterior(self.rows, nodes, self.weight)
        second, tilt = score_curvature(self.rows, nodes, self.weight, scale * d * slope)
        up, down = (self.response.tables(u + side * _DIFFERENCE, response)[1] for side in (1, -1))
        bend = (found.counts * (up - down)).sum(axis=1) / (2 * _DIFFERENCE)
        second[np.diag_indices_from(second)] += scale**2 * (bend * d**2).sum(axis=1)
        values = self.response.expected(u, response)
        up, down = (self.response.expected(u + side * _DIFFERENCE, response) for side in (1, -1))
        expected = values @ tilt.T
        expected[np.diag_indices_from(expected)] += scale * ((up - down) * d) @ found.totals / (2 * _DIFFERENCE)
        return Curvature(second, expected)

    def scores(self, begin: int, end: int, ability: np.ndarray, own: np.ndarray, mean: np.ndarray) -> Scores:
        """Of the samples of the units from begin to end."""
        which = self.rows_of(begin, end)
        few = Rows(
            self.rows.start[which.start : which.stop + 1], self.rows.model, self.rows.level, self.rows.weight
        )
        mean, weight = mean[which], self.weight[which]
        _, d, slope, nodes = self._nodes(ability, own, mean)
        sd, _, _, scale, _ = self._split(own)
        by_entry = np.repeat(weight, np.diff(few.start)) * entry_scores(few, nodes, scale * d * slope)
        entries = slice(int(few.start[0]), int(few.start[-1]))
        model = few.model[entries].copy()  # what is summed next is summed in place
        by_ability = sparse.csr_matrix((by_entry, model, few.start - few.start[0]), (mean.size, ability.size))
        by_ability.sum_duplicates()
        by_own = np.empty((mean.size, own.size))
        for p in range(own.size):
            # Each sample's likelihood moves smoothly with the few parameters that all samples share.
            step = np.zeros(own.size)
            step[p] = _DIFFERENCE
            up, down = (
                posterior(few, self._nodes(ability, own + side * step, mean)[-1], weight).log_likelihood
                for side in (1, -1)
            )
            by_own[:, p] = (up - down) / (2 * _DIFFERENCE)
        found = shares(few, nodes)
        return Scores(
            self.unit[which] - begin,
            by_ability,
            weight[:, None] * by_own,
            weight * (found @ self._node - mean) / sd**2,
            self.samples[which],
            weight[:, None] * found,
        )

    def values(self, ability: np.ndarray, own: np.ndarray) -> np.ndarray:
        """(Q, M) what the models are expected to get at each node."""
        u = self._nodes(ability, own, np.empty(0))[0]
        return self.response.expected(u, self._split(own)[-1]).T
