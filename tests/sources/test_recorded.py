"""Files of recorded attempts, and the samples for those of which only the outcomes were kept."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evalhub import plugins
from evalhub.pool import ingest
from evalhub.store.hub import Hub
from evalhub.store.samples import Added
from ingest.recorded import FAIL, PASS, TIMEOUT, Recording, read_recording
from ingest.records import Status
from ingest.source import SourceError
from ingest.sources.recorded import Recorded
from tests.cli.helpers import written
from tests.graders.items import asked

LONG = pl.DataFrame(
    {
        "sample": ["007", "007", "7", "007"],
        "attempt": [3, 1, 1, 2],
        "output": ["c", "a", "only", ""],
        "status": ["ok", "truncated", None, None],
        "tokens": [5, 6, None, 8],
    }
)
WIDE = pl.DataFrame({"task_id": ["b", "a"], "outcomes_PFT_in_order": ["PFPT", "FF"]})

Row = tuple[str, str, int]


def rows(recording: Recording, name: str) -> list[Row]:
    """A sample's attempts in order: output, status, tokens."""
    first, count = recording.places[name]
    columns = (recording.texts, recording.statuses, recording.tokens)
    return list(zip(*(column[first : first + count].to_list() for column in columns), strict=True))


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_outputs_in_the_order_of_their_numbers(tmp_path: Path, suffix: str) -> None:
    """A sample's name stays as it is written; no output is no answer unless a status says otherwise."""
    recording = read_recording(written(LONG, tmp_path / f"runs.{suffix}"))
    assert not recording.outcomes and list(recording.places) == ["007", "7"]
    assert rows(recording, "007") == [("a", "truncated", 6), ("", "no answer", 8), ("c", "ok", 5)]
    assert rows(recording, "7") == [("only", "ok", 0)]


def test_outcomes_in_one_text(tmp_path: Path) -> None:
    recording = read_recording(written(WIDE, tmp_path / "runs.csv"))
    assert recording.outcomes and list(recording.places) == ["b", "a"]
    assert rows(recording, "b") == [(PASS, "ok", 0), (FAIL, "ok", 0), (PASS, "ok", 0), (TIMEOUT, "ok", 0)]
    assert rows(recording, "a") == [(FAIL, "ok", 0)] * 2


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (LONG.drop("attempt"), "no recording: give it the columns sample, attempt, output"),
        (LONG.rename({"sample": "item"}), "no recording"),
        (LONG.with_columns(attempt=pl.lit(1)), "every one with a number of its own"),
        (LONG.with_columns(attempt=pl.lit("first")), "whole numbers"),
        (LONG.with_columns(status=pl.lit("fine")), "no status 'fine'; there are ok, no answer"),
        (LONG.with_columns(sample=pl.lit(None, pl.String)), "needs the name of its sample"),
        (LONG.head(0), "holds no attempts"),
        (WIDE.with_columns(outcomes_PFT_in_order=pl.lit("PX")), "'X' is no outcome: P passed"),
        (WIDE.with_columns(task_id=pl.lit("a")), "one row"),
        (WIDE.with_columns(passes=pl.Series([2, 1])), "a is said to have 1 passes, and its outcomes tell 0"),
        (WIDE.with_columns(attempts=pl.Series([100, 2])), "b is said to have 100 attempts"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_line(tmp_path: Path, frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read_recording(written(frame, tmp_path / "runs.csv"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "message"), [("absent.csv", "cannot be read"), ("runs.txt", "ends in .csv")])
def test_a_file_that_is_not_there_or_of_another_kind(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_recording(tmp_path / name)


def test_samples_for_outcomes(tmp_path: Path, hub: Hub) -> None:
    """One a problem, the same one whichever model's record it comes from; outputs have samples of their own."""
    first = written(WIDE, tmp_path / "first.csv")
    second = written(WIDE.with_columns(outcomes_PFT_in_order=pl.lit("P")), tmp_path / "second.csv")
    (one, _) = Recorded().samples(path=str(first))
    assert (one.source, one.source_id, one.grader) == ("recorded:first.csv", "b", "outcome")
    assert len(list(Recorded().samples(path=str(first), limit=1))) == 1
    assert ingest(hub, f"recorded:{first}", {}) == Added(2, 2)
    assert ingest(hub, f"recorded:{second}", {}) == Added(2, 0)
    with pytest.raises(SourceError, match="records outputs"):
        list(Recorded().samples(path=str(written(LONG, tmp_path / "outputs.csv"))))
    with pytest.raises(SourceError, match="name the file"):
        list(Recorded().samples())


@pytest.mark.parametrize(
    ("text", "status", "value"),
    [
        (PASS, Status.OK, 1.0),
        (FAIL, Status.OK, 0.0),
        (TIMEOUT, Status.TIMEOUT, None),
        ("def f(): pass", Status.ERROR, None),
        ("7", Status.OK, 0.0),
    ],
)
def test_only_a_recorded_outcome_counts(text: str, status: Status, value: float | None) -> None:
    """A timeout is missing, and so is what a model says that is asked the name of a sample; a guess is wrong."""
    verdict = plugins.make("grader", "outcome").grade(asked("outcome", PASS), text)
    assert (verdict.status, verdict.value) == (status, value)
