"""Numbers that the host writes and a device reads, brought over together and without waiting."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

_ALIGNED = 16
"""Bytes at multiples of which each tensor begins, as the kernels' loads want it."""


class Mirror:
    """Arrays here, to be written to, and tensors of the same shapes and types there, which stay where they are.

    A copy from ordinary memory makes the host wait for all that the device was given to do. So everything is
    written into pinned memory first, which torch keeps until its copy is done, and goes over as one piece.

    Args:
        like: shape and type of each by name.
        device: where the tensors lie; zeros until the first `send`.
    """

    def __init__(self, like: Mapping[str, tuple[tuple[int, ...], torch.dtype]], device: torch.device) -> None:
        places, size = {}, 0
        for name, (shape, dtype) in like.items():
            many = int(np.prod(shape)) * dtype.itemsize
            places[name] = size, size + many
            size += -(-many // _ALIGNED) * _ALIGNED
        self._host = torch.zeros(size, dtype=torch.uint8)
        self._device = torch.zeros(size, dtype=torch.uint8, device=device)
        self.here: dict[str, np.ndarray] = {}
        self.there: dict[str, torch.Tensor] = {}
        for name, (shape, dtype) in like.items():
            first, last = places[name]
            self.here[name] = self._host[first:last].view(dtype).view(shape).numpy()
            self.there[name] = self._device[first:last].view(dtype).view(shape)

    def send(self) -> None:
        """Let the device have what the arrays hold now, behind all that it was given to do before."""
        staged = pinned(self._host, self._device.device)
        self._device.copy_(staged, non_blocking=True)


def pinned(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A copy from which the device takes without the host's waiting; on a CPU the tensor itself will do."""
    return tensor.pin_memory() if device.type == "cuda" else tensor


def given(numbers: object, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Numbers as a tensor on a device, without waiting for it."""
    return pinned(torch.tensor(numbers, dtype=dtype), device).to(device, non_blocking=True)
