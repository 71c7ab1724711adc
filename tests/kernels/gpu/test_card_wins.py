"""Win counts on a GPU: those of the CPU to the last one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kernels.card_wins
import kernels.wins
from kernels import wins_triton
from kernels.card_wins import count_on_card, countable
from kernels.wins import win_counts
from tests.kernels.gpu import DEVICE

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few models and samples have several."""
    monkeypatch.setattr(kernels.card_wins, "_ALIGNED", 128)
    for name in ("count_bits", "count_ordered"):
        plain = getattr(wins_triton, name)
        monkeypatch.setattr(wins_triton, name, lambda *given, plain=plain: plain(*given, models=16, stretch=128))


def table(models: int, samples: int, top: int, types: Any, seed: int = 0) -> Rows:
    """Rows in no order, of values 0 to `top`."""
    rng = np.random.default_rng(seed)
    sample, model = np.nonzero(rng.random((samples, models)) < 0.4)
    order = rng.permutation(sample.size)
    value = rng.integers(0, top + 1, sample.size)
    return tuple(column[order].astype(kind) for column, kind in zip((model, sample, value), types, strict=True))  # type: ignore[return-value]


def same(rows: Rows, models: int, samples: int, chances: bool, weights: np.ndarray | None = None) -> None:
    found = count_on_card(*rows, models, samples, weights, chances=chances, device=DEVICE)
    assert found is not None
    batch = weights if weights is not None else np.ones((1, samples))
    for ours, theirs in zip(
        found, win_counts(*rows, models, samples, chances=chances, weights=batch), strict=True
    ):
        assert ours.dtype == np.float64 and np.array_equal(ours, theirs)


@pytest.mark.parametrize(
    "types", [(np.int16, np.int32, np.uint8), (np.int64, np.uint32, np.float64), (np.int8, np.int32, np.bool_)]
)
@pytest.mark.parametrize(("models", "samples"), [(1, 3), (5, 200), (18, 300)])
def test_bits(models: int, samples: int, types: Any) -> None:
    for chances in (True, False):
        same(table(models, samples, 1, types), models, samples, chances)


@pytest.mark.parametrize("types", [(np.int16, np.int32, np.float32), (np.int32, np.int64, np.uint16)])
def test_numbers(types: Any) -> None:
    same(table(18, 150, 3, types), 18, 150, False)


def test_numbers_that_differ_in_their_last_digit() -> None:
    model, sample, value = table(5, 40, 3, (np.int32, np.int32, np.float64))
    value = np.where(model % 2, np.nextafter(value / 3, 9), value / 3)
    same((model, sample, value), 5, 40, False)


def test_replicates_are_weighted_in_one_pass() -> None:
    """Multiplicities of a bootstrap."""
    weights = np.random.default_rng(0).multinomial(200, np.full(200, 1 / 200), size=2).astype(float)
    same(table(18, 200, 1, (np.int16, np.int32, np.uint8)), 18, 200, True, weights)
    same(table(5, 200, 3, (np.int16, np.int32, np.float32)), 5, 200, False, weights)


def test_weights_that_are_no_counts_are_not_counted_here() -> None:
    assert countable(None) and countable(np.array([[0.0, 127.0]]))
    assert not countable(np.array([0.5])) and not countable(np.array([128.0])) and not countable(np.array([-1.0]))


def test_a_value_that_is_no_bit_is_found_late(monkeypatch: pytest.MonkeyPatch) -> None:
    model, sample, value = table(5, 100, 1, (np.int16, np.int32, np.float32))
    value[-1] = 0.5
    monkeypatch.setattr(kernels.card_wins, "_LOOK", 10)
    same((model, sample, value), 5, 100, False)
    assert count_on_card(model, sample, value, 5, 100, None, chances=True, device=DEVICE) is None


@pytest.mark.parametrize("top", [1, 2])
def test_pieces_of_rows_and_runs_of_samples(top: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when neither fits, and the memory is less than it looked."""
    monkeypatch.setattr(kernels.card_wins, "_PIECE", 100)
    monkeypatch.setattr(kernels.card_wins, "_free", lambda _: 2.5 * 128 * 5 * (4 if top > 1 else 0.25) / 0.4)
    plain, failed = kernels.card_wins._part, []

    def full_once(weights: np.ndarray, begin: int, width: int) -> torch.Tensor:
        if width > 128:
            failed.append(width)
            raise torch.OutOfMemoryError("full")
        return plain(weights, begin, width)

    monkeypatch.setattr(kernels.card_wins, "_part", full_once)
    rows = table(5, 350, top, (np.int16, np.int32, np.uint8))
    with pytest.warns(UserWarning, match="going on with 1 times 128 samples at a time"):
        same(rows, 5, 350, False, np.full((1, 350), 2.0))
    assert failed == [256]


@pytest.mark.parametrize(("model", "sample"), [(3, 0), (-1, 0), (0, 5), (0, -1)])
def test_indices_out_of_range_are_refused(model: int, sample: int) -> None:
    rows = np.array([0, 1, model]), np.array([0, 4, sample]), np.ones(3)
    with pytest.raises(IndexError, match="are not all from 0 to"):
        count_on_card(*rows, 3, 5, None, chances=True, device=DEVICE)


def test_no_rows() -> None:
    none = np.array([], np.int64)
    same((none, none, none.astype(float)), 3, 5, True)
    same((none, none, none.astype(float)), 3, 0, False)


def test_large_input_goes_to_the_card_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def there(*given: Any, **how: Any) -> Any:
        asked.append(how)
        return count_on_card(*given, **how, device=DEVICE)

    monkeypatch.setattr(kernels.wins, "why_not", lambda: None)
    monkeypatch.setattr(kernels.wins, "_CARD_PATIENCE", 0)
    monkeypatch.setattr(kernels.card_wins, "count_on_card", there)
    rows = table(5, 100, 2, (np.int16, np.int32, np.float32))
    whole = np.random.default_rng(0).integers(0, 4, (2, 100))
    for weights, times in ((None, 1), (whole[0], 1), (whole, 1), (whole / 2 + 0.25, 0)):
        found = win_counts(*rows, 5, 100, chances=False, weights=weights)
        assert len(asked) == times
        asked.clear()
        monkeypatch.setattr(kernels.wins, "why_not", lambda: "no")
        for ours, theirs in zip(found, win_counts(*rows, 5, 100, chances=False, weights=weights), strict=True):
            assert np.array_equal(ours, theirs)
        monkeypatch.setattr(kernels.wins, "why_not", lambda: None)
