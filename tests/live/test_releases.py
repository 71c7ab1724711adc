"""Papers on this machine become a release: frozen, checked, private for a while."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from evalhub.live import files
from evalhub.live.making import Making
from evalhub.store.hub import Hub
from evalhub.store.releases import proofs
from tests.cli.helpers import Done, evalhub
from tests.live.sources import source, tex

pytest.importorskip("pylatexenc", reason="pylatexenc is not installed")


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return source(tmp_path / "paper", 1)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with a release."""
    folder = tmp_path_factory.mktemp("frozen")
    ingest(source(folder / "paper", 1), folder / "hub", "release=birds")
    return folder / "hub"


@pytest.fixture
def released(frozen: Path, hub_path: Path) -> Path:
    """One of one's own."""
    return Path(shutil.copytree(frozen, hub_path))


def ingest(paper: Path, hub: Path, *options: str) -> Done:
    given = [part for option in ("solvers=", "licence=CC-BY-4.0", *options) for part in ("-o", option)]
    return evalhub("ingest", "papers", paper, *given, "--json", "--hub", hub)


def test_a_paper_becomes_a_release_whose_samples_can_be_scored(paper: Path, hub_path: Path) -> None:
    made = ingest(paper, hub_path, "release=birds", "published_at=2026-10-01").json
    assert made["source"] == "live:birds" and made["samples"] == made["added"] == made["questions"] >= 8
    assert made["papers"] == 1
    scored = evalhub("score", "baseline:random", "--source", "live:birds", "--json", "--hub", hub_path).json
    assert scored["sources"][0]["samples"] == made["samples"]
    with Hub(hub_path) as hub:
        rows = hub.frame("SELECT licence, published_at, cluster, modality FROM sample")
    assert rows.unique().rows() == [("CC-BY-4.0", datetime(2026, 10, 1).date(), rows["cluster"][0], "image")]
    (listed,) = evalhub("live", "list", "--json", "--hub", hub_path).json["releases"]
    assert listed["hash"] == made["hash"] and listed["questions"] == made["questions"]
    assert not (hub_path / "live/making/birds").exists()


def test_the_same_papers_give_the_same_hash_and_the_same_name(paper: Path, tmp_path: Path) -> None:
    first, second = ingest(paper, tmp_path / "one").json, ingest(paper, tmp_path / "two").json
    assert first["release"] == second["release"] and first["release"].startswith("papers-")
    assert first["hash"] == second["hash"]


def test_a_release_never_changes(paper: Path, hub_path: Path, tmp_path: Path) -> None:
    before = ingest(paper, hub_path, "release=birds").json
    again = ingest(source(tmp_path / "other", 2), hub_path, "release=birds")
    assert again.code == 1 and "never changes" in again.err
    assert evalhub("live", "show", "birds", "--json", "--hub", hub_path).json["hash"] == before["hash"]


def test_every_program_gives_its_answer_again_and_a_changed_one_is_found(paper: Path, hub_path: Path) -> None:
    made = ingest(paper, hub_path, "release=birds").json
    found = evalhub("live", "check", "birds", "--json", "--hub", hub_path)
    assert found.code in (0, None) and found.json["programs"] == made["questions"] and not found.json["faults"]
    with Hub(hub_path) as hub:
        sample_id, proof = next(
            (one.sample_id, one.proof) for one in proofs(hub, "birds") if one.proof["program"]["op"] == "lookup"
        )
        changed = re.sub(r'"\d+\.\d"', '"1.5"', json.dumps(proof))
        hub.database.execute("UPDATE release_question SET proof = ? WHERE sample_id = ?", [changed, sample_id])
    found = evalhub("live", "check", "birds", "--json", "--hub", hub_path)
    assert found.code == 1 and list(found.json["faults"]) == [sample_id]
    assert found.json["hash"] != found.json["frozen_hash"] == made["hash"]


def test_what_is_private_is_measured_but_neither_published_nor_exported(
    paper: Path, hub_path: Path, tmp_path: Path
) -> None:
    made = ingest(paper, hub_path, "release=birds", "private_days=30").json
    until = datetime.now(UTC).date() + timedelta(days=30)
    assert made["private_until"] == str(until)
    evalhub("score", "baseline:random", "--source", "live:birds", "--hub", hub_path)
    published = evalhub("publish", "--json", "--hub", hub_path).json["snapshot"]
    with duckdb.connect(hub_path / f"snapshots/{published}.duckdb", read_only=True) as board:
        (told,) = board.execute("SELECT DISTINCT (prompt, choices, reference, images) FROM sample").fetchall()
        assert told[0] == (f"private until {until}", [], "null", [])
        for table in ("attempt", "verdict", "image", "output"):
            assert board.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)], table
        assert board.execute("SELECT count(*) FROM measurement").fetchall() != [(0,)]
    # Nor in blocks that nothing points to: rows that are deleted leave their bytes behind.
    content = (hub_path / f"snapshots/{published}.duckdb").read_bytes()
    assert until.isoformat().encode() in content
    for word in (b"Kestrel", b"then falls", b"Accuracy on four data sets"):
        assert word not in content, word
    refused = evalhub("export", tmp_path / "out", "--to", "hugging-face", "--hub", hub_path)
    assert refused.code == 1 and f"private until {until}" in refused.err
    evalhub("export", tmp_path / "eee", "--to", "every-eval-ever", "--hub", hub_path)
    assert "Accuracy on four data sets" not in "".join(
        path.read_text() for path in (tmp_path / "eee").rglob("*") if path.is_file()
    )


def test_a_data_set_holds_paper_and_proof(paper: Path, hub_path: Path, tmp_path: Path) -> None:
    ingest(paper, hub_path, "release=birds")
    evalhub("export", tmp_path / "out", "--to", "hugging-face", "--hub", hub_path)
    row = pl.read_parquet(tmp_path / "out/data/test.parquet").row(0, named=True)
    assert json.loads(row["paper"])["licence"] == "CC-BY-4.0"
    assert {"kind", "program", "content", "evidence"} == set(json.loads(row["proof"]))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["colour=red"], "papers have no option 'colour'"),
        (["per_table=many"], "per_table is a whole number"),
        (["per_table=" + "9" * 5000], "per_table is a whole number"),
        (["private_days=3000000"], "private_days is from 0 to 36,500"),
        (["published_at=soon"], "published_at is a day"),
        (["release=no/name"], "is no name for a release"),
        (["release=2026-10"], "choose another name"),
        (["licence=free as in beer"], "licence is an SPDX name"),
        (["solvers=nobody:knows"], "no backend runs"),
    ],
)
def test_what_cannot_be_meant_is_one_line(options: list[str], said: str, paper: Path, hub_path: Path) -> None:
    done = ingest(paper, hub_path, *options)
    assert done.code == 1 and said in done.err and done.err.count("\n") == 1


def test_nothing_to_read_is_an_error_that_says_why(hub_path: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    (tmp_path / "text.tex").write_text(tex(1).replace("tabular", "center").replace("table", "quote"))
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, said in (
        (tmp_path / "absent.pdf", "there is no"),
        (empty, "holds no paper"),
        (tmp_path / "broken.pdf", "not one of 1 papers can be read"),
        (tmp_path / "text.tex", "no question can be written"),
    ):
        done = ingest(path, hub_path)
        assert done.code == 1 and said in done.err and done.err.count("\n") == 1
    assert evalhub("live", "list", "--json", "--hub", hub_path).json == {"releases": []}


def test_the_same_call_again_finds_the_release(paper: Path, hub_path: Path) -> None:
    """With a name or without; other papers, or other options, do not take its name."""
    for options in ((), ("release=birds",)):
        first, second = ingest(paper, hub_path, *options), ingest(paper, hub_path, *options)
        assert second.code in (0, None) and second.json["hash"] == first.json["hash"]
        assert second.json["added"] == 0
    assert ingest(paper, hub_path, "release=birds", "per_table=3").code == 1
    assert len(evalhub("live", "list", "--json", "--hub", hub_path).json["releases"]) == 2


def test_what_is_told_of_a_known_paper_later_is_said_to_be_too_late(paper: Path, hub_path: Path) -> None:
    options = ("-o", "solvers=", "--hub", hub_path)
    evalhub("ingest", "papers", paper, *options, "-o", "release=birds")
    done = evalhub("ingest", "papers", paper, *options, "-o", "release=again", "-o", "licence=CC-BY-4.0")
    assert done.code in (0, None) and "with licence unknown and date unknown, which stay" in done.out


def test_a_paper_may_be_the_folder_that_one_is_in_or_lie_beside_a_source(
    paper: Path, hub_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(paper)
    assert ingest(Path(), hub_path, "release=here").json["papers"] == 1
    with tarfile.open(paper / "other.tar.gz", "w:gz") as archive:
        archive.add(source(tmp_path / "other", 2) / "main.tex", "main.tex")
    assert ingest(paper, hub_path, "release=both").json["papers"] == 2


def test_a_paper_with_one_table_that_comes_twice_is_one_paper(paper: Path, hub_path: Path, tmp_path: Path) -> None:
    copy = source(tmp_path / "copy", 1)
    (copy / "main.tex").write_text((paper / "main.tex").read_text() + "% printed again")
    done = evalhub("ingest", "papers", paper, copy, "-o", "solvers=", "-o", "release=one", "--hub", hub_path)
    assert done.code in (0, None) and "the same paper as" in done.out and "on 1 paper," in done.out


def test_a_paper_that_cannot_be_read_is_named_and_the_others_are_taken(paper: Path, hub_path: Path) -> None:
    (paper.parent / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    options = ("-o", "solvers=", "-o", "release=birds", "--hub", hub_path)
    done = evalhub("ingest", "papers", paper, paper.parent / "broken.pdf", *options)
    assert done.code in (0, None) and "refused 1\n  broken.pdf: " in done.out


def test_what_a_call_for_other_papers_left_is_not_taken(
    paper: Path, hub_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was stopped behind its second stage; then the same name is asked for of another paper."""
    other = source(tmp_path / "other", 2)
    wanted = ingest(other, tmp_path / "apart", "release=birds").json
    with monkeypatch.context() as broken:
        broken.setattr(Making, "filter", lambda _: 1 / 0)
        assert ingest(paper, hub_path, "release=birds").code == 1
    assert ingest(other, hub_path, "release=birds").json["hash"] == wanted["hash"]


def test_a_release_of_samples_that_another_one_has_is_scored_ranked_and_exported(
    paper: Path, hub_path: Path, tmp_path: Path
) -> None:
    ingest(paper, hub_path, "release=birds")
    made = ingest(paper, hub_path, "release=again").json
    assert made["added"] == 0
    scored = evalhub("score", "baseline:random", "--source", "live:again", "--json", "--hub", hub_path).json
    assert scored["sources"][0]["samples"] == scored["ranking"]["samples"] == made["questions"]
    shown = evalhub("live", "show", "again", "--json", "--hub", hub_path).json
    freeze = next(one for one in shown["stages"] if one["stage"] == "freeze")
    assert freeze["counts"]["known"] == {"birds": made["questions"]}
    done = evalhub("export", tmp_path / "out", "--to", "hugging-face", "--source", "live:again", "--hub", hub_path)
    assert done.code in (0, None)
    assert (
        pl.read_parquet(tmp_path / "out/data/test.parquet")["source"].to_list()
        == ["live:again"] * made["questions"]
    )


def test_a_call_that_was_killed_behind_the_freeze_is_made_again(
    paper: Path, hub_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release is there, but nobody has noted that the stage is done."""
    with monkeypatch.context() as broken:
        broken.setattr("evalhub.live.making.known_elsewhere", lambda *_: 1 / 0)
        assert ingest(paper, hub_path, "release=birds").code == 1
    (frozen,) = evalhub("live", "list", "--json", "--hub", hub_path).json["releases"]
    assert ingest(paper, hub_path, "release=birds").json["hash"] == frozen["hash"]


def test_the_order_of_papers_does_not_matter_and_none_is_lost(
    paper: Path, hub_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped behind the first of them, and called again with the paths turned round."""
    other = source(tmp_path / "other", 2)
    options = ("-o", "solvers=", "-o", "release=birds", "--json", "--hub")
    whole = evalhub("ingest", "papers", paper, other, *options, tmp_path / "apart").json
    kept = files.keep

    def dies(path: Path, content: Any) -> None:
        kept(path, content)
        raise OSError("a plug was pulled")

    with monkeypatch.context() as broken:
        broken.setattr("evalhub.live.making.keep", dies)
        assert evalhub("ingest", "papers", paper, other, *options, hub_path).code == 1
    assert len(list((hub_path / "live/making/birds/papers").iterdir())) == 1
    made = evalhub("ingest", "papers", other, paper, *options, hub_path).json
    assert made["papers"] == 2 and made["hash"] == whole["hash"]


CHANGES = {
    "UPDATE paper SET licence = 'MIT'": "",
    "UPDATE paper SET published_at = DATE '2020-01-01'": "",
    "UPDATE sample SET prompt = prompt || '!' WHERE sample_id = $id": "is not what was frozen",
    "UPDATE sample SET images = [] WHERE sample_id = $id": "is not what was frozen",
    "DELETE FROM sample WHERE sample_id = $id": "no longer in the pool",
    "UPDATE release_question SET proof = '{}' WHERE sample_id = $id": "does not run",
    """UPDATE release_question SET proof = '{"program": {"op": "no"}, "content": 3}' WHERE sample_id = $id""": (
        "does not run"
    ),
    "UPDATE release_question SET proof = '[]' WHERE sample_id = $id": "does not run",
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_is_found_and_the_others_are_checked(change: str, released: Path) -> None:
    with Hub(released) as hub:
        first = proofs(hub, "birds")[0].sample_id
        given = {"id": first} if "$id" in change else {}
        hub.database.execute(change, given)
    found = evalhub("live", "check", "birds", "--json", "--hub", released)
    assert found.code == 1
    if CHANGES[change]:
        assert list(found.json["faults"]) == [first] and CHANGES[change] in found.json["faults"][first]
    else:
        assert not found.json["faults"] and found.json["hash"] != found.json["frozen_hash"]


def test_a_later_release_of_a_paper_leaves_what_an_earlier_one_says_of_it(paper: Path, hub_path: Path) -> None:
    ingest(paper, hub_path, "release=birds")
    ingest(paper, hub_path, "release=again", "licence=MIT")
    with Hub(hub_path) as hub:
        assert hub.frame("SELECT licence FROM paper")["licence"].to_list() == ["CC-BY-4.0"]
