"""Counts that a hub keeps: right, and counted again only where something changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalhub.counts
import evalhub.store.counts
from aggregate.counted import Counted
from aggregate.measurements import Measurements
from aggregate.ranking import Ranking
from evalhub.ranking import PUBLISHED, rank_everything, rank_hub
from evalhub.store.chosen import Slice, batches, frame_of_slices, slices
from evalhub.store.counts import kept, load_counts, save_counts
from evalhub.store.hub import Hub
from evalhub.store.measurements import put_measurements
from evalhub.store.results import measurement_frame
from evalhub.store.samples import add_conditions, add_samples
from ingest.records import Condition
from tests.cli.helpers import evalhub as command
from tests.store.items import item

MONTHS = (date(2026, 9, 3), date(2026, 10, 9), date(2026, 11, 27))
FORMS = (
    Condition(),
    Condition(template="{prompt}?"),
    Condition(revision="new"),
    Condition().changed(temperature=0),
)
POOL = [
    item(f"{source} {month} {i}", source=source, cluster=f"c{i % 13}", tags=("t",) * (i % 2), published_at=month)
    for source in ("market", "shop")
    for month in MONTHS
    for i in range(20)
]


def fill(hub: Hub) -> None:
    """A pool without results."""
    add_samples(hub, POOL)
    add_conditions(hub, FORMS)


def measure(hub: Hub, model: str, values: dict[int, float | None], *, form: int = 0, seed: int = 0) -> None:
    """Results on samples of the pool, by number."""
    rows = [(model, POOL[i].sample_id, FORMS[form].condition_id, seed, value) for i, value in values.items()]
    schema = {
        **dict.fromkeys(("model_id", "sample_id", "condition_id"), pl.String),
        "seed": pl.Int64,
        "value": pl.Float64,
    }
    given = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        metric=pl.lit("pass rate"),
        main=pl.lit(True),
        kind=pl.lit("binary"),
        direction=pl.lit("up"),
        low=pl.lit(0.0),
        high=pl.lit(1.0),
        passes=pl.lit(1),
        attempts=pl.lit(4),
        missing=pl.lit(0),
        reason=pl.lit(""),
    )
    put_measurements(hub, given)


def rates(seed: int, samples: range = range(120)) -> dict[int, float | None]:
    """Thirds, so that sums are not whole, and now and then none."""
    rng = np.random.default_rng(seed)
    return {i: None if rng.random() < 0.1 else int(rng.integers(4)) / 3 for i in samples if rng.random() < 0.8}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts pay for any hub, and few measurements are read at once."""
    monkeypatch.setattr(evalhub.counts, "_LARGE", 1)
    monkeypatch.setattr(evalhub.counts, "_MOST_COUNTS", 10**9)
    monkeypatch.setattr(evalhub.counts, "_TOGETHER", 100)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was counted: source and month of each slice, in order."""
    seen: list[tuple[str, str]] = []
    plain = evalhub.counts.count_frames

    def count(frames: list[pl.DataFrame]) -> Counted:
        seen.append((frames[0]["source"][0], frames[0]["month"][0]))
        return plain(frames)

    monkeypatch.setattr(evalhub.counts, "count_frames", count)
    return seen


def scores(ranking: Ranking) -> dict[str, Any]:
    """What does not depend on the intervals."""
    return {row.model: (pytest.approx(row.score, abs=1e-9), row.samples, row.coverage) for row in ranking.models}


METHODS = ("bradley-terry", "bradley-terry-no-ties", "davidson", "rao-kupper")


@pytest.mark.parametrize("source", ["", "shop"])
def test_a_ranking_from_counts_has_the_scores_of_all_rows(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """From the first time on, and with the same remarks but one."""
    fill(hub)
    for k, model in enumerate("abcd"):
        measure(hub, model, rates(k, range(120 - 20 * k)))
    measure(hub, "none", {3: None, 70: None})
    before = {method: rank_hub(hub, method, source) for method in METHODS}
    monkeypatch.setattr(evalhub.counts, "_LARGE", 1)
    monkeypatch.setattr(evalhub.counts, "_MOST_COUNTS", 10**9)
    for _ in range(2):
        for method in METHODS:
            ranking = rank_hub(hub, method, source)
            assert scores(ranking) == scores(before[method])
            more = set(ranking.warnings) - set(before[method].warnings)
            assert len(more) == 1 and "groups of clusters" in more.pop()


@pytest.mark.usefixtures("large")
def test_only_what_changed_is_counted_again(hub: Hub, counted: list[tuple[str, str]]) -> None:
    """Whatever changed; what was measured again with the same result did not."""

    def recounted() -> list[tuple[str, str]]:
        counted.clear()
        rank_hub(hub, "bradley-terry")
        return sorted(counted)

    fill(hub)
    every = range(80)  # market, and the first month of shop
    for k, model in enumerate("abc"):
        measure(hub, model, {i: (i + k) % 3 / 2 for i in every})
    months = [("market", "2026-09"), ("market", "2026-10"), ("market", "2026-11"), ("shop", "2026-09")]
    assert recounted() == months
    assert recounted() == []
    measure(hub, "a", {i: i % 3 / 2 for i in every})
    assert recounted() == [], "measured again, the same"
    measure(hub, "a", dict.fromkeys(range(80, 100), 1.0))
    assert recounted() == [("shop", "2026-10")], "a new month"
    measure(hub, "a", {3: 0.25})
    assert recounted() == [months[0]], "a changed value"
    measure(hub, "d", {25: 0.5, 65: 0.5})
    assert recounted() == [months[1], months[3]], "a new model"
    hub.database.execute("DELETE FROM measured WHERE sample_id = ?", [POOL[25].sample_id])
    assert recounted() == [months[1]], "a sample removed"
    measure(hub, "a", {3: 0.25, 4: 0.0}, form=1)
    assert recounted() == [months[0]], "a newer prompt form of two samples, one with another value"
    measure(hub, "b", {65: 1.0}, form=2)
    assert recounted() == months, "newer weights, under which no older result of the model counts"
    hub.database.execute("DELETE FROM measured WHERE sample_id = ANY(?)", [[s.sample_id for s in POOL[80:100]]])
    assert recounted() == []
    assert hub.database.execute("SELECT count(*) FROM slice_counts").fetchall() == [(4,)]
    assert rank_hub(hub, "bradley-terry", "shop").samples == 20
    assert hub.database.execute("SELECT count(*) FROM slice_counts").fetchall() == [(4,)]


@pytest.mark.usefixtures("large")
def test_a_kill_between_slices_leaves_what_was_counted(
    hub: Hub, counted: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next ranking goes on from there."""
    fill(hub)
    for k, model in enumerate("ab"):
        measure(hub, model, {i: (i + k) % 3 / 2 for i in range(120)})
    count = evalhub.counts.count_frames

    def stops(frames: list[pl.DataFrame]) -> Counted:
        if len(counted) == 4:
            raise KeyboardInterrupt
        return count(frames)

    with monkeypatch.context() as patch:
        patch.setattr(evalhub.counts, "count_frames", stops)
        with pytest.raises(KeyboardInterrupt):
            rank_hub(hub, "bradley-terry")
    assert hub.database.execute("SELECT count(*) FROM slice_counts").fetchall() == [(4,)]
    ranking = rank_hub(hub, "bradley-terry")
    assert len(counted) == len(set(counted)) == 6 and ranking.samples == 120


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_a_fingerprint_is_that_of_what_is_ranked(data: st.DataObject) -> None:
    """It changes where the slice's rows of the frame do; and all slices' rows are the frame's."""
    with TemporaryDirectory() as folder, Hub(Path(folder)) as hub:
        fill(hub)
        known: dict[tuple[str, str], tuple[str, Any]] = {}
        for _ in range(4):
            measure(
                hub,
                data.draw(st.sampled_from("ab")),
                data.draw(st.dictionaries(st.sampled_from([0, 1, 21, 61]), st.sampled_from([None, 0.0, 1.0]))),
                form=data.draw(st.integers(0, 3)),
                seed=data.draw(st.integers(0, 1)),
            )
            held = slices(hub)
            frame = measurement_frame(hub)
            columns = ["model", "sample"]
            parts = [frame_of_slices(hub, [one]).sort(columns) for one in held]
            if parts:
                assert pl.concat(parts).sort(columns).equals(frame.sort(columns))
            now = {}
            for one, part in zip(held, parts, strict=True):
                assert set(part["month"]) == {one.month} and set(part["source"]) == {one.source}
                assert part["model"].n_unique() == one.models
                now[one.source, one.month] = one.fingerprint, part
            for name in known.keys() & now.keys():
                if not known[name][1].equals(now[name][1]):
                    assert known[name][0] != now[name][0]
            known = now


def test_results_under_an_older_prompt_form_are_not_in_the_fingerprint(hub: Hub) -> None:
    """Where there is a newer one."""
    fill(hub)
    measure(hub, "a", {0: 0.5, 1: 0.5}, form=1)
    measure(hub, "a", {0: 0.25})
    before = slices(hub)
    hub.database.execute("UPDATE measured SET value = 0 WHERE sample_id = ? AND value = 0.5", [POOL[0].sample_id])
    assert slices(hub) == before
    hub.database.execute("UPDATE measured SET value = 0 WHERE sample_id = ?", [POOL[1].sample_id])
    assert slices(hub) != before


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_kept_comes_back(hub: Hub, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers exactly and in few bytes; others but for the last digit of ties."""
    rng = np.random.default_rng(0)
    table = pl.DataFrame(
        {
            "model": [f"modèle {i}" for i in range(6) for _ in range(200)],
            "sample": [f"{i}" for _ in range(6) for i in range(200)],
            "value": rng.integers(0, 2, 1200) / (1.0 if whole else 3.0),
            "passes": np.ones(1200, np.int64),
            "attempts": np.full(1200, 4),
        }
    )
    given = Counted.of(Measurements.from_frame(table))
    one = Slice(source="s", month="2026-11", results=1200, values=1200, models=6, fingerprint="x")
    save_counts(hub, one, given)
    assert kept(hub, [one, replace(one, month="2026-12"), replace(one, fingerprint="y")]) == [True, False, False]
    with monkeypatch.context() as patch:
        patch.setattr(evalhub.store.counts, "_FORM", "2")
        assert kept(hub, [one]) == [False], "counted by another evalhub"
    [found] = load_counts(hub, [one])
    for name in ("wins", "ties", "shared", "lone", "samples"):
        np.testing.assert_allclose(getattr(found, name), getattr(given, name), atol=1e-12)
    assert (found.models, found.missing) == (given.models, given.missing)
    [(size,)] = hub.database.execute("SELECT octet_length(counts) FROM slice_counts").fetchall()
    assert (size < 6000) == whole


@pytest.mark.usefixtures("large")
def test_whoever_ranks_the_pool_gives_the_same_ranking(hub: Hub, counted: list[tuple[str, str]]) -> None:
    """So that one id names one ranking."""
    fill(hub)
    for k, model in enumerate("abc"):
        measure(hub, model, rates(k))
    first = rank_hub(hub, "bradley-terry")
    assert rank_everything(hub) == 3 * len(PUBLISHED) and len(counted) == 6
    kept_rows = hub.database.execute(
        "SELECT model, score, low, high FROM ranking JOIN ranking_row USING (ranking_id) "
        "WHERE method = 'bradley-terry' AND source = '' ORDER BY model"
    ).fetchall()
    assert kept_rows == sorted((row.model, row.score, row.low, row.high) for row in first.models)


@pytest.mark.usefixtures("large")
def test_the_command_line_ranks_from_counts(
    hub_path: Path, counted: list[tuple[str, str]], tmp_path: Path
) -> None:
    """Unless more than counts is asked for; what is kept is the ranking from counts."""
    with Hub(hub_path) as hub:
        fill(hub)
        for k, model in enumerate("abc"):
            measure(hub, model, rates(k))

    def ranked(*options: str) -> Any:
        return json.loads(command("rank", "--hub", str(hub_path), "--json", "--method", *options).out)

    def says_groups(found: Any) -> bool:
        return any("groups of clusters" in line for line in found["warnings"])

    plot = str(tmp_path / "plot.svg")
    assert says_groups(ranked("bradley-terry", "--plot", plot)) and Path(plot).stat().st_size
    assert len(counted) == 6
    wider = ranked("davidson", "--level", "0.99", "--intervals", "bootstrap", "--replicates", "200")
    assert says_groups(wider) and wider["level"] == 0.99
    for more in (["--by", "source"], ["--balance", "pairs"], ["--compare"]):
        assert not says_groups(ranked("bradley-terry", *more))
    assert not says_groups(ranked("mean"))
    with Hub(hub_path) as hub:
        rankings = hub.database.execute("SELECT method, warnings FROM ranking ORDER BY method").fetchall()
    assert [(method, says_groups({"warnings": warnings})) for method, warnings in rankings] == [
        ("bradley-terry", True),
        ("mean", False),
    ]
    assert len(counted) == 6


def test_batches_hold_no_more_than_is_said() -> None:
    """But for one that is larger by itself."""

    def sizes(*given: int, most: int) -> list[list[int]]:
        some = [Slice(source="", month="", results=n, values=n, models=1, fingerprint="") for n in given]
        size: Callable[[Slice], int] = lambda one: one.results  # noqa: E731
        return [[one.results for one in batch] for batch in batches(some, size, most)]

    assert sizes(3, 3, 4, 9, 1, most=7) == [[3, 3], [4], [9], [1]]
    assert sizes(most=7) == []
