"""The journal: hubs of the first release open, and what it keeps comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from evalhub.scoring.regrade import regrade
from evalhub.store import migrate as migrations
from evalhub.store.attempts import add_attempts, add_verdicts, load_attempts, load_verdicts
from evalhub.store.hub import Hub
from evalhub.store.journal import ended_runs
from ingest.records import Attempt, Status, Verdict
from tests.scoring.fakes import Fake, run, samples, table

GIVEN = samples(6)


@pytest.fixture
def old_hub(tmp_path: Path) -> Path:
    """A hub as the first release left it: scored, then copied into its schema."""
    path = tmp_path / "old"
    with Hub(path) as hub:
        run(hub, Fake(), GIVEN, passes=2, max_attempts=9)
    today = (path / "hub.duckdb").rename(tmp_path / "today.duckdb")
    with duckdb.connect(str(path / "hub.duckdb")) as file:
        file.execute("CREATE TABLE migration (number INTEGER PRIMARY KEY, applied_at TIMESTAMPTZ)")
        for number, text in migrations.migrations():
            if number < 4:
                file.execute(text)
                file.execute("INSERT INTO migration VALUES (?, now())", [number])
        file.execute(f"ATTACH '{today}' AS today (READ_ONLY)")
        tables = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
        for (name,) in file.execute(f"{tables} AND table_name <> 'migration'").fetchall():
            columns = "SELECT column_name FROM duckdb_columns() WHERE database_name = current_database()"
            names = ", ".join(row[0] for row in file.execute(f"{columns} AND table_name = '{name}'").fetchall())
            file.execute(f"INSERT INTO {name} ({names}) SELECT {names} FROM today.{name}")
        file.execute("""UPDATE run SET options = '{"passes": 2, "max_attempts": 9, "seed": 0, "overrides": {}}'""")
    return path


def test_an_old_hub_goes_on(old_hub: Path) -> None:
    """Nothing is made or judged again, what was not known stays unknown, and attempts build on the old ones."""
    with Hub(old_hub) as hub:
        rows = hub.database.execute("SELECT DISTINCT prompt_tokens, cost FROM attempt").fetchall()
        assert rows == [(0, None)]
        assert hub.database.execute("SELECT DISTINCT grader_version FROM verdict").fetchall() == [("1",)]
        before = table(hub, "measurement")
        again = Fake(3)
        run(hub, again, GIVEN, passes=2, max_attempts=9)
        assert not again.asked and table(hub, "measurement") == before
        run(hub, again, GIVEN, passes=4, max_attempts=20)
        assert again.asked


def test_an_old_hub_is_judged_anew(old_hub: Path) -> None:
    """By its only run's rule, on the samples that were measured."""
    with Hub(old_hub) as hub:
        before = table(hub, "measurement")
        found = regrade(hub, "fake")
        assert table(hub, "measurement") == before
        assert found.changes.outputs == len(table(hub, "verdict")) and found.changes.measurements == 0


def test_an_old_hub_with_two_runs_keeps_to_the_one_that_made_its_measurements(
    tmp_path: Path, old_hub: Path
) -> None:
    """A later run on a part of the samples, under another rule, does not take the others with it."""
    path = Path(shutil.copytree(old_hub, tmp_path / "two"))
    with Hub(path) as hub:
        run(hub, Fake(), GIVEN[:1], passes=1, max_attempts=1)
        hub.database.execute("DELETE FROM run_sample")
        before = table(hub, "measurement")
        regrade(hub, "fake")
        assert table(hub, "measurement") == before


def test_a_run_notes_its_samples(hub: Hub) -> None:
    """Once, however often it is started."""
    for _ in range(2):
        run(hub, Fake(), GIVEN, passes=1, max_attempts=2)
    run(hub, Fake(), GIVEN[:2], passes=1, max_attempts=2, seed=4)
    runs = ended_runs(hub, "fake")
    assert [(len(one.conditions), one.seed) for one in runs] == [(6, 0), (2, 4)]
    assert ended_runs(hub, "other") == []


def attempt(status: Status, output: str) -> Attempt:
    return Attempt(
        model_id="m",
        condition_id="c",
        seed=0,
        sample_id="s",
        attempt=0,
        status=status,
        output=output,
        tokens=1,
        seconds=1.0,
    )


@pytest.mark.parametrize("status", Status)
def test_only_an_attempt_that_failed_is_replaced(hub: Hub, status: Status) -> None:
    """What went wrong may be mended; what a model said is what it said."""
    add_attempts(hub, [attempt(status, "first")])
    add_attempts(hub, [attempt(Status.OK, "second")])
    failed = status in (Status.ERROR, Status.TIMEOUT)
    (kept,) = load_attempts(hub, "m", 0, {"s": "c"}, failed=True)
    assert kept.status is (Status.OK if failed else status)
    assert hub.blobs.get([kept.output])[kept.output] == (b"second" if failed else b"first")


def test_attempts_that_failed_are_left_out_for_the_next_run(hub: Hub) -> None:
    """So that it makes them again; whoever counts what is there gets them."""
    add_attempts(hub, [attempt(Status.ERROR, "oh")])
    assert load_attempts(hub, "m", 0, {"s": "c"}) == []
    assert len(load_attempts(hub, "m", 0, {"s": "c"}, failed=True)) == 1


def test_verdicts_of_another_version_are_not_recalled(hub: Hub) -> None:
    """Nor are missing ones."""
    good, bad = Verdict(Status.OK, 1.0, ""), Verdict(Status.ERROR, None, "")
    add_verdicts(hub, [("s", "x", good, "1"), ("s", "y", bad, "1"), ("t", "x", good, "2")])
    assert load_verdicts(hub, {"s": "1", "t": "1"}) == {("s", "x"): good}
    assert load_verdicts(hub, {"s": "2", "t": "2"}) == {("t", "x"): good}
    add_verdicts(hub, [("s", "x", bad, "2")])
    assert load_verdicts(hub, {"s": "1"}) == {}
