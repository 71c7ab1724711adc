"""Score against cost, size or date: who is beaten by nobody at no more, and what is unknown stays unknown."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from evalhub.frontier import BEHIND, ON_FRONT, WITHIN_REACH, standing
from evalhub.ranking import rank_everything
from evalhub.store import snapshot
from evalhub.store.hub import Hub
from evalhub.store.model_columns import set_facts
from ingest.records import Model, Status
from tests.app.conftest import words
from tests.scoring.fakes import Fake, run, samples

SMALL, LARGE, WASTE, EVIL = "acme/small", "acme/large", "acme/waste", "gamma:red[<b>x</b>]"
PASSES = {SMALL: 0.5, LARGE: 0.9, WASTE: 0.2, EVIL: 0.6}
PRICES = {SMALL: 0.001, LARGE: 0.1, WASTE: 0.2, EVIL: None}


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Snapshots of a hub with four models: the large one is best, one is dear and poor, one unknown."""
    path = tmp_path_factory.mktemp("priced") / "hub"
    given = samples(40)
    with Hub(path) as hub:
        for name, share in PASSES.items():
            passed = {sample.prompt for sample in given[: round(share * 40)]}
            fake = Fake(
                answers=lambda request, passed=passed: ("yes" if request.text in passed else "no", Status.OK),
                price=PRICES[name],
            )
            fake.model = Model(model_id=name)
            run(hub, fake, given, passes=1, max_attempts=1)
        set_facts(hub, SMALL, {"parameters": 10**9, "released": date(2026, 5, 1)})
        set_facts(hub, LARGE, {"parameters": 7 * 10**10, "released": date(2025, 1, 1)})
        set_facts(hub, WASTE, {"parameters": 0})
        rank_everything(hub)
        snapshot.publish(hub)
    return snapshot.folder(path)


def frontier(folder: Path, **parameters: str) -> AppTest:
    """The page alone, at an address."""

    def page(folder: str) -> None:
        from pathlib import Path

        import streamlit as st

        from app.snapshot import published
        from app.views.frontier import render

        render(published(Path(folder)), lambda name, parameters: st.text(f"{name} {parameters}"))

    app = AppTest.from_function(page, args=(str(folder),), default_timeout=60)
    for name, value in {"method": "mean", **parameters}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def test_cost_is_of_the_attempts_on_these_samples(priced: Path) -> None:
    """The mean of those whose price is known; what has none is listed, not drawn at 0."""
    app = frontier(priced)
    assert app.selectbox("against").value == "cost"
    table = app.dataframe[0].value.set_index("model")
    dollars = table["US dollars per attempt"]
    assert [dollars[name] for name in (SMALL, LARGE, WASTE)] == pytest.approx([0.001, 0.1, 0.2])
    assert dollars.isna()[EVIL] and table["front"][EVIL] == ""
    assert [table["front"][name] for name in (SMALL, LARGE, WASTE)] == [ON_FRONT, ON_FRONT, BEHIND]
    assert list(table["score"]) == pytest.approx([0.9, 0.6, 0.5, 0.2])
    assert "cost is unknown: 1 model (gamma:red[<b>x</b>])" in words(app)


def test_size_and_date(priced: Path) -> None:
    """A model of no weights has a place; who came out first and is best leaves the others behind."""
    app = frontier(priced, against="size")
    table = app.dataframe[0].value.set_index("model")
    assert table["front"].to_dict() == {LARGE: ON_FRONT, SMALL: ON_FRONT, WASTE: ON_FRONT, EVIL: ""}
    assert '"type": "symlog"' in app.get("vega_lite_chart")[0].proto.spec
    app.selectbox("against").select("release date").run()
    table = app.dataframe[0].value.set_index("model")
    assert table["release date"][LARGE] == "2025-01-01"
    assert table["front"].to_dict() == {LARGE: ON_FRONT, SMALL: BEHIND, WASTE: "", EVIL: ""}
    assert "release date is unknown: 2 models" in words(app)


def test_what_is_known_of_no_model_is_not_drawn(snapshots: Path) -> None:
    """The page says what tells it, and opens on what is known; a snapshot from before knows no costs."""
    assert frontier(snapshots).selectbox("against").value == "size"
    app = frontier(snapshots, against="cost")
    assert "this is known of no model" in words(app) and not app.get("vega_lite_chart")
    assert app.dataframe[0].value["US dollars per attempt"].isna().all()
    assert "4 models" in words(app), "the chance baseline is none"


def test_hostile_names_are_text(priced: Path) -> None:
    """In Markdown escaped."""
    shown = "\n".join(str(one.value) for one in (*frontier(priced).markdown, *frontier(priced).warning))
    assert "<b>" not in shown and r"gamma\:red\[\<b\>x\<\/b\>\]" in shown


def test_a_table_has_files_meanings_and_models(priced: Path) -> None:
    """CSV and Parquet, a line on each column, and a way to each model."""
    app = frontier(priced)
    assert [button.label for button in app.download_button] == ["CSV", "Parquet"]
    for column in app.dataframe[0].value.columns:
        assert f"- **{column}**: " in words(app)


@pytest.mark.parametrize(
    ("takes", "score", "high", "found"),
    [
        ([1, 2, 3], [0.1, 0.2, 0.3], [0, 0, 0], [ON_FRONT] * 3),
        ([1, 2, 3], [0.3, 0.2, 0.1], [0.3, 0.31, 0.2], [ON_FRONT, WITHIN_REACH, BEHIND]),
        ([1, 1, 2], [0.3, 0.3, 0.3], [0.4, 0.4, 0.4], [ON_FRONT, ON_FRONT, WITHIN_REACH]),
        ([1, 1], [0.3, 0.2], [0.3, 0.2], [ON_FRONT, BEHIND]),
        ([], [], [], []),
    ],
)
def test_who_is_on_the_front(takes: list[int], score: list[float], high: list[float], found: list[str]) -> None:
    """Equals stand together; whoever takes more for the same is beaten."""
    assert standing(np.array(takes), np.array(score), np.array(high)) == found


def test_nobody_on_the_front_is_beaten() -> None:
    """And everyone else is: against the definition, on random points with ties."""
    draw = np.random.default_rng(3)
    takes, score = draw.integers(0, 12, 60), draw.integers(0, 12, 60) / 12
    found = standing(takes, score, score)
    for place, kind in enumerate(found):
        less, more = takes <= takes[place], score >= score[place]
        strictly = (takes < takes[place]) | (score > score[place])
        assert (kind == ON_FRONT) == (not np.any(less & more & strictly))
