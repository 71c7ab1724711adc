"""Fused log-probabilities: what double precision says, whatever the sizes and the company."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import kernels.token_scores
from kernels.token_scores import token_scores, token_scores_reference
from kernels.token_scores_triton import Tile, fused
from tests.kernels.gpu import DEVICE

SMALL = Tile(rows=16, tokens=32, width=16, chunk=2, warps=4, stages=2)
TYPES = {torch.float32: 1e-5, torch.bfloat16: 1e-3, torch.float16: 1e-3}


def made(rows: int, vocabulary: int, width: int, dtype: torch.dtype, scale: float = 1.0) -> Any:
    """Fresh hidden states, output matrix and tokens; logits of about this size."""
    some = torch.Generator().manual_seed(rows * 7919 + vocabulary)
    hidden = torch.randn(rows, width, generator=some) * scale
    output = torch.randn(vocabulary, width, generator=some) / width**0.5
    tokens = torch.randint(vocabulary, (rows,), generator=some)
    return tuple(given.to(DEVICE) for given in (hidden.to(dtype), output.to(dtype), tokens))


def close(found: Any, exact: Any, tolerance: float) -> None:
    """Relative errors of the vectors, and the same greedy hits; nothing left unwritten."""
    for ours, truth in zip(found[:2], exact[:2], strict=True):
        assert ours.dtype == torch.float32
        assert torch.equal(ours.isnan(), truth.isnan())
        known = ~truth.isnan()
        assert (ours[known] - truth[known]).norm() <= tolerance * truth[known].norm()
    assert torch.equal(found[2], exact[2])


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("softcap", [None, 2.0])
@pytest.mark.parametrize(("rows", "vocabulary", "width"), [(1, 1, 8), (19, 131, 40), (33, 64, 21), (5, 200, 64)])
def test_as_in_double_precision(
    dtype: torch.dtype, softcap: float | None, rows: int, vocabulary: int, width: int
) -> None:
    """Odd sizes; a width of 21 has rows that the copy engine cannot fetch."""
    hidden, output, tokens = made(rows, vocabulary, width, dtype)
    tokens[::3] = (hidden.double() @ output.double().T).argmax(-1)[::3]
    exact = token_scores_reference(hidden.double(), output.double(), tokens, softcap=softcap)
    close(fused(hidden, output, tokens, softcap, SMALL), exact, TYPES[dtype])
    assert exact.greedy.any()


@pytest.mark.parametrize("dtype", TYPES)
def test_the_plain_route_is_right_too(dtype: torch.dtype) -> None:
    hidden, output, tokens = (given.cpu() for given in made(20, 100, 32, dtype))
    tokens[3] = -100
    exact = token_scores_reference(hidden.double(), output.double(), tokens, softcap=3.0)
    found = token_scores(hidden, output, tokens, softcap=3.0)
    for ours, truth in zip(found[:2], exact[:2], strict=True):
        assert torch.equal(ours.isnan(), truth.isnan())
        # Logits of 16-bit numbers are rounded to 16 bits on this route.
        assert (ours - truth).nan_to_num().norm() <= 10 * TYPES[dtype] * truth.nan_to_num().norm()


@pytest.mark.parametrize("scale", [1e3, 1e5])
def test_very_large_logits(scale: float) -> None:
    hidden, output, tokens = made(20, 150, 32, torch.float32, scale)
    tokens[::2] = (hidden.double() @ output.double().T).argmax(-1)[::2]
    exact = token_scores_reference(hidden.double(), output.double(), tokens)
    close(fused(hidden, output, tokens, None, SMALL), exact, 1e-5)


def test_positions_without_a_token_of_the_vocabulary_are_ignored() -> None:
    hidden, output, tokens = made(40, 90, 16, torch.float32)
    tokens[[0, 5, 6]] = torch.tensor([-100, 90, 2**32], device=DEVICE)
    tokens[16:32] = -100  # a whole block
    found = fused(hidden, output, tokens, None, SMALL)
    close(found, token_scores_reference(hidden.double(), output.double(), tokens), 1e-5)
    assert int(found[0].isnan().sum()) == 19


def test_of_equal_logits_the_first_is_the_greedy_one() -> None:
    """Within a tile, across tiles, and across chunks of the vocabulary."""
    hidden = torch.ones(6, 16, device=DEVICE)
    output = torch.zeros(140, 16, device=DEVICE)
    output[[3, 9, 40, 70, 139]] = 1.0
    tokens = torch.tensor([3, 9, 40, 70, 139, 0], device=DEVICE)
    assert fused(hidden, output, tokens, None, SMALL)[2].tolist() == [True] + [False] * 5


def test_a_position_gets_the_same_in_any_company() -> None:
    hidden, output, tokens = made(40, 131, 32, torch.float32)
    together = fused(hidden, output, tokens, None, SMALL)
    for few in (slice(0, 1), slice(7, 30)):
        apart = fused(hidden[few], output, tokens[few], None, SMALL)
        assert all(torch.equal(one, whole[few]) for one, whole in zip(apart, together, strict=True))


def test_broken_logits_give_no_number_and_spoil_no_other() -> None:
    hidden, output, tokens = made(4, 50, 16, torch.float32)
    hidden[1], hidden[2] = float("nan"), float("inf")
    logprob = fused(hidden, output, tokens, None, SMALL)[0]
    assert logprob.isfinite().tolist() == [True, False, False, True]


def test_no_positions_and_wrong_shapes() -> None:
    hidden, output, tokens = made(3, 10, 16, torch.float32)
    assert [len(column) for column in fused(hidden[:0], output, tokens[:0], None, SMALL)] == [0, 0, 0]
    with pytest.raises(ValueError, match=r"shapes \(3, 16\), \(10, 16\), \(2,\) are not"):
        token_scores(hidden, output, tokens[:2])


def test_where_a_kernel_runs_it_is_asked_and_goes_on_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden, output, tokens = made(10, 40, 16, torch.float32)
    asked = []

    def narrow(part: torch.Tensor, *more: Any) -> Any:
        asked.append(len(part))
        if len(part) > 3:
            raise torch.OutOfMemoryError("full")
        return fused(part, *more, SMALL)

    monkeypatch.setattr(kernels.token_scores, "takes", lambda _: True)
    monkeypatch.setattr("kernels.token_scores_triton.fused", narrow)
    with pytest.warns(UserWarning, match="going on with 2 positions at a time"):
        found = token_scores(hidden, output, tokens)
    assert asked == [10, 5, 2, 2, 2, 2, 2]
    close(found, token_scores_reference(hidden.double(), output.double(), tokens), 1e-5)
