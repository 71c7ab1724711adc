"""No text of a paper moves a terminal's cursor or hides what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.papers.extract import extract
from ingest.papers.limits import Limits
from ingest.papers.printable import printable
from ingest.papers.records import Word
from tests.questions.papers import CHART, SCORES, paper, table


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain (12.5 %), naïve, ∆F₁ ↑", "plain (12.5 %), naïve, ∆F₁ ↑"),
        ("a\x1b[31mred\x1b[0m word", "ared word"),
        ("\x9b2Jgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("cut off \x1b[", "cut off "),
        ("bell\x07 null\x00 back\x08", "bell null back"),
        ("tab\tline\nend\x85", "tab line end "),
        ("\u202eturned\u202c and\u200b hy\u00adphen", "turned and hyphen"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ufeff\ue000private", "private"),
    ],
)
def test_texts(text: str, kept: str) -> None:
    assert printable(text) == kept
    assert printable(kept) == kept


def test_every_text_of_a_paper() -> None:
    lines = [*SCORES[:2], ("bibliography\x1b[2J titles", "\x0789.3", "1.0", "2.0")]
    word = Word(text="tokens\x1b[0m", box=(0, 0, 1, 1))
    dirty = paper(
        table(lines, caption="Results\x1b[31m."), figures=[replace(CHART, words=(word,), citing=("\x07a",))]
    )
    clean = printable(dirty)
    assert "\x1b" not in repr(clean) and "\\x" not in repr(clean)
    assert clean.tables[0].cells[8].text == "bibliography titles"
    assert clean.tables[0].image == dirty.tables[0].image
    assert clean.figures[0].words[0] == replace(word, text="tokens")


def test_what_is_extracted_is_printable(tmp_path: Path) -> None:
    source = tmp_path / "main.tex"
    source.write_text(
        "\\documentclass{article}\\title{A\x1b[31m title}\\begin{document}\\begin{table}\\begin{tabular}{ll}"
        "Name & F1 \\\\ \\hline one\x1b]0;x\x07 & 1.0 \\\\ two\u202e & 2.0 \\end{tabular}"
        "\\caption{Some\x08 results.}\\end{table}\\end{document}"
    )
    read = extract([source], None, Limits())
    assert read.title == "A title"
    assert read.tables[0].caption == "Some results."
    assert [cell.text for cell in read.tables[0].cells] == ["Name", "F1", "one", "1.0", "two", "2.0"]
