"""Weights laid out as the processor's matrix products want them.

On a CPU a product of few rows spends much of its time on bringing a weight into order. Done once, bfloat16
products of 32 rows are a third faster, of 64 rows a sixth; float32 products of 8 rows are half again as fast, of
512 rows a tenth faster.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

_ROWS = 64
"""Of a typical batch. The order hangs on it, and with the order the rounding: so it is one for all batches."""


class PackedLinear(torch.nn.Module):
    """A linear layer with its weights in oneDNN's own order. The weights as they were are not held.

    Args:
        linear: the layer that it stands for.
    """

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        # What torch's own compiler calls; it has no public name.
        self._packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), _ROWS)
        self._bias = linear.bias

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """[..., in] to [..., out]."""
        result: torch.Tensor = torch.ops.mkldnn._linear_pointwise(states, self._packed, self._bias, "none", [], "")
        return result


def pack(model: Any, but: Iterable[torch.nn.Module] = ()) -> None:
    """Replace a model's plain linear layers, where they are bfloat16 or float32 on a CPU and this torch can.

    Args:
        but: parts to leave as they are.
    """
    if not torch.backends.mkldnn.is_available():
        return
    left = {id(module) for part in but for module in part.modules()}
    for module in list(model.modules()):
        if id(module) in left:
            continue
        for name, child in list(module.named_children()):
            if type(child) is torch.nn.Linear and _packable(child.weight):
                setattr(module, name, PackedLinear(child))


def _packable(weight: torch.Tensor) -> bool:
    return weight.device.type == "cpu" and weight.dtype in (torch.bfloat16, torch.float32)
