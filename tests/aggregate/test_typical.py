"""Whether a part orders models as the whole does: beside random parts, and against a plain reading."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import kendalltau

from aggregate.measurements import Measurements
from aggregate.typical import tau, typical

MODELS, SAMPLES = 12, 300


def table(seed: int, *, reversed_on: int = 0, source: str = "") -> pl.DataFrame:
    """Models of rising ability; on the first so many samples of falling ability."""
    rng = np.random.default_rng(seed)
    ability = np.linspace(-1.5, 1.5, MODELS)
    rows = []
    for s in range(SAMPLES):
        skill = -ability if s < reversed_on else ability
        passed = rng.random(MODELS) < 1 / (1 + np.exp(-(skill - rng.normal())))
        rows += [(f"m{m:02}", f"{source}{s:03}", source or "one", float(passed[m])) for m in range(MODELS)]
    return pl.DataFrame(rows, schema=["model", "sample", "source", "value"], orient="row")


def part(m: Measurements, count: int) -> np.ndarray:
    return np.array([int(name[-3:]) < count for name in m.samples])


def test_tau_is_of_means_where_all_is_measured() -> None:
    frame = table(0)
    m = Measurements.from_frame(frame)
    first = frame.filter(pl.col("sample").str.slice(-3).cast(pl.Int32) < 60)
    means = [one.group_by("model").agg(pl.col("value").mean()).sort("model")["value"] for one in (first, frame)]
    found = typical(m, part(m, 60))
    assert found.models == MODELS
    assert found.tau == pytest.approx(kendalltau(*(one.round(9) for one in means)).statistic)


def test_a_random_part_has_a_share_of_any_size() -> None:
    """Of parts drawn as the random ones are, one in ten is among the lowest tenth."""
    shares = [
        typical(m, part(m, 40), draws=100).share or 0.0
        for m in (Measurements.from_frame(table(seed)) for seed in range(60))
    ]
    assert 0.02 <= np.mean([share <= 0.1 for share in shares]) <= 0.22
    assert 0.4 <= np.mean(shares) <= 0.62


def test_a_part_that_was_picked_shows() -> None:
    m = Measurements.from_frame(table(1, reversed_on=40))
    found = typical(m, part(m, 40))
    assert found.share == 0 and found.tau is not None and found.low is not None and found.tau < found.low


def test_a_harder_half_does_not_move_a_model_that_saw_only_that() -> None:
    """Scores are beside the other models of a sample: coverage alone changes no order."""
    ability = np.linspace(0.1, 0.3, MODELS)
    rows = [
        (f"m{m:02}", f"{s:03}", ability[m] + (0.6 if s < 150 else 0.0))
        for s in range(SAMPLES)
        for m in range(MODELS)
        if m or s < 150
    ]
    m = Measurements.from_frame(pl.DataFrame(rows, schema=["model", "sample", "value"], orient="row"))
    assert typical(m, part(m, 200)).tau == pytest.approx(1)


def test_the_same_seed_draws_the_same() -> None:
    m = Measurements.from_frame(table(2))
    one, again, other = (typical(m, part(m, 50), seed=seed) for seed in (1, 1, 2))
    assert one == again != other


def test_random_parts_have_as_many_of_each_source() -> None:
    """A source that orders models the other way round weighs in random parts as it does in this one."""
    frame = pl.concat([table(3, source="a"), table(4, reversed_on=SAMPLES, source="b")])
    m = Measurements.from_frame(frame)
    inside = np.array([name.startswith("b") and int(name[-3:]) < 50 for name in m.samples])
    found = typical(m, inside)
    assert found.high is not None and found.share is not None and found.share > 0.025


def test_what_cannot_be_told() -> None:
    m = Measurements.from_frame(table(5))
    whole = typical(m, np.ones(SAMPLES, bool))
    assert (whole.tau, whole.share, whole.draws) == (pytest.approx(1), None, 0)
    two = m.of_models(np.arange(MODELS) < 2)
    assert typical(two, part(two, 50)).tau is None
    nothing = typical(m, np.zeros(SAMPLES, bool))
    assert (nothing.models, nothing.tau, nothing.share) == (0, None, None)
    assert tau(np.array([1.0, 1, 1]), np.array([1.0, 2, 3])) is None


def test_several_metrics_and_directions() -> None:
    frame = table(6).with_columns(metric=pl.lit("passes"), direction=pl.lit("up"))
    errors = frame.with_columns(
        metric=pl.lit("errors"), direction=pl.lit("down"), value=1000 * (1 - pl.col("value")) + 5
    )
    m = Measurements.from_frame(pl.concat([frame, errors]))
    inside = np.array([int(name[:3]) < 60 for name in m.samples])
    alone = Measurements.from_frame(frame)
    assert typical(m, inside).tau == pytest.approx(typical(alone, part(alone, 60)).tau)
