"""Columns that come in batches, without holding the batches and the whole side by side."""

from __future__ import annotations

import numpy as np


class Growing:
    """An array that grows at its end; places that nothing was put into hold `absent`."""

    def __init__(self, dtype: type[np.generic], absent: int) -> None:
        self._array = np.empty(0, dtype)
        self._absent = absent
        self._size = 0

    def put(self, start: int, values: np.ndarray) -> None:
        """Put values from place `start` on, which is the end or beyond it. The type widens where it must."""
        self._make_room(start + values.size, np.result_type(self._array, values))
        self._array[self._size : start] = self._absent
        self._array[start : start + values.size] = values
        self._size = start + values.size

    def whole(self, size: int) -> np.ndarray:
        """The array, of this size."""
        self._make_room(size, self._array.dtype)
        self._array[self._size : size] = self._absent
        return self._array[:size]

    def _make_room(self, size: int, dtype: np.dtype) -> None:
        room = self._array.size
        if size <= room and dtype == self._array.dtype:
            return
        # Room that is not written to takes no memory.
        grown = np.empty(max(size, 2 * room if room < size else room), dtype)
        grown[: self._size] = self._array[: self._size]
        self._array = grown
