"""The kernels of `kernels.gumbel`; import it only where they run.

The race is run in stretches of the vocabulary, a program each, and what wins a stretch meets the winners of the
others. Tiles outside the nucleus draw no noise. The lowest logit of a nucleus is found by a program for each row,
which reads the row once for two bits of it: from the second time on from the cache.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import torch
import triton
import triton.language as tl

from kernels.race_terms import COLDEST, PAIR

_TILE = 2048
"""Tokens at a time."""

_STRETCH = 16384
"""Tokens of one program in the race."""

_ALL = tl.constexpr(-(2**31))
"""The threshold below all logits."""

_PAIR = tl.constexpr(PAIR)
_COLDEST = tl.constexpr(COLDEST)


def race_tokens_fused(
    logits: torch.Tensor,
    temperature: torch.Tensor,
    top_p: torch.Tensor,
    top_k: torch.Tensor,
    words: torch.Tensor,
    positions: torch.Tensor,
    *,
    tile: int = _TILE,
    stretch: int = _STRETCH,
) -> torch.Tensor:
    """What `race_tokens` promises. tile: tokens at a time, a multiple of 2 `PAIR`; stretch: a multiple of that."""
    logits = logits if logits.stride(-1) == 1 else logits.contiguous()
    (rows, vocabulary), stride = logits.shape, logits.stride(0)
    peak = logits.amax(-1).float()  # not a number where any is not
    lowest = torch.empty_like(peak, dtype=torch.int32)
    stretches = triton.cdiv(vocabulary, stretch)
    score = peak.new_empty(rows, stretches)
    token = torch.empty_like(score, dtype=torch.int32)
    if not rows:
        return token.new_empty(0, dtype=torch.int64)
    threshold[(rows,)](
        *(logits, peak, temperature, top_p, top_k, lowest, vocabulary, stride), TILE=tile, num_warps=8
    )
    race[(rows, stretches)](
        *(logits, peak, temperature, lowest, words, positions, score, token, vocabulary, stride),
        TILE=tile,
        STRETCH=stretch,
        num_warps=4,
    )
    first = score.argmax(1, keepdim=True)  # of equal ones the first
    return torch.where(peak.isfinite(), token.gather(1, first)[:, 0].long(), -1)


@triton.jit
def _heights(logits, peak, heat, column, vocabulary):
    """Tempered logits, the highest at 0, and integers in the order of the logits."""
    logit = tl.load(logits + column, mask=column < vocabulary, other=float("-inf")).to(tl.float32)
    bits = (logit + 0.0).to(tl.int32, bitcast=True)  # a sum, so that there is no negative zero
    order = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return tl.div_rn(logit - peak, heat), order


@triton.jit
def _lowest(logits, peak, heat, vocabulary, least, target, COUNTED: tl.constexpr, TILE: tl.constexpr):
    """The smallest integer above which there is less than `target`: tokens, or mass. As it is for int32."""
    found = tl.cast(0, tl.int64)
    step = tl.cast(1 << 30, tl.int64)
    for _ in range(16):
        first = tl.zeros((TILE,), tl.float64)
        second = tl.zeros((TILE,), tl.float64)
        third = tl.zeros((TILE,), tl.float64)
        start = found - 2147483649
        one, two, three = (
            (start + step).to(tl.int32),
            (start + 2 * step).to(tl.int32),
            (start + 3 * step).to(tl.int32),
        )
        for begin in range(0, vocabulary, TILE):
            column = begin + tl.arange(0, TILE)
            height, order = _heights(logits, peak, heat, column, vocabulary)
            weight = tl.full((TILE,), 1.0, tl.float64) if COUNTED else tl.exp(height).to(tl.float64)
            weight = tl.where((column < vocabulary) & (order >= least), weight, 0.0)
            first += tl.where(order > one, weight, 0.0)
            second += tl.where(order > two, weight, 0.0)
            third += tl.where(order > three, weight, 0.0)
        found += tl.where(tl.sum(first, 0) >= target, step, 0)
        found += tl.where(tl.sum(second, 0) >= target, step, 0)
        found += tl.where(tl.sum(third, 0) >= target, step, 0)
        step = step >> 2
    return (found - 2147483648).to(tl.int32)


@triton.jit
def threshold(logits, peak, temperature, top_p, top_k, lowest, vocabulary, stride, TILE: tl.constexpr):
    """Of each row the integer of the lowest logit in its nucleus, [n]."""
    row = tl.program_id(0)
    logits += row.to(tl.int64) * stride
    highest = tl.load(peak + row)
    heat = tl.load(temperature + row)
    heat = tl.where(heat > 0, tl.maximum(heat, _COLDEST), 1.0)
    share = tl.load(top_p + row)
    most = tl.load(top_k + row)
    least = tl.cast(_ALL, tl.int32)
    if (most > 0) & (most < vocabulary):
        least = _lowest(logits, highest, heat, vocabulary, least, most.to(tl.float64), True, TILE)
    if share < 1.0:
        mass = tl.zeros((TILE,), tl.float64)
        for begin in range(0, vocabulary, TILE):
            column = begin + tl.arange(0, TILE)
            height, order = _heights(logits, highest, heat, column, vocabulary)
            inside = (column < vocabulary) & (order >= least)
            mass += tl.where(inside, tl.exp(height).to(tl.float64), 0.0)
        target = share * tl.sum(mass, 0)
        least = tl.maximum(least, _lowest(logits, highest, heat, vocabulary, least, target, False, TILE))
    tl.store(lowest + row, least)


@triton.jit
def _noise(coarse, fine):
    """Gumbel noise from 64 bits."""
    below = coarse < 2147483648
    coarse = tl.where(below, coarse, coarse ^ 0xFFFFFFFF).to(tl.float32)
    fine = tl.where(below, fine, fine ^ 0xFFFFFFFF).to(tl.float32)
    uniform = coarse * 2.3283064365386963e-10 + (fine + 0.5) * 5.421010862427522e-20
    rest = 1.0 - uniform
    exact = rest == 1.0
    logarithm = tl.log(tl.where(below, rest, uniform))
    quotient = tl.div_rn(logarithm * uniform, tl.where(exact, -1.0, rest - 1.0))
    return -tl.log(tl.where(below, tl.where(exact, uniform, quotient), -logarithm))


@triton.jit
def race(
    logits,
    peak,
    temperature,
    lowest,
    words,
    positions,
    score,
    token,
    vocabulary,
    stride,
    TILE: tl.constexpr,
    STRETCH: tl.constexpr,
):
    """The highest score of each row and stretch, and the token that has it, [n, stretches]."""
    row = tl.program_id(0)
    begin = tl.program_id(1) * STRETCH
    logits += row.to(tl.int64) * stride
    highest = tl.load(peak + row)
    heat = tl.load(temperature + row)
    warm = heat > 0
    heat = tl.where(warm, tl.maximum(heat, _COLDEST), 1.0)
    least = tl.load(lowest + row)
    seed = tl.load(words + 2 * row)
    high = tl.load(words + 2 * row + 1)
    position = tl.load(positions + row)
    best = tl.full((TILE // 2,), float("-inf"), tl.float32)
    winner = tl.zeros((TILE // 2,), tl.int32)
    for start in range(begin, tl.minimum(begin + STRETCH, vocabulary), TILE):
        pair = start // 2 + tl.arange(0, TILE // 2)
        left = pair // _PAIR * (2 * _PAIR) + pair % _PAIR
        left = tl.max_contiguous(tl.multiple_of(left, _PAIR), _PAIR)  # for wide loads
        right = left + _PAIR
        height, order = _heights(logits, highest, heat, left, vocabulary)
        other, its_order = _heights(logits, highest, heat, right, vocabulary)
        kept = (order >= least) & (left < vocabulary)
        also = (its_order >= least) & (right < vocabulary)
        some = 1
        if least > _ALL:
            some = tl.max((kept | also).to(tl.int32), 0)
        if some > 0:
            if warm:
                zero = pair * 0
                bits = tl.philox(
                    seed, pair, zero + position, zero + high.to(tl.int32), zero + (high >> 32).to(tl.int32)
                )
                height += _noise(bits[0], bits[1])
                other += _noise(bits[2], bits[3])
            height = tl.where(kept, height, float("-inf"))
            other = tl.where(also, other, float("-inf"))
            behind = other > height
            height = tl.where(behind, other, height)
            better = height > best
            winner = tl.where(better, tl.where(behind, right, left), winner)
            best = tl.where(better, height, best)
    top = tl.max(best, 0)
    to = row.to(tl.int64) * tl.num_programs(1) + tl.program_id(1)
    tl.store(score + to, top)
    tl.store(token + to, tl.min(tl.where(best == top, winner, vocabulary), 0))
