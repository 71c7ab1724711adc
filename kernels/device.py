"""Whether a GPU takes over from the CPU, why not if it does not, and going on in halves when its memory ends."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    import torch

Part = TypeVar("Part")


class Lacking(UserWarning):
    """The GPU does less than it might, and work goes on."""


class Shortage(Lacking):
    """The GPU's memory ran out, and work goes on with less of it."""


OLDEST = (8, 0)
"""Compute capability from which on the kernels run: Ampere, the first with bfloat16 and copies behind the work."""

DRIVERS = ("/dev/nvidiactl", "/dev/dxg")
"""What NVIDIA's driver puts there, on Linux and in WSL: to look is quicker than to load torch."""


@cache
def why_not() -> str | None:
    """Why no GPU takes over, in words that follow "on the CPU: "; None where one does."""
    if not any(Path(driver).exists() for driver in DRIVERS):
        return "no NVIDIA GPU on this machine"
    import torch

    if not torch.cuda.is_available():
        return f"torch {torch.__version__} sees no GPU"
    # Its settings are a module since 3.4; older ones come with older torch.
    if importlib.util.find_spec("triton") is None or importlib.util.find_spec("triton.knobs") is None:
        return 'Triton 3.4 or later is not installed: pip install "evalhub[gpu]"'
    if os.environ.get("TRITON_INTERPRET") == "1":
        return "TRITON_INTERPRET=1 makes Triton run on the CPU"
    capability = torch.cuda.get_device_capability()
    if capability < OLDEST:
        found, needed = (".".join(map(str, version)) for version in (capability, OLDEST))
        return f"{torch.cuda.get_device_name()} has compute capability {found}, kernels need {needed}"
    return None


def takes(tensor: torch.Tensor) -> bool:
    """Whether a kernel of Triton's works on this tensor where it lies."""
    return tensor.is_cuda and why_not() is None


def lent(array: np.ndarray) -> torch.Tensor:
    """An array as a tensor on the CPU, not to be written to; copied where torch could not take it as it is."""
    import torch

    if array.dtype.kind == "u" and array.itemsize > 1:  # torch can do little with these
        array = array.astype(np.int64)
    array = np.ascontiguousarray(array)
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def in_halves(work: Callable[[int, int], Part], total: int, most: int, what: str) -> list[Part]:
    """`work(first, last)` on runs of at most `most` out of `total`; results in order.

    Where the GPU's memory runs out, the run is halved and done again, with a warning that names `what` is
    worked on. Raises torch.OutOfMemoryError where not even one fits.
    """
    import torch

    found: list[Part] = []
    first, size = 0, min(most, total)
    while first < total:
        last = min(first + size, total)
        try:
            found.append(work(first, last))
        except torch.OutOfMemoryError:
            if last - first == 1:
                raise
            size = (last - first) // 2
        else:
            first = last
            continue
        # Outside the handler: there the exception still holds what filled the memory.
        torch.cuda.empty_cache()
        warnings.warn(f"the GPU's memory ran out: going on with {size:,} {what} at a time", Shortage, stacklevel=2)
    return found
