"""Small whole numbers for keys that come in batches."""

from __future__ import annotations

import numpy as np

# Keys that a dictionary takes before numba, which takes .3 s to load, is asked.
_PATIENCE = 2**18

_ROOM = 2**10
"""Places of a table to begin with; always a power of two, and at most half of them taken."""


class Interner:
    """Distinct keys get the codes 0, 1, ... in the order in which they first come, whatever the batches."""

    def __init__(self, patience: int = _PATIENCE) -> None:
        """patience: keys, repeated ones too, after which compiled loops take over."""
        self._left = patience
        self._known: dict[tuple[int, int], int] = {}
        self._table: _Table | None = None

    def codes(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(R,) int32 codes of a batch of keys, and the rows (N,) where the N new keys first came, by code.

        first, second: (R,) uint64, the halves of each key: well mixed bits, such as those of a hash.
        """
        self._left -= len(first)
        if self._left >= 0:
            return self._plain(first, second)
        if self._table is None:
            self._table = _Table()
            if self._known:
                self._table.codes(*np.ascontiguousarray(np.array(list(self._known), np.uint64).T))
        return self._table.codes(first, second)

    def _plain(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        known, codes, new = self._known, np.empty(len(first), np.int32), []
        for row, key in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
            code = known.get(key)
            if code is None:
                code = known[key] = len(known)
                new.append(row)
            codes[row] = code
        return codes, np.array(new, np.int64)


class _Table:
    """Keys at the place that their first half names, or the next that is free."""

    def __init__(self) -> None:
        self._size = 0
        self._make(_ROOM)

    def _make(self, room: int) -> None:
        self._keys = np.zeros((room, 2), np.uint64)
        self._place = np.full(room, -1, np.int32)

    def codes(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from kernels import interning_loops

        codes, new = np.empty(len(first), np.int32), []
        row = 0
        while True:
            fresh = np.empty(len(self._place) // 2 - self._size, np.int64)
            before = self._size
            row, self._size = interning_loops.intern(
                first, second, row, self._keys, self._place, before, codes, fresh
            )
            new.append(fresh[: self._size - before])
            if row == len(first):
                return codes, np.concatenate(new)
            keys, place = self._keys, self._place
            self._make(4 * len(place))
            interning_loops.move(keys, place, self._keys, self._place)
