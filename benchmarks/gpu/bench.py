"""How things are timed on a card, and the lines that come of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Line:
    """One measurement."""

    what: str
    ms: float | None = None
    """Median."""

    ratio: float | None = None
    """How many times as long as ours this takes."""

    floor: float | None = None
    """Milliseconds that the card's ceilings leave at least."""

    memory: float | None = None
    """Most MiB held besides the inputs."""

    note: str = ""


@dataclass(frozen=True)
class Ceilings:
    """What the card does at best, measured in the same run."""

    operations: float
    """A second, of a large bfloat16 product; a multiplication and an addition are two."""

    bandwidth: float
    """Bytes a second of a large copy, read and written."""


_ASLEEP = 2_000_000
"""Cycles, 1 ms or so, that the card sleeps before a measurement: what Python launches meanwhile queues behind
them, so that short work is not measured by how long its launch takes."""


class Bench:
    """A device, and how long a measurement may take.

    Args:
        device: of torch.
        seconds: for the repeats of one measurement; there are at least three.
    """

    def __init__(self, device: str, seconds: float) -> None:
        self.device = device
        self._seconds = seconds
        self.random = torch.Generator(device).manual_seed(int(time.time()))

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Fresh random numbers."""
        return torch.randn(*shape, generator=self.random, device=self.device).to(dtype)

    def ms(self, work: Callable[[int], Any]) -> float:
        """Median over calls of `work`, which is told their number so that it can take its inputs in turn."""
        for warm in range(2):
            work(warm)
        found: list[float] = []
        end = time.perf_counter() + self._seconds
        while len(found) < 3 or (time.perf_counter() < end and len(found) < 200):
            found.append(self.once(lambda: work(len(found))))
        return sorted(found)[len(found) // 2]

    def once(self, work: Callable[[], Any]) -> float:
        """Milliseconds of one call."""
        if self.device == "cpu":
            begin = time.perf_counter()
            work()
            return 1e3 * (time.perf_counter() - begin)
        start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        torch.cuda._sleep(_ASLEEP)
        start.record()
        work()
        stop.record()
        torch.cuda.synchronize()
        return start.elapsed_time(stop)

    def memory(self, work: Callable[[], Any]) -> float | None:
        """Most MiB that a call holds besides what is there before; not known on a CPU."""
        if self.device == "cpu":
            return None
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        torch.cuda.synchronize()
        return (torch.cuda.max_memory_allocated() - before) / 2**20


PUBLISHED = Ceilings(989e12, 3.35e12)
"""Of an H100 SXM, for want of measured ones."""


def ceilings(bench: Bench, size: int = 8192, copied: int = 2**31) -> Ceilings:
    """Measured by torch's own product and copy. size: of the product's matrices; copied: bytes."""
    pairs = [[bench.normal(size, size, dtype=torch.bfloat16) for _ in range(2)] for _ in range(2)]
    product = bench.ms(lambda n: pairs[n % 2][0] @ pairs[n % 2][1])
    source = bench.normal(copied // 4)
    target = torch.empty_like(source)
    copy = bench.ms(lambda _: target.copy_(source))
    return Ceilings(2e3 * size**3 / product, 2e3 * source.nbytes / copy)


def said(error: Exception) -> str:
    """An error in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def relative(found: torch.Tensor, exact: torch.Tensor) -> float:
    """|found - exact| / |exact|."""
    return float((found.double() - exact).norm() / exact.norm())
