"""Papers are read in processes of their own: within limits, one bad file never takes others down."""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import psutil
import pytest

from ingest.papers.grid import size
from ingest.papers.limits import Limits, PaperError
from ingest.papers.read import PaperFiles, read_paper, read_papers
from ingest.papers.records import Paper
from tests.papers.printing import LEFT, RIGHT, Printer
from tests.papers.test_pdf import ROWS, WIDTHS, two_columns

TEX = r"""\documentclass{article}\title{Both}\begin{document}
\begin{figure}\includegraphics{chart}\caption{Accuracy by epochs of all models.}\label{f}\end{figure}
\begin{table}\caption{Results of all models.}\begin{tabular}{lcc}\hline Model & Acc. & F1 (\%)\\\hline
Baseline & 71.2 & 70.9\\ Ours & 83.5 & 82.1\\ Ours + data & 85.0 & 84.4\\\hline\end{tabular}\end{table}
\begin{table}\caption{Only in the source.}\begin{tabular}{lc} a & 1.5 \\ b & 2.5 \end{tabular}\end{table}
\end{document}"""


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "paper.pdf"
    path.write_bytes(two_columns("none", above=True))
    return path


@pytest.fixture
def tex(tmp_path: Path) -> Path:
    path = tmp_path / "paper.tex"
    path.write_text(TEX, encoding="utf-8")
    return path


def test_source_and_pdf_together_give_exact_cells_with_their_place(pdf: Path, tex: Path) -> None:
    about = Paper(paper_id="arXiv:2601.00001", licence="CC-BY-4.0", published_at=date(2026, 1, 1))
    paper = read_paper([tex, pdf], about)
    assert (paper.paper_id, paper.licence, paper.title, paper.pages) == (
        "arXiv:2601.00001",
        "CC-BY-4.0",
        "Both",
        1,
    )
    (figure,) = paper.figures
    assert (figure.route, figure.label) == ("latex", "f")
    assert figure.region is not None
    assert figure.image.startswith(b"\x89PNG")
    assert "Epochs" in {word.text for word in figure.words}
    first, second = paper.tables
    assert (first.route, first.drawn, first.region is None) == ("latex", False, False)
    assert (second.route, second.drawn, second.region is None) == ("latex", True, True)
    assert second.image.startswith(b"\x89PNG")
    assert paper.warnings == ()


def test_one_route_alone_names_the_paper_by_its_content(pdf: Path, tex: Path, tmp_path: Path) -> None:
    copy = tmp_path / "other name.pdf"
    shutil.copy(pdf, copy)
    read = dict(read_papers([PaperFiles((path,)) for path in (pdf, copy, tex)]))
    papers = {files.paths[0]: paper for files, paper in read.items() if isinstance(paper, Paper)}
    assert len(papers) == 3
    assert papers[pdf] == papers[copy] != papers[tex]
    assert papers[pdf].paper_id.startswith("file:")
    assert [table.route for table in papers[pdf].tables] == ["pdf"]
    assert [cell.text for cell in papers[pdf].tables[0].cells] == [text for row in ROWS for text in row]


def test_a_bad_half_is_a_warning_and_nothing_at_all_is_refused(pdf: Path, tmp_path: Path) -> None:
    bad = tmp_path / "source.tar.gz"
    bad.write_bytes(b"\x1f\x8b broken")
    paper = read_paper([bad, pdf])
    assert len(paper.tables) == 1
    assert "damaged" in paper.warnings[0]
    with pytest.raises(PaperError, match="damaged"):
        read_paper([bad])
    with pytest.raises(PaperError, match="cannot be read"):
        read_paper([tmp_path / "gone.pdf"])


def drawing_bomb() -> bytes:
    """A small PDF whose one figure is drawn with three million strokes."""
    page = Printer()
    page.chart((LEFT, 80, RIGHT, 400))
    page.text(LEFT, 420, "Figure 1: A bomb.")
    for content in page.page.get_contents()[:1]:
        page.document.update_stream(content, b"q " + b"9 9 m 99 99 l S " * 3_000_000 + b"Q")
    return page.done(deflate=True)


@pytest.mark.slow
def test_what_takes_too_long_is_ended_and_the_next_paper_is_read(pdf: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.pdf"
    bomb.write_bytes(drawing_bomb())
    assert bomb.stat().st_size < 1 << 20
    papers = [PaperFiles((bomb,)), PaperFiles((pdf,))]
    read = {f.paths[0].name: p for f, p in read_papers(papers, limits=Limits(cpu_seconds=2), workers=1)}
    assert "more than 2 s of processor time" in str(read["bomb.pdf"])
    assert isinstance(read["paper.pdf"], Paper)


@pytest.mark.slow
def test_memory_is_limited(tmp_path: Path, tex: Path) -> None:
    large = tmp_path / "large.tex"
    large.write_bytes(b"\\documentclass{article}" + b"\xe9" * (150 << 20))
    papers = [PaperFiles((large,)), PaperFiles((tex,))]
    limits = Limits(memory_bytes=350 << 20)
    read = {f.paths[0].name: p for f, p in read_papers(papers, limits=limits, workers=1)}
    assert "needs more than 350 MiB of memory" in str(read["large.tex"])
    assert isinstance(read["paper.tex"], Paper)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sign", "why"), [(signal.SIGKILL, "ended the process"), (signal.SIGSTOP, "takes longer than 3 s")]
)
def test_a_worker_that_dies_or_hangs_is_replaced(sign: signal.Signals, why: str, pdf: Path, tex: Path) -> None:
    def papers() -> Iterator[PaperFiles]:
        yield PaperFiles((pdf,))
        (worker,) = [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]
        yield PaperFiles((tex,))
        os.kill(worker.pid, sign)
        yield PaperFiles((tex, pdf))

    read = read_papers(papers(), limits=Limits(seconds=3), workers=1)
    assert isinstance(next(read)[1], Paper)
    _, second = next(read)
    _, third = next(read)
    assert isinstance(second, Paper)
    assert why in str(third)
    assert list(read) == []


@pytest.mark.slow
def test_broken_bytes_give_a_paper_or_one_line(pdf: Path, tmp_path: Path) -> None:
    chance = random.Random(3)
    good = {"pdf": pdf.read_bytes(), "tex": TEX.encode()}
    papers = []
    for index in range(60):
        kind = chance.choice(["pdf", "pdf", "tex"])
        content = bytearray(good[kind])
        if index % 3:
            for _ in range(chance.choice([1, 20, 400])):
                content[chance.randrange(len(content))] = chance.randrange(256)
        else:
            del content[chance.randrange(1, len(content)) :]
        path = tmp_path / f"{index}.{kind}"
        path.write_bytes(content)
        papers.append(PaperFiles((path,)))
    done = list(read_papers(papers, workers=1))
    assert len(done) == len(papers)
    refusals = [str(paper) for _, paper in done if isinstance(paper, PaperError)]
    assert 0 < len(refusals) < len(papers)
    assert not [text for text in refusals if "\n" in text or "Error" in text or "ended the process" in text]


def test_a_reader_may_stop_in_the_middle(pdf: Path) -> None:
    papers = read_papers((PaperFiles((pdf,)) for _ in range(1000)), workers=1)
    _, paper = next(papers)
    papers.close()
    assert isinstance(paper, Paper)
    assert size(paper.tables[0].cells) == (len(ROWS), len(WIDTHS))
    assert replace(paper, tables=()).figures == paper.figures
