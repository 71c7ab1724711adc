"""Dot products in whole numbers: compiled and plain are one, and near the exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.dots import MOST_COORDINATES, dots, quantised


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 40), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_compiled_and_plain_are_equal_and_near_the_exact_ones(count: int, width: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    vectors, one = draw.normal(size=(count, width)).astype(np.float32), draw.normal(size=width)
    whole, scales = quantised(vectors)
    plain = dots(whole, scales, one, compiled=False)
    assert (plain == dots(whole, scales, one, compiled=True)).all()
    bound = np.abs(vectors).max(axis=1, initial=0) / 127 * np.abs(one).sum() + 1e-3
    assert (np.abs(plain - vectors @ one) <= bound).all()


def test_the_largest_sums_fit() -> None:
    whole = np.full((3, MOST_COORDINATES), 127, np.int8)
    whole[1] = -127
    scales, one = np.ones(3, np.float32), np.full(MOST_COORDINATES, 1.0)
    for compiled in (False, True):
        assert dots(whole, scales, one, compiled=compiled) == pytest.approx(
            [127.0 * MOST_COORDINATES] * 3 * np.array([1, -1, 1])
        )


def test_zeros_and_shapes_that_do_not_fit() -> None:
    whole, scales = quantised(np.zeros((2, 3), np.float32))
    assert scales.tolist() == [0, 0] and dots(whole, scales, np.ones(3)).tolist() == [0, 0]
    assert dots(whole, scales, np.zeros(3)).tolist() == [0, 0]
    with pytest.raises(ValueError, match="do not fit"):
        dots(whole, scales, np.ones(4))
    with pytest.raises(ValueError, match="coordinates"):
        dots(np.zeros((1, 600), np.int8), np.ones(1, np.float32), np.ones(600))
