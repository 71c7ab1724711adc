"""The frontier by density against the hub's ladder, idealized cost and time, and dollars a pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.site.write import write_site
from app.snapshot import published
from evalhub.efficiency import FILE
from evalhub.errors import EvalhubError
from evalhub.frontier import BEHIND, ON_FRONT, WITHIN_REACH
from evalhub.ranking import rank_everything
from evalhub.store import snapshot
from evalhub.store.hub import Hub
from evalhub.store.model_columns import set_facts
from evalhub.store.shapes import set_shape
from ingest.records import Model, Status
from tests.app.conftest import words
from tests.app.test_frontier_page import frontier
from tests.scoring.fakes import Fake, run, samples

MODELS = {
    "ref-1b": (10**9, 0.2),
    "ref-4b": (4 * 10**9, 0.4),
    "ref-16b": (16 * 10**9, 0.6),
    "dense": (2 * 10**9, 0.6),
    "sparse": (8 * 10**9, 0.3),
    "top": (32 * 10**9, 0.9),
}
"""Weights, and share of passes."""

SETTINGS = """
ladder = ["ref-*"]
accelerator = "slow"
[accelerators.slow]
memory = 1e12
bandwidth = 1e9
bf16 = 1e15
price = 3600
"""
"""A card that takes a second for a weight of a billion bytes, at a dollar a second."""


@pytest.fixture(scope="module")
def hub_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with a snapshot; of the model `top` the architecture is unknown."""
    path = tmp_path_factory.mktemp("dense") / "hub"
    given = samples(40)
    with Hub(path) as hub:
        for name, (size, share) in MODELS.items():
            passed = {sample.prompt for sample in given[: round(share * 40)]}
            fake = Fake(
                answers=lambda request, passed=passed: ("yes" if request.text in passed else "no", Status.OK),
                price=0.01,
            )
            fake.model = Model(model_id=name)
            run(hub, fake, given, passes=1, max_attempts=1)
            set_facts(hub, name, {"parameters": size})
            if name != "top":
                set_shape(hub, name, {"layers": 1, "query_width": 1, "kv_width": 1})
        rank_everything(hub)
        (path / FILE).write_text(SETTINGS)
        snapshot.publish(hub)
    return path


def test_density_is_the_more_the_better(hub_path: Path) -> None:
    app = frontier(snapshot.folder(hub_path), against="density")
    table = app.dataframe[0].value.set_index("model")
    density = table["density (ladder's size over the model's)"]
    assert density["dense"] == pytest.approx(8) and density["ref-4b"] == 1 and density["sparse"] < 0.5
    assert density.isna()["top"] and table["at least"]["top"] == pytest.approx(0.5)
    assert table["at least"]["dense"] < 8
    assert table["front"].to_dict() == {
        "dense": ON_FRONT,
        "top": ON_FRONT,  # by its bound: nobody else scores as much
        "ref-16b": WITHIN_REACH,
        **dict.fromkeys(("ref-1b", "ref-4b", "sparse"), BEHIND),
    }
    assert "stands at its lower bound" in words(app)
    assert '"step-before"' in app.get("vega_lite_chart")[0].proto.spec


def test_what_a_correct_answer_costs(hub_path: Path) -> None:
    """Measured: a cent an attempt. Idealized: a prompt of three tokens reads the weights once."""
    app = frontier(snapshot.folder(hub_path), against="cost per correct answer")
    table = app.dataframe[0].value.set_index("model")
    assert table["US dollars per correct answer"]["ref-4b"] == pytest.approx(0.01 / 0.4)
    assert table["at least"]["ref-4b"] < 0.025 < table["at most"]["ref-4b"]
    app.selectbox("against").select("idealized cost per correct answer").run()
    table = app.dataframe[0].value.set_index("model")
    dollars = table["US dollars per correct answer, idealized"]
    assert dollars["ref-4b"] == pytest.approx(8 / 0.4) and dollars["dense"] == pytest.approx(4 / 0.6)
    assert dollars.isna()["top"] and "--config CONFIG" in words(app)
    app.selectbox("against").select("idealized time").run()
    table = app.dataframe[0].value.set_index("model")
    assert table["seconds per attempt, idealized"]["sparse"] == pytest.approx(16) == table["roofline"]["sparse"]
    for column in app.dataframe[0].value.columns:
        assert f"- **{column}**: " in words(app)


def test_the_site_has_what_is_known(hub_path: Path, tmp_path: Path) -> None:
    write_site(published(snapshot.folder(hub_path)), tmp_path / "site")
    page = (tmp_path / "site/frontier.html").read_text()
    assert "ideal_per_correct" in page and "density" in page


def test_no_settings_no_rows_and_wrong_ones_stop(hub_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A ladder that is none is said, and the rest is published."""
    try:
        with Hub(hub_path) as hub:
            (hub_path / FILE).write_text('ladder = ["nobody-*"]\naccelerator = "H100"\n')
            snapshot.publish(hub)
            assert "no densities on all samples: --ladder nobody-* names none" in caplog.text
            app = frontier(snapshot.folder(hub_path), against="density")
            assert "this is known of no model" in words(app)
            (hub_path / FILE).write_text('accelerator = "H1000"\n')
            with pytest.raises(EvalhubError, match="no accelerator is called 'H1000'"):
                snapshot.publish(hub)
    finally:
        (hub_path / FILE).write_text(SETTINGS)
