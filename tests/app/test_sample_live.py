"""A live sample: its paper, where in it the answer stands, the program; a private one shows none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app import live_hub
from tests.app.conftest import codes, open_model, words
from tests.app.live_hub import ATTACK, HARD, PRIVATE, SECRET, UNTIL, questions


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Snapshots of a hub with three releases."""
    return live_hub.published(tmp_path_factory.mktemp("live") / "hub")


def sample(month: str, place: int) -> dict[str, str]:
    return {"model": "alpha", "sample": questions(month)[place].sample.sample_id}


def test_the_program_and_where_the_answer_stands(published: Path) -> None:
    """The link is made from the identifier, whatever address was kept."""
    app = open_model(published, **sample(HARD, 5))
    text = words(app)
    assert "[arXiv 2609.00002v2](https://arxiv.org/abs/2609.00002v2)" in text and "not-this" not in text
    assert "table 3, page 4, 72, 90 to 300, 200 points" in text and "the paper's LaTeX source" in text
    assert "Licence of the paper: CC-BY-4.0" in text and "Written by: a program, lookup" in text
    assert '{\n  "op": "lookup",\n  "row": "Falcon",\n  "column": "Alpha"\n}' in codes(app)
    assert any(ATTACK in code for code in codes(app))
    assert "1 of 1 passed" in text


def test_a_question_that_a_model_wrote_says_so(published: Path) -> None:
    """And an id that is none of arXiv's becomes no link."""
    app = open_model(published, **sample(HARD, 0))
    text = words(app)
    assert "Written by: openai:writer r1" in text and "which nothing computes" in text
    assert "https://arxiv.org" not in text
    assert not any("](http" in one.value.replace(r"\]\(", "") for one in app.markdown)


def test_a_title_is_never_markup(published: Path) -> None:
    """Its characters are all escaped."""
    app = open_model(published, **sample(HARD, 5))
    (told,) = [one.value for one in app.markdown if "Birds" in one.value]
    assert r"\<script\>" in told and "<script>" not in told and "![i](" not in told
    assert not app.get("html")


def test_a_private_one_says_until_when_and_no_more(published: Path) -> None:
    """Not the reference, nor the outputs, nor the paper."""
    app = open_model(published, **sample(PRIVATE, 5))
    text = words(app)
    assert f"Private until {UNTIL}" in text
    assert "Where the answer comes from" not in text and "**Reference**" not in text and "**Attempts**" not in text
    assert not any(SECRET in code for code in codes(app))
