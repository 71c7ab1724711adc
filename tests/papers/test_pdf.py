"""Figures and tables of PDFs: found by their captions, wherever these stand, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable

import pymupdf
import pytest
from PIL import Image

from ingest.papers.grid import size
from ingest.papers.limits import PaperError
from ingest.papers.pdf.pages import Document, joined, mended
from ingest.papers.pdf.route import PdfContent, read_pdf
from ingest.papers.records import Table
from tests.papers.printing import COLUMN, GUTTER, LEFT, RIGHT, Printer

ROWS = [
    ["Model", "Acc.", "F1 (%)"],
    ["Baseline", "71.2", "70.9"],
    ["Ours", "83.5", "82.1"],
    ["Ours + data", "85.0", "84.4"],
]
WIDTHS = [80, 50, 50]
SECOND = LEFT + COLUMN + GUTTER
"""Where the second column begins."""


def read(content: bytes) -> PdfContent:
    with Document(content) as document:
        return read_pdf(document)


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in table.cells if cell.row == row] for row in range(size(table.cells)[0])]


def two_columns(rules: str, *, above: bool) -> bytes:
    """A chart in the first column, a table between text in the second."""
    page = Printer()
    end = page.prose(LEFT, 72, COLUMN, 20, first="As Figure 1 shows and Table 1 says,")
    page.chart((LEFT, end + 8, LEFT + COLUMN, end + 150))
    page.text(LEFT, end + 170, "Figure 1: Accuracy by epochs of all models.")
    page.prose(LEFT, end + 190, COLUMN, 15)
    end = page.prose(SECOND, 72, COLUMN, 10)
    caption = "Table 1: Results of all models."
    if above:
        page.text(SECOND, end + 14, caption)
        end = page.table(SECOND + 20, end + 24, ROWS, WIDTHS, rules=rules)
    else:
        end = page.table(SECOND + 20, end + 10, ROWS, WIDTHS, rules=rules) + 14
        page.text(SECOND, end, caption)
    page.prose(
        SECOND, end + 12, COLUMN, 12, first="Table 1 says that the model is good. See Table 12 and Fig. 11."
    )
    return page.done()


@pytest.mark.parametrize("rules", ["booktabs", "grid", "none"])
@pytest.mark.parametrize("above", [True, False], ids=["caption above", "caption below"])
def test_a_table_has_its_cells_however_it_is_ruled(rules: str, above: bool) -> None:
    found = read(two_columns(rules, above=above))
    (table,) = found.tables
    assert (table.number, table.caption) == ("1", "Results of all models.")
    assert texts(table) == ROWS
    assert (table.header_rows, table.header_columns, table.units) == (1, 1, ("", "", "%"))
    assert len(table.citing) == 2
    assert table.region is not None
    assert table.region.page == 1
    assert SECOND - 5 < table.region.box[0] < table.region.box[2] < RIGHT
    assert found.warnings == []


def test_a_figure_has_its_region_image_and_words() -> None:
    (figure,) = read(two_columns("booktabs", above=True)).figures
    assert (figure.number, figure.caption) == ("1", "Accuracy by epochs of all models.")
    assert figure.region is not None
    left, top, right, bottom = figure.region.box
    assert LEFT - 5 < left < LEFT + 15
    assert right < SECOND
    assert 312 < top < 325
    assert 455 < bottom < 476  # above the caption
    words = {word.text: word.upright for word in figure.words}
    assert words == {**dict.fromkeys(["0", "10", "20", "30", "40", "Epochs", "Baseline"], True), "Accuracy": False}
    image = Image.open(io.BytesIO(figure.image))
    assert image.format == "PNG"
    assert 250 < image.width / (right - left) * 72 <= 301  # dots per inch
    assert len(figure.citing) == 1


def test_captions_in_a_row_and_one_above_the_other_have_each_their_own() -> None:
    page = Printer()
    end = page.prose(LEFT, 72, RIGHT - LEFT, 8)
    page.chart((LEFT + 10, end + 8, LEFT + 210, end + 150), legend="First")
    page.chart((LEFT + 240, end + 8, LEFT + 440, end + 150), legend="Second")
    page.text(LEFT + 40, end + 170, "Fig. 1. Left by epochs.")
    page.text(LEFT + 260, end + 170, "Fig. 2. Right by epochs.")
    page.prose(LEFT, end + 190, RIGHT - LEFT, 6, first="Fig. 3. begins a line of text here and")
    page.new_page()
    page.chart((LEFT, 80, LEFT + 410, 200), legend="Third")
    page.text(LEFT + 140, 216, "Fig. 3. First of the page.")
    page.chart((LEFT, 240, LEFT + 410, 380), legend="Fourth")
    page.text(LEFT + 140, 396, "Fig. 4. Second of the page.")
    page.text(LEFT, 420, "Table 1. Stacked.")
    end = page.table(LEFT + 100, 430, ROWS, WIDTHS)
    page.text(LEFT, end + 20, "Table 2. Stacked too.")
    page.table(LEFT + 100, end + 30, ROWS[:3], WIDTHS, rules="none")
    found = read(page.done())
    legends = ["First", "Second", "Third", "Fourth"]
    assert [f.number for f in found.figures] == ["1", "2", "3", "4"]
    shown = [[word.text for word in figure.words if word.text in legends] for figure in found.figures]
    assert shown == [[legend] for legend in legends]
    assert [texts(table) for table in found.tables] == [ROWS, ROWS[:3]]


def test_headers_that_span_columns_and_texts_that_wrap() -> None:
    page = Printer()
    page.prose(LEFT, 72, RIGHT - LEFT, 6)
    page.text(LEFT, 176, "Table A1: Two levels of headers.")
    columns = [LEFT + 30, LEFT + 190, LEFT + 240, LEFT + 290, LEFT + 340]
    page.text((columns[1] + columns[2]) / 2, 198, "Small", centre=True)
    page.text((columns[3] + columns[4]) / 2, 198, "Large", centre=True)
    for column, name in zip(columns[1:], ("P", "R", "P", "R"), strict=True):
        page.text(column, 212, name, centre=True)
    lines = [
        ("A method with a long", [60.5, 61.5, 62.5, 63.5]),
        ("name that wraps", []),
        ("Short", [1.5, 2.5, 3.5, 4.5]),
    ]
    for index, (name, values) in enumerate(lines):
        page.text(LEFT + 30, 228 + 12 * index, name)
        for column, value in zip(columns[1:], values, strict=False):
            page.text(column, 228 + 12 * index, str(value), centre=True)
    for y in (186, 216, 258):
        page.page.draw_line((LEFT + 26, y), (LEFT + 366, y))
    page.prose(LEFT, 280, RIGHT - LEFT, 6)
    (table,) = read(page.done()).tables
    assert table.number == "A1"
    assert texts(table) == [
        ["", "Small", "Large"],
        ["", "P", "R", "P", "R"],
        ["A method with a long name that wraps", "60.5", "61.5", "62.5", "63.5"],
        ["Short", "1.5", "2.5", "3.5", "4.5"],
    ]
    assert {cell.text: cell.columns for cell in table.cells if cell.columns > 1} == {"Small": 2, "Large": 2}
    assert table.header_rows == 2


def test_a_paper_without_captions_has_nothing_and_sentences_are_none() -> None:
    page = Printer()
    page.prose(LEFT, 72, RIGHT - LEFT, 10, first="Table 1 presents what Figure 2 does not.")
    page.prose(LEFT, 250, RIGHT - LEFT, 10, first="Figures and tables are many.")
    page.chart((LEFT, 400, LEFT + 200, 500))
    found = read(page.done())
    assert (found.figures, found.tables, found.warnings) == ([], [], [])


def test_pictures_have_no_words_and_no_cells() -> None:
    page = Printer()
    page.prose(LEFT, 72, RIGHT - LEFT, 6)
    out = io.BytesIO()
    Image.new("RGB", (200, 100), "navy").save(out, "PNG")
    page.page.insert_image((LEFT, 180, LEFT + 200, 280), stream=out.getvalue())
    page.text(LEFT, 300, "Figure 1: Nothing but blue.")
    page.prose(LEFT, 310, RIGHT - LEFT, 6)
    page.page.insert_image((LEFT, 400, LEFT + 200, 500), stream=out.getvalue())
    page.text(LEFT, 520, "Table 1: A picture.")
    found = read(page.done())
    (figure,), (table,) = found.figures, found.tables
    assert figure.words == ()
    assert (table.cells, table.header_rows, table.header_columns, table.units) == ((), 0, 0, ())
    assert table.image.startswith(b"\x89PNG")
    assert found.warnings == ["Table 1: no cells were found on page 1"]
    image = Image.open(io.BytesIO(figure.image)).convert("RGB")
    assert image.getpixel((image.width // 2, image.height // 2)) == (0, 0, 128)


def many_pages() -> bytes:
    document = pymupdf.open()
    for _ in range(30):
        document.new_page()
    return document.tobytes()


def encrypted() -> bytes:
    return Printer().done(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="secret", owner_pw="owner")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (many_pages, "30 pages, more than 20"),
        (encrypted, "encrypted"),
        (lambda: b"%PDF-1.7\nnothing", "opened|no pages"),
    ],
)
def test_pdfs_that_are_refused_say_why(make: Callable[[], bytes], why: str) -> None:
    with pytest.raises(PaperError, match=why) as refused:
        Document(make(), most_pages=20)
    assert "\n" not in str(refused.value)


def test_accents_and_hyphens_are_put_right() -> None:
    assert mended("F¨arber Do˘gan 5˜8") == "Färber Doğan 5˜8"
    assert joined(["an exam-", "ple of S2ORC-", "BERT and  more"]) == "an example of S2ORC-BERT and more"
