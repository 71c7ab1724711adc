"""The kernels of `kernels.card_wins`; import it only where they run.

Both counts have two sides: i wins against j for all pairs, and what is the same both ways for i <= j. The bits of
a word are spread into bytes, whose products the matrix units add up: an and of words with a count of its bits
would take several times as long, since a multiprocessor counts the bits of 16 words at a time.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import torch
import triton
import triton.language as tl

WORD = 32
"""Samples whose bits lie in a word."""

_WORD = tl.constexpr(WORD)

BIT_MODELS, NUMBER_MODELS = 128, 64
"""Of a tile to each side: as many as the registers hold counts for."""

WORDS, WEIGHTED_WORDS = 4, 2
"""Taken at a time; with more, registers would not do."""

STRETCH = 2**17
"""Samples of one program: its counts stay below 2^31 with any weights."""

_ROWS = 1024


def fill_bits(model: torch.Tensor, sample: torch.Tensor, value: torch.Tensor, plane: torch.Tensor) -> bool:
    """Set each row's bit in the plane, (failed or passed, samples / 32, M). False where a value is not 0 or 1."""
    wrong = torch.zeros(1, dtype=torch.int32, device=plane.device)
    rows, (_, words, models) = len(model), plane.shape
    if rows:
        fill[(triton.cdiv(rows, _ROWS),)](model, sample, value, plane, wrong, rows, words, models, ROWS=_ROWS)
    return not wrong.item()


def count_bits(
    plane: torch.Tensor,
    weight: torch.Tensor | None,
    counts: torch.Tensor,
    *,
    models: int = BIT_MODELS,
    stretch: int = STRETCH,
) -> None:
    """Add wins of all pairs and shared samples of pairs i <= j to counts, (2, B, M, M) int64.

    weight: (B, samples) int8, or None. models, stretch: of a tile.
    """
    _, words, number = plane.shape
    taken = WORDS if weight is None else WEIGHTED_WORDS
    _launch(and_bits, plane, weight, counts, number, words * WORD, models, stretch, WORDS=taken, num_warps=8)


def count_ordered(
    plane: torch.Tensor,
    weight: torch.Tensor | None,
    counts: torch.Tensor,
    *,
    models: int = NUMBER_MODELS,
    stretch: int = STRETCH,
) -> None:
    """The same of numbers, (samples, M), NaN where unseen: wins of all pairs, and ties of pairs i <= j."""
    samples, number = plane.shape
    _launch(compare, plane, weight, counts, number, samples, models, stretch, num_warps=4)


def _launch(kernel, plane, weight, counts, number, samples, models, stretch, **how) -> None:
    tiles = triton.cdiv(number, models)
    grid = tiles * tiles, triton.cdiv(samples, stretch), counts.shape[1]
    for both in (False, True):
        kernel[grid](
            *(plane, plane if weight is None else weight, counts[int(both)], samples, number),
            BOTH=both,
            WEIGHTED=weight is not None,
            MODELS=models,
            STRETCH=stretch,
            **how,
        )


@triton.jit
def fill(model, sample, value, plane, wrong, rows, words, models, ROWS: tl.constexpr):
    """Bits of rows."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    inside = row < rows
    m = tl.load(model + row, mask=inside, other=0).to(tl.int64)
    s = tl.load(sample + row, mask=inside, other=0).to(tl.int64)
    v = tl.load(value + row, mask=inside, other=0)
    passed = v == 1
    known = passed | (v == 0)
    if tl.max((inside & ~known).to(tl.int32), 0) > 0:
        tl.store(wrong, 1)
    at = (passed.to(tl.int64) * words + s // _WORD) * models + m
    bit = tl.full((ROWS,), 1, tl.int32) << (s % _WORD).to(tl.int32)
    tl.atomic_or(plane + at, bit, mask=inside & known, sem="relaxed")


@triton.jit
def _place(number, MODELS: tl.constexpr):
    """The first models of a program's tile, to both sides."""
    tiles = tl.cdiv(number, MODELS)
    return tl.program_id(0) // tiles * MODELS, tl.program_id(0) % tiles * MODELS


@triton.jit
def _add(found, counts, i, j, number):
    """Add a tile to its place in counts, (B, M, M)."""
    counts += tl.program_id(2).to(tl.int64) * number * number
    inside = (i[:, None] < number) & (j[None, :] < number)
    tl.atomic_add(counts + (i[:, None] * number + j[None, :]), found.to(tl.int64), mask=inside, sem="relaxed")


@triton.jit
def _spread(
    plane,
    word,
    m,
    words,
    number,
    BOTH: tl.constexpr,
    PASSED: tl.constexpr,
    WORDS: tl.constexpr,
    MODELS: tl.constexpr,
):
    """Bits of models as bytes, [models, samples]: passed or failed, or with BOTH, seen."""
    at = word[None, :].to(tl.int64) * number + m[:, None]
    inside = (word[None, :] < words) & (m[:, None] < number)
    bits = tl.load(plane + PASSED * words.to(tl.int64) * number + at, mask=inside, other=0)
    if BOTH:
        bits |= tl.load(plane + (1 - PASSED) * words.to(tl.int64) * number + at, mask=inside, other=0)
    single = (bits[:, :, None] >> tl.arange(0, _WORD)[None, None, :]) & 1
    return tl.reshape(single.to(tl.int8), (MODELS, WORDS * _WORD))


@triton.jit
def and_bits(
    plane,
    weight,
    counts,
    samples,
    number,
    BOTH: tl.constexpr,
    WEIGHTED: tl.constexpr,
    MODELS: tl.constexpr,
    STRETCH: tl.constexpr,
    WORDS: tl.constexpr,
):
    """Samples that i passed and j failed; or that both were measured on."""
    first, second = _place(number, MODELS)
    if BOTH and second < first:
        return
    i = first + tl.arange(0, MODELS)
    j = second + tl.arange(0, MODELS)
    words = samples // _WORD
    found = tl.zeros((MODELS, MODELS), tl.int32)
    begin = tl.program_id(1) * (STRETCH // _WORD)
    for start in range(begin, tl.minimum(begin + STRETCH // _WORD, words), WORDS):
        word = start + tl.arange(0, WORDS)
        left = _spread(plane, word, i, words, number, BOTH, 1, WORDS, MODELS)
        right = _spread(plane, word, j, words, number, BOTH, 0, WORDS, MODELS)
        if WEIGHTED:
            sample = start * _WORD + tl.arange(0, WORDS * _WORD)
            slab = tl.program_id(2).to(tl.int64) * samples
            left *= tl.load(weight + slab + sample, mask=sample < samples, other=0)[None, :]
        found = tl.dot(left, tl.trans(right), found, out_dtype=tl.int32)
    _add(found, counts, i, j, number)


@triton.jit
def compare(
    plane,
    weight,
    counts,
    samples,
    number,
    BOTH: tl.constexpr,
    WEIGHTED: tl.constexpr,
    MODELS: tl.constexpr,
    STRETCH: tl.constexpr,
):
    """Samples in which i has more than j; or the same."""
    first, second = _place(number, MODELS)
    if BOTH and second < first:
        return
    i = first + tl.arange(0, MODELS)
    j = second + tl.arange(0, MODELS)
    found = tl.zeros((MODELS, MODELS), tl.int32)
    begin = tl.program_id(1) * STRETCH
    for sample in range(begin, tl.minimum(begin + STRETCH, samples)):
        row = plane + tl.cast(sample, tl.int64) * number
        left = tl.load(row + i, mask=i < number, other=float("nan"))
        right = tl.load(row + j, mask=j < number, other=float("nan"))
        is_so = left[:, None] == right[None, :] if BOTH else left[:, None] > right[None, :]
        if WEIGHTED:
            often = tl.load(weight + tl.program_id(2).to(tl.int64) * samples + sample).to(tl.int32)
            found += tl.where(is_so, often, 0)
        else:
            found += is_so.to(tl.int32)
    _add(found, counts, i, j, number)
