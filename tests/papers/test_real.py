"""Real papers, where they are beside this checkout: every figure and table, and cells as in the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.extract_papers import EXPECTED, ITS_PDF, SOURCE, compare
from ingest.papers.merge import pairs
from ingest.papers.read import PaperFiles, read_papers
from ingest.papers.records import Paper

PAPERS = Path(__file__).parents[3] / "shared/data/papers"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PAPERS.exists(), reason="shared/data/papers is not beside this checkout"),
]


@pytest.fixture(scope="module")
def papers() -> dict[str, Paper]:
    files = [PaperFiles((PAPERS / name,)) for name in (*EXPECTED, SOURCE)]
    read = {f.paths[0].name: paper for f, paper in read_papers(files, workers=1)}
    return {name: paper for name, paper in read.items() if isinstance(paper, Paper)}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_numbered_one_is_found_and_none_invented(name: str, papers: dict[str, Paper]) -> None:
    figures, tables = EXPECTED[name]
    assert [item.number for item in papers[name].figures] == [str(n + 1) for n in range(figures)]
    assert [item.number for item in papers[name].tables] == [str(n + 1) for n in range(tables)]
    for item in (*papers[name].figures, *papers[name].tables):
        assert item.region is not None
        assert item.image.startswith(b"\x89PNG")
        assert item.citing
    assert papers[name].warnings == ()


def test_cells_of_the_pdf_are_those_of_the_source(papers: dict[str, Paper]) -> None:
    source, pdf = papers[SOURCE], papers[ITS_PDF]
    assert (len(source.figures), len(source.tables)) == (4, 10)
    both = [(table, page) for table, page in pairs(source.tables, pdf.tables) if page is not None]
    assert len(both) == 9
    counts = [compare(table, page) for table, page in both]
    assert sum(right for right, _ in counts) >= 0.95 * sum(cells for _, cells in counts)
    assert [page.header_rows for _, page in both] == [table.header_rows for table, _ in both]
    assert [page.header_columns for _, page in both] == [table.header_columns for table, _ in both]
