"""`evalhub rank` and `evalhub score` on what is selected: by filters, or by what came after training."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import evalhub as api
from evalhub.ranking import select
from evalhub.store.hub import Hub
from evalhub.store.results import add_model
from evalhub.store.samples import add_samples
from ingest.records import Model, Sample
from tests.cli.helpers import Done, evalhub, written
from tests.exports.hubs import measure
from tests.store.items import item

MODELS = {
    "old-open": Model(model_id="old-open", parameters=10**9, open_weights=True, cutoff=date(2024, 1, 31)),
    "new-open": Model(model_id="new-open", parameters=7 * 10**9, open_weights=True, cutoff=date(2024, 8, 31)),
    "closed": Model(model_id="closed", open_weights=False, released=date(2025, 3, 1)),
}


def samples() -> list[Sample]:
    """Twelve, published on the first of each month of 2024, the last two at a time nobody knows."""
    return [
        item(
            f"{n}",
            prompt=f"What is {n}?",
            source="odd" if n % 2 else "even",
            tags=("physics", f"t{n % 3}"),
            choices=("x", "y", "z")[: n % 4],
            published_at=date(2024, n + 1, 1) if n < 10 else None,
        )
        for n in range(12)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A hub where each model has the same share of passes everywhere."""
    with Hub(tmp_path / "hub") as hub:
        add_samples(hub, samples())
        for n, model in enumerate(MODELS.values()):
            measure(hub, model.model_id, samples(), 0, draw=n)
            add_model(hub, model)
    return tmp_path / "hub"


def ranked(path: Path, *options: str) -> dict[str, int]:
    """Number of samples of each model."""
    found = evalhub("rank", "--json", *options, "--hub", path)
    assert found.code == 0, found.err
    return {row["model"]: row["samples"] for row in found.json["models"]}


def expected(fits: Any, models: Any = MODELS) -> dict[str, int]:
    """Every seventh value of `measure` is missing."""
    return {model: sum(fits(one, model) for n, one in enumerate(samples()) if n % 7 != 6) for model in models}


def test_where(path: Path) -> None:
    for text, fits in [
        ("source = 'odd'", lambda one, _: one.source == "odd"),
        ("tags = 't1' AND n_choices > 1", lambda one, _: "t1" in one.tags and len(one.choices) > 1),
        ("published_at >= '2024-06-01'", lambda one, _: (one.published_at or date.min) >= date(2024, 6, 1)),
        ("published_at IS NULL", lambda one, _: one.published_at is None),
        ("NOT published_at >= '2024-06-01'", lambda one, _: (one.published_at or date.max) < date(2024, 6, 1)),
        ("difficulty >= 0", lambda *_: True),
    ]:
        assert ranked(path, "--where", text, "--method", "mean") == expected(fits), text
    both = ranked(path, "--where", "tags = 't1'", "--source", "even", "--method", "mean")
    assert both == expected(lambda one, _: "t1" in one.tags and one.source == "even")


def test_models(path: Path) -> None:
    assert [*ranked(path, "--models", "parameters < 5e9")] == ["old-open"]
    assert {*ranked(path, "--models", "open_weights")} == {"old-open", "new-open"}
    assert {*ranked(path, "--models", "released > '2025-01-01' OR model LIKE 'new%'")} == {"closed", "new-open"}


def test_the_json_says_what_was_selected_and_nothing_is_kept(path: Path) -> None:
    done = evalhub(
        "rank", "--json", "--where", "TAGS='t1' and(n_choices<>9.0)", "--models", "open_weights", "--hub", path
    )
    assert done.json["selection"] == {
        "source": "",
        "bench": "",
        "where": "tags = 't1' AND n_choices <> 9",
        "models": "open_weights",
        "after_cutoff": False,
    }
    assert "unknown_cutoff" not in done.json
    assert evalhub("rank", "--after-cutoff", "--hub", path).code == 0
    with Hub(path) as hub:
        assert hub.database.execute("SELECT count(*) FROM ranking").fetchall() == [(0,)]
    assert evalhub("rank", "--source", "odd", "--hub", path).code == 0
    with Hub(path) as hub:
        assert hub.database.execute("SELECT source FROM ranking").fetchall() == [("odd",)]


def test_each_model_on_what_came_after_its_training(path: Path) -> None:
    done = evalhub("rank", "--json", "--after-cutoff", "--method", "mean", "--hub", path)

    def fits(one: Sample, model: str) -> bool:
        cutoff = MODELS[model].cutoff
        return bool(cutoff and one.published_at and one.published_at > cutoff)

    found = {row["model"]: row["samples"] for row in done.json["models"]}
    assert found == expected(fits, ("old-open", "new-open"))
    assert done.json["unknown_cutoff"] == ["closed"] and done.json["selection"]["after_cutoff"] is True
    assert done.json["warnings"][:2] == [
        "unknown training cutoff, not ranked: closed (evalhub model set MODEL --cutoff DATE)",
        "2 measured samples have no date of publication and take no part",
    ]
    shown = evalhub("rank", "--after-cutoff", "--method", "mean", "--hub", path)
    assert "unknown training cutoff, not ranked: closed" in shown.out


def test_models_of_which_it_is_unknown_whether_they_fit_are_counted(path: Path) -> None:
    """By name, chance left out; where all is known, or nothing is asked, there is no such line."""
    with Hub(path) as hub:
        measure(hub, "baseline:random", samples(), 0)
    shown = evalhub("rank", "--json", "--models", "parameters < 2e9", "--method", "mean", "--hub", path).json
    assert shown["warnings"][0].startswith(
        "1 of 4 measured models left out, of which it is unknown whether parameters < 2e9: closed (evalhub model"
    )
    for filters in (["--models", "open_weights OR parameters < 2e9 OR model = 'closed'"], []):
        done = evalhub("rank", "--json", *filters, "--method", "mean", "--hub", path)
        assert "left out, of which" not in done.out


def test_many_models_without_a_cutoff_are_a_short_line(path: Path) -> None:
    """The JSON of a ranking has them all."""
    with Hub(path) as hub:
        for n in range(30):
            measure(hub, f"m{n:02}", samples()[:1], 0)
    done = evalhub("rank", "--json", "--after-cutoff", "--method", "mean", "--hub", path).json
    assert len(done["unknown_cutoff"]) == 31
    assert "not ranked: closed, m00, m01, m02, m03 and 26 more (" in done["warnings"][0]


def test_a_model_with_nothing_after_its_training_is_named(path: Path) -> None:
    assert evalhub("model", "set", "closed", "--cutoff", "2024-12-31", "--hub", path).code == 0
    done = evalhub("rank", "--json", "--after-cutoff", "--hub", path)
    assert done.json["unknown_cutoff"] == []
    assert done.json["warnings"][0] == "no value after the training cutoff, not ranked: closed"


def test_chance_was_trained_on_nothing(path: Path) -> None:
    with Hub(path) as hub:
        measure(hub, "baseline:random", samples(), 0)
    done = evalhub("rank", "--json", "--after-cutoff", "--method", "mean", "--hub", path)
    found = {row["model"]: row["samples"] for row in done.json["models"]}
    dated = expected(lambda one, _: one.published_at is not None, ["baseline:random"])
    assert {"baseline:random": found["baseline:random"]} == dated
    assert done.json["unknown_cutoff"] == ["closed"]


def test_other_names_and_variants_have_the_same_cutoff(path: Path) -> None:
    """What is known of a model is known under each of its names."""
    with Hub(path) as hub:
        measure(hub, "Old_Open", [item("late", published_at=date(2024, 12, 1))], 0)
        add_samples(hub, [item("late", published_at=date(2024, 12, 1))])
    before = ranked(path, "--after-cutoff", "--method", "mean")
    assert evalhub("model", "alias", "Old_Open", "old-open", "--hub", path).code == 0
    after = ranked(path, "--after-cutoff", "--method", "mean")
    assert after == before | {"old-open": before["old-open"] + 1}
    assert evalhub("model", "set", "Old_Open", "--cutoff", "2024-11-30", "--hub", path).code == 0
    assert ranked(path, "--after-cutoff", "--method", "mean")["old-open"] == 1


def test_votes(path: Path, tmp_path: Path) -> None:
    """Count where both models take part; where the sample is unknown, no filter fits it."""
    frame = pl.DataFrame(
        {
            "model_a": ["old-open", "old-open", "closed", "new-open"] * 5,
            "model_b": ["new-open", "closed", "new-open", "old-open"] * 5,
            "sample": ["v1", "v2", "v3", None] * 5,
            "outcome": ["a", "b", "tie", "a"] * 5,
        }
    )
    done = evalhub("import", written(frame, tmp_path / "votes.csv"), "--source", "arena", "--hub", path)
    assert done.code == 0, done.err
    with Hub(path) as hub:
        hub.database.execute("UPDATE sample SET published_at = '2024-06-01' WHERE source = 'arena'")

    def votes(selection: api.Selection) -> int:
        with Hub(path) as hub:
            return select(hub, selection).measurements.votes.outcome.size

    assert votes(api.Selection()) == 20
    assert votes(api.Selection(source="arena")) == 20
    assert votes(api.Selection(where="source = 'arena'")) == 15
    assert votes(api.Selection(models="open_weights")) == 10
    assert votes(api.Selection(models="open_weights", where="source = 'arena'")) == 5
    assert evalhub("model", "set", "new-open", "--cutoff", "2024-05-31", "--hub", path).code == 0
    assert votes(api.Selection(after_cutoff=True)) == 5


def refused(done: Done) -> str:
    assert done.code == 1
    return done.line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--where", "tags = 'nowhere'"], "no sample in the pool fits tags = 'nowhere'"),
        (["--where", "tags = 't1'", "--source", "nowhere"], "the pool has no source 'nowhere'"),
        (["--models", "parameters > 1e12"], "no model fits parameters > 1000000000000;"),
        (["--where", "tag = 't1'"], "there is no column tag, did you mean tags?"),
        (["--models", "open_weight"], "did you mean open_weights?"),
        (["--where", " "], "the filter is empty"),
        (["--where", "source_id = '6'"], "nothing is measured of what was selected"),
    ],
)
def test_what_selects_nothing_says_so(path: Path, options: list[str], said: str) -> None:
    assert said in refused(evalhub("rank", *options, "--hub", path))


def test_no_known_cutoff_says_how_to_set_one(path: Path) -> None:
    for model in ("old-open", "new-open"):
        assert evalhub("model", "set", model, "--forget", "cutoff", "--hub", path).code == 0
    line = refused(evalhub("rank", "--after-cutoff", "--hub", path))
    assert "unknown training cutoff, not ranked: closed, new-open, old-open" in line
    assert "evalhub model set MODEL --cutoff DATE" in line


def test_files_have_no_filters(tmp_path: Path) -> None:
    file = written(pl.DataFrame({"model": ["a"], "sample": ["s"], "value": [1.0]}), tmp_path / "r.csv")
    for options in (["--where", "has_image"], ["--models", "open_weights"], ["--after-cutoff"]):
        assert evalhub("rank", file, *options).code == 2


def test_in_python(path: Path) -> None:
    with api.Hub(path) as hub:
        ranking = api.rank_hub(hub, "mean", selection=api.Selection(models="open_weights", after_cutoff=True))
        assert {row.model for row in ranking.models} == {"old-open", "new-open"}
        assert ranking.warnings[0].startswith("2 measured samples")


def test_score(path: Path) -> None:
    """A model on the samples that fit, and on those after its cutoff, which has to be known."""
    where = evalhub(
        "score", "baseline:random", "--json", "--where", "tags = 't1' AND source = 'odd'", "--hub", path
    )
    assert [(one["source"], one["samples"]) for one in where.json["sources"]] == [("odd", 2)]
    after = evalhub("score", "baseline:random", "--json", "--after-cutoff", "--hub", path)
    assert sum(one["samples"] for one in after.json["sources"]) == 10
    assert "no sample in the pool fits tags = 'x'" in refused(
        evalhub("score", "baseline:random", "--where", "tags = 'x'", "--hub", path)
    )
    line = refused(evalhub("score", "baseline:empty", "--after-cutoff", "--where", "tags = 'x'", "--hub", path))
    assert "no sample in the pool fits tags = 'x' that was published after" in line


def test_score_after_an_unknown_cutoff(path: Path) -> None:
    beyond = api.Selection(after_cutoff=True)
    with Hub(path) as hub:
        with pytest.raises(api.EvalhubError, match="evalhub model set mine --cutoff DATE"):
            beyond.asked_of(hub, "mine")
        assert beyond.asked_of(hub, "new-open").parameters == {"cutoff": date(2024, 8, 31)}
