"""The server that stands in for arXiv, as a command; with the papers of the fixtures."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from ingest.arxiv.addresses import addresses
from ingest.arxiv.client import Client
from ingest.arxiv.collect import Collection
from ingest.arxiv.replay.__main__ import main
from ingest.arxiv.replay.papers import LIST
from ingest.arxiv.replay.server import Replay
from tests.arxiv.replays import JANUARY, FakeClock, client_of, folder_of, paper

SHARED = Path(__file__).parents[3] / "shared/data/papers"


def test_the_command_answers(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "papers", paper("2601.00001"))
    command = [sys.executable, "-m", "ingest.arxiv.replay", str(folder), "--port", "0", "--fault", "page:/pdf:4"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout
            variable, _, url = process.stdout.readline().strip().partition("=")
            assert variable == "export EVALHUB_ARXIV"
            (got,) = Collection(JANUARY, Client(tmp_path / "cache", at=addresses(url)))
            assert got.source
            assert got.missing == ("no PDF: a web page came instead of a file",)
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("line", "fault", "why"),
    [
        ("{", "", "papers.jsonl, line 1: JSONDecodeError"),
        ('{"id": "x", "submitted": "2026-01-01", "categories": ["cs.CL"]}', "", "no identifier of arXiv"),
        ('{"id": "2601.00001", "submitted": "soon", "categories": []}', "", "line 1: ValueError"),
        (
            '{"id": "2601.00001", "submitted": "2026-01-01", "categories": [], "pdf": "no"}',
            "",
            "there is no no beside",
        ),
        ("", "fire:/pdf", "fire:/pdf: give KIND, KIND:PATH or KIND:PATH:TIMES"),
    ],
)
def test_what_it_cannot_replay_is_said(tmp_path: Path, line: str, fault: str, why: str) -> None:
    (tmp_path / LIST).write_text(line)
    done = CliRunner().invoke(main, [str(tmp_path), "--port", "0", *(["--fault", fault] if fault else [])])
    assert done.exit_code == 1
    assert why in done.output
    assert len(done.output.splitlines()) == 1


def test_a_folder_without_a_list(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, [str(tmp_path)])
    assert done.exit_code == 1
    assert "papers.jsonl cannot be read: No such file" in done.output


@pytest.mark.skipif(not SHARED.exists(), reason="shared/data/papers is not beside this checkout")
def test_real_papers(tmp_path: Path) -> None:
    """The fixtures, one with its LaTeX source."""
    folder = tmp_path / "papers"
    folder.mkdir()
    for file in SHARED.iterdir():
        (folder / file.name).symlink_to(file)
    lines = [
        paper("2601.00447", source="1911.02782-source", pdf="2020.acl-main.447.pdf"),
        paper("2601.00207", source="", pdf="2020.acl-main.207.pdf"),
    ]
    (folder / LIST).write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Replay(folder) as replay:
        got = {
            one.paper_id: one for one in Collection(JANUARY, client_of(replay, tmp_path / "cache", FakeClock()))
        }
    source = got["arXiv:2601.00447"].source
    assert source
    with tarfile.open(source) as archive:
        assert "main.tex" in archive.getnames()
    pdf = got["arXiv:2601.00207"].pdf
    assert pdf
    assert pdf.read_bytes() == (SHARED / "2020.acl-main.207.pdf").read_bytes()
    assert got["arXiv:2601.00207"].source is None
