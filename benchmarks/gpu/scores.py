"""Log-probabilities of tokens: the fused kernel, and torch with all logits written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from benchmarks.gpu.bench import Bench, Ceilings, Line, relative, said
from kernels.token_scores import token_scores_reference
from kernels.token_scores_triton import SINGLE, WIDE, Tile, fused

TRIPLE = Tile(rows=128, tokens=128, width=32, chunk=8, warps=8, stages=3, products="tf32x3")
"""For float32 by way of the matrix units: to be weighed against `SINGLE` by time and error on a card."""


@dataclass(frozen=True)
class Sizes:
    """Those of the head of a model with 0.5 billion parameters."""

    positions: int = 4096
    more: int = 4 * 4096
    few: int = 16
    vocabulary: int = 151_936
    width: int = 896
    wide: Tile = WIDE
    single: Tile = SINGLE
    others: tuple[Tile, ...] = (
        WIDE._replace(tokens=256, chunk=4, warps=8),
        WIDE._replace(rows=256, warps=8),
        WIDE._replace(warps=8, stages=4),
        WIDE._replace(stages=2),
    )
    """Other ways to cut the product, of which one may be faster on this card."""

    triple: Tile = TRIPLE

    compile: bool = True


def measure(bench: Bench, limits: Ceilings, sizes: Sizes | None = None) -> Iterator[Line]:
    """Times beside the product's own at the matrix peak; floors of float32 are not known."""
    sizes = sizes or Sizes()
    for dtype, tile in ((torch.bfloat16, sizes.wide), (torch.float32, sizes.single)):
        yield from _of_type(bench, limits, sizes, dtype, tile)


def _of_type(bench: Bench, limits: Ceilings, sizes: Sizes, dtype: torch.dtype, tile: Tile) -> Iterator[Line]:
    name, single = str(dtype).removeprefix("torch."), dtype == torch.float32
    count, vocabulary, width = sizes.positions, sizes.vocabulary, sizes.width
    heads = [bench.normal(vocabulary, width, dtype=dtype) / width**0.5 for _ in range(2)]
    states = [bench.normal(sizes.more, width, dtype=dtype) for _ in range(2)]
    tokens = torch.randint(vocabulary, (sizes.more,), generator=bench.random, device=bench.device)

    def ours(n: int, rows: int = count, cut: Tile = tile) -> tuple[torch.Tensor, ...]:
        return fused(states[n % 2][:rows], heads[n % 2], tokens[:rows], None, cut)

    def dense(n: int, rows: int = count) -> tuple[torch.Tensor, ...]:
        return _dense(states[n % 2][:rows], heads[n % 2], tokens[:rows])

    some = sizes.few
    exact = token_scores_reference(states[0][:some].double(), heads[0].double(), tokens[:some])
    floor = None if single else 2e3 * count * vocabulary * width / limits.operations
    took = bench.ms(ours)
    error = relative(ours(0, some)[0], exact.logprob)
    yield Line(
        f"fused, {name}, {count:,} positions", took, 1, floor, bench.memory(lambda: ours(0)), f"error {error:.1e}"
    )
    yield Line(
        f"dense torch, {name}", rival := bench.ms(dense), rival / took, floor, bench.memory(lambda: dense(0))
    )
    if single:
        cut = sizes.triple
        error = relative(ours(0, some, cut)[0], exact.logprob)
        other = bench.ms(lambda n: ours(n, cut=cut))
        yield Line(f"fused, {name}, {cut.products}", other, other / took, note=f"error {error:.1e}")
        return
    if sizes.compile:
        compiled = torch.compile(_dense)

        def by_compiler(n: int) -> tuple[torch.Tensor, ...]:
            return compiled(states[n % 2][:count], heads[n % 2], tokens[:count])

        what = f"torch.compile, {name}"
        try:
            rival = bench.ms(by_compiler)
            yield Line(what, rival, rival / took, floor, bench.memory(lambda: by_compiler(0)))
        except Exception as error:  # of a compiler that finds no other compiler, say: what follows does without
            yield Line(what, note=said(error))
    more = bench.memory(lambda: ours(0, sizes.more))
    yield Line(f"fused, {sizes.more:,} positions", memory=more, note="memory does not grow with the vocabulary")
    read = 1e3 * heads[0].nbytes / limits.bandwidth
    few = bench.ms(lambda n: ours(n, some))
    yield Line(f"fused, {some} positions", few, 1, read)
    yield Line(f"dense torch, {some} positions", rival := bench.ms(lambda n: dense(n, some)), rival / few, read)
    for other in sizes.others:
        cut = f"tile {other.rows} x {other.tokens} x {other.width}, {other.warps} warps, {other.stages} stages"
        again = bench.ms(lambda n, cut=other: ours(n, cut=cut))
        yield Line(f"fused, {cut}", again, again / took, floor)


def _dense(hidden: torch.Tensor, output: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities and greedy hits as they are computed where there is no kernel."""
    logits = (hidden @ output.T).float()
    return logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(-1), logits.argmax(-1) == tokens
