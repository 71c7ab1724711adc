"""A ranking's rows, its ends without a bound, and its JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from aggregate.estimates import Estimates, make_ranking
from aggregate.method import Method
from aggregate.methods.bradley_terry import BradleyTerry
from aggregate.methods.mean import Mean
from aggregate.ranking import Ranking
from tests.aggregate.tables import table

M = table({"a": [1.0, 0, 1, 1], "m": [1.0, 1, None, None], "z": [1.0, None, None, None]})


def ranking(**options: object) -> Ranking:
    given = {"scores": np.array([1.0, 2.0, 1.0]), "covariance": np.eye(3) / 1e6, **options}
    return make_ranking(Mean(), M, Estimates(**given), level=0.95)  # type: ignore[arg-type]


def test_rows_are_ordered_by_rank_then_name() -> None:
    assert [(row.model, row.rank, row.samples, row.coverage) for row in ranking().models] == [
        ("m", 1, 2, 0.5),
        ("a", 2, 4, 1.0),
        ("z", 2, 1, 0.25),
    ]
    assert ranking(higher_is_better=False).models[-1].model == "m"


def test_intervals_widen_with_fewer_clusters_and_give_way_to_the_methods_own() -> None:
    width = {row.model: row.high - row.low for row in ranking().models}
    assert width["z"] == pytest.approx(width["m"])  # below two clusters, the factor of two
    assert width["m"] > width["a"] > 2 * 1.96e-3
    own = ranking(high=np.array([np.nan, np.inf, np.nan]))
    assert {row.model: row.high - row.low for row in own.models} == {**width, "m": math.inf}


def test_an_end_without_a_bound_is_null_in_json() -> None:
    fields = ranking(low=np.array([-np.inf, np.nan, np.nan]), high=np.array([np.nan, np.inf, np.nan])).to_json()
    ends = {row["model"]: (row["low"] is None, row["high"] is None) for row in fields["models"]}
    assert ends == {"a": (True, False), "m": (False, True), "z": (False, False)}
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields


def test_json_has_the_promised_fields_and_survives_a_round_trip() -> None:
    fields = Mean()(table({"a": [1, 0, 1], "b": [0, 0, 1]}), replicates=50).to_json()
    assert {"method", "assumes", "groups", "level", "models", "samples", "clusters", "warnings"} == set(fields)
    promised = {"model", "score", "low", "high", "rank", "rank_low", "rank_high", "samples", "coverage"}
    assert all(set(row) == promised | {"group", "tie_group"} for row in fields["models"])
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_outside_0_to_1_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        Mean()(table({"a": [1, 0]}), level=level)


@pytest.mark.parametrize("method", [Mean(), BradleyTerry()])
def test_options_that_say_nothing_are_refused(method: Method) -> None:
    with pytest.raises(ValueError, match="use 'sandwich' or 'bootstrap'"):
        method(M, intervals="jackknife")  # type: ignore[arg-type]
    for replicates in (0, 1, 39):
        with pytest.raises(
            ValueError, match=f"{replicates} bootstrap replicates have no ends at level 0.95: give 40"
        ):
            method(M, intervals="bootstrap", replicates=replicates)
    assert method(M, replicates=0)  # nothing is drawn
