"""The ranking page: what models are and cost, which of them are shown, and the way to rank on some samples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from app.ranking_filters import BILLION
from app.snapshot import published
from evalhub.backends.base import Request
from evalhub.ranking import HowToRank, Selection, hub_slices, select
from evalhub.store import snapshot
from evalhub.store.hub import Hub
from evalhub.store.model_columns import set_facts
from evalhub.store.results import save_ranking
from ingest.records import Model, Sample, Status
from tests.app.conftest import Open, words
from tests.app.snapshot import PNG
from tests.scoring.fakes import Fake, run

BEST, SMALL, EVIL, UNKNOWN, CHANCE = (
    "acme/best",
    "acme/small",
    "gamma:red[<b>x</b>]",
    "zeta/new",
    "baseline:random",
)
PASSES = {BEST: 18, SMALL: 12, EVIL: 9, UNKNOWN: 6, CHANCE: 1}
"""Of 20 samples, as many pass, the first ones."""

PRICES = {BEST: 0.25, SMALL: 0.0}
FACTS: dict[str, dict[str, Any]] = {
    BEST: {"parameters": 70 * BILLION, "released": date(2026, 5, 1), "open_weights": False},
    SMALL: {"parameters": BILLION, "released": date(2025, 1, 1), "licence": "MIT", "open_weights": True},
    EVIL: {"parameters": 7 * BILLION, "licence": "<b>mine</b>", "open_weights": True},
}
TAG, LIVE = "Kepler's <i>laws</i>", "live:2026-09"


def samples() -> list[Sample]:
    """Every second has an image; a quarter the tag; the last four are of a live release."""
    return [
        Sample(
            prompt=f"{place}",
            reference="yes",
            grader="exact",
            source=LIVE if place >= 16 else "books",
            source_id=str(place),
            tags=("other", *([TAG] if place % 4 == 0 else [])),
            images=(PNG,) if place % 2 == 0 else (),
        )
        for place in range(20)
    ]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one snapshot; tests leave it as it is."""
    path = tmp_path_factory.mktemp("known") / "hub"
    with Hub(path) as hub:
        for name, count in PASSES.items():
            fake = Fake(answers=_until(count), price=PRICES.get(name))
            fake.model = Model(model_id=name)
            run(hub, fake, samples(), passes=1, max_attempts=1)
        for name, facts in FACTS.items():
            set_facts(hub, name, facts)
        for source in ("", "books", LIVE):
            found = HowToRank(method="mean").rank(select(hub, Selection(source=source)).measurements)
            save_ranking(hub, found, source, hub_slices(hub))
        snapshot.publish(hub)
    return snapshot.folder(path)


def _until(count: int) -> Callable[[Request], tuple[str, Status]]:
    return lambda request: ("yes" if int(request.text) < count else "no", Status.OK)


def page(folder: Path, **parameters: str | list[str]) -> AppTest:
    """The page alone, at an address."""

    def alone(folder: str) -> None:
        from pathlib import Path

        from app.snapshot import published
        from app.views.ranking import render

        render(published(Path(folder)), lambda *_: None)

    app = AppTest.from_function(alone, args=(str(folder),), default_timeout=60)
    for name, value in {"method": "mean", **parameters}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def models(app: AppTest) -> list[str]:
    """Those of the table."""
    return list(app.dataframe[0].value["model"])


def test_what_a_model_is_and_costs(known: Path) -> None:
    """What is unknown is empty, and what is free costs 0."""
    app = page(known)
    table = app.dataframe[0].value.set_index("model")
    assert list(table.columns)[-4:] == ["size", "cost", "released", "note"]
    assert table["size"][[BEST, SMALL, EVIL]].tolist() == [70e9, 1e9, 7e9]
    assert table["cost"][[BEST, SMALL]].tolist() == [0.25, 0]
    assert table["cost"].isna()[[EVIL, UNKNOWN, CHANCE]].all() and table["size"].isna()[[UNKNOWN, CHANCE]].all()
    assert table["released"][BEST].date() == date(2026, 5, 1) and table["released"].isna()[[EVIL, UNKNOWN]].all()
    for column in ("size", "cost", "released"):
        assert f"- **{column}**: " in words(app)


def test_a_snapshot_without_costs_and_weights(known: Path, tmp_path: Path) -> None:
    """As older ones: the page stands, and what they do not say is unknown."""
    first = published(known)
    old = tmp_path / f"{first.snapshot_id}.duckdb"
    old.write_bytes(first.path.read_bytes())
    (tmp_path / "current").write_text(first.snapshot_id)
    with duckdb.connect(str(old)) as connection:
        connection.execute("DROP TABLE model_cost; DROP TABLE laid_out; ALTER TABLE model DROP open_weights")
    app = page(tmp_path, weights="open")
    assert models(app) == [CHANCE] and "Hidden as too little is known of them: 4" in words(app)
    assert app.dataframe[0].value["cost"].isna().all()
    assert "Rank on some of these samples" not in [box.label for box in app.expander]


@pytest.mark.parametrize(
    ("asked", "shown", "unknown"),
    [
        ({"weights": "open"}, [SMALL, EVIL], 1),
        ({"weights": "closed"}, [BEST], 1),
        ({"licence": ["MIT", "<b>mine</b>"]}, [SMALL, EVIL], 2),
        ({"size": "7"}, [SMALL, EVIL], 1),
        ({"released_after": "2025-01-01"}, [BEST], 2),
        ({"size": "7", "released_after": "2024-12-31"}, [SMALL], 2),
        ({"size": "0.5"}, [], 1),
    ],
)
def test_an_address_picks_models(
    known: Path, asked: dict[str, str | list[str]], shown: list[str], unknown: int
) -> None:
    """Rows are hidden and counted; what is unknown does not fit; baselines stay."""
    app = page(known, **asked)
    assert models(app) == [*shown, CHANCE]
    assert f"**{len(shown)}** of 4 models shown" in words(app)
    assert f"Hidden as too little is known of them: {unknown} " in words(app)


def test_hiding_models_changes_no_rank(known: Path) -> None:
    """Ranks, scores and ties of the others are what they were."""
    app = page(known)
    whole = app.dataframe[0].value
    assert "shown" not in words(app)
    app.multiselect("licence").select("<b>mine</b>").run()
    kept = app.dataframe[0].value
    expected = whole[whole["model"].isin([EVIL, CHANCE])].reset_index(drop=True)
    assert kept.equals(expected)
    assert len(app.dataframe[1].value) == 2, "pass rates by source are of the same models"
    assert "<b>" not in "\n".join(str(one.value) for one in app.markdown)


@pytest.mark.parametrize("asked", [{"size": "nan"}, {"size": "inf"}, {"released_after": "soon"}])
def test_what_is_no_filter_hides_nothing(known: Path, asked: dict[str, str]) -> None:
    """As any parameter that fits nothing."""
    assert len(models(page(known, **asked))) == len(PASSES)


def test_samples_lead_to_the_ranking_on_exactly_these(known: Path, open_app: Open) -> None:
    """By source, modality and tag, whatever signs they have: the page Build ranks on them."""
    app = open_app(known, method="mean", source="books", modality="image", tag=TAG)
    assert app.selectbox("tag").options == ["other", TAG]
    (go,) = [button for button in app.button if button.label == "Rank on these"]
    go.click().run()
    assert not app.exception and app.title[0].value == "Build a benchmark"
    assert app.metric[0].value == "4", "samples 0, 4, 8 and 12"
    table = app.dataframe[0].value.set_index("model")
    assert table["score"][[BEST, SMALL, EVIL, UNKNOWN]].tolist() == [1, 0.75, 0.75, 0.5]


def test_a_live_release_is_a_source_with_a_readable_name(known: Path) -> None:
    """And so a link names it."""
    app = page(known, source="live release 2026-09")
    assert app.selectbox("source").value == LIVE
    assert app.selectbox("source").options == ["all samples", "books", "live release 2026-09"]
    assert app.dataframe[0].value["samples"].tolist() == [4] * len(PASSES)
    assert app.selectbox("tag").options == ["other", TAG]
    assert app.button[0].disabled, "nothing is chosen yet"
