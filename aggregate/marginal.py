"""Maximum marginal likelihood: abilities of models, with the difficulties of samples integrated out.

Samples never get a difficulty of their own, so that one or two results on each are enough (Bock & Aitkin 1981,
Psychometrika 46:443, with samples in the place of persons). Metrics of every kind and votes enter one
likelihood, each as a part with its own scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import optimize

from aggregate.bootstrap import resampling_units
from aggregate.effects import Effects
from aggregate.latent_part import LatentPart, Scores
from aggregate.measurements import Measurements
from aggregate.vote_part import VotePart

RIDGE = 0.01
"""Precision of a normal prior on abilities (sd 10 in log-odds): it keeps records without a single fail finite."""

_OWN_PRECISION = 1.0
"""Precision of a normal prior on the parts' own parameters, mostly logs, around their start: it decides where
there is next to no data, and is lost beside some hundred rows."""

_STRAY = 8.0
"""How far from their start the search looks at the parts' own parameters; beyond, nothing changes."""

_CURVATURE_ROWS = 250_000
"""The curvature is taken from about this many rows at most, picked by sample and scaled up ..."""

_CURVATURE_ROWS_EACH = 200
"""... or, where that is more, from so many of each model on average."""

_STEP = 1e-4
"""Of the differences of the gradient that make a part of the curvature: as right as a step is short, which is
enough."""

_ROUNDS = 8
"""Of fit and variances in turn, at most."""

_POLISH = 4
"""Newton steps at the end."""

_CHUNK_CELLS = 2**24
"""Numbers of cluster scores held at once."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Where the penalised marginal likelihood is highest. N parameters: abilities, the parts' own, effects."""

    x: np.ndarray
    """(N,)"""

    ability: np.ndarray
    """(M,), the first part of x."""

    own: list[np.ndarray]
    """Each part's own parameters."""

    effects: np.ndarray
    """(K,), the last part of x."""

    variances: np.ndarray
    """Of the blocks of effects."""

    expected: np.ndarray
    """(M,) what a model is expected to get, averaged over all samples: see `Response.expected`."""

    information: np.ndarray
    """(N, N) negative second derivatives."""

    expected_slope: np.ndarray
    """(M, N) derivatives of `expected` by all parameters."""


class Marginal:
    """The marginal likelihood of measurements, their weights and votes."""

    def __init__(
        self, measurements: Measurements, *, discriminate: bool = False, effects: Effects | None = None
    ) -> None:
        m = measurements
        self.measurements, self.discriminate = m, discriminate
        self.effects = effects or Effects.none(len(m.samples))
        self.models, self.units = len(m.models), resampling_units(m)
        order = {"binary": 0, "ordinal": 1, "numeric": 2}
        size = np.bincount(m.metric_of, minlength=len(m.metrics))
        metrics = sorted(np.flatnonzero(size).tolist(), key=lambda i: (order[m.metrics[i].kind], -size[i]))
        self.parts: list[LatentPart | VotePart] = [
            LatentPart(m, metric, self.units.of_sample, first=place == 0, discriminate=discriminate)
            for place, metric in enumerate(metrics)
        ]
        if m.votes.outcome.size:
            self.parts.append(VotePart(m, self.units.of_vote, first=not self.parts))
        self._edges = self.models + np.cumsum([0, *(part.own_start.size for part in self.parts)])
        self.size = int(self._edges[-1]) + self.effects.block.size
        self._start = np.concatenate(
            [
                np.zeros(self.models),
                *(part.own_start for part in self.parts),
                np.zeros(self.effects.block.size),
            ]
        )

    def fit(self, tolerance: float = 1e-6) -> Fit:
        """Maximise, with the variances of effects where their marginal likelihood is highest.

        tolerance: of the gradient, in units in which the curvature is 1. Raises ArithmeticError where no
        maximum is found.
        """
        variances = np.full(len(self.effects.names), 0.1)
        few = self.thinned()
        x = few._maximum(self._start, variances, np.diag(few._guess(variances)), tolerance=1e-5)
        for rounds in range(_ROUNDS):
            if rounds < 2:
                self._lay_grids(x)
                few = self.thinned()
            if rounds == 0:
                information, _ = few._curvature(x, variances)
            x = self._maximum(x, variances, information, tolerance)
            information, slope = few._curvature(x, variances)
            x = self._polished(x, variances, information)
            before, variances = variances, self._new_variances(x, variances, information)
            if np.allclose(before, variances, rtol=0.1, atol=1e-4):
                break
            at = np.arange(self._edges[-1], self.size)
            information[at, at] += (1 / variances - 1 / before)[self.effects.block]
        ability, own, effects = self._split(x)
        expected = self._evaluate(x, variances)[2] / max(self.measurements.weight.sum(), 1e-300)
        return Fit(x, ability, own, effects, variances, expected, information, slope)

    def thinned(self) -> Marginal:
        """The same from a random part of the samples, weighing more each; itself if it is small."""
        m = self.measurements
        rows = max(_CURVATURE_ROWS, _CURVATURE_ROWS_EACH * self.models)
        if m.value.size <= rows:
            return self
        share = rows / m.value.size
        keep = np.random.default_rng(0).random(len(m.samples)) < share
        few = replace(m, weight=m.weight / share).of_samples(keep)
        found = Marginal(few, discriminate=self.discriminate, effects=self.effects.of_samples(keep))
        for small, large in zip(found.parts, self.parts, strict=True):
            if isinstance(small, LatentPart) and isinstance(large, LatentPart):
                small.share_grid(large)
        return found

    def refit(self, fit: Fit, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Abilities (M,) and mean expected values (M,) with each resampling unit counted `times` (U,)."""
        before = [part.weight for part in self.parts]
        for part in self.parts:
            part.weight = part.weight * times[part.unit]
        x = self._maximum(fit.x, fit.variances, fit.information, tolerance=1e-4)
        expected = self._evaluate(x, fit.variances)[2]
        samples = self.measurements.weight @ times[self.units.of_sample]
        for part, weight in zip(self.parts, before, strict=True):
            part.weight = weight
        return x[: self.models], expected / max(samples, 1e-300)

    def scores(self, fit: Fit) -> Iterator[tuple[int, list[Scores]]]:
        """Runs of resampling units: how many, and the scores of their samples and votes by part."""
        mean = self.effects.mean(fit.effects)
        rows = self.measurements.value.size // max(1, self.units.number)
        others = self.size - self.models + sum(part.nodes for part in self.parts)
        width = max(1, _CHUNK_CELLS // (1 + rows + others))
        for begin in range(0, self.units.number, width):
            yield (
                min(width, self.units.number - begin),
                [
                    part.scores(begin, begin + width, fit.ability, own, mean[part.samples])
                    for part, own in zip(self.parts, fit.own, strict=True)
                ],
            )

    def node_values(self, fit: Fit) -> list[np.ndarray]:
        """Of each part (Q, M) what models are expected to get at its nodes, in the order of `Scores.share`."""
        return [part.values(fit.ability, own) for part, own in zip(self.parts, fit.own, strict=True)]

    def _split(self, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        own = [x[begin:end] for begin, end in pairwise(self._edges)]
        return x[: self.models], own, x[self._edges[-1] :]

    def _lay_grids(self, x: np.ndarray) -> None:
        """Lay the parts' grids around where the fit stands."""
        _, own, effects = self._split(x)
        mean = self.effects.mean(effects)
        for part, its_own in zip(self.parts, own, strict=True):
            if isinstance(part, LatentPart):
                widest = float(np.abs(mean[part.samples]).max(initial=0))
                part.set_grid(float(np.exp(its_own[0])), 1.5 * widest)

    def _new_variances(self, x: np.ndarray, variances: np.ndarray, information: np.ndarray) -> np.ndarray:
        """MacKay's fixed point (1992, Neural Computation 4:415): sum of squares over the effects well told."""
        if not variances.size:
            return variances
        effects = x[self._edges[-1] :]
        left = np.diag(np.linalg.pinv(information))[self._edges[-1] :]
        found = variances.copy()
        for b in range(variances.size):
            of = self.effects.block == b
            told = np.sum(1 - left[of] / variances[b])
            found[b] = np.clip(effects[of] @ effects[of] / max(told, 1e-3), 1e-4, 1e3)
        return found

    def _guess(self, variances: np.ndarray) -> np.ndarray:
        """(N,) roughly the curvature by each parameter alone."""
        m, design = self.measurements, self.effects.design
        own = [np.full(part.own_start.size, 1 + part.weight.sum() / 4) for part in self.parts]
        effects = np.asarray(design.multiply(design).sum(axis=0)).ravel() / 4
        return np.concatenate(
            [
                (1 + np.bincount(m.model, minlength=self.models)) / 8,
                *own,
                effects + 1 / variances[self.effects.block],
            ]
        )

    def _within(self, x: np.ndarray) -> np.ndarray:
        """x with the parts' own parameters not too far from their start."""
        between, near = slice(self.models, self._edges[-1]), x.copy()
        near[between] = np.clip(x[between], self._start[between] - _STRAY, self._start[between] + _STRAY)
        return near

    def _evaluate(self, x: np.ndarray, variances: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Negative penalised log-likelihood, its gradient, and (M,) the sums of expected values."""
        near = self._within(x)
        ability, own, effects = self._split(near)
        mean = self.effects.mean(effects)
        by_mean = np.zeros(mean.size)
        value, gradient, expected = 0.0, np.zeros(self.size), np.zeros(self.models)
        for p, part in enumerate(self.parts):
            found = part.gradient(ability, own[p], mean[part.samples])
            value += found.value
            gradient[: self.models] += found.ability
            gradient[self._edges[p] : self._edges[p + 1]] = found.own
            by_mean[part.samples] = found.mean
            expected += found.expected
        gradient[self._edges[-1] :] = self.effects.design.T @ by_mean
        precision = np.full(self.size, _OWN_PRECISION)
        precision[: self.models] = RIDGE
        precision[self._edges[-1] :] = 1 / variances[self.effects.block]
        gradient[near != x] = 0
        away = x - self._start
        return precision @ away**2 / 2 - value, precision * away - gradient, expected

    def _maximum(
        self, x: np.ndarray, variances: np.ndarray, curvature: np.ndarray, tolerance: float
    ) -> np.ndarray:
        """The maximum by L-BFGS, in coordinates in which `curvature` is the identity."""
        root = np.linalg.inv(_root(curvature)).T

        def loss(z: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient, _ = self._evaluate(x + root @ z, variances)
            return value, root.T @ gradient

        found = optimize.minimize(
            loss,
            np.zeros(self.size),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 500, "maxcor": 20, "gtol": tolerance, "ftol": 1e-15},
        )
        if not np.isfinite(found.fun):
            raise ArithmeticError("the marginal likelihood has no maximum here")
        return x + root @ found.x

    def _polished(self, x: np.ndarray, variances: np.ndarray, curvature: np.ndarray) -> np.ndarray:
        """A few Newton steps with a curvature close to the true one: what L-BFGS leaves undone is its rounding."""
        gradient = self._evaluate(x, variances)[1]
        for _ in range(_POLISH):
            step = np.linalg.solve(curvature, gradient)
            found = self._evaluate(x - step, variances)[1]
            if not np.linalg.norm(found) < np.linalg.norm(gradient):
                break
            x, gradient = x - step, found
        return x

    def _curvature(self, x: np.ndarray, variances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, N) second derivatives of the loss and (M, N) slopes of the mean expected values: by abilities from
        the posterior, by the few other parameters as differences."""
        second, slope = np.zeros((self.size, self.size)), np.zeros((self.models, self.size))
        models = slice(0, self.models)
        ability, own, effects = self._split(self._within(x))
        mean = self.effects.mean(effects)
        for part, its_own in zip(self.parts, own, strict=True):
            found = part.curvature(ability, its_own, mean[part.samples])
            second[models, models] -= found.ability
            slope[:, models] += found.expected
        second[models, models] += RIDGE * np.eye(self.models)
        _, here, expected = self._evaluate(x, variances)
        for n in range(self.models, self.size):
            step = np.zeros(self.size)
            step[n] = _STEP
            _, there, expected_there = self._evaluate(x + step, variances)
            second[n], slope[:, n] = (there - here) / _STEP, (expected_there - expected) / _STEP
        second[models, self.models :] = second[self.models :, models].T
        return (second + second.T) / 2, slope / max(self.measurements.weight.sum(), 1e-300)


def _root(matrix: np.ndarray) -> np.ndarray:
    """A Cholesky factor of the matrix, lifted where it is not positive."""
    size = np.trace(matrix) / len(matrix)
    for lift in (0.0, 1e-6, 1e-3, 1e-1):
        try:
            found: np.ndarray = np.linalg.cholesky(matrix + lift * size * np.eye(len(matrix)))
        except np.linalg.LinAlgError:
            continue
        return found
    return np.diag(np.sqrt(np.maximum(np.diag(matrix), 1e-3 * abs(size) + 1e-12)))
