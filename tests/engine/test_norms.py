"""Norms are replaced where torch's own gives the same, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode

from evalhub.engine.norms import FusedNorm, fuse_norms
from tests.engine.models import make


class Counting(TorchDispatchMode):
    """Counts what torch is asked to do."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        del types
        self.count += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_logits_stay_and_norms_become_one(tmp_path: Path, dtype: torch.dtype) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(make(tmp_path, "llama"), dtype=dtype).eval()
    ids = torch.arange(1, 40)[None]
    with torch.inference_mode():
        before = model(ids).logits.float()
        norms = sum("RMSNorm" in type(module).__name__ for module in model.modules())
        assert norms >= 3 and fuse_norms(model) == norms
        after = model(ids).logits.float()
    near = 1e-4 if dtype is torch.float32 else 0.1
    assert ((after - before).abs().max() / before.std()).item() < near
    assert sum(isinstance(module, FusedNorm) for module in model.modules()) == norms
    assert fuse_norms(model) == 0


def test_a_norm_of_its_own_kind_is_left_alone(tmp_path: Path) -> None:
    """Gemma multiplies by 1 + weight."""
    model = transformers.AutoModelForCausalLM.from_pretrained(make(tmp_path, "gemma2"), dtype=torch.float32)
    assert any("RMSNorm" in type(module).__name__ for module in model.modules())
    assert fuse_norms(model) == 0


def test_one_norm_is_one_call(tmp_path: Path) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(make(tmp_path, "llama"), dtype=torch.float32)
    states = torch.randn(3, model.config.hidden_size)
    with torch.inference_mode(), Counting() as written_out:
        model.model.norm(states)
    fuse_norms(model)
    with torch.inference_mode(), Counting() as fused:
        model.model.norm(states)
    assert fused.count < written_out.count


class GatedRMSNorm(torch.nn.Module):
    """A norm that may do without its gate."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.eps = torch.nn.Parameter(torch.ones(4)), 1e-6

    def forward(self, states: torch.Tensor, gate: torch.Tensor | None = None) -> torch.Tensor:
        normed = torch.nn.functional.rms_norm(states, (4,), self.weight, self.eps)
        return normed if gate is None else normed * gate


def test_a_norm_with_a_gate_is_left_alone() -> None:
    assert fuse_norms(torch.nn.Sequential(GatedRMSNorm())) == 0
