"""Attention over shared prompts: one softmax over the prompt and what was generated, whatever the company."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from kernels import shared_attention_triton
from kernels.shared_attention import attend_shared, attend_shared_reference
from kernels.shared_attention_triton import attend_shared_fused
from kernels.step_rows import TILE, Rows
from tests.kernels.gpu import DEVICE

POOL, CAPACITY = 400, 48


def standing(prompts: list[tuple[int, int]], of_row: list[int | None], own: list[int]) -> Rows:
    """Rows of prompts (place, length), None for idle ones."""
    start = [prompts[one][0] if one is not None else 0 for one in of_row]
    before = [prompts[one][1] if one is not None else 0 for one in of_row]
    order = sorted(range(len(of_row)), key=lambda row: (of_row[row] is None, of_row[row] or 0))
    tiles: list[list[int]] = []
    for place, row in enumerate(order):
        if of_row[row] is None:
            break
        last = tiles[-1] if tiles else None
        if last and last[1] < TILE and of_row[order[last[0]]] == of_row[row]:
            last[1] += 1
        else:
            tiles.append([place, 1])
    tiles += [[0, 0]] * (len(of_row) - len(tiles))
    return Rows(
        *(torch.tensor(given, dtype=torch.int32, device=DEVICE) for given in (start, before, own, order, tiles))
    )


def states(rows: int, heads: int, key_heads: int, width: int, out: int, dtype: torch.dtype) -> tuple[Any, ...]:
    generator = torch.Generator().manual_seed(0)
    shapes = [
        (rows, heads, width),
        (POOL, key_heads, width),
        (POOL, key_heads, out),
        (rows, key_heads, CAPACITY, width),
        (rows, key_heads, CAPACITY, out),
    ]
    return tuple(torch.randn(shape, generator=generator).to(DEVICE, dtype) for shape in shapes)


ROWS = standing([(3, 100), (110, 1), (200, 65)], [0, 1, 0, None, 2, *[0] * 9, None], [0, 5, 47, 9, 20, *range(10)])


@pytest.mark.parametrize(
    ("heads", "key_heads", "width", "out"),
    [
        (4, 4, 16, 16),
        (14, 2, 64, 64),
        (6, 2, 24, 40),
        (8, 1, 32, 32),
        (40, 2, 16, 16),
        (71, 1, 16, 24),
        (3, 1, 256, 256),
    ],
)
@pytest.mark.parametrize("how", [{}, {"softcap": 5.0}, {"window": 30}, {"window": 1}])
def test_it_is_one_softmax(heads: int, key_heads: int, width: int, out: int, how: dict[str, Any]) -> None:
    given = states(len(ROWS.own), heads, key_heads, width, out, torch.float32)
    expected = attend_shared_reference(*given, ROWS, scale=width**-0.5, **how)
    found = attend_shared_fused(*given, ROWS, scale=width**-0.5, **how)
    there = ROWS.before > 0
    torch.testing.assert_close(found[there], expected[there], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("piece", "pieces"), [(16, 3), (64, 8), (16, 1)])
@pytest.mark.parametrize("how", [{}, {"window": 30}])
def test_prompts_are_taken_in_pieces(
    piece: int, pieces: int, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also more of them than there are programs, and by a window that has left some behind."""
    monkeypatch.setattr(shared_attention_triton, "PIECE", piece)
    monkeypatch.setattr(shared_attention_triton, "PIECES", pieces)
    prompts = [(3, 300), (310, 1), (311, 65)]
    crowded = standing(prompts, [0, 1, 2, 0], [0, 5, 47, 9])
    sparse = standing(prompts, [None, 0, *[None] * 13, 2], [20] * 16)
    for rows in (crowded, sparse):
        given = states(len(rows.own), 14, 2, 16, 16, torch.float32)
        expected = attend_shared_reference(*given, rows, scale=0.25, **how)
        found = attend_shared_fused(*given, rows, scale=0.25, **how)
        there = rows.before > 0
        torch.testing.assert_close(found[there], expected[there], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("heads", "width"), [(14, 64), (40, 64), (4, 256)])
def test_bfloat16_is_as_close_as_its_rounding(heads: int, width: int) -> None:
    given = states(len(ROWS.own), heads, 2, width, width, torch.bfloat16)
    expected = attend_shared_reference(*(tensor.float() for tensor in given), ROWS, scale=width**-0.5)
    there = ROWS.before > 0
    found = attend_shared_fused(*given, ROWS, scale=width**-0.5).float()
    torch.testing.assert_close(found[there], expected[there], rtol=2e-2, atol=1e-2)


@pytest.mark.parametrize("piece", [16, 512])
@pytest.mark.parametrize(("heads", "dtype"), [(14, torch.float32), (14, torch.bfloat16), (40, torch.float32)])
def test_a_row_does_not_depend_on_its_company(
    heads: int, dtype: torch.dtype, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even in the last bit: neither on the tile that it is in nor on its place in it, nor on the program that
    takes some of its heads or a piece of its prompt."""
    monkeypatch.setattr(shared_attention_triton, "PIECE", piece)
    given = states(len(ROWS.own), heads, 2, 64, 64, dtype)
    together = attend_shared_fused(*given, ROWS, scale=0.125)
    for row in (0, 2, 7, 13):
        of_row: list[int | None] = [None] * len(ROWS.own)
        of_row[row] = 0
        alone = standing([(3, 100)], of_row, ROWS.own.tolist())
        assert torch.equal(attend_shared_fused(*given, alone, scale=0.125)[row], together[row])


def test_idle_rows_do_not_reach_others() -> None:
    """Whatever lies in their place."""
    query, keys, values, own_keys, own_values = states(len(ROWS.own), 4, 2, 16, 16, torch.float32)
    idle = ROWS.before == 0
    expected = attend_shared_fused(query, keys, values, own_keys, own_values, ROWS, scale=0.25)
    own_keys[idle] = own_values[idle] = float("nan")
    found = attend_shared_fused(query, keys, values, own_keys, own_values, ROWS, scale=0.25)
    assert torch.equal(found[~idle], expected[~idle])


def test_the_one_function_takes_what_fits_the_device() -> None:
    given = states(len(ROWS.own), 4, 2, 16, 16, torch.float32)
    nobody = replace(ROWS, before=torch.zeros_like(ROWS.before), tiles=torch.zeros_like(ROWS.tiles))
    assert attend_shared(*given, nobody, scale=0.25).shape == (len(ROWS.own), 4, 16)
    there = ROWS.before > 0
    torch.testing.assert_close(
        attend_shared(*given, ROWS, scale=0.25)[there],
        attend_shared_reference(*given, ROWS, scale=0.25)[there],
        rtol=1e-3,
        atol=1e-4,
    )
