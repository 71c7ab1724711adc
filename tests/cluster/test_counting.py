"""Wins counted on a real Ray cluster of two workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import psutil
import pytest

from aggregate.counted import Counted
from aggregate.measurements import Measurements, MeasurementsError
from evalhub.cluster import counting
from evalhub.cluster.counting import count_files
from evalhub.errors import EvalhubError
from tests.cli.helpers import evalhub

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Values with ties, missing ones and clusters, in no order."""
    rng = np.random.default_rng(1)
    model, sample = np.nonzero(rng.random((12, 3000)) < 0.4)
    value = rng.integers(0, 4, model.size) / 3
    frame = pl.DataFrame(
        {
            "model": [f"m{number}" for number in model],
            "sample": [f"q{number}" for number in sample],
            "value": np.where(rng.random(model.size) < 0.05, np.nan, value),
            "cluster": [f"c{number // 3}" for number in sample],
            "metric": "score",
        }
    )
    return frame.sample(fraction=1, shuffle=True, seed=1)


@pytest.fixture(scope="module")
def files(rows: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The rows in files of three formats: those of a sample in any of them."""
    folder = tmp_path_factory.mktemp("rows")
    paths = [folder / name for name in ("a.parquet", "b.parquet", "c.csv", "d.jsonl")]
    for number, path in enumerate(paths):
        part = rows.gather_every(4, number)
        write = {".parquet": part.write_parquet, ".csv": part.write_csv, ".jsonl": part.write_ndjson}
        write[path.suffix](path)
    return paths


def assert_same(found: Counted, expected: Counted) -> None:
    assert (found.models, found.missing, found.unmeasured) == (
        expected.models,
        expected.missing,
        expected.unmeasured,
    )
    for name in ("wins", "ties", "shared", "lone", "samples"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@contextmanager
def killing(task: str) -> Iterator[list[int]]:
    """Kill the first process that works at a task."""
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while not over.is_set() and not killed:
            for process in psutil.process_iter(["name", "cmdline"]):
                if task in " ".join(process.info["cmdline"] or []):
                    process.kill()
                    killed.append(process.pid)
                    break
            time.sleep(0.01)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()


def test_the_counts_are_those_of_one_process(
    cluster: str, files: list[Path], rows: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last one, in few buckets or many, also where a worker is killed in mid-run."""
    expected = Counted.of(Measurements.from_frame(rows))
    assert_same(count_files(files, cluster), expected)
    monkeypatch.setattr(counting, "_BUCKET", 1 << 14)
    with killing("ray::_split") as killed:
        assert_same(count_files(files, cluster, metric="score"), expected)
    assert killed


def test_what_cannot_be_counted_is_said_in_a_line(cluster: str, files: list[Path], tmp_path: Path) -> None:
    """By the worker that finds it."""
    with pytest.raises(EvalhubError, match="no rows of metric 'other'; there are score"):
        count_files(files, cluster, metric="other")
    votes, twice, nothing = (tmp_path / f"{name}.csv" for name in ("votes", "twice", "nothing"))
    votes.write_text("model_a,model_b,outcome\nx,y,a\n")
    with pytest.raises(EvalhubError, match="holds votes"):
        count_files([votes], cluster)
    twice.write_text("model,sample,value\nx,1,0\nx,1,1\n")
    with pytest.raises(MeasurementsError, match="repeated"):
        count_files([twice], cluster)
    nothing.write_text("model,sample,value\nx,1,\n")
    with pytest.raises(MeasurementsError, match="no value"):
        count_files([nothing], cluster)


def test_the_command_ranks_by_them(cluster: str, files: list[Path], hub_path: Path) -> None:
    """Scores are those of one process."""
    asked = ("rank", *files, "--method", "bradley-terry", "--json", "--hub", hub_path)
    found, expected = evalhub(*asked, "--ray", cluster), evalhub(*asked)
    assert found.code == 0, found.err
    scores, others = ({row["model"]: row["score"] for row in done.json["models"]} for done in (found, expected))
    assert scores == pytest.approx(others, abs=1e-6)


def test_options_that_need_more_than_counts(files: list[Path], hub_path: Path) -> None:
    """Refused before a cluster is sought."""
    for options, words in [
        (("--method", "mean"), "needs more than counts of wins"),
        (("--method", "bradley-terry", "--compare"), "--ray counts wins"),
    ]:
        done = evalhub("rank", *files, *options, "--ray", "auto", "--hub", hub_path)
        assert done.code != 0 and words in done.err
