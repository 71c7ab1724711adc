"""Choices of samples: kept in order, and what a model did on them under the conditions asked for."""

from __future__ import annotations

from evalhub.store.choices import extend_choice, kept_choice, own_tokens, own_values, usual_tokens
from evalhub.store.hub import Hub
from ingest.records import Condition, Model
from tests.scoring.fakes import Fake, run, samples
from tests.store.test_results import ONE, TWO, measured

GIVEN = samples(3)
IDS = [sample.sample_id for sample in GIVEN]


def test_a_choice_is_kept_in_order_and_goes_on_where_it_ended(hub: Hub) -> None:
    """Apart from other choices."""
    assert kept_choice(hub, "a") == []
    extend_choice(hub, "a", ["z", "y"])
    extend_choice(hub, "b", ["y"])
    extend_choice(hub, "a", [])
    extend_choice(hub, "a", ["x"])
    assert kept_choice(hub, "a") == ["z", "y", "x"] and kept_choice(hub, "b") == ["y"]


def test_values_are_those_under_the_condition_and_seed(hub: Hub) -> None:
    """A missing one is there, without a value."""
    this, that = Condition(), Condition(temperature=0.0)
    measured(hub, "m", this, one=0.25, two=None)
    measured(hub, "m", that, one=0.75)
    measured(hub, "m", this, seed=1, one=1.0)
    measured(hub, "n", this, one=0.5)
    asked = {ONE.sample_id: this.condition_id, TWO.sample_id: this.condition_id, "absent": this.condition_id}
    assert own_values(hub, "m", 0, asked) == {ONE.sample_id: 0.25, TWO.sample_id: None}
    assert own_values(hub, "m", 1, asked) == {ONE.sample_id: 1.0}
    assert own_values(hub, "m", 0, {ONE.sample_id: that.condition_id}) == {ONE.sample_id: 0.75}
    assert own_values(hub, "m", 0, {}) == own_values(hub, "x", 0, asked) == {}


def test_tokens_are_those_of_all_attempts(hub: Hub) -> None:
    """A token an attempt; the usual number is that of one model under one condition and seed."""
    for name, most, seed in (("m", 2, 0), ("n", 4, 0), ("n", 8, 1)):
        backend = Fake()
        backend.model = Model(model_id=name)
        run(hub, backend, GIVEN[:2], passes=9, max_attempts=most, seed=seed)
    conditions = {sample.sample_id: sample.condition.condition_id for sample in GIVEN}
    assert own_tokens(hub, "m", 0, conditions) == {IDS[0]: 2, IDS[1]: 2}
    assert own_tokens(hub, "n", 1, conditions) == {IDS[0]: 8, IDS[1]: 8}
    assert usual_tokens(hub, ["n"], IDS) == {IDS[0]: 6.0, IDS[1]: 6.0}
    assert usual_tokens(hub, ["m", "n"], IDS[1:]) == {IDS[1]: 14 / 3}
    assert usual_tokens(hub, [], IDS) == own_tokens(hub, "x", 0, conditions) == {}
