"""A model beside its neighbours, and with more attempts: against values known from how the hub was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aggregate.rates import rates
from app.pass_curve import NoCurve, pass_curve, targets
from app.views.strengths import neighbours
from tests.app.conftest import open_model, words
from tests.app.pair_snapshot import EVIL, GOOD, POOR


def drawn(chance: np.ndarray, target: int, cap: int, rng: np.random.Generator) -> pl.DataFrame:
    """Tallies of PassUntil on samples of these chances, three to a cluster."""
    outcomes = rng.random((chance.size, cap)) < chance[:, None]
    so_far = outcomes.cumsum(axis=1)
    reached = so_far[:, -1] >= target
    attempts = np.where(reached, (so_far >= target).argmax(axis=1) + 1, cap)
    passes = np.minimum(so_far[:, -1], target)
    value = rates(passes, attempts, target).rate
    cluster = np.arange(chance.size) // 3
    return pl.DataFrame({"value": value, "passes": passes, "attempts": attempts, "cluster": cluster})


def test_the_curve_holds_the_truth() -> None:
    """Intervals for samples drawn anew hold the mean chance at every k as often as they say."""
    rng = np.random.default_rng(0)
    ks = np.array([1, 2, 4, 8, 12])
    everywhere = rng.beta(0.4, 1.2, 1_000_000)
    truth = [(1 - (1 - everywhere) ** k).mean() for k in ks]
    every = [(everywhere**k).mean() for k in (1, 2)]
    held, means, both = np.zeros(ks.size), np.zeros(ks.size), np.zeros(2)
    for _ in range(200):
        found = pass_curve(drawn(rng.beta(0.4, 1.2, 150), 2, 12, rng))
        assert found["k"].to_list() == ks.tolist() and set(found["samples"]) == {150}
        held += (found["low"].to_numpy() <= truth) & (truth <= found["high"].to_numpy())
        means += found["score"].to_numpy() / 200
        both += found["all"].to_numpy()[:2] / 200
        assert found["all"].null_count() == 3  # stopped at two passes: nothing tells of four in a row
    assert means == pytest.approx(truth, abs=0.01) and both == pytest.approx(every, abs=0.01)
    assert (held / 200 >= 0.92).all()


def test_how_attempts_stopped_is_told_from_the_rates() -> None:
    """At two passes, at none, where all passed as others stopped, and not at all."""
    found = targets(
        pl.DataFrame(
            {
                "value": [1 / 3, 1 / 6, 1.0, 0.0, 0.77],
                "passes": [2, 1, 2, 0, 3],
                "attempts": [4, 6, 2, 6, 4],
            }
        )
    )
    assert found.to_list() == [2, 7, 2, 7, None]


def test_where_nothing_can_be_told_nothing_is() -> None:
    """One attempt each; stops at a first pass; rates that are not of counts."""
    for value, passes, attempts, said in (
        ([1.0, 0.0], [1, 0], [1, 1], "single attempt"),
        ([0.25, 0.0], [1, 0], [4, 8], "stopped at the first"),
        ([0.7], [1], [4], "not of attempts"),
    ):
        frame = pl.DataFrame({"value": value, "passes": passes, "attempts": attempts})
        with pytest.raises(NoCurve, match=said):
            pass_curve(frame.with_columns(pl.lit("c").alias("cluster")))


def test_samples_with_few_attempts_end_the_curve() -> None:
    """One of forty is left out; more would end it."""
    frame = pl.DataFrame({"value": [0.25] * 39 + [0.0], "passes": [2] * 39 + [0], "attempts": [8] * 39 + [3]})
    assert pass_curve(frame.with_row_index("cluster"))["k"].max() == 8
    frame = pl.concat([frame, frame[-1:], frame[-1:]])
    assert pass_curve(frame.with_row_index("cluster"))["k"].max() == 3


def test_neighbours_are_models_with_the_same_samples() -> None:
    """Two on each side, nearest first; no baseline, no thin coverage, no other settings of the same model."""
    rows = pl.DataFrame(
        [
            *(("a", "a", 1.0), ("b", "b", 1.0), ("c", "c", 1.0), ("thin", "thin", 0.5), ("d", "d", 1.0)),
            *(("d [cold]", "d", 1.0), ("baseline:random", "baseline:random", 1.0), ("e", "e", 1.0)),
        ],
        schema=["model", "model_id", "coverage"],
        orient="row",
    ).with_columns(model_group=1)
    assert neighbours(rows, "d") == ["b", "c", "e"]
    assert neighbours(rows, "a") == ["b", "c"]
    apart = rows.with_columns(model_group=pl.when(pl.col("model") == "e").then(2).otherwise(1))
    assert neighbours(apart, "d") == ["b", "c"] and neighbours(apart, "e") == []


def test_a_model_beside_its_neighbours(pair_snapshots: Path) -> None:
    """By tag, with the mean of the two others on the samples that all three have."""
    app = open_model(pair_snapshots, model=GOOD)
    (table,) = [one.value.set_index("tag") for one in app.dataframe if "difference" in one.value.columns]
    (said,) = [line for line in words(app).splitlines() if "beside its neighbours" in line]
    assert said.startswith(f"**{GOOD}** beside") and f"**{POOR}**" in said and f"**{EVIL}**" in said
    assert table["difference"]["odd"] == pytest.approx(19 / 39) and table["difference"]["even"] == 0
    assert table["samples"]["odd"] == 39 and table["samples"]["even"] == 39
    assert "Every sample had a single attempt" in words(app)
    assert len(app.download_button) == 2 * len(app.dataframe)
