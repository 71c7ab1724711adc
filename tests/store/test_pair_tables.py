"""What a snapshot says of models in pairs is what a ranking counts."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from aggregate.win_rates import win_rates
from evalhub import pair_wins
from evalhub.ranking import select
from evalhub.selection import Selection
from evalhub.store import snapshot
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Model
from tests.scoring.fakes import Fake, run, samples


@pytest.fixture
def filled(hub: Hub) -> Hub:
    """Three models, of which one was measured on some samples only."""
    for name, seed, number in (("b", 1, 6), ("a", 3, 4), ("c", 5, 6)):
        fake = Fake(seed)
        fake.model = Model(model_id=name, parameters=7)
        run(hub, fake, samples(number), passes=2, max_attempts=5)
    return hub


def published(hub: Hub) -> duckdb.DuckDBPyConnection:
    """The snapshot of now."""
    path = snapshot.folder(hub.path) / f"{snapshot.publish(hub)}.duckdb"
    return duckdb.connect(str(path), read_only=True)


@pytest.mark.parametrize("by_counts", [False, True])
def test_wins_are_those_of_a_ranking(filled: Hub, by_counts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the pool and the source, from rows or from counts that are kept; each pair stands once."""
    monkeypatch.setattr(pair_wins, "counts_pay", lambda _: by_counts)
    measurements = select(filled, Selection()).measurements
    rates, at = win_rates(measurements), measurements.models.index
    with published(filled) as board:
        rows = board.execute("SELECT * FROM pair_wins ORDER BY ALL").fetchall()
    assert {row[0] for row in rows} == {"", "fake"}
    assert [row[1:3] for row in rows] == [("a", "b"), ("a", "c"), ("b", "c")] * 2
    for _, one, other, shared, wins, ties in rows:
        pair = at(one), at(other)
        assert (shared, wins, ties) == pytest.approx((rates.shared[pair], rates.wins[pair], rates.ties[pair]))


def test_forms_name_each_model_that_is_ranked(filled: Hub) -> None:
    """Under the name that it is ranked by."""
    with published(filled) as board:
        rows = board.execute("SELECT DISTINCT model, model_id, variant, several FROM counting_form").fetchall()
    assert sorted(rows) == [(name, name, "", False) for name in "abc"]


def test_a_hub_without_measurements_has_empty_tables(hub: Hub) -> None:
    """Nothing is compared where nothing is measured."""
    with published(hub) as board:
        assert board.execute("SELECT count(*) FROM pair_wins").fetchall() == [(0,)]
        assert board.execute("SELECT count(*) FROM counting_form").fetchall() == [(0,)]


def test_a_sample_counts_in_each_source_that_has_it(filled: Hub) -> None:
    """Also where another source brought it first."""
    add_samples(filled, [replace(one, source="again") for one in samples(3)])
    with published(filled) as board:
        rows = board.execute("SELECT source, max(samples) FROM pair_wins GROUP BY source ORDER BY 1").fetchall()
    assert rows == [("", 6), ("again", 3), ("fake", 6)]
