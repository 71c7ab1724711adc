"""Norms of a model as one kernel each: as transformers writes one out it starts seven, and a step has dozens."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.nn.functional import rms_norm

_TRIED = 4
"""Rows of random numbers on which a norm is compared."""

_UNITS = 4
"""By so many of the last places that a type has two ways may differ by rounding."""


class FusedNorm(torch.nn.Module):
    """A root-mean-square norm (Zhang and Sennrich 2019, arXiv 1910.07467) by torch's own function.

    Args:
        weight: [width].
        eps: added to the mean square.
    """

    def __init__(self, weight: torch.nn.Parameter, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = weight, eps

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """[..., width] to the same."""
        return rms_norm(states, self.weight.shape, self.weight, self.eps)


@torch.no_grad()
def fuse_norms(model: Any) -> int:
    """Replace those of a model's norms that give what torch's own does, whatever they are called. Returns how
    many."""
    found = 0
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            fused = _fused(child)
            if fused is not None:
                setattr(module, name, fused)
                found += 1
    return found


def _fused(module: torch.nn.Module) -> FusedNorm | None:
    """What may stand for a module; None where it is no such norm."""
    weight = getattr(module, "weight", None)
    eps = getattr(module, "variance_epsilon", getattr(module, "eps", None))
    if "RMSNorm" not in type(module).__name__ or not isinstance(weight, torch.nn.Parameter) or eps is None:
        return None
    if len(inspect.signature(module.forward).parameters) != 1:
        return None  # one with a gate, which may do without it and may not
    fused = FusedNorm(weight, float(eps))
    noise = torch.Generator(weight.device).manual_seed(0)
    tried = torch.randn(_TRIED, *weight.shape, generator=noise, device=weight.device).to(weight.dtype)
    expected, given = module(tried), fused(tried)
    near = _UNITS * torch.finfo(weight.dtype).eps
    return fused if torch.allclose(given, expected, rtol=near, atol=near) else None
