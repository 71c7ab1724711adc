"""The card: what a benchmark is made of, how firm its ranking is, whether it was picked for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
import pytest

from evalhub.benchmarks.benchmark import Benchmark, freeze
from evalhub.benchmarks.card import card
from evalhub.store.hub import Hub
from evalhub.store.measurements import put_measurements
from evalhub.store.results import add_model
from evalhub.store.samples import add_conditions, add_samples
from ingest.records import Condition, Model, Sample
from tests.bench.found import found
from tests.store.items import item

MODELS = [f"m{n}" for n in range(6)]
SAMPLES = [item(f"{n}", source="odd" if n % 2 else "even") for n in range(200)]


def passes(hub: Hub, model: str, samples: Sequence[Sample], rates: Sequence[float], seed: int) -> None:
    """A pass or none on each sample, by chance."""
    add_model(hub, Model(model_id=model))
    add_conditions(hub, [Condition()])
    value = (np.random.default_rng(seed).random(len(samples)) < np.asarray(rates)).astype(float)
    rows = [
        {
            "model_id": model,
            "sample_id": one.sample_id,
            "metric": "pass rate",
            "main": True,
            "condition_id": Condition().condition_id,
            "seed": 0,
            "kind": "binary",
            "direction": "up",
            "value": found,
            "low": 0.0,
            "high": 1.0,
            "passes": int(found),
            "attempts": 1,
            "missing": 0,
            "reason": "",
        }
        for one, found in zip(samples, value.tolist(), strict=True)
    ]
    put_measurements(hub, pl.DataFrame(rows))


@pytest.fixture
def measured(hub: Hub) -> Hub:
    """Six models, the better the higher their number; on the first 40 samples the other way round."""
    add_samples(hub, SAMPLES)
    for n, model in enumerate(MODELS):
        rates = [0.9 - 0.15 * n if s < 40 else 0.1 + 0.15 * n for s in range(len(SAMPLES))]
        passes(hub, model, SAMPLES, rates, n)
    passes(hub, "baseline:random", SAMPLES, [0.5] * len(SAMPLES), 9)
    return hub


def bench(hub: Hub, samples: Sequence[Sample], name: str = "one") -> Benchmark:
    return freeze(hub, name, found(samples))


def test_what_it_is_made_of(measured: Hub) -> None:
    unknown = item("nowhere")
    passes(measured, "few", SAMPLES[:13], [0.5] * 13, 7)
    ids: list[str] = []

    def near(hub: Hub, sample_ids: Sequence[str], threshold: float, encoder: str) -> list[tuple[str, str, float]]:
        assert (hub, threshold, encoder) == (measured, 0.95, "letters@1")
        ids.extend(sample_ids)
        return [(SAMPLES[3].sample_id, SAMPLES[4].sample_id, 0.97)]

    made = card(bench(measured, [*SAMPLES[3:30], unknown]), near=near)
    assert (made.sources, made.lacking) == ({"odd": 14, "even": 13}, 1)
    assert {*ids} == {one.sample_id for one in SAMPLES[3:30]}
    assert made.coverage == {**dict.fromkeys(["baseline:random", *MODELS], 27), "few": 10}
    assert made.models == 7 and made.seen == 0
    assert made.to_json()["near"] == [
        {"first": SAMPLES[3].sample_id, "second": SAMPLES[4].sample_id, "cosine": 0.97}
    ]


def test_a_query_picked_for_its_ranking_shows(measured: Hub) -> None:
    picked = card(bench(measured, SAMPLES[:40])).pool
    honest = card(bench(measured, SAMPLES[100:140], "other")).pool
    assert picked and honest and picked.tau is not None and honest.tau is not None
    assert picked.tau < 0 and picked.share == 0
    assert honest.tau > 0.8 and honest.share is not None and honest.share > 0.1


def test_what_is_left_out_moves_the_ranking(measured: Hub) -> None:
    """The last tenth says the opposite of the rest, and one source as much as the other."""
    made = card(bench(measured, [*SAMPLES[60:150], *SAMPLES[:10]]))
    assert [(move.without, move.samples) for move in made.moves] == [
        ("the least similar tenth", 10),
        ("even", 50),
        ("odd", 50),
    ]
    for move in made.moves:
        assert move.tau is not None and move.tau > 0.5 and move.within is True and move.reason == ""
        if move.model:
            assert move.rank != move.new_rank and move.rank_low <= move.rank <= move.rank_high
    assert made.width is not None and 1 <= made.width <= 6


def test_a_move_beyond_the_rank_ranges_is_told(measured: Hub) -> None:
    """What holds a ranking up is one source."""
    strange = [item(f"x{n}", source="strange") for n in range(400)]
    add_samples(measured, strange)
    for n, model in enumerate(MODELS):
        passes(measured, model, strange, [0.95 - 0.18 * n] * 400, n)
    made = card(bench(measured, [*strange, *SAMPLES[40:140]]))
    without = {move.without: move for move in made.moves}
    assert without["strange"].within is False and (without["strange"].tau or 0) < 0
    assert without["odd"].within is True and without["odd"].tau == pytest.approx(1)


def test_too_few_models_to_tell(hub: Hub) -> None:
    add_samples(hub, SAMPLES)
    one = bench(hub, SAMPLES[:20])
    assert card(one).reason == "no model but chance is measured on these samples"
    for n, model in enumerate(("a", "b")):
        passes(hub, model, SAMPLES, [0.5] * len(SAMPLES), n)
    passes(hub, "baseline:random", SAMPLES, [0.5] * len(SAMPLES), 9)
    made = card(one)
    assert "takes 3 models, and 2 are measured" in made.reason
    assert (made.moves, made.pool, made.width, made.models) == ((), None, None, 2)
    assert made.coverage == {"a": 20, "b": 20, "baseline:random": 20}


def test_no_sample_of_it_is_here(hub: Hub) -> None:
    made = card(bench(hub, SAMPLES[:20]))
    assert (made.lacking, made.sources, made.coverage, made.near) == (20, {}, {}, ())


def test_after_the_cutoff_only_what_is_newer_counts(hub: Hub) -> None:
    """Of a model whose cutoff is unknown nothing counts, and it is named."""
    samples = [item(f"dated {n}", published_at=date(2025, 1 + n % 2, 1)) for n in range(40)]
    add_samples(hub, samples)
    for n, model in enumerate(MODELS):
        passes(hub, model, samples, [0.5] * len(samples), n)
        if n:
            add_model(hub, Model(model_id=model, cutoff=date(2025, 1, 15)))
    benchmark = freeze(hub, "dated", found(samples))
    every, newer = card(benchmark, near=lambda *_: []), card(benchmark, after_cutoff=True, near=lambda *_: [])
    assert set(every.coverage.values()) == {40} and not every.warnings
    assert newer.coverage == dict.fromkeys(MODELS[1:], 20) and newer.models == 5
    assert "unknown training cutoff, not ranked: m0" in newer.warnings[0]
