"""A sample that two sources have is of both: chosen, ranked and exported by either name."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evalhub.ranking import rank_everything, rank_hub
from evalhub.store.hub import Hub
from evalhub.store.origins import first_sources, sources
from evalhub.store.samples import add_samples, choose_samples, load_samples
from tests.cli.helpers import evalhub
from tests.store.items import item

SHOP = [item(str(place)) for place in range(6)]
MARKET = [item(str(place), source="market", source_id=f"m{place}") for place in range(4, 10)]


@pytest.fixture
def shared(hub_path: Path) -> Path:
    """Ten samples: four of shop alone, two of both, which shop brought first, four of market alone."""
    with Hub(hub_path) as hub:
        add_samples(hub, SHOP)
        add_samples(hub, MARKET)
    return hub_path


def test_it_counts_for_each(shared: Path) -> None:
    with Hub(shared) as hub:
        assert sources(hub) == {"market": 6, "shop": 6}
        assert first_sources(hub) == {"market": {"market", "shop"}, "shop": {"shop"}}
        assert first_sources(hub, ["shop"]) == {"shop": {"shop"}}


def test_it_is_chosen_once_and_loaded_as_of_the_source_that_is_named(shared: Path) -> None:
    with Hub(shared) as hub:
        chosen = choose_samples(hub, ["market"])
        assert set(chosen) == {one.sample_id for one in MARKET}
        loaded = load_samples(hub, chosen, ["market"])
        assert {one.source for one in loaded} == {"market"}
        assert {one.source_id for one in loaded} == {one.source_id for one in MARKET}
        assert len(choose_samples(hub, ["market", "shop"])) == 10
        assert len(choose_samples(hub, ["market"], limit=3)) == 3
        assert {one.source for one in load_samples(hub, chosen)} == {"market", "shop"}


def test_it_is_scored_ranked_and_exported_by_either_name(shared: Path, tmp_path: Path) -> None:
    for source in ("market", "shop"):
        done = evalhub("score", "baseline:random", "--source", source, "--json", "--hub", shared).json
        assert [(part["source"], part["samples"]) for part in done["sources"]] == [(source, 6)]
        assert done["ranking"]["samples"] == 6
    assert evalhub("rank", "--source", "market", "--json", "--hub", shared).json["samples"] == 6
    out = tmp_path / "matrix.parquet"
    assert not evalhub("export", out, "--to", "table", "--source", "market", "--hub", shared).code
    rows = pl.read_parquet(out)
    assert rows["source"].unique().to_list() == ["market"] and rows.height == 6
    assert set(rows["source_id"]) == {one.source_id for one in MARKET}


def test_a_source_whose_samples_another_one_brought_has_a_ranking(hub_path: Path) -> None:
    """And one of whose samples nothing is measured has none, whatever is measured of the other's."""
    with Hub(hub_path) as hub:
        add_samples(hub, SHOP)
        add_samples(hub, [item(str(place), source="copy") for place in range(2)])
        add_samples(hub, [item("5", source="corner")])
    evalhub("score", "baseline:random", "--source", "copy", "--hub", hub_path)
    with Hub(hub_path) as hub:
        assert rank_hub(hub, source="copy").samples == 2
        rank_everything(hub)
        ranked = hub.frame("SELECT DISTINCT source FROM ranking ORDER BY source")["source"].to_list()
        assert ranked == ["", "copy", "shop"]
    refused = evalhub("rank", "--source", "corner", "--hub", hub_path)
    assert refused.code == 1 and "nothing is measured" in refused.err
