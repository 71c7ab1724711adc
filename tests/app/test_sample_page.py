"""The page of one sample: where it comes from, what each model made of it, and that text stays text."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app import live_hub
from tests.app.conftest import codes, open_page, words
from tests.app.live_hub import ATTACK, HARD, PRIVATE, SECRET, UNTIL, questions
from tests.app.snapshot import ALPHA, BETA, CHANCE, GAMMA


def open_sample(folder: Path, **parameters: str) -> AppTest:
    """The page alone, at an address."""
    return open_page("one_sample", folder, **parameters)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Snapshots of a hub with three releases."""
    return live_hub.published(tmp_path_factory.mktemp("live") / "hub")


def test_every_model_stands_with_its_rate(snapshots: Path) -> None:
    """The best first, settings apart; a tick in the address opens what the model said."""
    app = open_sample(snapshots, sample="id-w0")
    table = app.dataframe[0].value
    assert list(table["model"]) == [ALPHA, GAMMA, ALPHA, BETA, CHANCE]
    assert list(table["pass rate"]) == [1, 1, 0, 0, 0]
    assert "found in pictures / also-w0, words / w0" in words(app) and "licence cc0-1.0" in words(app)
    assert "Tick a row" in words(app)
    opened = open_sample(snapshots, sample="id-w0", model=GAMMA)
    assert codes(opened)[-1] == f"p by {GAMMA}, attempt 0"
    assert len(opened.download_button) == 2 * len(opened.dataframe)


def test_what_is_missing_is_not_wrong(snapshots: Path) -> None:
    """It has no rate, but a reason, and is nobody's failure."""
    app = open_sample(snapshots, sample="id-w3")
    row = app.dataframe[0].value.set_index("model").loc[ALPHA]
    assert row.isna()["pass rate"] and row["reason"] == "every attempt was truncated"
    assert "0 always pass, 1 never do" in words(app)


def test_a_sample_is_found_by_its_name_or_the_beginning_of_its_id(snapshots: Path) -> None:
    """Several are listed, none is said."""
    assert "words / w4" in words(open_sample(snapshots, sample="w4"))
    assert codes(open_sample(snapshots, sample="id-p")) == ["id-p0\nid-p1"]
    assert "holds no sample called <b>x</b>." in words(open_sample(snapshots, sample="<b>x</b>"))
    assert "Name a sample here" in words(open_sample(snapshots))


def test_text_of_a_paper_is_never_markup(live: Path) -> None:
    """Prompt, tag, title and cell carry a script, a remote image and a link: all come as their characters."""
    app = open_sample(live, sample=questions(HARD)[5].sample.sample_id, model="alpha")
    assert sum(ATTACK in code for code in codes(app)) >= 2
    spoken = [*app.markdown, *app.caption, *app.info, *app.warning, *app.subheader, *app.title]
    for element in spoken:
        assert "<script>" not in element.value and "![i](" not in element.value
        assert "](javascript:" not in element.value and "](http://example.org" not in element.value
    assert not app.get("html") and not app.image
    assert '"op": "lookup"' in "\n".join(codes(app))


def test_a_private_sample_shows_results_and_no_more(live: Path) -> None:
    """Who passed it, but neither question nor paper nor outputs."""
    app = open_sample(live, sample=questions(PRIVATE)[5].sample.sample_id, model="alpha")
    assert f"Private until {UNTIL}" in words(app) and "holds no output of it" in words(app)
    assert list(app.dataframe[0].value["model"]) == ["alpha", "new"]
    everything = words(app) + "\n".join(codes(app))
    assert SECRET not in everything and "2610" not in everything and "**Question**" not in everything
