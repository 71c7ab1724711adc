"""The papers beside this checkout: enough questions on their tables, all proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.papers.read import read_paper
from ingest.questions.checks import checked, unequal_options, unproven
from ingest.questions.write import questions_of

PAPERS = Path(__file__).parents[3] / "shared/data/papers"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PAPERS.exists(), reason="shared/data/papers is not beside this checkout"),
]
FILES = (("2020.acl-main.447.pdf", "1911.02782-source"), ("2020.acl-main.207.pdf",), ("N18-3011.pdf",))


def test_eight_questions_a_table() -> None:
    pytest.importorskip("pymupdf", reason="PyMuPDF is not installed")
    tables = asked = 0
    for names in FILES:
        paper = read_paper([PAPERS / name for name in names])
        questions = questions_of(paper, source="live").questions
        assert not unproven(questions).removed
        assert not unequal_options(questions).removed
        tables += len(paper.tables)
        asked += sum(question.evidence.item == "table" for question in checked(questions).kept)
    assert tables >= 16
    assert asked >= 8 * tables
