"""The kernels of `kernels.token_scores`; import it only where they run.

A program takes the logits of a block of positions and a chunk of the vocabulary, tile by tile, and leaves the
largest, the largest before the given token, and the sum of exponentials; a second pass merges the chunks. Chunks
are of one size whatever the number of positions: few positions fill the card as well, and none gets another sum
for its company.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from triton import knobs
from triton.tools.tensor_descriptor import TensorDescriptor


class Tile(NamedTuple):
    """How the product is cut."""

    rows: int
    """Positions."""

    tokens: int
    """Of the vocabulary."""

    width: int
    """Of the hidden states, at a time."""

    chunk: int
    """Tiles of the vocabulary that one program takes."""

    warps: int
    stages: int
    """Tiles on their way from memory at once."""

    products: str = "ieee"
    """Of float32: as they are, or `tf32x3`, three of the matrix units' own for each (some 1e-7 off)."""


WIDE = Tile(rows=128, tokens=128, width=64, chunk=8, warps=4, stages=3)
"""For 16-bit numbers where 200 KB of shared memory are there: two programs on each multiprocessor, of which one
multiplies while the other takes exponentials. Larger tiles keep too many numbers for its registers."""

NARROW = Tile(rows=128, tokens=128, width=32, chunk=8, warps=8, stages=3)
"""For 16-bit numbers elsewhere."""

SINGLE = Tile(rows=64, tokens=64, width=16, chunk=16, warps=4, stages=3)
"""For float32, whose products as they are do not go through the matrix units."""

_MERGED_ROWS = 32


def fused(
    hidden: torch.Tensor,
    output: torch.Tensor,
    tokens: torch.Tensor,
    softcap: float | None,
    tile: Tile | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What `token_scores` promises: log-probabilities, log-sum-exps and greedy hits, [n] each."""
    hidden, output, tokens = hidden.contiguous(), output.contiguous(), tokens.contiguous()
    tile = tile or _tile(hidden)
    (rows, width), vocabulary = hidden.shape, len(output)
    chunks = triton.cdiv(vocabulary, tile.tokens * tile.chunk)
    peak = hidden.new_empty(chunks, rows, dtype=torch.float32)
    total, rival = torch.empty_like(peak), torch.empty_like(peak)
    gold = hidden.new_full((rows,), float("nan"), dtype=torch.float32)
    logprob, log_sum_exp = torch.empty_like(gold), torch.empty_like(gold)
    greedy = torch.empty_like(gold, dtype=torch.bool)
    if not rows:
        return logprob, log_sum_exp, greedy

    described = _describable(hidden) and _describable(output)
    left: Any = TensorDescriptor.from_tensor(hidden, [tile.rows, tile.width]) if described else hidden
    right: Any = TensorDescriptor.from_tensor(output, [tile.tokens, tile.width]) if described else output
    scores[(triton.cdiv(rows, tile.rows), chunks)](
        left,
        right,
        *(tokens, gold, peak, total, rival),
        *(rows, vocabulary, width, float(softcap or 0)),
        ROWS=tile.rows,
        TOKENS=tile.tokens,
        WIDTH=tile.width,
        CHUNK=tile.chunk,
        CAPPED=softcap is not None,
        DESCRIBED=described,
        PRODUCTS=tile.products,
        UPCAST=knobs.runtime.interpret,  # the interpreter has no bfloat16 products
        num_warps=tile.warps,
        num_stages=tile.stages,
    )
    merge[(triton.cdiv(rows, _MERGED_ROWS),)](
        *(tokens, gold, peak, total, rival, logprob, log_sum_exp, greedy),
        *(rows, vocabulary, chunks),
        ROWS=_MERGED_ROWS,
        num_warps=1,
    )
    return logprob, log_sum_exp, greedy


def _tile(hidden: torch.Tensor) -> Tile:
    if hidden.dtype == torch.float32:
        return SINGLE
    room = torch.cuda.get_device_properties(hidden.device).shared_memory_per_multiprocessor
    return WIDE if room >= 200 * 1024 else NARROW


def _describable(matrix: torch.Tensor) -> bool:
    """Whether the copy engine, which Hopper was the first to have, can fetch its tiles."""
    aligned = matrix.data_ptr() % 16 == 0 and matrix.stride(0) * matrix.itemsize % 16 == 0
    return aligned and (not matrix.is_cuda or torch.cuda.get_device_capability(matrix.device) >= (9, 0))


@triton.jit
def scores(
    hidden,
    output,
    tokens,
    gold,
    peak,
    total,
    rival,
    rows,
    vocabulary,
    width,
    cap,
    ROWS: tl.constexpr,
    TOKENS: tl.constexpr,
    WIDTH: tl.constexpr,
    CHUNK: tl.constexpr,
    CAPPED: tl.constexpr,
    DESCRIBED: tl.constexpr,
    PRODUCTS: tl.constexpr,
    UPCAST: tl.constexpr,
):
    """Of a chunk, [chunks, n]: the largest logit, the largest before the given token, the sum of exponentials less
    the peak. Of the chunk that has it, the given token's logit, [n]."""
    first_row = tl.program_id(0) * ROWS
    row = first_row + tl.arange(0, ROWS)
    token = tl.load(tokens + row, mask=row < rows, other=-1)
    token = tl.where((token >= 0) & (token < vocabulary), token, -1).to(tl.int32)
    best = tl.full((ROWS,), float("-inf"), tl.float32)
    earlier = tl.full((ROWS,), float("-inf"), tl.float32)
    mass = tl.zeros((ROWS,), tl.float32)
    mine = tl.zeros((ROWS,), tl.float32)
    begin = tl.program_id(1) * CHUNK * TOKENS
    end = tl.minimum(begin + CHUNK * TOKENS, vocabulary)
    # Flattened, the first loads of a tile are on their way while the last one's exponentials are taken.
    for first in tl.range(begin, end, TOKENS, flatten=True):
        column = first + tl.arange(0, TOKENS)
        logit = tl.zeros((ROWS, TOKENS), tl.float32)
        for depth in tl.range(0, width, WIDTH):
            if DESCRIBED:
                left = hidden.load([first_row, depth])
                right = output.load([first, depth])
            else:
                along = depth + tl.arange(0, WIDTH)
                left = tl.load(
                    hidden + row[:, None].to(tl.int64) * width + along[None, :],
                    mask=(row[:, None] < rows) & (along[None, :] < width),
                    other=0.0,
                )
                right = tl.load(
                    output + column[:, None].to(tl.int64) * width + along[None, :],
                    mask=(column[:, None] < vocabulary) & (along[None, :] < width),
                    other=0.0,
                )
            if UPCAST:
                left, right = left.to(tl.float32), right.to(tl.float32)
            logit = tl.dot(left, right.T, logit, input_precision=PRODUCTS)
        if CAPPED:
            squeezed = tl.exp(-2.0 * tl.abs(logit) / cap)
            squeezed = cap * (1.0 - squeezed) / (1.0 + squeezed)
            logit = tl.where(logit < 0, -squeezed, squeezed)
        if first + TOKENS > vocabulary:
            logit = tl.where(column[None, :] < vocabulary, logit, float("-inf"))
        height = tl.max(logit, 1)
        earlier = tl.where(token >= first + TOKENS, tl.maximum(earlier, height), earlier)
        # Few tiles hold a token that is asked for; to compare the columns of all would take many registers.
        inside = (token >= first) & (token < first + TOKENS)
        if tl.max(inside.to(tl.int32), 0) > 0:
            mine += tl.sum(tl.where(column[None, :] == token[:, None], logit, 0.0), 1)
            before = tl.max(tl.where(column[None, :] < token[:, None], logit, float("-inf")), 1)
            earlier = tl.where(inside, tl.maximum(earlier, before), earlier)
        higher = tl.maximum(best, height)
        mass = mass * tl.exp(best - higher) + tl.sum(tl.exp(logit - higher[:, None]), 1)
        best = higher
    to = tl.program_id(1).to(tl.int64) * rows + row
    tl.store(peak + to, best, mask=row < rows)
    tl.store(rival + to, earlier, mask=row < rows)
    tl.store(total + to, mass, mask=row < rows)
    tl.store(gold + row, mine, mask=(row < rows) & (token >= begin) & (token < end))


@triton.jit
def merge(
    tokens,
    gold,
    peak,
    total,
    rival,
    logprob,
    log_sum_exp,
    greedy,
    rows,
    vocabulary,
    chunks,
    ROWS: tl.constexpr,
):
    """Chunks, [chunks, n], into what is known of each position."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    inside = row < rows
    best = tl.full((ROWS,), float("-inf"), tl.float32)
    earlier = tl.full((ROWS,), float("-inf"), tl.float32)
    mass = tl.zeros((ROWS,), tl.float32)
    for chunk in range(chunks):
        at = tl.cast(chunk, tl.int64) * rows + row
        height = tl.load(peak + at, mask=inside, other=0.0)
        earlier = tl.maximum(earlier, tl.load(rival + at, mask=inside, other=0.0))
        higher = tl.maximum(best, height)
        more = tl.load(total + at, mask=inside, other=1.0) * tl.exp(height - higher)
        mass = mass * tl.exp(best - higher) + more
        best = higher
    token = tl.load(tokens + row, mask=inside, other=-1)
    known = (token >= 0) & (token < vocabulary)
    mine = tl.load(gold + row, mask=inside, other=0.0)
    # In this order: the peak may be so large that its sum with the logarithm loses that.
    tl.store(logprob + row, tl.where(known, mine - best - tl.log(mass), float("nan")), mask=inside)
    tl.store(log_sum_exp + row, tl.where(known, best + tl.log(mass), float("nan")), mask=inside)
    tl.store(greedy + row, known & (mine >= best) & (mine > earlier), mask=inside)
