"""What the command line measured and published is what the leaderboard shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from evalhub.store.snapshot import current, folder
from tests.app.conftest import Open, codes, listed, open_model, words
from tests.cli.helpers import evalhub

EMPTY, RANDOM = "baseline:empty", "baseline:random"
SOURCE = "jsonl:mine.jsonl"
SAMPLES = [
    {"id": "sure", "prompt": "Does the sun rise in the east?", "reference": "yes", "choices": ["yes", "no"]},
    {"id": "again", "prompt": "Is water wet?", "reference": "yes", "choices": ["yes", "no"]},
    {"id": "never", "prompt": "Which word rhymes with house?", "reference": "mouse", "licence": "mit"},
]
"""Chance passes the first two twice at once, as its streams have it, and never the third, to which it says a
number."""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Snapshots of a hub in which both baselines were scored."""
    hub, file = tmp_path / "hub", tmp_path / "mine.jsonl"
    file.write_text("\n".join(json.dumps(sample) for sample in SAMPLES), "utf-8")
    plan = ("--passes", 2, "--max-attempts", 3)
    for call in (
        ("ingest", f"jsonl:{file}"),
        ("score", RANDOM, *plan),
        ("score", EMPTY, *plan),
        ("publish",),
    ):
        done = evalhub(*call, "--hub", hub)
        assert done.code == 0, done.err
    return folder(hub)


def test_the_rankings_of_a_real_hub(open_app: Open, published: Path) -> None:
    """Mean pass rates that are known beforehand; by the default method the page says what `evalhub rank` says."""
    app = open_app(published, method="mean")
    assert "**0** models · **2** chance baselines · **3** samples in **3** clusters" in words(app)
    table = app.dataframe[0].value.set_index("model")
    assert list(table.index) == [RANDOM, EMPTY]
    assert list(table["score"]) == pytest.approx([2 / 3, 0])
    assert list(table["samples"]) == [3, 3] and list(table["coverage"]) == [1, 1]
    rates = app.dataframe[1].value.set_index("model")
    assert list(rates[SOURCE]) == pytest.approx([2 / 3, 0])

    app = open_app(published)
    ranked = evalhub("rank", "--json", "--hub", published.parent).json
    assert app.selectbox("method").value == ranked["method"]
    columns = ["model", "score", "low", "high", "samples", "coverage"]
    shown = app.dataframe[0].value[columns].to_dict("records")
    assert shown == [pytest.approx({name: row[name] for name in columns}) for row in ranked["models"]]
    assert current(published.parent) in words(app)
    assert open_app(published, source=SOURCE).dataframe[0].value["model"][0] == RANDOM


def test_a_model_page_of_a_real_hub(published: Path) -> None:
    """Every sample with its pass rate, and one of them with its attempts; nobody is asked after two passes."""
    app = open_model(published, model=RANDOM, method="mean")
    assert app.dataframe[0].value["score"].tolist() == pytest.approx([2 / 3, 2 / 3])
    table = listed(app).set_index("id")
    assert list(table.index) == ["again", "never", "sure"] and set(table["source"]) == {SOURCE}
    assert list(table["pass rate"]) == [1, 0, 1]
    assert list(table["passes"]) == [2, 0, 2] and list(table["attempts"]) == [2, 3, 2]
    assert not any(table["uncounted"])
    assert "2 always passes · 0 sometimes · 1 never · 0 missing" in words(app)

    tick(app, published, RANDOM, 0)
    text = words(app)
    assert "jsonl:mine.jsonl / again" in text and "seed 0 · 2 of 2 passed" in text
    assert text.count(":blue-badge[pass] · status ok · 1 tokens") == 2 and "badge[fail]" not in text
    assert codes(app)[-5:] == ["Is water wet?", "1. yes\n2. no", "yes", "yes", "yes"]
    assert [element.value for element in app.text] == ["read as yes"] * 2

    tick(app, published, RANDOM, 1)
    text = words(app)
    assert "0 of 3 passed" in text and text.count(":gray-badge[fail] · status ok") == 3
    assert "licence mit" in text
    assert codes(app)[-5:-3] == ["Which word rhymes with house?", "mouse"]
    assert all(0 <= int(output) <= 10 for output in codes(app)[-3:])


def test_silence_in_a_real_hub(published: Path) -> None:
    """No answer is a wrong answer, and shown as an empty one."""
    app = open_model(published, model=EMPTY)
    assert list(listed(app)["attempts"]) == [3, 3, 3]
    tick(app, published, EMPTY, 2)
    text = words(app)
    assert text.count(":gray-badge[fail] · status no answer") == text.count("The output is empty.") == 3
    assert "0 of 3 passed" in text


def tick(app: AppTest, snapshots: Path, model: str, row: int) -> None:
    """Choose a row of the table of samples."""
    key = f"samples-{current(snapshots.parent)}-{model}--any verdict"
    app.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
