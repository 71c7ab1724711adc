"""Win counts: the tiled version agrees with the plain one, cell by missing cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kernels.wins
from kernels.wins import win_counts, win_counts_reference

Table = tuple[np.ndarray, np.ndarray, np.ndarray, int, int]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    models, samples = draw(st.integers(1, 5)), draw(st.integers(1, 9))
    cells = draw(st.sets(st.tuples(st.integers(0, models - 1), st.integers(0, samples - 1))))
    rows = draw(st.permutations(sorted(cells)))
    values = draw(st.lists(st.sampled_from([0.0, 1.0, 0.25, 0.6]), min_size=len(rows), max_size=len(rows)))
    model, sample = np.array(rows, np.int64).reshape(-1, 2).T
    return model, sample, np.array(values, np.float64), models, samples


@given(tables(), st.booleans(), st.integers(1, 4), st.integers(0, 10))
def test_tiled_counts_equal_plain_ones(table: Table, chances: bool, batch: int, seed: int) -> None:
    weights = np.random.default_rng(seed).choice([0, 1, 2, 0.5], (batch, table[4]))
    many = win_counts(*table, chances=chances, weights=weights)
    for b in range(batch):
        plain = win_counts_reference(*table, chances=chances, weights=weights[b])
        one = win_counts(*table, chances=chances, weights=weights[b])
        for counted, expected, of_many in zip(one, plain, many, strict=True):
            assert counted == pytest.approx(expected, abs=1e-12)
            assert of_many[b] == pytest.approx(expected, abs=1e-12)


@given(tables(), st.booleans())
def test_wins_losses_and_ties_add_up_to_the_shared_samples(table: Table, chances: bool) -> None:
    wins, ties = win_counts(*table, chances=chances)
    seen = np.zeros((table[4], table[3]))
    seen[table[1], table[0]] = 1
    shared = seen.T @ seen
    np.fill_diagonal(shared, 0)
    assert wins + wins.T + ties == pytest.approx(shared, abs=1e-12)
    assert ties == pytest.approx(ties.T) and not np.diag(wins).any() and not np.diag(ties).any()


@pytest.mark.parametrize("chances", [True, False])
@pytest.mark.parametrize("batch", [None, 3, 30])
def test_tile_borders_change_nothing(chances: bool, batch: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    seen = rng.random((100, 7)) < 0.5
    sample, model = np.nonzero(seen)
    value = rng.integers(0, 3, sample.size) / 2
    weights = None if batch is None else rng.random((batch, 100))
    whole = win_counts(model, sample, value, 7, 100, chances=chances, weights=weights)
    monkeypatch.setattr(kernels.wins, "_TILE_CELLS", 1)  # the narrowest tiles: 16 samples
    tiled = win_counts(model, sample, value, 7, 100, chances=chances, weights=weights)
    for a, b in zip(whole, tiled, strict=True):
        assert a == pytest.approx(b, abs=1e-12)


def test_rates_give_unbiased_wins() -> None:
    """Rates estimated from attempts: the counts are on average those of the true rates."""
    rng = np.random.default_rng(1)
    p = rng.random((2, 30))
    table = np.repeat([0, 1], 30), np.tile(np.arange(30), 2)
    truth = win_counts(*table, p.ravel(), 2, 30, chances=True)[0][0, 1]
    runs = [win_counts(*table, rng.binomial(4, p).ravel() / 4, 2, 30, chances=True)[0][0, 1] for _ in range(2000)]
    assert np.mean(runs) == pytest.approx(truth, abs=4 * np.std(runs) / np.sqrt(2000))


def test_weights_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="weights are for 3 samples, not 2"):
        win_counts(np.array([0]), np.array([1]), np.array([1.0]), 1, 2, chances=True, weights=np.ones(3))
