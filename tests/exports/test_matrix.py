"""The measurement matrix leaves a hub and comes into another one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from evalhub.exports.matrix import votes_beside
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from tests.cli.helpers import evalhub
from tests.exports.hubs import done, fill, measure, questions

SCOPES: tuple[tuple[str, ...], ...] = (
    ("--method", "auto"),
    ("--method", "bradley-terry"),
    ("--method", "mean", "--source", "sums"),
    ("--method", "mean", "--source", "theirs"),
    ("--method", "bradley-terry", "--source", "arena"),
    ("--method", "bradley-terry", "--metric", "f1"),
    ("--method", "mean", "--metric", "pass rate"),
    ("--method", "mean", "--metric", "score"),
)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with something of everything."""
    folder = tmp_path_factory.mktemp("full")
    fill(folder / "hub", folder)
    return folder / "hub"


def ranked(hub: Path, scope: tuple[str, ...]) -> dict[str, list[float]]:
    """Score, interval, rank, its range, samples and coverage of each model; an open end is 1e99."""
    rows = done(evalhub("rank", *scope, "--hub", hub, "--json")).json["models"]
    return {
        row["model"]: [1e99 if value is None else value for name, value in row.items() if name != "model"]
        for row in rows
    }


def exported(hub: Path, out: Path, *options: str) -> dict[str, Any]:
    said: dict[str, Any] = done(evalhub("export", out, "--hub", hub, "--json", *options)).json
    return said


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_what_is_exported_and_imported_again_ranks_the_same(full: Path, tmp_path: Path, suffix: str) -> None:
    """Values, votes, missing ones; by all methods, each source and each metric."""
    out = tmp_path / f"all{suffix}"
    said = exported(full, out)
    assert said["votes_path"] == str(votes_beside(out)) and said["votes"] == 32
    took = done(evalhub("import", out, votes_beside(out), "--hub", tmp_path / "new", "--json")).json
    assert {log["format"] for log in took["logs"]} == {"table"}
    assert all(reason.startswith("missing: ") for reason in took["refused"]) and not took["warnings"]
    for scope in SCOPES:
        ours, theirs = ranked(tmp_path / "new", scope), ranked(full, scope)
        assert list(ours) == list(theirs) and len(ours) > 2, scope
        for model, row in theirs.items():
            assert ours[model] == pytest.approx(row, rel=1e-6), (scope, model)


def test_a_second_export_of_the_new_hub_says_the_same(full: Path, tmp_path: Path) -> None:
    """But for the samples' ids, which are those of names now, and times."""
    frames = []
    for hub, out in ((full, tmp_path / "one.parquet"), (tmp_path / "new", tmp_path / "two.parquet")):
        exported(hub, out)
        frames.append(pl.read_parquet(out).drop("sample", "measured_at"))
        done(evalhub("import", out, votes_beside(out), "--hub", tmp_path / "new"))
    assert frames[0].sort(pl.all()).equals(frames[1].sort(pl.all()))


def test_a_hub_that_has_the_samples_takes_them_for_its_own(full: Path, tmp_path: Path) -> None:
    """By their ids."""
    exported(full, tmp_path / "sums.parquet", "--source", "sums")
    with Hub(tmp_path / "other") as hub:
        add_samples(hub, questions())
    done(evalhub("import", tmp_path / "sums.parquet", "--hub", tmp_path / "other"))
    with Hub(tmp_path / "other") as hub:
        assert hub.database.execute("SELECT count(*) FROM sample").fetchall() == [(12,)]


def test_a_row_is_what_a_ranking_takes(full: Path, tmp_path: Path) -> None:
    """Seeds averaged, older prompt forms left out and counted, canonical names, a variant apart."""
    said = exported(full, tmp_path / "all.parquet")
    rows = pl.read_parquet(tmp_path / "all.parquet")
    assert said["rows"] == rows.height and said["samples"] == rows["sample"].n_unique() == 32
    assert said["models"] == 4 and set(rows["model"]) == {"org/a", "org/b", "c", "d"}
    assert said["left_out"] == {"another condition or other weights count": 6}
    assert not rows.select("model", "sample", "metric", "condition").is_duplicated().any()
    assert set(rows["condition"]) == {"", "temperature=1.0"}
    twice = rows.filter((pl.col("model") == "org/a") & (pl.col("source_id") == "q0") & pl.col("main"))
    assert twice["passes"].to_list() == [4] and twice["attempts"][0] > 4
    missing = rows.filter(pl.col("value").is_null())
    assert set(missing["reason"]) == {"timeout", "no value"} and set(rows["reason"]) == {"", "timeout", "no value"}
    assert (
        rows.filter(metric="f1")["main"].any() is False and rows.filter(metric="f1")["attempts"].null_count() == 36
    )
    own = rows.filter(source_id="q0")
    assert own["cluster"].null_count() == own["tag"].null_count() == own.height
    assert rows.filter(source_id="q1")["cluster"].unique().to_list() == ["book 0"]


def test_the_order_of_rows_is_stable(full: Path, tmp_path: Path) -> None:
    """Samples in the order of the pool, models by name."""
    for name in ("a.csv", "b.csv"):
        exported(full, tmp_path / name)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    rows = pl.read_csv(tmp_path / "a.csv", infer_schema=False)
    assert rows["source"].unique(maintain_order=True).to_list() == ["sums", "theirs"]
    ids = rows.filter(source="sums")["source_id"].unique(maintain_order=True).to_list()
    assert ids == [f"q{n}" for n in range(12)]


def test_files_rank_as_they_are(full: Path, tmp_path: Path) -> None:
    """Without a hub, as the hub ranks them by the metric."""
    exported(full, tmp_path / "score.parquet", "--metric", "score")
    assert not votes_beside(tmp_path / "score.parquet").exists()
    ours = done(evalhub("rank", tmp_path / "score.parquet", "--json", "--method", "mean")).json["models"]
    theirs = done(evalhub("rank", "--hub", full, "--json", "--method", "mean", "--metric", "score")).json["models"]
    assert [row["score"] for row in ours] == pytest.approx([row["score"] for row in theirs])


def test_two_kinds_of_one_name_are_two_metrics(tmp_path: Path) -> None:
    """They cannot stand in one file under one name."""
    (tmp_path / "a.csv").write_text("model,sample,score\na,1,0\nb,1,1\n")
    (tmp_path / "b.csv").write_text("model,sample,score\na,1,3.5\nb,1,7\n")
    done(evalhub("import", tmp_path, "--hub", tmp_path / "hub"))
    exported(tmp_path / "hub", tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {row["metric"] for row in rows} == {"score (binary, up)", "score (numeric, up)"}
    done(evalhub("import", tmp_path / "out.jsonl", "--hub", tmp_path / "new"))
    assert len(done(evalhub("rank", "--hub", tmp_path / "new", "--json")).json["models"]) == 2


def test_only_votes_are_the_file_itself(tmp_path: Path) -> None:
    """What was exported says a and b of sides, whatever models are called."""
    (tmp_path / "v.csv").write_text("model_a,model_b,sample,outcome\na,b,1,a\nb,a,1,model_b\na,b,,tie\n")
    done(evalhub("import", tmp_path / "v.csv", "--hub", tmp_path / "hub"))
    said = exported(tmp_path / "hub", tmp_path / "out.csv")
    assert (said["rows"], said["samples"], said["models"], said["votes_path"]) == (3, 1, 2, None)
    done(evalhub("import", tmp_path / "out.csv", "--hub", tmp_path / "new"))
    done(evalhub("rank", tmp_path / "out.csv"))


def test_nothing_is_overwritten_or_half_written(
    full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless that is said; then an old file of votes goes with the old file."""
    out = tmp_path / "out.parquet"
    exported(full, out)
    before = out.read_bytes()
    assert evalhub("export", out, "--hub", full).line == f"{out} is there already: --force replaces it"
    votes_beside(out).rename(tmp_path / "kept")
    exported(full, out, "--force", "--metric", "f1")
    assert out.read_bytes() != before
    (tmp_path / "kept").rename(votes_beside(out))
    out.unlink()
    assert "out.votes.parquet is there already" in evalhub("export", out, "--hub", full).line
    exported(full, out, "--force", "--metric", "f1")
    assert not votes_beside(out).exists()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evalhub.exports.table_files._write_csv", fail)
    assert "disk is full" in evalhub("export", tmp_path / "x.csv", "--hub", full).line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("out.csv", "--source", "nobody"), "the pool has no source 'nobody'"),
        (("out.csv", "--metric", "none"), "nothing is measured by 'none'; there are f1, pass rate, score"),
        ((".", "--source", "sums"), "does not end in .parquet, .csv, .jsonl"),
        (("out.csv", "--limit", "3"), "--limit says nothing of --to table"),
        (("x", "--to", "lm-eval", "--metric", "f1"), "--metric says nothing of --to lm-eval"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    full: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    said = evalhub("export", tmp_path / arguments[0], *arguments[1:], "--hub", full)
    assert said.code in (1, 2) and message in said.err and "Traceback" not in said.err
    assert not list(tmp_path.iterdir())


def test_an_empty_hub_says_so(tmp_path: Path) -> None:
    with Hub(tmp_path / "hub"):
        pass
    assert "nothing is measured yet" in evalhub("export", tmp_path / "out.csv", "--hub", tmp_path / "hub").line
    assert "there is no hub" in evalhub("export", tmp_path / "out.csv", "--hub", tmp_path / "none").line


def test_samples_that_share_a_name_in_their_source_stay_two(tmp_path: Path) -> None:
    """Their ids tell them apart, here and in the next hub."""
    one, other = (replace(sample, source_id="q") for sample in questions(2))
    with Hub(tmp_path / "hub") as hub:
        add_samples(hub, [one, other])
        for n, model in enumerate("ab"):
            measure(hub, model, [one, other], 0, draw=n)
    exported(tmp_path / "hub", tmp_path / "out.parquet")
    took = done(evalhub("import", tmp_path / "out.parquet", "--hub", tmp_path / "new", "--json")).json
    assert took["rows"] == took["kept"] == 4
    with Hub(tmp_path / "new") as hub:
        rows = hub.database.execute("SELECT source, source_id FROM sample ORDER BY ALL").fetchall()
    assert rows == sorted(("sums", sample.sample_id) for sample in (one, other))
