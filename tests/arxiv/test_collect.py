"""From a window to files, and what was left out."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.arxiv.collect import Collection
from ingest.arxiv.errors import SourceDown
from ingest.arxiv.records import FetchedPaper, LeftOut, Window
from ingest.arxiv.replay.faults import Fault
from ingest.arxiv.replay.server import Replay
from ingest.source import SourceError
from tests.arxiv.replays import BY, JANUARY, ONLY_ARXIV, PDF, TEX, FakeClock, client_of, folder_of, paper, paths


def collected(
    tmp_path: Path, *papers: dict[str, Any], faults: tuple[Fault, ...] = (), most: int = 1 << 20, **more: Any
) -> tuple[list[FetchedPaper], Collection, list[str]]:
    """What is collected, the collection, and what was asked for."""
    with Replay(folder_of(tmp_path / "papers", *papers), faults=faults) as replay:
        client = client_of(replay, tmp_path / "cache", FakeClock(), most=most)
        collection = Collection(JANUARY, client, **more)
        return list(collection), collection, paths(replay)


def test_a_paper_comes_with_all_that_is_known(tmp_path: Path) -> None:
    (got,), collection, asked = collected(
        tmp_path,
        paper("hep-th/0601001", categories=["hep-th", "math.AG"], version=2, updated="2026-01-20T00:00:00Z"),
    )
    folder = tmp_path / "cache/replay/papers/hep-th_0601001v2"
    assert got == FetchedPaper(
        paper_id="arXiv:hep-th/0601001",
        version="v2",
        title="On hep-th/0601001",
        licence="CC-BY-4.0",
        published_at=date(2026, 1, 20),
        first_published_at=date(2026, 1, 10),
        categories=("hep-th", "math.AG"),
        url="https://arxiv.org/abs/hep-th/0601001v2",
        source=folder / "source.tar.gz",
        pdf=folder / "paper.pdf",
    )
    assert got.pdf and got.pdf.read_bytes() == PDF
    assert got.source
    with tarfile.open(got.source) as archive:
        assert archive.getnames() == ["figures", "figures/a.png", "main.tex"]
    assert asked == ["/api/query", "/oai", "/e-print/hep-th/0601001v2", "/pdf/hep-th/0601001v2"]
    assert collection.left_out == []


def test_only_licences_that_allow_it(tmp_path: Path) -> None:
    nc = "http://creativecommons.org/licenses/by-nc-sa/4.0/"
    papers = [
        paper("2601.00001", licence=ONLY_ARXIV),
        paper("2601.00002", licence=nc),
        paper("2601.00003", licence="https://creativecommons.org/publicdomain/zero/1.0/"),
        paper("2601.00004", licence=""),
    ]
    got, collection, asked = collected(tmp_path, *papers)
    assert [(one.paper_id, one.licence) for one in got] == [("arXiv:2601.00003", "CC0-1.0")]
    assert collection.counts() == {"licence does not allow it": 2, "licence unknown": 1}
    assert LeftOut(
        paper_id="arXiv:2601.00002", version="v1", reason="licence does not allow it", detail="CC-BY-NC-SA-4.0"
    ) in (collection.left_out)
    assert len(asked) == 4  # nothing of the others was fetched

    with Replay(tmp_path / "papers") as replay:
        client = client_of(replay, tmp_path / "cache", FakeClock())
        told = Collection(JANUARY, client, licences=["CC-BY-NC-SA-4.0"])
        assert [one.paper_id for one in told] == ["arXiv:2601.00002"]
        with pytest.raises(SourceError, match="no licence on arXiv"):
            Collection(JANUARY, client, licences=["CC-BY-NC"])
        with pytest.raises(SourceError, match="a limit of 0 papers"):
            Collection(JANUARY, client, limit=0)


def test_papers_that_are_gone(tmp_path: Path) -> None:
    """By comment, by record, by a page instead of files, and without any."""
    papers = [
        paper("2601.00001", comment="This paper has been withdrawn"),
        paper("2601.00002", deleted=True),
        paper("2601.00003", withdrawn=True),
        paper("2601.00004", source="", pdf=""),
    ]
    got, collection, _ = collected(tmp_path, *papers)
    assert got == []
    assert collection.counts() == {"withdrawn": 2, "deleted by arXiv": 1, "neither source nor PDF": 1}


@pytest.mark.parametrize(
    ("told", "updated"),
    [({}, "2026-01-29"), ({"version": 2, "updated": "2026-01-29T00:00:00Z"}, "2026-01-20")],
)
def test_a_licence_of_another_version_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], updated: str
) -> None:
    """Whichever lags behind, the search or the record."""
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001", **told))) as replay:
        whole = replay.answer

        def answer(path: str, query: dict[str, str], fault: Fault | None) -> tuple[int, str, bytes]:
            status, kind, body = whole(path, query, fault)
            if path == "/oai":
                other = f"</created><updated>{updated}</updated>".encode()
                body = re.sub(b"</created>(<updated>.*</updated>)?", other, body)
            return status, kind, body

        monkeypatch.setattr(replay, "answer", answer)
        collection = Collection(JANUARY, client_of(replay, tmp_path / "cache", FakeClock()))
        assert list(collection) == []
    assert collection.counts() == {"licence of another version": 1}


@pytest.mark.parametrize(
    ("told", "names", "asked"),
    [
        ({"source": "single.tex"}, ("source.tex.gz", "paper.pdf"), 2),
        ({"source": ""}, (None, "paper.pdf"), 1),  # a PDF came for the source, and is not asked for again
        ({"pdf": ""}, ("source.tar.gz", None), 2),
    ],
)
def test_a_source_is_what_it_is(
    tmp_path: Path, told: Any, names: tuple[str | None, str | None], asked: int
) -> None:
    (got,), _, requests = collected(tmp_path, paper("2601.00001", **told))
    assert (got.source and got.source.name, got.pdf and got.pdf.name) == names
    assert len(requests) == 2 + asked
    assert len(got.missing) == names.count(None)
    if got.source and got.source.name == "source.tex.gz":
        assert gzip.decompress(got.source.read_bytes()).decode() == TEX


@pytest.mark.parametrize("kind", ["half", "short", "page", "busy", "broken"])
@pytest.mark.parametrize("on", ["/e-print", "/pdf"])
def test_a_file_that_comes_broken_is_fetched_again(tmp_path: Path, kind: Any, on: str) -> None:
    (got,), _, requests = collected(tmp_path, paper("2601.00001"), faults=(Fault(kind=kind, on=on),))
    assert got.source and got.pdf
    assert len(requests) == 5
    assert got.pdf.read_bytes() == PDF


def test_a_file_that_always_comes_broken_is_left_and_tried_in_the_next_run(tmp_path: Path) -> None:
    (got,), _, requests = collected(
        tmp_path, paper("2601.00001"), faults=(Fault(kind="half", on="/e-print", times=4),)
    )
    assert got.source is None
    assert got.pdf
    assert got.missing == ("no source: the answer is cut short",)
    assert len(requests) == 7
    with Replay(tmp_path / "papers") as replay:
        (got,) = Collection(JANUARY, client_of(replay, tmp_path / "cache", FakeClock()))
        assert got.source
        assert not got.missing
        assert paths(replay)[2:] == ["/e-print/2601.00001v1"]


def test_one_broken_file_after_the_other_is_a_source_that_is_down(tmp_path: Path) -> None:
    papers = [paper(f"2601.0000{number}") for number in range(1, 5)]
    with pytest.raises(SourceDown, match="5 files in a row came broken"):
        collected(
            tmp_path,
            *papers,
            faults=(Fault(kind="broken", on="/e-print", times=99), Fault(kind="short", on="/pdf", times=99)),
        )


@pytest.mark.parametrize("announced", [True, False])
def test_files_that_are_too_large(tmp_path: Path, announced: bool) -> None:
    """Whether their length is told before or not; and they are not asked for again."""
    faults = () if announced else (Fault(kind="short", on="/e-print"), Fault(kind="short", on="/pdf"))
    got, collection, asked = collected(tmp_path, paper("2601.00001"), most=100, faults=faults)
    assert got == []
    assert len(asked) == 4
    assert collection.counts() == {"too large": 1}
    with Replay(tmp_path / "papers") as replay:
        assert not list(Collection(JANUARY, client_of(replay, tmp_path / "cache", FakeClock(), most=100)))
        assert len(replay.asked) == 2


def test_a_source_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.arxiv.contents._MOST_UNPACKED", 1000)
    (got,), _, _ = collected(tmp_path, paper("2601.00001"))
    assert got.source is None
    assert got.missing[0].startswith("no source: too large")


def test_a_second_run_asks_for_nothing(tmp_path: Path) -> None:
    """On the same day; on another it asks what the window holds, and for no file."""
    papers = [paper("2601.00001"), paper("2601.00002", source=""), paper("2601.00003", withdrawn=True)]
    with Replay(folder_of(tmp_path / "papers", *papers)) as replay:
        clock = FakeClock()
        client = client_of(replay, tmp_path / "cache", clock)
        first, second = Collection(JANUARY, client), Collection(JANUARY, client)
        got = list(first)
        before = len(replay.asked)
        assert list(second) == got
        assert second.left_out == first.left_out
        assert len(replay.asked) == before
        clock.time += 90_000
        assert list(Collection(JANUARY, client)) == got
        assert paths(replay)[before:] == ["/api/query", "/oai"]


def test_a_new_version_is_another_paper_on_disk(tmp_path: Path) -> None:
    (got,), _, _ = collected(tmp_path, paper("2601.00001"))
    papers = folder_of(tmp_path / "later", paper("2601.00001", version=2, updated="2026-02-10T00:00:00Z"))
    with Replay(papers) as replay:
        (later,) = Collection(JANUARY, client_of(replay, tmp_path / "cache", FakeClock()))
    assert (got.version, later.version) == ("v1", "v2")
    assert later.first_published_at == got.first_published_at
    assert got.source and got.source.exists()
    assert later.source and later.source.exists()
    assert got.source != later.source


def test_the_order_is_the_same_whatever_else_is_there(tmp_path: Path) -> None:
    """So a limit draws the same papers, from all over the window."""
    papers = [paper(f"2601.{number:05d}", day=1 + number // 2) for number in range(60)]
    got, collection, _ = collected(tmp_path, *papers, limit=5)
    assert collection.counts() == {"beyond the limit of its category": 55}
    assert len({one.published_at for one in got}) >= 4
    with Replay(folder_of(tmp_path / "fewer", *papers[:50])) as replay:
        few = list(Collection(JANUARY, client_of(replay, tmp_path / "other", FakeClock()), limit=5))
    both = [one.paper_id for one in got if one.paper_id < "arXiv:2601.00050"]
    assert [one.paper_id for one in few][: len(both)] == both
    assert both


def test_a_limit_is_for_each_category_of_the_window(tmp_path: Path) -> None:
    """What was taken before counts; who is in two counts for its primary one."""
    papers = [
        *(paper(f"2601.0001{number}") for number in range(4)),
        *(paper(f"2601.0002{number}", categories=["hep-th", "cs.CL"]) for number in range(4)),
        *(paper(f"2601.0003{number}", categories=["math.AG", "hep-th"]) for number in range(4)),
    ]
    got, collection, _ = collected(
        tmp_path,
        *papers,
        limit=2,
        taken=lambda paper_id, version: (paper_id, version) == ("arXiv:2601.00010", "v1"),
    )
    assert len(got) + collection.counts().get("taken before", 0) == 4
    assert sum(one.categories[0] == "cs.CL" for one in got) in (1, 2)
    assert "arXiv:2601.00010" not in {one.paper_id for one in got}


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    collected(tmp_path, paper("2601.00001"), paper("2601.00002"), progress=lambda *args: told.append(args))
    assert told == [("search", 2, 2), ("licences", 2, 2), ("files", 0, 2), ("files", 1, 2), ("files", 2, 2)]


def test_an_empty_window(tmp_path: Path) -> None:
    got, collection, _ = collected(tmp_path, paper("2512.00001", submitted="2025-12-01T00:00:00Z"))
    assert (got, collection.left_out) == ([], [])


def test_two_categories_of_one_window_are_one_window(tmp_path: Path) -> None:
    papers = [paper("2601.00001"), paper("2601.00002", categories=["hep-th"], licence=BY)]
    with Replay(folder_of(tmp_path / "papers", *papers)) as replay:
        client = client_of(replay, tmp_path / "cache", FakeClock())
        window = Window(categories=("hep-th",), since=JANUARY.since, until=JANUARY.until)
        assert [one.paper_id for one in Collection(window, client)] == ["arXiv:2601.00002"]
        assert len(list(Collection(JANUARY, client))) == 2
        assert paths(replay).count("/pdf/2601.00002v1") == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"%!PS-Adobe-2.0\n", "neither TeX nor PDF"),
        (b"%PDF-1.4\n%%EOF\n", "neither TeX nor PDF"),
        (b"\0\1\2", "neither TeX nor PDF"),
    ],
)
def test_packed_files_that_are_no_source(tmp_path: Path, content: bytes, why: str) -> None:
    folder = folder_of(tmp_path / "papers", paper("2601.00001", source="other.gz"))
    (folder / "other.gz").write_bytes(gzip.compress(content))
    with Replay(folder) as replay:
        (got,) = Collection(JANUARY, client_of(replay, tmp_path / "cache", FakeClock()))
    assert got.missing == (f"no source: {why}",)


def test_a_source_is_kept_as_it_came(tmp_path: Path) -> None:
    """Its paths and links are not looked at here: whoever unpacks it has to."""
    folder = folder_of(tmp_path / "papers", paper("2601.00001", source="hostile.tar.gz"))
    with tarfile.open(folder / "hostile.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("../../outside.tex")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))
    with Replay(folder) as replay:
        (got,) = Collection(JANUARY, client_of(replay, tmp_path / "cache", FakeClock()))
    assert got.source
    assert got.source.read_bytes() == (folder / "hostile.tar.gz").read_bytes()
    assert not (tmp_path / "outside.tex").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with (
        Replay(folder_of(tmp_path / "papers", paper("2601.00001"))) as replay,
        pytest.raises(SourceError, match="cache/replay cannot be made: Not a directory"),
    ):
        client_of(replay, tmp_path / "cache", FakeClock())
