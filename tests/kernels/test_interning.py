"""Codes of keys: the dictionary and the compiled table agree, whatever the batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.interning import Interner


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=6),
    st.sampled_from([1, 2**40 + 1, 2**62]),
    st.integers(0, 60),
)
def test_every_route_gives_codes_in_order_of_first_coming(
    batches: list[list[int]], step: int, patience: int
) -> None:
    interner, known = Interner(patience), list[int]()
    for batch in batches:
        first = np.array(batch, np.uint64) * np.uint64(step)  # 2**62: many want the same place
        codes, new = interner.codes(first, first + np.uint64(1))
        keys = first.tolist()
        before, known = len(known), list(dict.fromkeys([*known, *keys]))
        assert codes.tolist() == [known.index(key) for key in keys]
        assert [keys[row] for row in new] == known[before:]


def test_a_table_grows_and_tells_keys_with_equal_halves_apart() -> None:
    first = np.zeros(5000, np.uint64)  # all want the same place
    second = np.arange(5000, dtype=np.uint64)
    interner = Interner(0)
    codes, new = interner.codes(first, second)
    assert codes.tolist() == new.tolist() == list(range(5000))
    codes, new = interner.codes(first[::-1].copy(), second[::-1].copy())
    assert codes.tolist() == list(range(4999, -1, -1)) and not new.size
