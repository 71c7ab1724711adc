"""What is sent arrives as it was, and no buffer is filled while it is on its way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kernels import staging
from kernels.device import lent
from kernels.staging import Sender


@pytest.mark.parametrize("buffers", [0, 1, 2, None])
@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.bool_, np.int16, np.uint32, np.int64, np.float32, float])
def test_arrays_arrive(buffers: int | None, kind: type) -> None:
    """One after the other through the same buffers, of any length, also strided and not to be written to."""
    sender = Sender("cpu", buffers, size=64)
    arrays = [np.random.default_rng(n).integers(0, 100, n).astype(kind) for n in (1, 0, 8, 64, 65, 200)]
    arrays += [arrays[-1][::3], arrays[-1][::-1]]
    arrays[-1].flags.writeable = False
    found = [sender.send(array) for array in arrays]
    for array, there in zip(arrays, found, strict=True):
        assert there.dtype == lent(array).dtype
        assert np.array_equal(there.numpy(), array)


def test_a_buffer_waits_for_its_last_part_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """With two of them, a part is copied while the one before it travels."""
    told: list[str] = []

    def until_now(_: torch.device) -> object:
        part = sum(line.startswith("sent") for line in told)
        told.append(f"sent {part}")
        return lambda: told.append(f"waited {part}")

    monkeypatch.setattr(staging, "_until_now", until_now)
    sender = Sender("cpu", 2, size=16)
    sender.send(np.arange(6))
    sender.send(np.arange(16, dtype=np.int8))
    assert told == ["sent 0", "sent 1", "waited 0", "sent 2", "waited 1", "sent 3"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_arrays_arrive_on_a_card() -> None:
    array = np.random.default_rng(0).integers(0, 2**40, 10**7)
    sender = Sender("cuda")
    found = [sender.send(array), sender.send(array[::-1])]
    assert np.array_equal(found[0].cpu(), array) and np.array_equal(found[1].cpu(), array[::-1])
