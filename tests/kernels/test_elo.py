"""Elo: the compiled loop is the plain one."""

from __future__ import annotations

import numpy as np
import pytest

import kernels.elo
from kernels.elo import elo_ratings, elo_ratings_reference


def test_both_versions_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(5, size=300)
    second = (first + rng.integers(1, 5, 300)) % 5
    rows = (5, first, second, rng.choice([0, 0.3, 0.5, 1], 300), rng.random(300), rng.permutation(300)[:200])
    monkeypatch.setattr(kernels.elo, "_LARGE", 0)
    found = elo_ratings(*rows)
    assert found == pytest.approx(elo_ratings_reference(*rows)) and found.sum() == pytest.approx(0)


def test_a_win_against_an_equal_moves_both_by_half_a_step() -> None:
    one, nobody = np.array([1.0]), np.array([0])
    assert elo_ratings(3, nobody, np.array([2]), one, one, nobody).tolist() == [0.5, 0, -0.5]
