"""Measurements and models: what is ranked, and what is known."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from evalhub.ranking import rank_hub
from evalhub.store import chosen
from evalhub.store.aliases import add_alias
from evalhub.store.hub import Hub
from evalhub.store.results import (
    Tallied,
    add_model,
    finish_run,
    measurement_frame,
    measurement_frames,
    pass_rates,
    start_run,
)
from evalhub.store.samples import add_conditions, add_samples
from evalhub.store.wanted import Wanted
from ingest.records import Condition, Model
from tests.store.items import item

ONE, TWO = item("1"), item("2", source="market", cluster="book", tags=("red", "big"))


def measured(hub: Hub, model: str, condition: Condition, seed: int = 0, **values: float | None) -> None:
    """A run of a model with these values for samples one and two."""
    add_samples(hub, [ONE, TWO])
    add_conditions(hub, [condition])
    add_model(hub, Model(model_id=model))
    ids = {"one": ONE.sample_id, "two": TWO.sample_id}
    conditions = {ids[name]: condition.condition_id for name in values}
    run = start_run(
        hub, model_id=model, seed=seed, passes=1, max_attempts=4, options={}, versions={}, conditions=conditions
    )
    tallies = [
        Tallied(
            sample_id=ids[name],
            condition_id=condition.condition_id,
            value=value,
            low=0.0,
            high=1.0,
            passes=0 if value is None else round(4 * value),
            attempts=0 if value is None else 4,
            missing=4 if value is None else 0,
            reason="" if value is not None else "all missing",
        )
        for name, value in values.items()
    ]
    finish_run(hub, run, model, seed, tallies)


def rows(hub: Hub, source: str = "") -> list[tuple[object, ...]]:
    frame = measurement_frame(hub, Wanted.of_source(source))
    return sorted(frame.select("model", "sample", "value", "passes", "attempts").rows(), key=repr)


def test_seeds_are_averaged(hub: Hub) -> None:
    """And their attempts added up; a seed without a value counts for nothing."""
    measured(hub, "m", Condition(), seed=0, one=0.5)
    measured(hub, "m", Condition(), seed=1, one=1.0)
    measured(hub, "m", Condition(), seed=2, one=None)
    assert rows(hub) == [("m", ONE.sample_id, 0.75, 6, 8)]


def test_weights_and_arithmetic_never_mix(hub: Hub) -> None:
    """Those measured last are ranked, on their samples alone; the others stay in the store."""
    measured(hub, "m", Condition(revision="old"), one=0.25, two=0.25)
    measured(hub, "m", Condition(revision="new"), one=1.0)
    assert rows(hub) == [("m", ONE.sample_id, 1.0, 4, 4)]
    measured(hub, "m", Condition(revision="new", engine="other"), two=0.5)
    assert rows(hub) == [("m", TWO.sample_id, 0.5, 2, 4)]


def test_the_newest_prompt_form_counts(hub: Hub) -> None:
    """Sample by sample."""
    measured(hub, "m", Condition(template="{prompt}?"), one=0.25, two=0.25)
    measured(hub, "m", Condition(), one=1.0)
    assert rows(hub) == sorted([("m", ONE.sample_id, 1.0, 4, 4), ("m", TWO.sample_id, 0.25, 1, 4)], key=repr)
    assert pass_rates(hub, "m", [ONE.sample_id, TWO.sample_id, "absent"]) == {
        ONE.sample_id: 1.0,
        TWO.sample_id: 0.25,
    }


def test_the_users_own_overrides_are_a_row_of_their_own(hub: Hub) -> None:
    """Named beside the model."""
    measured(hub, "m", Condition(), one=0.25)
    measured(hub, "m", Condition().changed(temperature=0.0), one=1.0)
    assert {row[0]: row[2] for row in rows(hub)} == {"m": 0.25, "m [temperature=0.0]": 1.0}


def test_a_source_alone(hub: Hub) -> None:
    """Only its samples, with the cluster that they have, and their first tag, or their source for one."""
    measured(hub, "m", Condition(), one=0.25, two=1.0)
    assert rows(hub, "market") == [("m", TWO.sample_id, 1.0, 4, 4)]
    about = measurement_frame(hub).select("sample", "cluster", "source", "tag").sort("source").rows()
    assert about == [(TWO.sample_id, "book", "market", "red"), (ONE.sample_id, ONE.sample_id, "shop", "shop")]


def test_a_missing_value_stays_missing(hub: Hub) -> None:
    """It is a row without a value, and no pass rate."""
    measured(hub, "m", Condition(), one=None, two=0.0)
    assert (None in [row[2] for row in rows(hub)]) and pass_rates(hub, "m", [ONE.sample_id]) == {}
    assert rank_hub(hub, "mean").models[0].samples == 1


def test_what_is_known_of_a_model_is_not_forgotten(hub: Hub) -> None:
    """Only what is given anew changes."""
    known = Model(model_id="m", parameters=7, licence="MIT")
    add_model(hub, known)
    add_model(hub, Model(model_id="m"))
    add_model(hub, replace(known, parameters=8, licence=""))
    assert hub.database.execute("SELECT parameters, licence FROM model").fetchall() == [(8, "MIT")]


def test_a_ranking_of_the_same_measurements_is_kept_once(hub: Hub) -> None:
    """One of others beside it."""
    measured(hub, "m", Condition(), one=0.25)
    for _ in range(2):
        rank_hub(hub)
    assert hub.database.execute("SELECT count(*) FROM ranking").fetchall() == [(1,)]
    measured(hub, "n", Condition(), one=0.5)
    rank_hub(hub)
    assert hub.database.execute("SELECT count(*) FROM ranking").fetchall() == [(2,)]


def test_parts_are_the_whole(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a part may hold, and by whatever name a model was measured."""
    measured(hub, "m", Condition(revision="old"), one=0.25, two=0.25)
    measured(hub, "m", Condition(revision="new"), one=0.5)
    measured(hub, "M", Condition(revision="new"), two=0.75)
    measured(hub, "n", Condition(), seed=1, one=1.0, two=None)
    add_alias(hub, "M", "m")
    whole = measurement_frame(hub)
    assert whole["model"].to_list() == ["m", "m", "n", "n"]
    for most in (1, 3, 10**6):
        monkeypatch.setattr(chosen, "TOGETHER", most)
        parts = list(measurement_frames(hub))
        assert len(parts) == (1 if most == 10**6 else 2)
        assert pl.concat(parts).sort("model", "sample").equals(whole)
    (part,) = measurement_frames(hub, Wanted.of_source("market"))
    assert part.equals(measurement_frame(hub, Wanted.of_source("market")))
