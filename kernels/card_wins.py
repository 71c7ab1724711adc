"""Win counts on a GPU: of values that are 0 or 1 by their bits, of others by comparing.

Rows come over piece by piece and are laid into planes of samples x models, in any order: a bit for each pass and
each fail, or a number that is NaN where unseen. Then a program counts a tile of pairs of models over a stretch of
samples. Counts are whole numbers, so that the order of their sums makes no difference: they are those of the CPU
to the last one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from kernels.bits import are_bits
from kernels.device import in_halves
from kernels.staging import Sender

MOST_WEIGHT = 127
"""Weights are multiplied as numbers of 8 bits."""

_PIECE = 2**26
"""Rows that come over at a time."""

_SHARE = 0.4
"""Of the free memory, that planes may take."""

_LOOK = 2**20
"""Rows after which values count as bits until one is found that is none."""

_ALIGNED = 256
"""Planes end at a multiple of so many samples."""


def countable(weights: np.ndarray | None) -> bool:
    """Whether weights are counted exactly here: whole numbers from 0 to `MOST_WEIGHT`."""
    if weights is None or not weights.size:
        return True
    return bool(weights.min() >= 0 and weights.max() <= MOST_WEIGHT and (weights == np.floor(weights)).all())


def count_on_card(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    weights: np.ndarray | None,
    *,
    chances: bool,
    device: str = "cuda",
) -> tuple[np.ndarray, np.ndarray] | None:
    """What `win_counts` promises for rows in any order and `countable` weights (B, S) or none: (B, M, M) each.

    None for chances that are not all 0 or 1: those are sums of fractions. Raises IndexError for indices out of
    range, torch.OutOfMemoryError where not even a few samples fit.
    """
    rows = model, sample, value
    for binary in (True, False):
        if are_bits(value[:_LOOK]) if binary else not chances:
            counts = _count(rows, models, samples, weights, binary, device)
            if counts is not None:
                return _ordered(counts, binary)
    return None


def _count(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray],
    models: int,
    samples: int,
    weights: np.ndarray | None,
    binary: bool,
    device: str,
) -> torch.Tensor | None:
    """(2, B, M, M) wins, and ties or of bits shared samples, of which only those of i <= j are counted.

    None where values are to be bits and are not.
    """
    from kernels.wins_triton import WORD, count_bits, count_ordered, fill_bits

    number, sender = _number(rows[2]), Sender(device)
    counts = torch.zeros(
        2, 1 if weights is None else len(weights), models, models, dtype=torch.int64, device=device
    )

    def count(first: int, last: int) -> bool:
        begin, width = first * _ALIGNED, (last - first) * _ALIGNED
        weight = None if weights is None else _part(weights, begin, width).to(device)
        if binary:
            plane = torch.zeros(2, width // WORD, models, dtype=torch.int32, device=device)
        else:
            plane = torch.full((width, models), float("nan"), dtype=number, device=device)
        for there, at, value in _pieces(rows, models, samples, range(begin, begin + width), sender):
            if not binary:
                plane.view(-1)[at.long() * models + there] = value.to(number)
            elif not fill_bits(there, at, value, plane):
                return False
        (count_bits if binary else count_ordered)(plane, weight, counts)
        return True

    one = models / 4 if binary else models * number.itemsize
    most = int(_free(device) * _SHARE / one) // _ALIGNED
    # Counts are added at the very end of a run: one that fails for lack of memory has added none.
    done = in_halves(count, -(-samples // _ALIGNED), max(1, most), f"times {_ALIGNED} samples")
    return counts if all(done) else None


def _ordered(counts: torch.Tensor, binary: bool) -> tuple[np.ndarray, np.ndarray]:
    """Wins and ties from what was counted."""
    wins, other = counts
    other = other.triu() + other.triu(1).transpose(1, 2)
    ties = other - wins - wins.transpose(1, 2) if binary else other
    for found in (wins, ties):
        found.diagonal(dim1=1, dim2=2).zero_()
    return wins.double().cpu().numpy(), ties.double().cpu().numpy()


def _number(value: np.ndarray) -> torch.dtype:
    """The type in which values are compared: none is rounded by it."""
    return torch.float32 if value.dtype == np.float32 or value.dtype.itemsize < 3 else torch.float64


def _part(weights: np.ndarray, begin: int, width: int) -> torch.Tensor:
    """(B, width) of samples from begin on, 0 behind the last."""
    found = np.zeros((len(weights), width), np.int8)
    part = weights[:, begin : begin + width]
    found[:, : part.shape[1]] = part
    return torch.from_numpy(found)


def _pieces(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray], models: int, samples: int, here: range, sender: Sender
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Rows of some samples, on the device: model, sample counted from the first of them, value."""
    for first in range(0, len(rows[0]), _PIECE):
        model, sample, value = (sender.send(column[first : first + _PIECE]) for column in rows)
        for index, size in ((model, models), (sample, samples)):
            low, high = torch.stack(torch.aminmax(index)).tolist()
            if low < 0 or high >= size:
                raise IndexError(f"indices from {low} to {high} are not all from 0 to {size - 1}")
        if here.start > 0 or here.stop < samples:
            inside = (sample >= here.start) & (sample < here.stop)
            model, sample, value = model[inside], sample[inside] - here.start, value[inside]
        yield model, sample, value


def _free(device: str) -> int:
    """Bytes of memory."""
    return torch.cuda.mem_get_info(device)[0] if torch.device(device).type == "cuda" else 2**30
