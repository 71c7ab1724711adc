"""Win counts: the card's, with the rows coming over and with them laid out there, and the CPU's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks.gpu.bench import Bench, Ceilings, Line
from kernels.bits import count_bits as count_bits_on_cpu
from kernels.card_wins import count_on_card
from kernels.compare import count_ordered as count_ordered_on_cpu
from kernels.wins_triton import WORD, count_bits, count_ordered, fill_bits

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Sizes:
    """Half of the cells seen."""

    models: int = 2000
    samples: int = 1_000_000
    ordered: int = 20_000
    """Samples of the numeric values."""

    replicates: int = 8
    step: int = 10_000


def measure(bench: Bench, limits: Ceilings, sizes: Sizes | None = None) -> Iterator[Line]:
    """Floors: the rows read once, 7 bytes each; once they are laid out, their bits or numbers read once."""
    sizes = sizes or Sizes()
    yield from _bits(bench, limits, sizes)
    yield from _numbers(bench, limits, sizes)


def _bits(bench: Bench, limits: Ceilings, sizes: Sizes) -> Iterator[Line]:
    models, samples = sizes.models, sizes.samples
    rows = _rows(bench, sizes, samples, 1)
    read = 1e3 * sum(column.nbytes for column in rows) / limits.bandwidth

    def on_card() -> Any:
        return count_on_card(*rows, models, samples, None, chances=True, device=bench.device)

    on_card()
    took, found = _timed(on_card)
    few = (column[:100] for column in rows)
    count_bits_on_cpu(*few, models, samples)  # compiles
    cpu, expected = _timed(lambda: count_bits_on_cpu(*rows, models, samples))
    yield Line(f"0/1, {len(rows[0]):,} rows of the host's", took, 1, read, note=_same(found, expected))
    yield Line("the CPU, the same rows", cpu, cpu / took)

    width = -(-samples // 256) * 256
    laid, plane = _laid_out(bench, rows, models, width)
    yield Line("bits of rows that are on the card", laid, None, read)
    counts = torch.zeros(2, 1, models, models, dtype=torch.int64, device=bench.device)
    counted = bench.ms(lambda _: count_bits(plane, None, counts))
    yield Line("pairs of bits", counted, None, 1e3 * plane.nbytes / limits.bandwidth)
    whole = laid + counted
    yield Line("both", whole, cpu / whole, read, note="ratio: the CPU's time to it")
    many = sizes.replicates
    often = torch.randint(0, 4, (many, width), generator=bench.random, device=bench.device).to(torch.int8)
    counts = torch.zeros(2, many, models, models, dtype=torch.int64, device=bench.device)
    weighted = bench.ms(lambda _: count_bits(plane, often, counts))
    yield Line(f"pairs of bits, {many} replicates", weighted, weighted / counted, note="ratio: to none")


def _laid_out(bench: Bench, rows: Rows, models: int, width: int) -> tuple[float, torch.Tensor]:
    """Milliseconds to lay out rows that are on the card, and their bits."""
    there = [torch.from_numpy(column).to(bench.device) for column in rows]
    plane = torch.zeros(2, width // WORD, models, dtype=torch.int32, device=bench.device)
    model, sample, value = there
    return bench.ms(lambda _: fill_bits(model, sample, value, plane)), plane


def _numbers(bench: Bench, limits: Ceilings, sizes: Sizes) -> Iterator[Line]:
    models, samples = sizes.models, sizes.ordered
    rows = _rows(bench, sizes, samples, 1000)

    def on_card() -> Any:
        return count_on_card(*rows, models, samples, None, chances=False, device=bench.device)

    on_card()
    took, found = _timed(on_card)
    few = (column[:100] for column in rows)
    count_ordered_on_cpu(*few, models, samples, None)
    cpu, expected = _timed(lambda: count_ordered_on_cpu(*rows, models, samples, None))
    yield Line(f"numbers, {len(rows[0]):,} rows of the host's", took, 1, note=_same(found, expected))
    yield Line("the CPU, the same rows", cpu, cpu / took)
    plane = bench.normal(samples, models)
    counts = torch.zeros(2, 1, models, models, dtype=torch.int64, device=bench.device)
    counted = bench.ms(lambda _: count_ordered(plane, None, counts))
    yield Line("pairs of numbers", counted, None, 1e3 * plane.nbytes / limits.bandwidth)


def _same(found: tuple[np.ndarray, np.ndarray], expected: tuple[np.ndarray, np.ndarray]) -> str:
    same = all(np.array_equal(ours[0], theirs) for ours, theirs in zip(found, expected, strict=True))
    return "equal to the CPU's to the last one" if same else "NOT equal to the CPU's"


def _rows(bench: Bench, sizes: Sizes, samples: int, top: int) -> Rows:
    """Rows sorted by sample, values 0 to `top`, made on the device: there it is quick."""
    parts: list[Rows] = []
    for first in range(0, samples, sizes.step):
        shape = min(sizes.step, samples - first), sizes.models
        seen = torch.rand(shape, generator=bench.random, device=bench.device) < 0.5
        sample, model = seen.nonzero(as_tuple=True)
        value = torch.randint(top + 1, (len(model),), generator=bench.random, device=bench.device)
        kind = torch.uint8 if top == 1 else torch.float32
        made = model.to(torch.int16), (sample + first).int(), value.to(kind)
        parts.append(tuple(column.cpu().numpy() for column in made))  # type: ignore[arg-type]
    model, sample, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    return model, sample, value


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds by the clock, and what came of it: copies back wait for the card."""
    start = time.perf_counter()
    found = work()
    return 1e3 * (time.perf_counter() - start), found
