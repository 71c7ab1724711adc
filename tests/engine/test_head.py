"""A head set aside: the scores of continuations stay what the model's own logits say, or it is not used."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from evalhub.engine import head, likelihood
from tests.engine.models import make
from tests.engine.test_likelihood import load, requests, run


@pytest.fixture
def takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU, where the kernel's plain counterpart stands for it."""
    monkeypatch.setattr(head, "takes", lambda _: True)


@pytest.mark.usefixtures("takes")
@pytest.mark.parametrize("kind", ["llama", "gemma2", "gpt2"])
def test_scores_are_the_same(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed in rows and piece by piece, with a soft cap and without, with tied weights."""
    make(tmp_path, kind)
    for most in (likelihood._TOKENS["cpu"], 20):
        monkeypatch.setitem(likelihood._TOKENS, "cpu", most)
        aside = load(tmp_path)
        assert aside._head is not None
        found = run(aside, requests())
        own = load(tmp_path)
        own._head = None
        for name, output in run(own, requests()).items():
            for one, other in zip(found[name].scores, output.scores, strict=True):
                assert one.logprob == pytest.approx(other.logprob, abs=1e-4)
                assert (one.tokens, one.greedy) == (other.tokens, other.greedy)


@pytest.mark.usefixtures("takes")
def test_a_head_whose_logits_are_scaled_afterwards_is_not_set_aside(tmp_path: Path) -> None:
    make(tmp_path, "cohere")
    assert load(tmp_path)._head is None


def test_on_a_cpu_nothing_is_set_aside(tmp_path: Path) -> None:
    make(tmp_path, "llama")
    engine = load(tmp_path)
    assert engine._head is None and isinstance(engine._model.lm_head, torch.nn.Linear)
