"""Every import is on record, and can be taken back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evalhub.store.hub import Hub
from tests.cli.helpers import evalhub

TABLES = ("sample", "origin", "model", "measured", "series", "comparison", "import", "import_log", "doubt")


def table(path: Path, model: str = "a", *rows: str) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    lines = rows or ("1,1", "2,0")
    path.write_text("model,sample,value\n" + "".join(f"{model},{row}\n" for row in lines))
    return path


def counts(hub: Path) -> dict[str, int]:
    with Hub(hub) as opened:
        return {name: opened.database.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in TABLES}


def test_an_import_comes_and_goes(tmp_path: Path, hub_path: Path) -> None:
    """Undone, the hub is what it was; what others speak of too stays."""
    first = evalhub("import", table(tmp_path / "x.csv"), "--source", "s", "--json", "--hub", hub_path).json
    before = counts(hub_path)
    second = evalhub(
        "import", table(tmp_path / "y.csv", "b", "2,1", "3,1"), "--source", "s", "--json", "--hub", hub_path
    )
    assert counts(hub_path)["sample"] == 3
    undone = evalhub("import", "--undo", second.json["import"], "--json", "--hub", hub_path).json
    assert undone["measurements"] == 2 and undone["samples"] == 1 and undone["models"] == 1
    assert counts(hub_path) == before
    assert evalhub("import", "--undo", first["import"], "--hub", hub_path).code == 0
    assert not any(counts(hub_path).values())
    assert "no import" in evalhub("import", "--undo", first["import"], "--hub", hub_path).line


def test_the_ledger_says_where_rows_come_from(tmp_path: Path, hub_path: Path) -> None:
    path = table(tmp_path / "x.csv", "a", "1,1", "1,1", "2,0", "3,")
    done = evalhub("import", path, "--json", "--hub", hub_path).json
    (entry,) = evalhub("import", "--list", "--json", "--hub", hub_path).json
    assert entry["import"] == done["import"] and entry["ended_at"]
    (log,) = entry["logs"]
    assert (log["rows"], log["kept"], sum(log["refused"].values())) == (4, 2, 2)
    assert log["path"] == str(path) and len(log["sha256"]) == 64
    shown = evalhub("import", "--show", done["import"], "--hub", hub_path).out
    assert "duplicate" in shown and log["sha256"] in shown.replace("\n", "")
    assert "no import" in evalhub("import", "--show", "nonsense", "--hub", hub_path).line


def test_a_log_comes_in_once(tmp_path: Path, hub_path: Path) -> None:
    """Wherever it lies; told that it is another model's, it is another log."""
    path = tmp_path / "x.csv"
    path.write_text("sample,value\n1,1\n2,0\n")
    options = ("--source", "s", "--json", "--hub", hub_path)
    first = evalhub("import", path, "--model", "a", *options).json
    before = counts(hub_path)
    (tmp_path / "elsewhere").mkdir()
    for again in (path, Path(shutil.copy(path, tmp_path / "elsewhere"))):
        done = evalhub("import", again, "--model", "a", *options).json
        assert done["import"] == "" and done["before"] == [{"path": str(again), "import": first["import"]}]
    assert counts(hub_path) == before
    assert evalhub("import", path, "--model", "b", *options).json["kept"] == 2
    twin = Path(shutil.copy(path, tmp_path / "z.csv"))
    done = evalhub("import", twin, "--model", "a", *options).json
    assert done["kept"] == 0 and done["refused"] == {f"duplicate of import {first['import']}": 2}


def test_names_of_folders_above_do_not_matter(tmp_path: Path, hub_path: Path) -> None:
    """Only what is hidden below the folder that was named is passed over."""
    table(tmp_path / ".cache" / "logs" / "x.csv")
    table(tmp_path / ".cache" / "logs" / ".hidden" / "y.csv", "b")
    done = evalhub("import", tmp_path / ".cache" / "logs", "--json", "--hub", hub_path).json
    assert len(done["logs"]) == 1 and done["kept"] == 2


def test_one_metric_in_two_directions(tmp_path: Path, hub_path: Path) -> None:
    """Is two things, and a warning."""
    for direction, model in (("up", "a"), ("down", "b")):
        path = tmp_path / f"{direction}.csv"
        path.write_text(f"model,sample,metric,value\n{model},1,zing,3\n{model},2,zing,4\n")
        done = evalhub(
            "import", path, "--source", "s", "--metric", f"zing={direction}", "--json", "--hub", hub_path
        )
    assert any("better down here and up elsewhere" in warning for warning in done.json["warnings"])
    assert evalhub("rank", "--hub", hub_path).code == 0


def test_what_an_earlier_import_told(tmp_path: Path, hub_path: Path) -> None:
    """Is a duplicate, or a contradiction in which what was there first stays; what was missing is filled in."""
    options = ("--source", "s", "--json", "--hub", hub_path)
    first = evalhub("import", table(tmp_path / "x.csv", "a", "1,1", "2,0", "3,"), *options).json["import"]
    done = evalhub("import", table(tmp_path / "y.csv", "a", "1,1", "2,1", "3,1", "4,1"), *options).json
    assert done["kept"] == 2
    assert done["refused"] == {f"contradicts import {first}": 1, f"duplicate of import {first}": 1}
    assert any("a on 2 by value is 1.0, there 0.0" in line for line in done["logs"][0]["details"])
    ranked = evalhub("rank", "--method", "mean", "--hub", hub_path, "--json").json
    assert ranked["models"][0]["score"] == pytest.approx(0.75)


def test_a_folder_of_logs(tmp_path: Path, hub_path: Path) -> None:
    """All that is there comes in; what is broken is told and keeps nothing out; what is no log is passed over."""
    folder = tmp_path / "logs"
    for model in "abc":
        table(folder / model / "rows.csv", model)
    (folder / "notes.txt").write_text("hello")
    (folder / "broken.csv").write_text("model,sample,value\na,1,good\n")
    done = evalhub("import", folder, "--source", "s", "--json", "--hub", hub_path)
    assert done.code == 1
    found = json.loads(done.out)
    assert len(found["logs"]) == 3 and found["kept"] == 6
    assert [Path(one["path"]).name for one in found["failed"]] == ["broken.csv"]
    assert [Path(name).name for name in found["unknown"]] == ["notes.txt"]
    assert len(evalhub("rank", "--hub", hub_path, "--json").json["models"]) == 3


def test_nothing_to_import(tmp_path: Path, hub_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no log of any known format" in evalhub("import", tmp_path / "empty", "--hub", hub_path).line
    assert "no such file" in evalhub("import", tmp_path / "absent", "--hub", hub_path).line
    (tmp_path / "x.bin").write_bytes(b"\x00\x01")
    assert "--format" in evalhub("import", tmp_path / "x.bin", "--hub", hub_path).line
    assert "unknown importer" in evalhub("import", tmp_path / "x.bin", "--format", "zip", "--hub", hub_path).line
    assert evalhub("import", "--hub", hub_path).code == 2


def test_formats_are_listed() -> None:
    listed = {one["format"] for one in evalhub("import", "--formats", "--json").json}
    assert {
        "lm-eval",
        "inspect",
        "helm",
        "every-eval-ever",
        "livebench",
        "vlmevalkit",
        "evalplus",
        "table",
    } <= listed
