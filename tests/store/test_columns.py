"""What the columns of filters say of a hub's samples and models."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from evalhub.filters import model_filter, sample_filter
from evalhub.store import snapshot
from evalhub.store.aliases import add_alias
from evalhub.store.hub import Hub
from evalhub.store.model_columns import MODEL_COLUMNS, cutoff_of, known_models, models_where, set_facts
from evalhub.store.results import add_model
from evalhub.store.sample_columns import SAMPLE_COLUMNS, sample_relation, samples_where
from evalhub.store.samples import add_samples
from ingest.records import Model
from tests.exports.hubs import measure
from tests.store.items import FULL, item

PLAIN = item("1")


def facts(hub: Hub) -> dict[str, dict[str, Any]]:
    """All columns of each sample, by its prompt."""
    relation = sample_relation([one.name for one in SAMPLE_COLUMNS])
    prompts = hub.frame(f"SELECT prompt, facts.* FROM ({relation}) AS facts JOIN sample USING (sample_id)")
    return {row.pop("prompt"): row for row in prompts.rows(named=True)}


def chosen(hub: Hub, text: str) -> set[str]:
    """Names of the samples that fit."""
    found = sample_filter(text)
    query = f"SELECT source_id FROM sample WHERE sample_id IN ({samples_where(found.sql, found.columns)})"
    return {*hub.frame(query, found.parameters)["source_id"]}


def test_columns_of_samples(hub: Hub) -> None:
    add_samples(hub, [FULL, PLAIN, replace(PLAIN, source="market", source_id="m")])
    found = facts(hub)
    full, plain = found[FULL.prompt], found[PLAIN.prompt]
    today = datetime.now(UTC).date()
    assert {name: full[name] for name in full if name != "sample_id"} == {
        "source": ["shop"],
        "source_id": "1",
        "tags": ["b", "a"],
        "subject": "b",
        "modality": "image",
        "licence": "MIT",
        "published_at": date(2026, 11, 24),
        "added_at": today,
        "difficulty": None,
        "n_models": 0,
        "has_image": True,
        "n_choices": 2,
        "grader": "choice",
        "cluster": "paper 7",
        "has_text": True,
        "n_characters": len(FULL.prompt),
    }
    assert sorted(plain["source"]) == ["market", "shop"] and plain["cluster"] == PLAIN.sample_id
    unknown = {"subject", "licence", "published_at", "difficulty"}
    assert {name for name, value in plain.items() if value is None} == unknown


def test_any_origin_and_any_tag_will_do(hub: Hub) -> None:
    add_samples(hub, [FULL, item("2")])
    add_samples(hub, [replace(item("2"), source="market", source_id="m")])
    assert chosen(hub, "source = 'market'") == {"2"}
    assert chosen(hub, "source = 'shop'") == {"1", "2"}
    assert chosen(hub, "source <> 'market'") == {"1"}
    assert chosen(hub, "source LIKE 'mark%' AND source IN ('shop')") == {"2"}
    assert chosen(hub, "tags = 'a' AND subject = 'b'") == chosen(hub, "tags IS NOT NULL") == {"1"}
    assert chosen(hub, "tags IS NULL") == {"2"}


def test_difficulty_is_a_mean_over_models(hub: Hub) -> None:
    """Of each model's mean over seeds; not of chance baselines, nor of numbers; unknown where none is there."""
    samples = [item(str(n)) for n in range(3)]
    add_samples(hub, samples)
    one: dict[str, Any] = {"passes": None, "attempts": None}
    measure(hub, "a", samples[:2], 0, value=1.0, **one)
    measure(hub, "a", samples[:2], 1, value=0.0, **one)
    measure(hub, "b", samples[:1], 0, value=0.0, **one)
    measure(hub, "c", samples[:1], 0, value=1.0, metric="errors", direction="down", **one)
    measure(hub, "d", samples[1:2], 0, value=7.0, metric="points", kind="numeric", **one)
    measure(hub, "e", samples[1:2], 0, value=0.25, metric="other", main=False, **one)
    measure(hub, "f", samples[2:], 0, value=None, **one)
    measure(hub, "baseline:random", samples, 0, value=0.0, **one)
    found = facts(hub)
    said = [(found[one.prompt]["difficulty"], found[one.prompt]["n_models"]) for one in samples]
    assert said == [(pytest.approx(1 - (0.5 + 0 + 0) / 3), 3), (0.5, 2), (None, 0)]
    assert chosen(hub, "difficulty > 0.1") == {"0", "1"}
    assert chosen(hub, "NOT difficulty > 0.1") == set()
    assert chosen(hub, "difficulty IS NULL OR n_models = 3") == {"0", "2"}


def test_columns_of_models(hub: Hub) -> None:
    add_model(
        hub, Model(model_id="small", parameters=7, licence="MIT", open_weights=True, released=date(2025, 1, 1))
    )
    add_model(hub, Model(model_id="big", parameters=70, open_weights=False, cutoff=date(2024, 1, 1)))
    add_model(hub, Model(model_id="dark"))
    add_model(hub, Model(model_id="SMALL", parameters=8))
    add_alias(hub, "SMALL", "small")

    def those(text: str) -> tuple[str, ...]:
        found = model_filter(text)
        return models_where(hub, found.sql, found.columns, found.parameters)

    assert those("open_weights") == those("parameters < 10") == those("released > '2024-12-31'") == ("small",)
    assert those("NOT open_weights") == those("cutoff = '2024-01-01'") == ("big",)
    assert those("open_weights IS NULL") == those("licence IS NULL AND parameters IS NULL") == ("dark",)
    assert those("model LIKE '%a%' OR parameters > 0") == ("big", "dark", "small")
    assert {one.name for one in MODEL_COLUMNS} - {"model"} == {*Model.__dataclass_fields__} - {"model_id"}


def test_facts_stay_where_nothing_newer_is_known(hub: Hub) -> None:
    add_model(hub, Model(model_id="a", open_weights=True))
    add_model(hub, Model(model_id="a", parameters=3))
    assert known_models(hub)["a"] == Model(model_id="a", parameters=3, open_weights=True)
    assert set_facts(hub, "a", {"open_weights": None, "cutoff": date(2024, 1, 1)}) == "a"
    assert known_models(hub)["a"] == Model(model_id="a", parameters=3, cutoff=date(2024, 1, 1))
    add_alias(hub, "b", "a")
    assert cutoff_of(hub, "b") == date(2024, 1, 1) and cutoff_of(hub, "nobody") is None


HOSTILE = [
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM glob('/*')",
    "ATTACH '/tmp/elsewhere.db'",
    "COPY sample TO '/tmp/elsewhere.csv'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "RESET enable_external_access",
    "SET allowed_directories = ['/']",
    "SET allowed_paths = ['/etc/hostname']",
]


@pytest.mark.parametrize("statement", HOSTILE)
def test_the_hub_reaches_no_files_but_its_own(hub: Hub, statement: str) -> None:
    """Whoever had a way to its connection."""
    with pytest.raises(duckdb.Error):
        hub.database.execute(statement)


def test_it_still_publishes_wherever_it_lies(tmp_path: Path) -> None:
    with Hub(tmp_path / "it's a [hub]") as hub:
        add_samples(hub, [FULL])
        assert snapshot.publish(hub) == snapshot.current(hub.path)
