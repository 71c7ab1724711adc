"""The compiled E-step equals the plain one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.latent import (
    entry_scores,
    entry_scores_reference,
    posterior,
    posterior_reference,
    score_curvature,
    score_curvature_reference,
    shares,
)
from kernels.latent_rows import Nodes, Rows


def problem(seed: int, samples: int, models: int, levels: int, nodes: int) -> tuple[Rows, Nodes, np.ndarray]:
    rng = np.random.default_rng(seed)
    number = rng.integers(0, 2 * models, samples)
    entries = int(number.sum())
    rows = Rows(
        np.concatenate([[0], np.cumsum(number)]),
        rng.integers(models, size=entries).astype(np.int32),
        rng.integers(levels, size=entries).astype(np.int8),
        rng.choice([0.5, 1.0, 30.0], entries),
    )
    given = Nodes(
        np.sort(rng.normal(size=nodes) * 3),
        -rng.exponential(size=(models, levels, nodes)),
        rng.normal(size=nodes),
        rng.normal(size=samples),
        float(rng.exponential()),
    )
    return rows, given, rng.choice([0.0, 1.0, 2.5], samples)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 6), st.integers(1, 4), st.integers(1, 30))
def test_the_compiled_sums_equal_the_plain_ones(
    seed: int, samples: int, models: int, levels: int, nodes: int
) -> None:
    rows, at, weight = problem(seed, samples, models, levels, nodes)
    fast, plain = posterior(rows, at, weight), posterior_reference(rows, at, weight)
    for name in ("log_likelihood", "counts", "totals", "first", "second"):
        np.testing.assert_allclose(getattr(fast, name), getattr(plain, name), rtol=1e-9, atol=1e-9, err_msg=name)
    slope = np.random.default_rng(seed).normal(size=at.log_chance.shape)
    np.testing.assert_allclose(
        entry_scores(rows, at, slope), entry_scores_reference(rows, at, slope), rtol=1e-9, atol=1e-9
    )
    for found, wanted in zip(
        score_curvature(rows, at, weight, slope), score_curvature_reference(rows, at, weight, slope), strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9 * (1 + np.abs(wanted).max()))
    posteriors = shares(rows, at)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    np.testing.assert_allclose(weight @ posteriors, fast.totals, atol=1e-9)


@pytest.mark.parametrize("samples", [30_000])
def test_threads_change_nothing(samples: int) -> None:
    rows, at, weight = problem(1, samples, 5, 2, 3)
    fast, plain = posterior(rows, at, weight), posterior_reference(rows, at, weight)
    np.testing.assert_allclose(fast.counts, plain.counts, rtol=1e-9)
    np.testing.assert_allclose(fast.log_likelihood, plain.log_likelihood, rtol=1e-9)
