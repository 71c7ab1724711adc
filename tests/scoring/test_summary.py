"""What is said after a run."""

from __future__ import annotations

import json

import pytest

from evalhub.scoring.plan import Plan
from evalhub.scoring.score import Scored
from evalhub.scoring.summary import summarise
from evalhub.store.results import Tallied
from ingest.records import Sample
from tests.scoring.fakes import samples

GIVEN = samples(4)
BY_ID = {sample.sample_id: sample for sample in GIVEN}


def tally(sample: Sample, value: float | None, missing: int = 0) -> Tallied:
    return Tallied(
        sample_id=sample.sample_id,
        condition_id="c",
        value=value,
        low=0.0,
        high=1.0,
        passes=0 if value is None else round(4 * value),
        attempts=0 if value is None else 4,
        missing=missing,
        reason="",
    )


def test_rates_are_means_over_samples_with_a_value() -> None:
    """By source and by tag, chance beside them; what is missing is counted, never taken for 0."""
    values = [1.0, 0.0, None, 0.5]
    tallies = [
        tally(sample, value, 0 if value is not None else 4) for sample, value in zip(GIVEN, values, strict=True)
    ]
    summary = summarise(Scored("r", "m", tallies, {"why": 2}, 0), BY_ID, {GIVEN[0].sample_id: 0.25}, Plan())
    (part,) = summary.sources
    assert (part.name, part.samples, part.attempts, part.passes, part.missing) == ("fake", 4, 12, 6, 4)
    assert part.rate == pytest.approx(0.5) and part.low < 0.5 < part.high and part.chance == 0.25
    assert [(tag.name, tag.rate, tag.samples) for tag in part.tags] == [("t0", 1.0, 2), ("t1", 0.25, 2)]
    assert summary.skipped == {"why": 2}
    assert any("missing are 4 of 16 attempts" in warning for warning in summary.warnings)
    json.dumps(summary.to_json(), allow_nan=False)


def test_nothing_known_is_unknown() -> None:
    """No rate, and the widest interval."""
    summary = summarise(Scored("r", "m", [tally(GIVEN[0], None, 3)], {}, 0), BY_ID, {}, Plan())
    (part,) = summary.sources
    assert (part.rate, part.low, part.high, part.chance) == (None, 0.0, 1.0, None)
    json.dumps(summary.to_json(), allow_nan=False)


@pytest.mark.parametrize(("passes", "most", "warned"), [(1, 16, True), (1, 1, False), (2, 16, False)])
def test_one_pass_is_biased(passes: int, most: int, warned: bool) -> None:
    """1/attempts is too high; with a single attempt there is no bias."""
    summary = summarise(
        Scored("r", "m", [tally(GIVEN[0], 0.5)], {}, 0), BY_ID, {}, Plan(passes=passes, max_attempts=most)
    )
    assert any("biased" in warning for warning in summary.warnings) is warned
