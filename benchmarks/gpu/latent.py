"""Marginal likelihood with latent difficulties: the step of a fit on the card and on the CPU, and a whole fit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special

from benchmarks.gpu.bench import Bench, Ceilings, Line
from kernels.latent import posterior
from kernels.latent_rows import Nodes, Posterior, Rows
from kernels.latent_torch import Card


@dataclass(frozen=True)
class Sizes:
    """Models on samples, each of which so many of them have seen."""

    models: int = 10_000
    samples: int = 1_000_000
    seen: int = 100
    nodes: int = 31
    small: int = 20_000
    """Samples that the CPU is asked for, too."""

    steps: int = 40
    """Of the fit, at most."""

    few: tuple[int, int, int] = 50, 400_000, 25
    """Models, samples and seen of another step: of few models each has very many results to be added up. So few
    results that `posterior` leaves them to the CPU."""


def measure(bench: Bench, limits: Ceilings, sizes: Sizes | None = None) -> Iterator[Line]:
    """Floors: each index read once in both orders, each posterior written and read once."""
    sizes = sizes or Sizes()
    rng = np.random.default_rng()
    ability = np.sort(rng.normal(size=sizes.models))
    rows = _rows(rng, ability, sizes)
    small = replace(sizes, samples=sizes.small)
    first = Rows(rows.start[: small.samples + 1], rows.model, rows.level, rows.weight)
    yield from _beside(bench, limits, first, ability, small)

    card, at, weight = Card(rows, bench.device), _nodes(ability, sizes), np.ones(sizes.samples)
    start = time.perf_counter()
    card.posterior(at, weight)
    seconds = time.perf_counter() - start
    step = _step(bench, limits, card, at, sizes)
    yield step
    yield Line("its first, with the results coming over", 1e3 * seconds, 1e3 * seconds / (step.ms or 1))
    start = time.perf_counter()
    fitted, steps = _fit(card, sizes)
    seconds = time.perf_counter() - start
    agreed = np.corrcoef(fitted, ability)[0, 1]
    yield Line(
        f"a fit of {sizes.models:,} abilities",
        1e3 * seconds,
        note=f"{steps} steps, correlation with the truth {agreed:.4f}",
    )

    del card, rows, first
    models, samples, seen = sizes.few
    few = replace(sizes, models=models, samples=samples, seen=seen)
    ability = np.sort(rng.normal(size=models))
    yield from _beside(bench, limits, _rows(rng, ability, few), ability, few)


def _step(bench: Bench, limits: Ceilings, card: Card, at: Nodes, sizes: Sizes) -> Line:
    """A step of all samples."""
    weight = np.ones(sizes.samples)
    entries = sizes.samples * sizes.seen
    moved = 2 * 4 * entries + 2 * 8 * sizes.samples * sizes.nodes
    return Line(
        f"a step, {sizes.models:,} models, {entries:,} results",
        bench.ms(lambda _: card.posterior(at, weight)),
        1,
        1e3 * moved / limits.bandwidth,
        bench.memory(lambda: card.posterior(at, weight)),
    )


def _beside(bench: Bench, limits: Ceilings, rows: Rows, ability: np.ndarray, sizes: Sizes) -> Iterator[Line]:
    """A step, and the CPU's."""
    at, weight = _nodes(ability, sizes), np.ones(sizes.samples)
    posterior(rows, at, weight)  # compiles
    start = time.perf_counter()
    expected = posterior(rows, at, weight)
    cpu = 1e3 * (time.perf_counter() - start)
    card = Card(rows, bench.device)
    step = _step(bench, limits, card, at, sizes)
    found = card.posterior(at, weight)
    error = max(
        _error(found, expected, name) for name in ("log_likelihood", "counts", "totals", "first", "second")
    )
    yield replace(step, note=f"largest relative difference {error:.0e}")
    yield Line("the CPU's", cpu, cpu / (step.ms or 1))


def _rows(rng: np.random.Generator, ability: np.ndarray, sizes: Sizes) -> Rows:
    """Samples of normal difficulty, each seen by models that chance picks."""
    entries = sizes.samples * sizes.seen
    model = rng.integers(sizes.models, size=entries, dtype=np.int32)
    level = np.empty(entries, np.int8)
    step = sizes.seen * 50_000
    for begin in range(0, entries, step):
        here = model[begin : begin + step]
        difficulty = np.repeat(rng.normal(size=len(here) // sizes.seen), sizes.seen)
        level[begin : begin + step] = rng.random(len(here)) < special.expit(ability[here] - difficulty)
    start = np.arange(sizes.samples + 1, dtype=np.int64) * sizes.seen
    return Rows(start, model, level, np.broadcast_to(1.0, entries))


def _nodes(ability: np.ndarray, sizes: Sizes) -> Nodes:
    """Gauss-Hermite nodes of standard normal difficulties. The kernel adds the normal density, which their weights
    hold already: it is taken out of them."""
    node, share = np.polynomial.hermite_e.hermegauss(sizes.nodes)
    u = ability[:, None] - node
    log_chance = np.stack([-np.logaddexp(0, u), -np.logaddexp(0, -u)], axis=1)
    return Nodes(node, log_chance, np.log(share / share.sum()) + node**2 / 2, np.zeros(sizes.samples), 1.0)


def _fit(card: Card, sizes: Sizes) -> tuple[np.ndarray, int]:
    """Rasch abilities by L-BFGS, and its steps."""
    weight, scale = np.ones(sizes.samples), sizes.samples * sizes.seen / sizes.models / 4

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        at = _nodes(x, sizes)
        found = card.posterior(at, weight)
        chance = special.expit(x[:, None] - at.node)
        gradient = (found.counts[:, 1] * (1 - chance) - found.counts[:, 0] * chance).sum(axis=1)
        return -found.log_likelihood.sum() / scale, -gradient / scale

    found = optimize.minimize(
        loss, np.zeros(sizes.models), jac=True, method="L-BFGS-B", options={"maxiter": sizes.steps, "gtol": 1e-4}
    )
    return found.x, found.nit


def _error(found: Posterior, expected: Posterior, name: str) -> float:
    exact = getattr(expected, name)
    return float(np.abs(getattr(found, name) - exact).max() / np.abs(exact).max())
