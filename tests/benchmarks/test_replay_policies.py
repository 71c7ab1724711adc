"""The benchmark of stop rules counts as scoring does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aggregate.rates import rate_of
from benchmarks.replay_policies import PINNED, Found, Orders, drawn, fixed, pass_until, permuted, read
from tests.cli.helpers import written


@pytest.fixture
def outcomes(tmp_path: Path) -> np.ndarray:
    """Three samples with timeouts, one of which never passes."""
    text = ["PFTPFFPFPF" * 3, "FFFTFFFFFP" * 3, "FTF" * 10]
    return read(written(pl.DataFrame({"sample": ["a", "b", "c"], "outcomes": text}), tmp_path / "runs.csv"))


def test_outcomes_are_read_with_timeouts_missing(outcomes: np.ndarray) -> None:
    assert outcomes.shape == (3, 30)
    assert np.nanmean(outcomes, axis=1) == pytest.approx([4 / 9, 1 / 9, 0])


@pytest.mark.parametrize("target", [2, 5])
def test_a_rule_gives_what_scoring_gives(outcomes: np.ndarray, target: int) -> None:
    """In every order: the rate up to the pass that settles a sample, of the attempts that count."""
    given = drawn(outcomes, 40, 25, np.random.default_rng(1))
    found = pass_until(given, target)
    for sample, order in np.ndindex(found.rate.shape):
        assert found.rate[sample, order] == pytest.approx(rate_of(taken(given, sample, order), target).rate)


def taken(given: Orders, sample: int, order: int) -> list[bool | None]:
    """The outcomes behind the running counts."""
    passed = np.diff(given.passes[sample, order], prepend=0)
    counted = np.diff(given.counted[sample, order], prepend=0)
    return [bool(one) if seen else None for one, seen in zip(passed, counted, strict=True)]


def test_all_attempts_in_any_order_are_the_truth(outcomes: np.ndarray) -> None:
    """And each order is one of its own."""
    given = permuted(outcomes, 50, np.random.default_rng(2))
    assert fixed(given, 30).error == pytest.approx(0)
    assert pass_until(given, 2).error > 0 and len(np.unique(given.passes[0], axis=0)) > 40


def test_the_unbiased_estimate_is_unbiased_and_the_plain_one_is_not(outcomes: np.ndarray) -> None:
    given = permuted(outcomes, 4000, np.random.default_rng(3))

    def off(found: Found) -> np.ndarray:
        """Bias of each sample that can pass, in standard errors."""
        error = found.rate[:2] - found.truth[:2, None]
        return np.abs(error.mean(axis=1)) / (error.std(axis=1) / np.sqrt(4000))

    assert (off(pass_until(given, 2)) < 4).all()
    assert (off(pass_until(given, 2, plain=True)) > 10).all()


def test_eight_passes_pin_a_small_rate_within_the_factor() -> None:
    """Of 4.2 between the ends of the interval."""
    rare = np.zeros((1, 200))
    rare[0, :2] = 1
    given = drawn(rare, 4000, 50, np.random.default_rng(4))
    assert PINNED == 4.2 and pass_until(given, 8).pinned > 0.95 and pass_until(given, 5).pinned == 0
