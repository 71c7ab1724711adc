"""Arrays on their way to a GPU: one part is copied to pinned memory while another one travels from there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import torch

from kernels.device import lent

_BYTES = 2**24
"""Of a buffer: enough that a copy takes milliseconds, few enough that making it does too."""


class Sender:
    """Sends arrays to a device, in the order of the current stream.

    What a GPU takes from ordinary memory the driver copies first, with one thread, and the host waits for it all.
    Here torch's threads fill one of two buffers while the other's part travels.

    Args:
        device: of torch.
        buffers: how many; 0 for arrays that go as they are, as they do to the CPU unless told otherwise.
        size: bytes of a buffer.
    """

    def __init__(self, device: str, buffers: int | None = None, size: int = _BYTES) -> None:
        self._device = torch.device(device)
        on_card = self._device.type == "cuda"
        count = (2 if on_card else 0) if buffers is None else buffers
        self._size = size
        self._buffers: deque[tuple[torch.Tensor, Callable[[], None]]] = deque(
            (torch.empty(size, dtype=torch.uint8, pin_memory=on_card), lambda: None) for _ in range(count)
        )
        """With what waits until it may be written to; the one used longest ago first."""

    def send(self, array: np.ndarray) -> torch.Tensor:
        """(n,) there, as `lent` makes a tensor of it."""
        if not self._buffers:
            return lent(array).to(self._device)
        found = lent(array[:0]).new_empty(len(array), device=self._device)
        step = self._size // found.element_size()
        for first in range(0, len(array), step):
            part = lent(array[first : first + step])
            buffer, wait = self._buffers.popleft()
            wait()
            filled = buffer.view(part.dtype)[: len(part)].copy_(part)
            found[first : first + len(part)].copy_(filled, non_blocking=True)
            self._buffers.append((buffer, _until_now(self._device)))
        return found


def _until_now(device: torch.device) -> Callable[[], None]:
    """What waits until the device has done all that it was told up to now."""
    if device.type != "cuda":
        return lambda: None
    event = torch.cuda.Event()
    event.record(torch.cuda.current_stream(device))
    return event.synchronize
