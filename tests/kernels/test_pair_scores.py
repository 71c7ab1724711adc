"""Pair scores: the tiled versions agree with the plain one, over units that cross tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kernels.pair_scores
from kernels.pair_scores import score_covariance, unit_scores, unit_scores_reference


def gains(models: int, extra: bool, rng: np.random.Generator) -> dict[str, Any]:
    """Arbitrary gains; the diagonals are filled to show that nobody looks at them."""
    found = {name: rng.normal(size=(models, models)) for name in ("win", "lose", "tie")}
    if rng.random() < 0.5:  # a tie is worth half a win
        found["win"], found["lose"] = found["tie"] + 0.3, found["tie"] - 0.3
    if extra:
        found["win_extra"], tie = rng.normal(size=(2, models, models))
        found["tie_extra"] = tie + tie.T
    return found


def table(models: int, samples: int, rng: np.random.Generator, values: list[float]) -> tuple[Any, ...]:
    sample, model = np.nonzero(rng.random((samples, models)) < rng.random((samples, 1)))
    unit = np.cumsum(rng.integers(0, 3, samples))
    return model, sample, rng.choice(values, sample.size), unit, models, samples


CASES: dict[str, Any] = {
    "models": st.integers(1, 6),
    "samples": st.integers(1, 12),
    "chances": st.booleans(),
    "extra": st.booleans(),
    "weighted": st.booleans(),
    "values": st.sampled_from([[0.0, 1.0], [0.0, 1.0, 0.25, 0.6]]),
    "seed": st.integers(0, 2**32),
}


@given(**CASES)
def test_tiled_scores_equal_plain_ones(
    models: int, samples: int, chances: bool, extra: bool, weighted: bool, values: list[float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows, kinds = table(models, samples, rng, values), gains(models, extra, rng)
    weights = rng.choice([0, 1, 0.5], samples) if weighted else None
    plain = unit_scores_reference(*rows, chances=chances, weights=weights, **kinds)
    assert unit_scores(*rows, chances=chances, weights=weights, **kinds) == pytest.approx(plain, abs=1e-12)
    spread = score_covariance(*rows, chances=chances, weights=weights, **kinds)
    assert spread == pytest.approx(plain.T @ plain, abs=1e-11)


@pytest.mark.parametrize("chances", [True, False])
@pytest.mark.parametrize("of", [np.arange(100), np.arange(100) // 7, np.arange(100) // 40, np.zeros(100, int)])
def test_units_are_carried_over_tile_borders(
    chances: bool, of: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    model, sample, value, _, models, samples = table(7, 100, rng, [0.0, 0.5, 1.0])
    rows, kinds = (model, sample, value, of, models, samples), gains(models, True, rng)
    monkeypatch.setattr(kernels.pair_scores, "_TILE_CELLS", 1)  # the narrowest tiles: 16 samples
    plain = unit_scores_reference(*rows, chances=chances, **kinds)
    assert unit_scores(*rows, chances=chances, **kinds) == pytest.approx(plain)
    assert score_covariance(*rows, chances=chances, **kinds) == pytest.approx(plain.T @ plain)


def as_if_large(route: str, patch: pytest.MonkeyPatch) -> None:
    """Every input is taken for a large one, with many ("tiles") or few ("rows") rows a sample."""
    patch.setattr(kernels.pair_scores, "_PATIENCE", -1)
    patch.setattr(kernels.pair_scores, "_TWO_ROWS", 0 if route == "rows" else np.inf)


@pytest.mark.parametrize("route", ["tiles", "rows"])
@settings(deadline=None)  # numba compiles in the first case
@given(**CASES)
def test_large_input_takes_routes_that_agree(
    route: str,
    models: int,
    samples: int,
    chances: bool,
    extra: bool,
    weighted: bool,
    values: list[float],
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    rows, kinds = table(models, samples, rng, values), gains(models, extra, rng)
    weights = rng.choice([0, 1, 0.5], samples) if weighted else None
    plain = unit_scores_reference(*rows, chances=chances, weights=weights, **kinds)
    with pytest.MonkeyPatch.context() as patch:
        as_if_large(route, patch)
        spread = score_covariance(*rows, chances=chances, weights=weights, **kinds)
    assert spread == pytest.approx(plain.T @ plain, abs=1e-11)


@pytest.mark.parametrize("route", ["tiles", "rows"])
@pytest.mark.parametrize("chances", [True, False])
@pytest.mark.parametrize("extra", [True, False])
def test_threads_share_the_units(route: str, chances: bool, extra: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    model, sample, value, unit, models, samples = table(31, 12_000, rng, [0.0, 0.3, 1.0])
    rows = model.astype(np.int16), sample.astype(np.int32), value, unit, models, samples
    kinds = gains(models, extra, rng)
    scores = unit_scores(*rows, chances=chances, **kinds)
    as_if_large(route, monkeypatch)
    assert score_covariance(*rows, chances=chances, **kinds) == pytest.approx(scores.T @ scores)


@pytest.mark.parametrize("patience", [kernels.pair_scores._PATIENCE, -1])
@pytest.mark.parametrize("chances", [True, False])
def test_a_table_without_rows_has_no_scores(
    patience: float, chances: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels.pair_scores, "_PATIENCE", patience)
    none, kinds = np.array([], np.int64), gains(3, True, np.random.default_rng(0))
    for samples in (0, 4):
        rows = none, none, none.astype(float), np.arange(samples), 3, samples
        assert (score_covariance(*rows, chances=chances, **kinds) == np.zeros((4, 4))).all()
        assert (unit_scores(*rows, chances=chances, **kinds) == np.zeros((samples, 4))).all()


def test_what_does_not_fit_is_refused() -> None:
    rows, one = (np.array([0, 1]), np.array([0, 1]), np.ones(2)), np.ones((2, 2))
    kinds = {"chances": True, "win": one, "lose": one, "tie": one}
    with pytest.raises(ValueError, match="units are for 3 samples, not 2"):
        score_covariance(*rows, np.arange(3), 2, 2, **kinds)
    with pytest.raises(ValueError, match="units fall"):
        score_covariance(*rows, np.array([1, 0]), 2, 2, **kinds)
    with pytest.raises(ValueError, match="weights are for 1 samples, not 2"):
        score_covariance(*rows, np.arange(2), 2, 2, weights=np.ones(1), **kinds)
    with pytest.raises(ValueError, match="not sorted"):
        score_covariance(rows[0], np.array([1, 0]), rows[2], np.arange(2), 2, 2, **kinds)
    with pytest.raises(IndexError, match="not all from 0 to 1"):
        score_covariance(rows[0], np.array([0, 2]), rows[2], np.arange(2), 2, 2, **kinds)
    with pytest.raises(ValueError, match="both win_extra and tie_extra"):
        score_covariance(*rows, np.arange(2), 2, 2, win_extra=one, **kinds)
