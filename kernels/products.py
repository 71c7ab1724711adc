"""Matrix products of tiles, in the thread that asks for them.

BLAS brings threads of its own, which on cores that others use too wait for each other for longer than they
work.
"""

from __future__ import annotations

import numpy as np

from kernels.tiles import aligned


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """left' right, of left (N, P) and right (N, Q), compiled for N and P of some hundred."""
    from kernels.product_loops import add_product

    total = aligned((_eights(left.shape[1]), _eights(right.shape[1])), np.float64)
    add_product(_padded(left), _padded(right), total)
    return total[: left.shape[1], : right.shape[1]]


def plain_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The same with BLAS, which is there at once."""
    return left.T @ right


def _padded(matrix: np.ndarray) -> np.ndarray:
    padded = aligned((_eights(matrix.shape[0]), _eights(matrix.shape[1])), np.float64)
    padded[: matrix.shape[0], : matrix.shape[1]] = matrix
    return padded


def _eights(number: int) -> int:
    return -(-number // 8) * 8
