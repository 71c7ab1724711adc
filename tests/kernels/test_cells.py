"""Rows sorted by cell: the compiled way and numpy's agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.cells import in_order, sort_rows


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 200),
    st.integers(1, 40),
    st.sampled_from([1, 7, 1024, 5000]),
    st.integers(0, 2),
    st.integers(0, 2**32 - 1),
)
def test_both_ways_sort_and_keep_equal_cells_in_order(
    rows: int, models: int, samples: int, more: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    table = {
        "model": rng.integers(models, size=rows).astype(np.int32),
        "sample": rng.integers(samples, size=rows).astype(np.int32),
    }
    for name in ("value", "passes")[:more]:
        table[name] = rng.random(rows).astype(np.float32)
    plain, compiled = dict(table), dict(table)
    sort_rows(plain, models, samples)
    sort_rows(compiled, models, samples, patience=-1)
    order = np.lexsort((table["model"], table["sample"]))
    assert plain.keys() == compiled.keys() == table.keys()
    for name, column in table.items():
        assert plain[name].dtype == compiled[name].dtype == column.dtype
        assert plain[name].tolist() == compiled[name].tolist() == column[order].tolist()
    assert in_order(plain["model"], plain["sample"])
    assert in_order(table["model"], table["sample"]) == (order == np.arange(rows)).all()


def test_indices_out_of_range_are_refused() -> None:
    rows = {"model": np.array([3, 0], np.int32), "sample": np.array([1, 0], np.int32)}
    with pytest.raises(IndexError):
        sort_rows(rows, 2, 2, patience=-1)
