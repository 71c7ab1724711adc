"""What the host writes comes over in one piece, of the types and shapes asked for."""

from __future__ import annotations

import numpy as np
import torch

from evalhub.engine.mirror import Mirror, given

CPU = torch.device("cpu")


def test_tensors_have_what_the_arrays_had_when_they_were_sent() -> None:
    mirror = Mirror(
        {"few": ((3,), torch.int32), "pairs": ((2, 2), torch.int64), "share": ((5,), torch.float64)}, CPU
    )
    assert not any(tensor.any() for tensor in mirror.there.values())
    places = {name: tensor.data_ptr() for name, tensor in mirror.there.items()}
    mirror.here["few"][:] = [1, 2, 3]
    mirror.here["pairs"][1] = -1
    mirror.here["share"][:] = np.linspace(0, 1, 5)
    assert not mirror.there["few"].any()
    mirror.send()
    mirror.here["few"][:] = 9
    assert mirror.there["few"].tolist() == [1, 2, 3] and mirror.there["few"].dtype is torch.int32
    assert mirror.there["pairs"].tolist() == [[0, 0], [-1, -1]]
    assert mirror.there["share"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert all(tensor.data_ptr() == places[name] for name, tensor in mirror.there.items())
    assert all(place % 16 == 0 for place in places.values())


def test_numbers_are_given_as_tensors() -> None:
    found = given([[1, 2]], torch.int64, CPU)
    assert found.tolist() == [[1, 2]] and found.dtype is torch.int64
