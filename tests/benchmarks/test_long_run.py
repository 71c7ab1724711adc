"""The hour of scoring, in seconds, and what its verdict finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.long_run import Look, faults, kept, part, report, server, watched

STEADY = [Look(float(at), 200 + at / 600, 60 + at % 2, 20, 50 * at) for at in range(0, 600, 5)]


@pytest.mark.slow
def test_a_short_run_is_looked_at_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are turned away and tried again, and every answer is kept."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with server(0.05) as url:
        looks = watched(url, tmp_path / "hub", 0.06, 10)
    assert len(looks) > 100 and looks[-1].answered > 50
    assert all(look.memory > 20 and look.descriptors > 3 and look.threads > 1 for look in looks)
    stored = kept(tmp_path / "hub")
    assert looks[-1].answered <= stored
    assert report(looks, stored + 60, stored, flying=10) == 1, "some were lost"


@pytest.mark.parametrize(
    ("last", "found"),
    [
        ({}, []),
        ({"memory": 300.0}, ["memory grows by 4.1 KiB for each attempt"]),
        ({"memory": 208.0}, []),  # any process warms up
        ({"descriptors": 80}, ["20 more descriptors are open at the end"]),
        ({"threads": 21}, ["1 more threads run at the end"]),
        ({"rate": 30.0}, ["the rate falls from 50.0 to 30.0 attempts a second"]),
    ],
)
def test_what_is_wrong_is_told(last: dict[str, float], found: list[str]) -> None:
    first = part(STEADY[:20])
    assert first.rate == pytest.approx(50) and first.descriptors == pytest.approx(60, abs=1)
    began = replace(first, memory=200.0, descriptors=60.0)
    assert faults(began, replace(began, answered=first.answered + 25_000, **last)) == found
