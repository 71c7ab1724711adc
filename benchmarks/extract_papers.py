"""Figures and tables out of papers beside this checkout: how many are found, how right cells are, how fast.

python -m benchmarks.extract_papers [FOLDER] [--repeat 3]

FOLDER holds 2020.acl-main.447.pdf, 2020.acl-main.207.pdf, N18-3011.pdf and 1911.02782-source, the LaTeX source of
the first. A cell is right where the PDF's table has the same text at the same row and column as the source's;
letter case, which small capitals do not have, and the spaces around signs aside. Speed is that of two workers that
are started before the clock is.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from ingest.papers.merge import pairs
from ingest.papers.read import PaperFiles, read_paper, read_papers
from ingest.papers.records import Paper, Table

EXPECTED = {"2020.acl-main.447.pdf": (4, 9), "2020.acl-main.207.pdf": (2, 3), "N18-3011.pdf": (1, 4)}
SOURCE, ITS_PDF = "1911.02782-source", "2020.acl-main.447.pdf"
COPIES = 6


def main() -> None:
    """Print counts, the share of equal cells and pages a second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default="../shared/data/papers", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    papers: dict[str, Paper] = {}
    for name, (figures, tables) in EXPECTED.items():
        papers[name] = read_paper([given.folder / name])
        numbers = [[item.number for item in items] for items in (papers[name].figures, papers[name].tables)]
        expected = [[str(n + 1) for n in range(count)] for count in (figures, tables)]
        verdict = "all, none invented" if numbers == expected else f"instead of {figures} and {tables}"
        print(f"{name}: {len(numbers[0])} figures, {len(numbers[1])} tables ({verdict})", flush=True)
    source = read_paper([given.folder / SOURCE])
    print(f"{SOURCE}: {len(source.figures)} figures, {len(source.tables)} tables", flush=True)
    equal = total = 0
    for table, page in pairs(source.tables, papers[ITS_PDF].tables):
        if page is not None:
            right, cells = compare(table, page)
            equal, total = equal + right, total + cells
            print(f"  table {table.number}: {right} of {cells} cells")
    print(f"cells equal to the source's: {equal} of {total}, {equal / total:.1%} (floor 95 %)", flush=True)
    with tempfile.TemporaryDirectory() as name:
        plain = without_tables(given.folder, Path(name))
        for label, files, floor in (
            ("without tables", plain, "floor 5"),
            ("with tables", [given.folder / name for name in EXPECTED], f"floor {2 / 0.73:.1f}"),
        ):
            rates = [speed(files) for _ in range(given.repeat)]
            print(
                f"{label}: median {statistics.median(rates):.1f} pages a second, least {min(rates):.1f} ({floor})"
            )


def compare(table: Table, page: Table) -> tuple[int, int]:
    """How many of the source's cells the PDF's table has, and how many there are."""
    found = {(cell.row, cell.column): _plain(cell.text) for cell in page.cells}
    return sum(found.get((c.row, c.column)) == _plain(c.text) for c in table.cells), len(table.cells)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("−", "-").replace("–", "-").replace("∼", "~")
    return re.sub(r"\s*([^\w\s])\s*", r"\1", text).strip()


def without_tables(folder: Path, target: Path) -> list[Path]:
    """The papers with only those of their pages that have no table's caption."""
    import pymupdf

    written = []
    for name in EXPECTED:
        with pymupdf.open(folder / name) as document:
            kept = [
                page.number for page in document if not re.search(r"^Table \d+:", page.get_text(), re.MULTILINE)
            ]
            document.select(kept)
            document.save(target / name)
        written.append(target / name)
    return written


def speed(files: Sequence[Path]) -> float:
    """Pages a second of two workers, from the first paper that each has done to the last."""
    papers = [PaperFiles((path,)) for path in (*files[:2], *(path for _ in range(COPIES) for path in files))]
    pages, start = 0, 0.0
    for index, (_, paper) in enumerate(read_papers(papers, workers=2)):
        if not isinstance(paper, Paper):
            raise SystemExit(str(paper))
        if index == 1:
            start = time.perf_counter()
        elif index > 1:
            pages += paper.pages
    return pages / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
