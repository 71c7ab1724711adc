"""The monthly refresh, against a replay of arXiv."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalhub.live.making import Making
from evalhub.store.hub import Hub
from ingest.arxiv.replay.faults import Fault
from ingest.arxiv.replay.server import Replay
from tests.cli.helpers import Done, evalhub, process
from tests.live.sources import replayed, source

pytest.importorskip("pylatexenc", reason="pylatexenc is not installed")

BY = "http://creativecommons.org/licenses/by/4.0/"
CLOSED = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"

SETTINGS = """
categories = ["cs.CL"]
models = ["baseline:random"]
solvers = []
attempts = 2
"""


@pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replay]:
    """September and October of 2026, with one paper in September that may not be used."""
    folder = tmp_path / "arxiv"
    folder.mkdir()
    replayed(
        folder,
        one=("2026-09-04", BY),
        two=("2026-09-20", BY),
        closed=("2026-09-21", CLOSED),
        three=("2026-10-11", BY),
    )
    with Replay(folder) as server:
        monkeypatch.setenv("EVALHUB_ARXIV", server.url)
        yield server


@pytest.fixture
def settled(hub_path: Path) -> Path:
    """A hub's folder with settings."""
    hub_path.mkdir()
    (hub_path / "live.toml").write_text(SETTINGS)
    return hub_path


def refresh(hub: Path, month: str, *options: object) -> Done:
    return evalhub("refresh", "--month", month, *options, "--json", "--hub", hub)


def statuses(made: dict[str, Any]) -> dict[str, str]:
    return {stage["stage"]: stage["status"] for stage in made["stages"]}


def test_two_months_become_two_releases_with_rankings(replay: Replay, settled: Path) -> None:
    september, october = refresh(settled, "2026-09").json, refresh(settled, "2026-10").json
    assert (september["papers"], october["papers"]) == (2, 1)
    assert set(statuses(september).values()) == {"done"} and len(september["stages"]) == 8
    assert september["stages"][0]["counts"]["left_out"] == {"licence does not allow it": 1}
    for month in ("2026-09", "2026-10"):
        ranked = evalhub("rank", "--where", f"source = 'live:{month}'", "--json", "--hub", settled).json
        assert [row["model"] for row in ranked["models"]] == ["baseline:random"]
    # What is whole is left as it is, and nobody is asked.
    asked = len(replay.asked)
    assert refresh(settled, "2026-09").json == september and len(replay.asked) == asked


@pytest.mark.usefixtures("replay")
def test_an_empty_month_is_a_failure_that_says_so(settled: Path) -> None:
    done = refresh(settled, "2026-08")
    assert done.code == 1 and "2026-08 is empty" in done.err and done.err.count("\n") == 1
    shown = evalhub("schedule", "status", "--json", "--hub", settled).json
    assert shown["last"] is None and shown["unfinished"][0]["status"] == "failed"
    with Hub(settled) as hub:
        assert hub.frame("SELECT * FROM sample").is_empty()


def test_a_source_that_is_down_is_exit_code_75_and_the_same_call_goes_on(
    replay: Replay, settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as down:
        down.setenv("EVALHUB_ARXIV", "http://127.0.0.1:9")
        done = refresh(settled, "2026-10")
    assert done.code == 75 and done.err.count("\n") == 1
    assert set(statuses(refresh(settled, "2026-10").json).values()) == {"done"} and replay.asked


def test_a_stage_that_fails_is_run_again_and_those_before_it_are_not(
    replay: Replay, settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = refresh(settled, "2026-10").json

    def fails(_: Making) -> dict[str, Any]:
        raise OSError("a plug was pulled")

    other = settled.with_name("other")
    other.mkdir()
    (other / "live.toml").write_text(SETTINGS)
    with monkeypatch.context() as broken:
        broken.setattr(Making, "filter", fails)
        assert refresh(other, "2026-10").code == 1
    asked = len(replay.asked)
    made = refresh(other, "2026-10").json
    assert len(replay.asked) == asked and set(statuses(made).values()) == {"done"}
    assert made["hash"] == whole["hash"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "sign",
    [
        "live/arxiv/replay/papers",
        "live/making/2026-10/written.msgpack",
        "live/making/2026-10/filtered.msgpack",
    ],
)
def test_killed_at_any_point_it_ends_as_if_it_was_not(sign: str, replay: Replay, settled: Path) -> None:
    """SIGKILL as soon as a file is there: in a download that hangs, while questions are filtered, while it freezes
    or scores."""
    if "papers" in sign:
        replay.faults.add(Fault(kind="hang", on="/e-print", seconds=3))
    running = process("refresh", "--month", "2026-10", "--hub", settled)
    until = time.monotonic() + 60
    while not (settled / sign).exists() and time.monotonic() < until:
        assert running.poll() is None
        time.sleep(0.002)
    running.send_signal(signal.SIGKILL)
    running.wait(20)
    made = refresh(settled, "2026-10").json
    assert set(statuses(made).values()) == {"done"} and made["questions"] > 8
    with Hub(settled) as hub:
        count = "SELECT count(*) FROM"
        attempts = f"{count} attempt WHERE model_id = 'baseline:random'"
        counts = hub.frame(
            f"SELECT ({count} sample) AS s, ({count} release_question) AS q, ({attempts}) AS a"
        ).row(0)
    assert counts == (made["questions"], made["questions"], 2 * made["questions"])


def test_killed_behind_the_freeze_it_ends_as_if_it_was_not(
    replay: Replay, settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("evalhub.live.making.known_elsewhere", lambda *_: 1 / 0)
        assert refresh(settled, "2026-10").code == 1
    assert replay.asked and set(statuses(refresh(settled, "2026-10").json).values()) == {"done"}


def test_other_rules_begin_a_month_anew_until_it_is_frozen(
    replay: Replay, settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped behind the writing, and called again with fewer questions a table and an earlier first day."""
    with monkeypatch.context() as broken:
        broken.setattr(Making, "filter", lambda _: 1 / 0)
        assert refresh(settled, "2026-10").code == 1
    (settled / "live.toml").write_text(SETTINGS + "per_table = 3\n")
    made = refresh(settled, "2026-10", "--since", "2026-09-01").json
    assert made["recipe"]["per_table"] == 3 and made["recipe"]["since"] == "2026-09-01"
    assert made["papers"] == 3 and made["questions"] <= 9
    refused = refresh(settled, "2026-10", "--since", "2026-10-05")
    assert refused.code == 1 and "frozen with papers since 2026-09-01" in refused.err
    assert replay.asked


def test_a_model_that_nothing_runs_is_told_before_anything_is_asked(replay: Replay, settled: Path) -> None:
    (settled / "live.toml").write_text(SETTINGS.replace("baseline:random", "baselin:random"))
    done = refresh(settled, "2026-10")
    assert done.code == 1 and "no backend runs 'baselin:random'" in done.err and not replay.asked


def test_a_paper_of_an_earlier_release_is_known_under_another_id(
    replay: Replay, settled: Path, tmp_path: Path
) -> None:
    """October's paper was released from a file before, so that nothing is left of the month."""
    paper = source(tmp_path / "file", 4)
    evalhub("ingest", "papers", paper, "-o", "solvers=", "-o", "release=before", "--hub", settled)
    done = refresh(settled, "2026-10")
    assert done.code == 1 and "the same paper as file:" in done.err and replay.asked


@pytest.mark.usefixtures("replay")
def test_a_month_that_nobody_is_scored_on_is_whole(settled: Path) -> None:
    (settled / "live.toml").write_text(SETTINGS.replace('["baseline:random"]', "[]"))
    assert set(statuses(refresh(settled, "2026-10").json).values()) == {"done"}


def test_a_dry_run_asks_nobody_and_writes_nothing(replay: Replay, settled: Path) -> None:
    assert len(refresh(settled, "2026-10", "--dry-run").json["stages"]) == 8
    assert not (settled / "hub.duckdb").exists()
    with Hub(settled):
        pass
    told = refresh(settled, "2026-10", "--dry-run", "--since", "2026-10-05").json
    assert told["since"] == "2026-10-05" and told["until"] == "2026-11-01" and len(told["stages"]) == 8
    assert not replay.asked and not (settled / "live").exists()


@pytest.mark.parametrize(
    ("month", "settings", "said"),
    [
        ("2999-01", "", "is not over"),
        ("October", "", "is no month"),
        ("2026-10", "categorys = ['cs.CL']", "did you mean 'categories'?"),
        ("2026-10", "papers = 'many'", "papers is a whole number"),
        ("2026-10", "categories = 'cs.CL'", "categories is a list of texts"),
        ("2026-10", "day = 31", "day is from 1 to 22"),
        ("2026-10", "papers = ", "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_one_line(month: str, settings: str, said: str, settled: Path) -> None:
    (settled / "live.toml").write_text(settings)
    done = refresh(settled, month)
    assert done.code == 1 and said in done.err and done.err.count("\n") == 1
