"""What is shown while a run goes on."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from evalhub.cli import progress
from evalhub.cli.progress import ScoreProgress, live_table
from evalhub.scoring.plan import Budget, Plan
from evalhub.scoring.schedule import Schedule
from evalhub.scoring.standing import Standing, Standings
from evalhub.scoring.trials import Outcome
from tests.scoring.fakes import samples

GIVEN = {sample.sample_id: sample for sample in samples(6)}


def begun(plan: Plan) -> Schedule:
    """A run with an attempt of every sample: half of them passed."""
    schedule = Schedule(GIVEN, plan)
    for place, sample in enumerate(GIVEN):
        schedule.record(sample, 0, Outcome(place % 2 == 0, 5))
    return schedule


def test_standings_are_those_of_the_schedule() -> None:
    """By source, with the rate so far and its interval."""
    (row,) = Standings(begun(Plan(passes=1, max_attempts=9)), GIVEN).rows()
    assert (row.source, row.samples, row.settled, row.attempts, row.passes) == ("fake", 6, 3, 6, 3)
    assert row.rate == pytest.approx(0.5) and 0 < row.low < 0.5 < row.high < 1
    (row,) = Standings(Schedule(GIVEN, Plan()), GIVEN).rows()
    assert (row.attempts, row.rate, row.low, row.high) == (0, None, 0.0, 1.0)


def shown(*, terminal: bool, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a run with some attempts shows."""
    out = io.StringIO()
    screen = Console(file=out, force_terminal=terminal, width=110, highlight=False)
    monkeypatch.setattr(progress, "console", lambda **_: screen)
    clock = iter(range(0, 10_000, 31))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with ScoreProgress("a-model") as watcher:
        schedule = Schedule(GIVEN, plan)
        watcher.begin(schedule, GIVEN, 7)
        flying = schedule.next(12)
        for sample, attempt in flying[:6]:
            schedule.record(sample, attempt, Outcome(False, 10))
        watcher.advance(60)
    return out.getvalue()


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row for each source; speed, what is in flight, and the time left below it."""
    text = shown(terminal=True, plan=Plan(), monkeypatch=monkeypatch)
    for part in ("going on with 7 attempts", "settled", "rate so far", "95% interval", "fake", "0/6", "tokens/s"):
        assert part in text, part
    assert "6 attempts in flight" in text and "left" in text and "Ctrl-C stops" in text


def test_elsewhere_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every 30 s."""
    text = shown(terminal=False, plan=Plan(), monkeypatch=monkeypatch)
    lines = text.splitlines()
    assert lines[0] == "a-model: going on with 7 attempts made before" and len(lines) == 2
    assert lines[1].startswith("a-model: 0/6 samples, 6 attempts, 2 tokens/s, 6 attempts in flight, about ")


def test_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a server thinks: what is in flight, and since when nothing has come."""
    out = io.StringIO()
    screen = Console(file=out, width=110, highlight=False)
    monkeypatch.setattr(progress, "console", lambda **_: screen)
    clock = iter(range(0, 10_000, 31))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with ScoreProgress("a-model") as watcher:
        schedule = Schedule(GIVEN, Plan())
        watcher.begin(schedule, GIVEN, 1)
        schedule.next(12)
        watcher.advance(0)
    text = " ".join(out.getvalue().split())
    assert "1 attempt made before" in text and "12 attempts in flight, nothing came for 0:31" in text


def test_a_long_wait_is_told_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At its start, and then at intervals."""
    monkeypatch.setattr(progress, "_EVERY", 0.01)
    with progress.waiting("loading a [model]"):
        time.sleep(0.2)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["loading a [model] …", "loading a [model]: for 0:00 …"]


def test_a_budget_of_time_limits_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(terminal=False, plan=Plan(budget=Budget(seconds=40)), monkeypatch=monkeypatch)
    assert "about 0:09 left" in text


def test_names_are_shown_as_they_are() -> None:
    """No markup of theirs is obeyed."""
    out = io.StringIO()
    row = Standing("[bold]x[/]", 3, 1, 4, 2, 0.5, 0.1, 0.9)
    Console(file=out, width=110).print(live_table("[red]m[/]", [row], ["9 tokens/s"]))
    assert "[bold]x[/]" in out.getvalue() and "[red]m[/]" in out.getvalue()
