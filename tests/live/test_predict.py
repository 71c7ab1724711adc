"""Predictions for LiveXiv's second version from its first, and what is hidden in a backtest."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aggregate.measurements import Measurements
from aggregate.rerun.scores import drawn_scores
from aggregate.rerun.shares import assign
from evalhub.errors import EvalhubError
from evalhub.live.predict import predict
from tests.aggregate.releases import simulated
from tests.live.matrices import long_form, there


@there
@pytest.mark.slow
@pytest.mark.parametrize(("part", "rasch"), [("vqa", 0.0114), ("tqa", 0.0202)])
def test_livexiv_is_predicted_no_worse_than_by_rasch_shift_or_carry(part: str, rasch: float) -> None:
    """rasch: the best of its fits to the same five models, by benchmarks.live_predict."""
    old, new = (Measurements.from_frame(long_form(part, version)) for version in ("v1", "v2"))
    found = predict(old, new, "5")
    assert len(found.scores.rerun) == 5 and found.backtest is not None and len(found.backtest.observed) == 12
    error = found.backtest.error
    assert error["predicted"] <= min(rasch, error["shift"], error["carry"])
    assert found.backtest.held >= 0.9


@there
@pytest.mark.slow
@pytest.mark.parametrize("part", ["vqa", "tqa"])
def test_the_same_budget_on_every_model_is_off_by_less_than_1_2_points(part: str) -> None:
    m = Measurements.from_frame(long_form(part, "v2"))
    truth = np.bincount(m.model, m.value) / len(m.samples)
    asked = np.zeros((len(m.samples), 17), bool)
    asked[assign(17, len(m.samples), 5 * len(m.samples) // 17, group_of=m.tag_of), np.arange(17)[:, None]] = True
    frame = pl.DataFrame(
        {
            "model": pl.Series(m.models).gather(m.model),
            "sample": m.sample,
            "value": m.value,
            "tag": m.tag_of[m.sample],
        }
    )
    found = drawn_scores(Measurements.from_frame(frame.filter(asked[m.sample, m.model])), 0.95)
    assert np.abs(found.mean - truth).mean() < 0.012
    assert ((found.low <= truth) & (truth <= found.high)).mean() >= 0.9


def test_a_backtest_hides_what_it_compares_with() -> None:
    """The predictions are those of a release that the others were never run on."""
    made = simulated(0)
    hidden = predict(made.old, made.new, "m01,m06,m09")
    alone = predict(made.old, made.new.of_models(np.isin(made.new.models, ("m01", "m06", "m09"))))
    assert hidden.scores == alone.scores and alone.backtest is None
    assert hidden.backtest is not None
    for model, observed in hidden.backtest.observed.items():
        assert observed == pytest.approx(made.truth[made.new.models.index(model)])
    rows = [row for row in hidden.scores.models if not row.rerun]
    assert hidden.backtest.error["predicted"] == pytest.approx(
        np.mean([abs(row.score - hidden.backtest.observed[row.model]) for row in rows])
    )


def test_models_without_old_results_are_named_and_not_predicted() -> None:
    made = simulated(1)
    found = predict(made.old.of_models(np.arange(12) < 11), made.new, "4")
    assert "m11" not in {row.model for row in found.scores.models}
    assert any(line.endswith("not predicted: m11") for line in found.scores.warnings)


@pytest.mark.parametrize(
    ("models", "message"), [("13", "12 models have results on both"), ("0", "12 models"), ("m01,who", "'who'")]
)
def test_models_that_are_not_there_are_refused(models: str, message: str) -> None:
    made = simulated(2, papers=10)
    with pytest.raises(EvalhubError, match=message):
        predict(made.old, made.new, models)
