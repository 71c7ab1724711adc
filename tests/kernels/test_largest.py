"""The largest difference: plain, compiled and reference agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kernels.largest
from kernels.largest import largest_difference, largest_difference_reference


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 40), st.booleans(), st.integers(0, 10**6))
def test_all_versions_agree(models: int, draws: int, pairs: int, large: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(models, draws))
    first, second = rng.integers(models, size=(2, pairs))
    scale, shift = rng.random(pairs) * 5, -rng.random(pairs) * 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels.largest, "_LARGE", 0 if large else 2**40)
        patch.setattr(kernels.largest, "_BLOCK_CELLS", 50)
        found = largest_difference(columns, first, second, scale, shift)
    expected = largest_difference_reference(columns, first, second, scale, shift)
    assert found == pytest.approx(expected, abs=1e-5)
