"""The page that builds a benchmark: what text and filter pick, ranked at once, and the command that saves it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import probe_queries
from evalhub.errors import EvalhubError
from tests.app import topic_snapshot
from tests.app.conftest import codes, words
from tests.app.topic_snapshot import ATTACK, EVIL, GOOD, TEXT
from tests.probes.conftest import ByWords


@pytest.fixture(scope="module")
def topics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one snapshot; tests leave it as it is."""
    path = tmp_path_factory.mktemp("topics") / "hub"
    topic_snapshot.fill(path)
    with pytest.MonkeyPatch.context() as patch:
        yield topic_snapshot.publish(path, patch)


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the embedded encoder's place."""
    monkeypatch.setattr(probe_queries, "MiniLM", ByWords)


def build(folder: Path, **parameters: str) -> AppTest:
    """The page alone, at an address."""

    def page(folder: str) -> None:
        from pathlib import Path

        import streamlit as st

        from app.snapshot import published
        from app.views.build import render

        render(published(Path(folder)), lambda name, parameters: st.text(f"{name} {parameters}"))

    app = AppTest.from_function(page, args=(str(folder),), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def figures(app: AppTest) -> dict[str, str]:
    """The numbers at the top."""
    return {metric.label: metric.value for metric in app.metric}


def test_it_begins_with_what_there_is(topics: Path) -> None:
    """The sources, what a filter may say, and nothing picked yet; what is private is counted aloud."""
    app = build(topics)
    assert dict(app.dataframe[0].value.values.tolist()) == {"books": 90, "exams": 90, "evil<b>": 1}
    text = words(app)
    assert "**181 samples** to pick from" in text and "- **n_choices** (number):" in text
    assert "1 sample of releases that are still private" in text
    assert not app.metric


def test_a_filter_alone_is_exact(topics: Path) -> None:
    """Its samples in pool order, the ranking on exactly these, and a command that says the same."""
    app = build(topics, where="tags = 'law' AND source = 'books'")
    assert figures(app) == {"Samples": "30"}
    ranking = app.dataframe[0].value.set_index("model")
    assert list(ranking["score"]) == [1, 0] and list(ranking.index) == [EVIL, GOOD]
    assert list(ranking["samples"]) == [30, 30] and list(ranking["coverage"]) == [1, 1]
    assert list(app.dataframe[1].value["id"])[:2] == ["law-1", "law-3"]
    assert "relevance" not in app.dataframe[1].value.columns
    saved = shlex.split(codes(app)[0].splitlines()[0])
    where = "tags = 'law' AND source = 'books'"
    assert saved == ["evalhub", "bench", "new", "--where", where, "my-benchmark"]


def test_a_text_takes_what_it_means(topics: Path) -> None:
    """At the cut by precision, under the filter; the ranking is of these alone."""
    app = build(topics, text=TEXT, where="source = 'books'", precision="50")
    shown = figures(app)
    assert shown["Left by the filter"] == "90" and 0 < int(shown["Samples"]) < 90
    assert int(shown["Estimated precision"].rstrip("%")) >= 50
    table = app.dataframe[1].value
    assert set(table["source"]) == {"books"} and all(one.startswith("chemistry") for one in table["id"][:5])
    assert list(table["relevance"]) == sorted(table["relevance"], reverse=True)
    assert app.dataframe[0].value["model"][0] == GOOD
    assert "It rests on 24 answers" in words(app) and "**The next ones below the cut**" in words(app)
    command = shlex.split(codes(app)[0].splitlines()[0])
    assert command[3:] == ["--where", "source = 'books'", "--precision", "0.5", "acid-molecule-reaction", TEXT]


def test_precision_decides_how_many(topics: Path) -> None:
    """A lower one takes more; a very high one none, and the page says what to do."""
    app = build(topics, text=TEXT, precision="60")
    few = int(figures(app)["Samples"])
    app.slider("precision").set_value(30).run()
    assert int(figures(app)["Samples"]) > few
    app = build(topics, text="court", precision="99")
    assert "So high a precision can be claimed of no sample." in words(app) and not app.dataframe


def test_a_link_holds_all(topics: Path) -> None:
    """The page that is opened is the one that was made by hand."""
    app = build(topics)
    app.text_input("text").set_value(TEXT)
    app.text_input("where").set_value("has_image = FALSE").run()
    app.slider("precision").set_value(45)
    app.selectbox("method").select("bradley-terry")
    app.text_input("name").set_value("acids").run()
    state = {"text": TEXT, "where": "has_image = FALSE", "precision": "45", "method": "bradley-terry"}
    again = build(topics, **state, name="acids")
    assert figures(again) == figures(app) and codes(again) == codes(app)
    assert again.selectbox("method").value == "bradley-terry" and " acids " in codes(again)[0]


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("", "tgs = 'law'", "there is no column tgs, did you mean tags?"),
        (TEXT, "1; DROP TABLE sample", "DROP"),
        (TEXT, "source_id = 'nobody'", "No sample fits this filter."),
    ],
)
def test_a_bad_filter_says_so_in_a_line(topics: Path, text: str, where: str, said: str) -> None:
    """With a text and without, in the filter's own words."""
    app = build(topics, where=where, text=text)
    assert said in words(app)
    assert all("\n" not in error.value for error in app.error) and not app.dataframe


def test_hostile_text_is_text(topics: Path) -> None:
    """In samples, names of models and sources: preformatted or escaped; its image is the snapshot's own."""
    app = build(topics, where="source = 'evil<b>'")
    assert not re.search(r"(?<!\\)<[a-z/]", marked(app)) and "](http" not in marked(app)
    assert any("<script>alert('x')</script>" in block for block in codes(app))
    assert len(app.image) == 1 and ATTACK.source in list(app.dataframe[1].value["source"])


@pytest.mark.parametrize(
    "text", ["# <script>alert(1)</script> ![i](http://example.org/i.png)", "-x `rm` $(rm) 'so'\n\x1b[31mred"]
)
def test_a_hostile_address_is_text(topics: Path, text: str) -> None:
    """Nor does it get into the command as anything but one word of it."""
    app = build(topics, text=text, where="source = 'books'", precision="5")
    assert "<script>" not in marked(app) and "](http" not in marked(app)
    said = shlex.split(codes(app)[0].splitlines()[0])
    assert said[-1] == text.replace("\n\x1b[31m", " ") and said[:3] == ["evalhub", "bench", "new"]
    assert ("--" in said) == text.startswith("-")


def marked(app: AppTest) -> str:
    """All that is read as Markdown."""
    kinds = (app.markdown, app.caption, app.warning, app.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def test_without_vectors_words_alone_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what to run, claims no precision, and takes only what has the words."""
    topic_snapshot.fill(tmp_path / "hub", vectors=False)
    app = build(topic_snapshot.publish(tmp_path / "hub", monkeypatch), text="violin", where="source = 'books'")
    assert "evalhub probe TEXT" in words(app) and not app.slider
    assert figures(app)["Samples"] == str(len(app.dataframe[1].value))
    assert all("violin" in question for question in app.dataframe[1].value["question"])
    assert "--precision" not in codes(app)[0]
    app.text_input("text").set_value("zebra").run()
    assert "No sample has one of these words." in words(app)


def test_without_its_encoder_words_alone_are_compared(topics: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the page says why."""

    def refuse() -> ByWords:
        raise EvalhubError("no <b>network</b>")

    monkeypatch.setattr(probe_queries, "MiniLM", refuse)
    app = build(topics, text="violin")
    assert "cannot be had: no <b>network</b>" in words(app) and r"\<b\>" in app.warning[0].value


def test_a_name_is_checked(topics: Path) -> None:
    """As the command would."""
    app = build(topics, where="tags = 'law'", name="two words")
    assert "A name has letters, digits" in words(app)
    assert not any("bench new" in block for block in codes(app))


def test_a_row_of_the_ranking_opens_its_model(topics: Path) -> None:
    """By its id."""
    app = build(topics, where="tags = 'law'")
    key = f"ranked-{(topics / 'current').read_text().strip()}-mean"
    app.session_state[key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    app.run()
    assert app.text[0].value == f"model {{'model': '{GOOD}'}}"


def test_every_table_has_files_and_meanings(topics: Path) -> None:
    """CSV and Parquet under each, and a line on each column of the ranking."""
    app = build(topics, text=TEXT, precision="50")
    assert [button.label for button in app.download_button] == ["CSV", "Parquet"] * len(app.dataframe)
    text = words(app)
    for column in app.dataframe[0].value.columns:
        assert f"- **{column}**: " in text


def test_an_older_snapshot_says_what_to_run(snapshots: Path) -> None:
    """It has nothing to search."""
    assert "Run `evalhub publish` again." in words(build(snapshots))
