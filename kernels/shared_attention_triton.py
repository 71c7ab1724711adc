"""The kernels of `kernels.shared_attention`; import it only where they run.

The first takes the rows of a prompt together, so that its keys are read once for a tile of them, and leaves each
row's weighted sum, its maximum and its total over each piece of the prompt; the second merges these and takes each
row over its own tokens. Neither asks the host for anything, and both have a grid of one size: programs that no row
needs share the pieces of long prompts, or end at once.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from triton import knobs

from kernels.step_rows import TILE, Rows

TOGETHER, SINGLE = 64, 32
"""Heads of a prompt's rows that a program takes over it, and heads of a row that one takes over its own tokens, at
most; Hopper's matrix units want 64."""

PIECE, PIECES = 512, 8
"""Tokens of a prompt's pieces, at least, and pieces of a prompt, at most."""


class Cut(NamedTuple):
    """What a program takes at a time: as much as fits its registers, and 99 KB of shared memory, which all cards
    have."""

    members: int
    """Heads of rows."""

    block: int
    """Tokens."""

    warps: int


def cut(members: int, most: int, wide: int, dtype: torch.dtype) -> Cut:
    """For so many heads, at most so many of them together, of so many numbers each. It does not ask how many rows
    there are, so that a row's sums are cut alike in any company."""
    # Matrix units do not multiply float32: threads hold both factors in registers.
    plain = dtype == torch.float32
    most = max(16, min(most, (8_192 if plain else 16_384) // wide))
    members = min(most, max(16, triton.next_power_of_2(members)))
    block = 16 if plain else max(16, min(64, 8_192 // wide))
    return Cut(members, block, 8 if members * wide >= 16_384 else 4)


def attend_shared_fused(
    query: torch.Tensor,
    prompt_keys: torch.Tensor,
    prompt_values: torch.Tensor,
    own_keys: torch.Tensor,
    own_values: torch.Tensor,
    rows: Rows,
    *,
    scale: float,
    softcap: float | None = None,
    window: int | None = None,
) -> torch.Tensor:
    """What `attend_shared` promises."""
    query = query.contiguous()
    count, heads, width = query.shape
    key_heads, capacity, out_width = own_values.shape[1:]
    shared = heads // key_heads
    wide, out_wide = (max(16, triton.next_power_of_2(size)) for size in (width, out_width))
    partial = query.new_empty(PIECES, count, heads, out_width, dtype=torch.float32)
    peak, total = query.new_empty(2, PIECES, count, heads, dtype=torch.float32)
    found = query.new_empty(count, heads, out_width)
    flags = {
        "CAPPED": softcap is not None,
        "WINDOWED": window is not None,
        "UPCAST": knobs.runtime.interpret,  # which multiplies 16-bit numbers as if they were whole ones
        # No model changes these: written into the code, they leave addresses fewer registers to take.
        "KEY_HEADS": key_heads,
        "SHARED": shared,
        "WIDTH": width,
        "OUT_WIDTH": out_width,
        "WIDE": wide,
        "OUT_WIDE": out_wide,
        "PIECE": PIECE,
        "PIECES": PIECES,
        "num_stages": 2,
    }
    numbers = scale, softcap or 0.0, window or 0
    together = cut(TILE * shared, TOGETHER, max(wide, out_wide), query.dtype)
    prompts[(count, key_heads, triton.cdiv(TILE * shared, together.members))](
        *(query, prompt_keys, prompt_values, rows.start, rows.before, rows.own, rows.order, rows.tiles),
        *(partial, peak, total, *numbers),
        ROWS=triton.next_power_of_2(count),
        MEMBERS=together.members,
        BLOCK=together.block,
        num_warps=together.warps,
        **flags,
    )
    single = cut(shared, SINGLE, max(wide, out_wide), query.dtype)
    generated[(count, key_heads, triton.cdiv(shared, single.members))](
        *(query, own_keys, own_values, rows.before, rows.own, partial, peak, total, found, *numbers, capacity),
        MEMBERS=single.members,
        BLOCK=single.block,
        num_warps=single.warps,
        **flags,
    )
    return found


@triton.jit
def _scores(query, keys, scale, softcap, CAPPED: tl.constexpr, UPCAST: tl.constexpr):
    """Scaled and capped products, float32."""
    if UPCAST:
        query, keys = query.to(tl.float32), keys.to(tl.float32)
    score = tl.dot(query, keys, input_precision="ieee") * scale
    if CAPPED:
        # tanh by the exponential of something that is never positive.
        size = tl.exp(-2.0 * tl.abs(score) / softcap)
        score = tl.where(score < 0, -1.0, 1.0) * softcap * (1.0 - size) / (1.0 + size)
    return score


@triton.jit
def _each(length, PIECE: tl.constexpr, PIECES: tl.constexpr):
    """Tokens of a prompt's pieces: by its length alone, so that a row's sums are cut alike in any company."""
    return tl.maximum(PIECE, tl.cdiv(length, PIECES * 64) * 64)


@triton.jit
def _more(score, values, peak, total, mixed, UPCAST: tl.constexpr):
    """A softmax that is told of more tokens."""
    if UPCAST:
        values = values.to(tl.float32)
    higher = tl.maximum(peak, tl.max(score, 1))
    base = tl.where(higher == float("-inf"), 0.0, higher)
    weight = tl.exp(score - base[:, None])
    fade = tl.exp(peak - base)
    mixed = mixed * fade[:, None] + tl.dot(weight.to(values.dtype), values, input_precision="ieee")
    return higher, total * fade + tl.sum(weight, 1), mixed


@triton.jit
def prompts(
    query,
    keys,
    values,
    start,
    before,
    own,
    order,
    tiles,
    partial,
    peak,
    total,
    scale,
    softcap,
    window,
    CAPPED: tl.constexpr,
    WINDOWED: tl.constexpr,
    UPCAST: tl.constexpr,
    KEY_HEADS: tl.constexpr,
    SHARED: tl.constexpr,
    WIDTH: tl.constexpr,
    OUT_WIDTH: tl.constexpr,
    WIDE: tl.constexpr,
    OUT_WIDE: tl.constexpr,
    BLOCK: tl.constexpr,
    PIECE: tl.constexpr,
    PIECES: tl.constexpr,
    ROWS: tl.constexpr,
    MEMBERS: tl.constexpr,
):
    """Some heads of tiles of rows, each over a piece of its prompt, for one key head."""
    head, begun, rows = tl.program_id(1), tl.program_id(2) * MEMBERS, tl.num_programs(0)
    any_row = tl.arange(0, ROWS)
    filled = tl.load(tiles + 2 * any_row + 1, mask=any_row < rows, other=0) > 0
    needed = tl.sum(filled.to(tl.int32), 0)
    member = begun + tl.arange(0, MEMBERS)
    column, out_column = tl.arange(0, WIDE), tl.arange(0, OUT_WIDE)
    for item in range(tl.program_id(0), needed * PIECES, rows):
        piece = item // needed
        first = tl.load(tiles + 2 * (item % needed))
        count = tl.load(tiles + 2 * (item % needed) + 1)
        leader = tl.load(order + first)
        length = tl.load(before + leader)
        each = _each(length, PIECE, PIECES)
        if (begun < count * SHARED) & (piece * each < length):
            place = tl.load(start + leader).to(tl.int64)
            inside = member // SHARED < count
            row = tl.load(order + first + member // SHARED, mask=inside, other=0)
            at = (row * KEY_HEADS + head) * SHARED + member % SHARED
            asked = tl.load(
                query + at[:, None] * WIDTH + column, mask=inside[:, None] & (column < WIDTH), other=0.0
            )
            now = length + tl.load(own + row, mask=inside, other=0)
            highest = tl.full((MEMBERS,), float("-inf"), tl.float32)
            mass = tl.zeros((MEMBERS,), tl.float32)
            mixed = tl.zeros((MEMBERS, OUT_WIDE), tl.float32)
            end = tl.minimum((piece + 1) * each, length)
            for begin in range(piece * each, end, BLOCK):
                token = begin + tl.arange(0, BLOCK)
                there = token < end
                line = (place + token) * KEY_HEADS + head
                key = tl.load(
                    keys + line * WIDTH + column[:, None], mask=there & (column[:, None] < WIDTH), other=0.0
                )
                score = _scores(asked, key, scale, softcap, CAPPED, UPCAST)
                seen = there[None, :] & inside[:, None]
                if WINDOWED:
                    seen &= token[None, :] > now[:, None] - window
                score = tl.where(seen, score, float("-inf"))
                value = tl.load(
                    values + line[:, None] * OUT_WIDTH + out_column,
                    mask=there[:, None] & (out_column < OUT_WIDTH),
                    other=0.0,
                )
                highest, mass, mixed = _more(score, value, highest, mass, mixed, UPCAST)
            at += piece * rows * KEY_HEADS * SHARED
            tl.store(
                partial + at[:, None] * OUT_WIDTH + out_column,
                mixed,
                mask=inside[:, None] & (out_column < OUT_WIDTH),
            )
            tl.store(peak + at, highest, mask=inside)
            tl.store(total + at, mass, mask=inside)


@triton.jit
def generated(
    query,
    keys,
    values,
    before,
    own,
    partial,
    peak,
    total,
    found,
    scale,
    softcap,
    window,
    capacity,
    CAPPED: tl.constexpr,
    WINDOWED: tl.constexpr,
    UPCAST: tl.constexpr,
    KEY_HEADS: tl.constexpr,
    SHARED: tl.constexpr,
    WIDTH: tl.constexpr,
    OUT_WIDTH: tl.constexpr,
    WIDE: tl.constexpr,
    OUT_WIDE: tl.constexpr,
    BLOCK: tl.constexpr,
    PIECE: tl.constexpr,
    PIECES: tl.constexpr,
    MEMBERS: tl.constexpr,
):
    """Some heads of a row over what it has generated, for one key head, after what they found in its prompt."""
    row, head = tl.program_id(0), tl.program_id(1)
    length = tl.load(before + row)
    if length == 0:
        return
    member = tl.program_id(2) * MEMBERS + tl.arange(0, MEMBERS)
    inside = member < SHARED
    at = (row * KEY_HEADS + head) * SHARED + member
    column, out_column = tl.arange(0, WIDE), tl.arange(0, OUT_WIDE)
    asked = tl.load(query + at[:, None] * WIDTH + column, mask=inside[:, None] & (column < WIDTH), other=0.0)
    newest = tl.load(own + row)
    highest = tl.full((MEMBERS,), float("-inf"), tl.float32)
    mass = tl.zeros((MEMBERS,), tl.float32)
    mixed = tl.zeros((MEMBERS, OUT_WIDE), tl.float32)
    for piece in range(tl.cdiv(length, _each(length, PIECE, PIECES))):
        from_piece = piece * tl.num_programs(0) * KEY_HEADS * SHARED + at
        summit = tl.load(peak + from_piece, mask=inside, other=float("-inf"))
        higher = tl.maximum(highest, summit)
        base = tl.where(higher == float("-inf"), 0.0, higher)
        fade, grow = tl.exp(highest - base), tl.exp(summit - base)
        mass = mass * fade + tl.load(total + from_piece, mask=inside, other=0.0) * grow
        more = tl.load(
            partial + from_piece[:, None] * OUT_WIDTH + out_column,
            mask=inside[:, None] & (out_column < OUT_WIDTH),
            other=0.0,
        )
        mixed = mixed * fade[:, None] + more * grow[:, None]
        highest = higher
    line = (row * KEY_HEADS + head).to(tl.int64) * capacity
    for begin in range(0, newest + 1, BLOCK):
        token = begin + tl.arange(0, BLOCK)
        there = token <= newest
        key = tl.load(
            keys + (line + token) * WIDTH + column[:, None], mask=there & (column[:, None] < WIDTH), other=0.0
        )
        score = _scores(asked, key, scale, softcap, CAPPED, UPCAST)
        seen = there[None, :] & inside[:, None]
        if WINDOWED:
            seen &= token[None, :] > newest - window
        score = tl.where(seen, score, float("-inf"))
        value = tl.load(
            values + (line + token)[:, None] * OUT_WIDTH + out_column,
            mask=there[:, None] & (out_column < OUT_WIDTH),
            other=0.0,
        )
        highest, mass, mixed = _more(score, value, highest, mass, mixed, UPCAST)
    share = mixed / tl.where(mass > 0, mass, 1.0)[:, None]
    tl.store(
        found + at[:, None] * OUT_WIDTH + out_column,
        share.to(found.dtype.element_ty),
        mask=inside[:, None] & (out_column < OUT_WIDTH),
    )
