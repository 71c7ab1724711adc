"""Whether pairs of models share more samples than chance gives: right level, and power where parts are unlike."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aggregate.measurements import Measurements
from aggregate.overlap import overlap


def measured(keep: np.ndarray, **columns: np.ndarray) -> Measurements:
    """Cells of a (models, samples) table, with columns of the samples."""
    model, sample = np.nonzero(keep)
    extra = {name: of[sample] for name, of in columns.items()}
    return Measurements.from_frame(
        pl.DataFrame({"model": model, "sample": sample, "value": (model + sample) % 2, **extra})
    )


@pytest.mark.parametrize("case", ["few", "many", "popular", "clusters"])
def test_chance_is_not_taken_for_parts(case: str) -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(60):
        uniform = rng.random((10, 900))
        rate = rng.uniform(0.02, 0.06, (10, 1)) if case == "few" else rng.uniform(0.2, 0.95, (10, 1))
        if case == "popular":  # some samples are measured more often than others, by everybody
            rate = 0.3 * rate * rng.gamma(2.0, 1.0, 900)
        if case == "clusters":  # which are measured as a whole
            uniform = np.repeat(uniform[:, :180], 5, axis=1)
        columns = {"cluster": np.arange(900) // 5} if case == "clusters" else {}
        found.append(overlap(measured(uniform < rate, **columns)))
    assert not any(o.unlike for o in found)
    if case != "popular":  # there it is the size that tells
        assert np.mean([o.excess > 2.5 for o in found]) <= 0.05


def test_parts_are_seen_unless_tags_name_them() -> None:
    rng = np.random.default_rng(2)
    part = np.arange(1200) % 8
    saw = np.stack([np.isin(part, rng.choice(8, 3, replace=False)) for _ in range(10)])
    keep = saw & (rng.random(saw.shape) < 0.5)
    assert overlap(measured(keep)).unlike and overlap(measured(keep)).spread > 0.5
    assert not overlap(measured(keep, tag=part)).unlike


def test_it_looks_at_part_of_a_large_pool() -> None:
    rng = np.random.default_rng(3)
    keep = rng.random((4, 150_000)) < 0.3
    assert not overlap(measured(keep)).unlike
    keep[:2, :75_000] = keep[2:, 75_000:] = False
    assert overlap(measured(keep)).unlike


def test_nothing_to_compare() -> None:
    for keep in (np.ones((5, 30), bool), np.ones((2, 30), bool), np.eye(6, dtype=bool)):
        assert not overlap(measured(keep)).unlike
