"""Work on numbered pieces in threads: for numpy and for compiled loops, which let go of the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")


def in_threads(work: Callable[[int, int], Part], pieces: int, most: int) -> list[Part]:
    """`work(first, last)` on runs of pieces, one thread a core but not more than `most`; results in order.

    The runs depend on nothing but the numbers, so that sums of fractions come out the same each time.
    """
    threads = max(1, min(os.cpu_count() or 1, pieces, most))
    edges = [pieces * t // threads for t in range(threads + 1)]
    if threads == 1:
        return [work(0, pieces)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, edges[:-1], edges[1:]))
