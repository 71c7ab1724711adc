"""Where the rows of a step stand, whatever attends over them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

TILE = 8
"""Rows of one prompt that read it together, at most."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Int32 tensors on the device."""

    start: torch.Tensor
    """[rows] place of each row's prompt in the pool."""

    before: torch.Tensor
    """[rows] tokens of each row's prompt; 0 for a row that stands idle, whose result means nothing."""

    own: torch.Tensor
    """[rows] place of the token now fed among those that the row has generated."""

    order: torch.Tensor
    """[rows] rows with those of one prompt side by side."""

    tiles: torch.Tensor
    """[rows, 2] runs of at most `TILE` rows of one prompt: the first one's place in the order, and how many. Those
    that are not needed have 0 rows."""
