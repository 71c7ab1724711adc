"""Win counts of large input: each compiled route agrees with the plain one, whatever the types and the order."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kernels.wins
from kernels.bits import count_bits, count_grouped_bits
from kernels.compare import count_ordered, count_pairs
from kernels.order import grouped, is_sorted, sample_sorted, ungrouped
from kernels.wins import win_counts, win_counts_reference

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]

TYPES: list[tuple[Any, Any, Any]] = [
    (np.int16, np.int32, np.uint8),
    (np.int32, np.int32, np.float32),
    (np.int64, np.int64, np.float64),
]
CASES: dict[str, Any] = {
    "models": st.integers(1, 6),
    "samples": st.sampled_from([1, 70, 3000]),
    "types": st.sampled_from(TYPES),
    "shuffled": st.booleans(),
    "seed": st.integers(0, 2**32),
}


def table(models: int, samples: int, types: tuple[Any, Any, Any], shuffled: bool, seed: int, top: int) -> Rows:
    """Rows of values 0 to `top`; about 200 at most, so that the plain counts are quick."""
    rng = np.random.default_rng(seed)
    seen = rng.random((samples, models)) < min(1, 200 / samples / models) * rng.choice([0.5, 2], (samples, 1))
    sample, model = np.nonzero(seen)
    order = rng.permutation(sample.size) if shuffled else np.arange(sample.size)
    value = rng.integers(0, top + 1, sample.size)
    return model[order].astype(types[0]), sample[order].astype(types[1]), value.astype(types[2])


def weighting(samples: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice([0.0, 1.0, 2.0, 0.5], samples)


def equal(counted: Any, expected: Any) -> None:
    for one, other in zip(counted, expected, strict=True):
        assert one.dtype == np.float64
        assert one == pytest.approx(other, abs=1e-12)


def quick_reference(rows: Rows, models: int, **how: Any) -> Any:
    """The plain counts of the samples that have rows at all."""
    used, sample = np.unique(rows[1], return_inverse=True)
    if how.get("weights") is not None:
        how["weights"] = how["weights"][used]
    value = rows[2].astype(np.float64)
    return win_counts_reference(rows[0], sample, value, models, len(used), **how)


@settings(deadline=None)  # numba compiles in the first case
@given(**CASES)
def test_bits(models: int, samples: int, types: Any, shuffled: bool, seed: int) -> None:
    rows = table(models, samples, types, shuffled, seed, top=1)
    plain = quick_reference(rows, models, chances=True)
    equal(count_bits(*sample_sorted(*rows), models, samples), plain)
    equal(count_grouped_bits(grouped(*rows, models, samples), models), plain)


@settings(deadline=None)
@given(**CASES)
def test_sorting(models: int, samples: int, types: Any, shuffled: bool, seed: int) -> None:
    rows = table(models, samples, types, shuffled, seed, top=200)
    groups = grouped(*rows, models, samples)
    order = np.argsort(rows[1], kind="stable")
    for column, sorted_column in zip(rows, ungrouped(groups, rows[0].dtype, rows[1].dtype), strict=True):
        assert column.dtype == sorted_column.dtype
        assert (column[order] == sorted_column).all()
    assert is_sorted(rows[1]) == bool((np.diff(rows[1]) >= 0).all())


@settings(deadline=None)
@given(**CASES, weighted=st.booleans(), fraction=st.sampled_from([1, 2, 3]))
def test_ordered_values(
    models: int, samples: int, types: Any, shuffled: bool, seed: int, weighted: bool, fraction: int
) -> None:
    """Thirds need float64, which must not make equal what is not: neighbours differ by one rounding step."""
    model, sample, value = sample_sorted(*table(models, samples, types, shuffled, seed, top=3))
    if value.dtype == np.float64:
        value = np.nextafter(value / fraction, 9) if seed % 2 else value / fraction
    weights = weighting(samples, seed) if weighted else None
    plain = quick_reference((model, sample, value), models, chances=False, weights=weights)
    equal(count_ordered(model, sample, value, models, samples, weights), plain)
    equal(count_pairs(model, sample, value, models, samples, weights, chances=False), plain)


@settings(deadline=None)
@given(
    **CASES,
    weighted=st.booleans(),
    chances=st.booleans(),
    top=st.sampled_from([1, 4]),
    rows_cost=st.sampled_from([0.0, 1.0, 1e9]),
)
def test_any_large_input(
    models: int,
    samples: int,
    types: Any,
    shuffled: bool,
    seed: int,
    weighted: bool,
    chances: bool,
    top: int,
    rows_cost: float,
) -> None:
    """Whichever route the counts take."""
    rows = table(models, samples, types, shuffled, seed, top)
    if chances:
        rows = rows[0], rows[1], rows[2] if top == 1 else rows[2] / np.float32(top)
    weights = weighting(samples, seed) if weighted else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels.wins, "_PATIENCE", -1)
        patch.setattr(kernels.wins, "_TWO_ROWS", rows_cost)
        counted = win_counts(*rows, models, samples, chances=chances, weights=weights)
        batch = win_counts(
            *rows, models, samples, chances=chances, weights=None if weights is None else weights[None]
        )
    equal(counted, quick_reference(rows, models, chances=chances, weights=weights))
    for one, other in zip(counted, batch, strict=True):
        assert (one == other.reshape(one.shape)).all()
        assert other.ndim == (3 if weighted else 2)


def test_float32_does_not_make_equal_what_is_not() -> None:
    value = np.array([0.1, np.nextafter(0.1, 1), 0.1])
    wins, ties = count_ordered(np.arange(3), np.zeros(3, int), value, 3, 1, None)
    assert (wins[1] == [1, 0, 1]).all() and wins.sum() == 2 and (ties[0] == [0, 0, 1]).all()


@pytest.mark.parametrize("shuffled", [True, False])
@pytest.mark.parametrize("values", [2, 3])
def test_threads_share_the_rows(shuffled: bool, values: int) -> None:
    rng = np.random.default_rng(0)
    seen = rng.random((100_000, 12)) < 0.5
    tile = np.where(seen, rng.integers(0, values, seen.shape), 0)
    sample, model = np.nonzero(seen)
    order = rng.permutation(sample.size) if shuffled else slice(None)
    rows = model[order].astype(np.int8), sample[order].astype(np.int32), tile[seen][order].astype(np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels.wins, "_PATIENCE", -1)
        wins, ties = win_counts(*rows, 12, 100_000, chances=False)
    for i in range(12):
        for j in {0, 5, 11} - {i}:
            both = seen[:, i] & seen[:, j]
            assert wins[i, j] == (both & (tile[:, i] > tile[:, j])).sum()
            assert ties[i, j] == (both & (tile[:, i] == tile[:, j])).sum()


@pytest.mark.parametrize("model, sample", [(3, 0), (-1, 0), (0, 5), (0, -1)])
@pytest.mark.parametrize("shuffled", [True, False])
def test_indices_out_of_range_are_refused(
    model: int, sample: int, shuffled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels.wins, "_PATIENCE", -1)
    models, samples = np.array([0, 1, 1, model]), np.array([0, 0, 4, sample])
    order = np.arange(4) if shuffled else np.argsort(samples)
    for value in (np.ones(4), np.arange(4.0)):
        with pytest.raises(IndexError, match="are not all from 0 to"):
            win_counts(models[order], samples[order], value, 3, 5, chances=False)


@pytest.mark.parametrize("patience", [kernels.wins._PATIENCE, -1])
@pytest.mark.parametrize("chances", [True, False])
def test_a_table_without_rows_has_no_wins(patience: float, chances: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels.wins, "_PATIENCE", patience)
    none = np.array([], np.int64)
    for weights in (None, np.array([]), np.array([0.5, 1])):
        samples = 0 if weights is None else len(weights)
        wins, ties = win_counts(none, none, none.astype(float), 3, samples, chances=chances, weights=weights)
        assert wins.shape == ties.shape == (3, 3) and not wins.any() and not ties.any()


def test_small_input_does_not_load_numba() -> None:
    """Which takes longer than to count it."""
    code = (
        "import sys, numpy as np\n"
        "from kernels.wins import win_counts\n"
        "sample, model = np.divmod(np.arange(29 * 12_000), 29)\n"
        "wins, ties = win_counts(model, sample, (sample + model) % 3 / 2, 29, 12_000, chances=True)\n"
        "assert wins.any() and 'numba' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
