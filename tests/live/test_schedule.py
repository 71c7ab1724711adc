"""When a refresh is due, and what makes a machine run it."""

from __future__ import annotations

import configparser
import shlex
from datetime import date
from pathlib import Path

import pytest
import yaml

from evalhub.live.months import Month
from evalhub.live.schedule import standing
from evalhub.store.hub import Hub
from evalhub.store.refresh_stages import STAGES, begin, end
from tests.cli.helpers import evalhub


def whole(hub: Hub, month: str) -> None:
    for stage in STAGES:
        begin(hub, month, stage)
        end(hub, month, stage, "done", {})


@pytest.mark.parametrize(
    ("done", "today", "month", "due", "overdue"),
    [
        ("", date(2026, 11, 4), "2026-10", date(2026, 11, 3), False),
        ("", date(2026, 11, 9), "2026-10", date(2026, 11, 3), True),
        ("2026-10", date(2026, 11, 9), "2026-11", date(2026, 12, 3), False),
        ("2026-10", date(2026, 12, 6), "2026-11", date(2026, 12, 3), True),
        # Two months were missed: the refresh is for the later one, and the earlier one is missing.
        ("2026-09", date(2026, 12, 6), "2026-11", date(2026, 12, 3), True),
        ("2026-11", date(2026, 12, 31), "2026-12", date(2027, 1, 3), False),
    ],
)
def test_when_it_is_due(hub: Hub, done: str, today: date, month: str, due: date, overdue: bool) -> None:
    if done:
        whole(hub, done)
    stands = standing(hub, today)
    assert (stands.last, stands.month, stands.due, stands.overdue) == (done, month, due, overdue)


@pytest.mark.parametrize(
    ("done", "today", "missing"),
    [
        (("2026-08", "2026-10"), date(2026, 11, 4), ("2026-09",)),
        (("2026-08",), date(2026, 11, 1), ("2026-09",)),
        (("2026-08",), date(2026, 10, 4), ()),
        (("2026-09", "2026-10"), date(2026, 11, 4), ()),
        # November is not due yet, and is next.
        (("2026-10",), date(2026, 12, 1), ()),
    ],
)
def test_a_month_left_out_between_others_is_overdue(
    hub: Hub, done: tuple[str, ...], today: date, missing: tuple[str, ...]
) -> None:
    for month in done:
        whole(hub, month)
    stands = standing(hub, today)
    assert stands.missing == missing and stands.overdue == bool(missing)
    assert stands.to_json()["missing"] == list(missing)


def test_what_was_cut_off_or_failed_is_named(hub: Hub) -> None:
    begin(hub, "2026-10", "collect")
    begin(hub, "2026-09", "collect")
    end(hub, "2026-09", "collect", "failed", {"why": "2026-09 is empty"})
    stages = standing(hub, date(2026, 11, 4)).unfinished
    assert [(one.release, one.status) for one in stages] == [("2026-09", "failed"), ("2026-10", "running")]


def test_months_follow_each_other() -> None:
    month = Month.read("2026-12")
    assert (str(month.next), str(month.before), str(Month.of(date(2026, 12, 31)))) == (
        "2027-01",
        "2026-11",
        "2026-12",
    )


def test_what_cron_and_systemd_run_is_the_refresh_of_this_hub(tmp_path: Path) -> None:
    hub = tmp_path / "my 100% $hub"
    hub.mkdir()
    (hub / "live.toml").write_text("day = 5")
    (line,) = [
        line for line in evalhub("schedule", "emit", "cron", "--hub", hub).out.splitlines() if line[0] != "#"
    ]
    when, command = line.split()[:5], line.split(maxsplit=5)[5]
    assert when == ["17", "4", "5-11", "*", "*"]
    assert shlex.split(command.replace(r"\%", "%"))[-3:] == ["refresh", "--hub", str(hub)]
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.read_string(evalhub("schedule", "emit", "systemd", "--hub", hub).out)
    assert unit["Timer"]["OnCalendar"] == "*-*-05..11 04:17"
    asked = shlex.split(unit["Service"]["ExecStart"].replace("%%", "%").replace("$$", "$").replace('"', "'"))
    assert asked[-3:] == ["refresh", "--hub", str(hub)]


@pytest.mark.parametrize("kind", ["cron", "systemd"])
def test_a_path_that_would_end_the_line_is_refused(kind: str, tmp_path: Path) -> None:
    for name in ("hub\n* * * * * rm", "hub\x1b[31m", "hub\r"):
        (tmp_path / name).mkdir()
        line = evalhub("schedule", "emit", kind, "--hub", tmp_path / name).line
        assert "line break" in line and line.isprintable()


def test_there_are_seven_tries_on_any_day_that_may_be_set(tmp_path: Path) -> None:
    (tmp_path / "live.toml").write_text("day = 22")
    assert "17 4 22-28 * * " in evalhub("schedule", "emit", "cron", "--hub", tmp_path).out
    (tmp_path / "live.toml").write_text("day = 23")
    assert "day is from 1 to 22" in evalhub("schedule", "emit", "cron", "--hub", tmp_path).line


def test_what_github_runs_is_yaml_with_the_days(tmp_path: Path) -> None:
    text = evalhub("schedule", "emit", "github", "--hub", tmp_path).out
    flow = yaml.safe_load(text)
    # YAML 1.1 reads `on` as true.
    assert flow[True]["schedule"] == [{"cron": "17 4 3-9 * *"}]
    assert "evalhub refresh --hub hub" in [step.get("run") for step in flow["jobs"]["refresh"]["steps"]]


def test_overdue_is_exit_code_1(hub_path: Path) -> None:
    with Hub(hub_path) as hub:
        whole(hub, "2020-01")
    late = evalhub("schedule", "status", "--hub", hub_path)
    assert late.code == 1 and "overdue" in late.out
    assert "missing: 2020-02, 2020-03, 2020-04, 2020-05, 2020-06, 2020-07 and " in late.out
    assert late.out.rstrip().endswith("evalhub refresh --month 2020-02")
