"""`evalhub bench`, and --bench of rank and score. Filters pick the samples: that takes no encoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evalhub.probes.encoder import MiniLM
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from evalhub.store.vectors import put_vectors
from tests.cli.helpers import evalhub
from tests.exports.hubs import done, measure, questions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    samples = questions(12)
    with Hub(tmp_path / "hub") as hub:
        add_samples(hub, samples)
        for n, model in enumerate(("org/a", "org/b", "c")):
            measure(hub, model, samples, 0, draw=n)
    return tmp_path / "hub"


def new(path: Path, name: str = "odd", where: str = "tags = 'odd'", *options: str) -> str:
    made = done(evalhub("bench", "new", name, "--where", where, *options, "--json", "--hub", path)).json
    return str(made["hash"])


def test_new(path: Path) -> None:
    shown = done(evalhub("bench", "new", "odd", "--where", "tags = 'odd'", "--hub", path))
    made = done(evalhub("bench", "list", "--json", "--hub", path)).json
    assert [(one["name"], one["version"], one["samples"]) for one in made] == [("odd", 1, 6)]
    assert f"saved as odd@1 ({made[0]['hash'][:12]}): evalhub rank --bench odd" in shown.out
    top = done(evalhub("bench", "new", "two", "--where", "tags = 'odd'", "--top", 2, "--json", "--hub", path))
    assert top.json["samples"] == 2 and top.json["cut"]["top"] == 2 and top.json["borderline"] == []


def test_what_goes_wrong_saves_nothing(path: Path, tmp_path: Path) -> None:
    new(path)
    for options, said in [
        (["new", "odd", "--where", "has_image"], "evalhub bench refresh odd"),
        (["new", "x", "--where", "tags = 'x'"], "nothing is saved: no sample in the pool fits"),
        (["new", "x"], "a probe needs a text"),
        (["new", "x", "--where", "tag = 'x'"], "did you mean tags?"),
        (["show", "od"], "did you mean odd?"),
        (["delete", "odd@1"], "evalhub bench delete odd"),
        (["diff", "odd", "even"], "there is no benchmark 'even'"),
        (["refresh", "odd@1"], "evalhub bench refresh odd"),
        (["import", tmp_path / "none"], "No such file"),
    ]:
        assert said in evalhub("bench", *options, "--hub", path).line
    both = evalhub("bench", "new", "x", "y", "--top", 3, "--precision", 0.5, "--hub", path)
    assert both.code == 2
    assert [one["name"] for one in done(evalhub("bench", "list", "--json", "--hub", path)).json] == ["odd"]


def test_rank(path: Path) -> None:
    digest = new(path)
    for which in ("odd", "odd@1", digest[:12]):
        ranked = done(evalhub("rank", "--bench", which, "--method", "mean", "--json", "--hub", path)).json
        told = ranked["benchmark"]
        assert (told["name"], told["version"], told["hash"]) == ("odd", 1, digest)
        assert ranked["selection"]["bench"] == which
        assert {row["samples"] for row in ranked["models"]} == {6}
    shown = done(evalhub("rank", "--bench", "odd", "--method", "mean", "--hub", path))
    assert f"Benchmark odd@1 ({digest[:12]})" in shown.out
    narrow = ("--where", "source_id <> 'q1'", "--models", "model LIKE 'org%'")
    ranked = done(evalhub("rank", "--bench", "odd", *narrow, "--method", "mean", "--json", "--hub", path)).json
    assert {row["model"]: row["samples"] for row in ranked["models"]} == {"org/a": 5, "org/b": 5}
    assert evalhub("rank", path / "file.csv", "--bench", "odd").code == 2


def test_coverage_is_of_the_benchmark_and_the_filter(path: Path, tmp_path: Path) -> None:
    """Of q1 and q6, nobody has a value on q6."""
    new(path, "two", "source_id IN ('q1', 'q6')")
    for picked in (
        ("--bench", "two"),
        ("--where", "source_id IN ('q1', 'q6')"),
        ("--bench", "two", "--by", "tag"),
    ):
        ranked = done(evalhub("rank", *picked, "--json", "--hub", path)).json
        assert {(row["samples"], row["coverage"]) for row in ranked["models"]} == {(1, 0.5)}
        assert ranked["warnings"][0] == "1 of 2 samples is measured by no model"
    shown = done(evalhub("rank", "--bench", "two", "--hub", path)).out
    assert "50%" in shown and "1 of 2 samples is measured by no model" in shown
    with Hub(path) as hub:
        assert {row.coverage for row in hub.benchmark("two").ranking().models} == {0.5}
    assert "1 of 2 samples is measured by no model" in done(evalhub("bench", "show", "two", "--hub", path)).out
    some = done(evalhub("rank", "--bench", "two", "--models", "model LIKE 'org%'", "--json", "--hub", path)).json
    assert some["warnings"][0] == "1 of 2 samples is measured by no model that is ranked on them"
    done(evalhub("bench", "export", "two", tmp_path / "two.json", "--hub", path))
    with Hub(tmp_path / "other") as hub:
        add_samples(hub, questions(2))
    done(evalhub("bench", "import", tmp_path / "two.json", "--hub", tmp_path / "other"))
    scored = done(evalhub("score", "baseline:empty", "--bench", "two", "--json", "--hub", tmp_path / "other")).json
    assert {row["coverage"] for row in scored["ranking"]["models"]} == {0.5}, "the pool lacks the other one"
    everything = done(evalhub("rank", "--json", "--hub", path)).json
    assert {row["coverage"] for row in everything["models"]} == {1.0}, "of the pool, what anyone has a value on"


def test_a_limited_run_does_not_cover_the_benchmark(tmp_path: Path) -> None:
    with Hub(tmp_path) as hub:
        add_samples(hub, questions(12))
    new(tmp_path, "all", "n_characters > 0")
    run = ("score", "baseline:empty", "--bench", "all", "--limit", 1, "--json", "--hub", tmp_path)
    assert done(evalhub(*run)).json["ranking"]["models"][0]["coverage"] == 1 / 12
    ranked = done(evalhub("rank", "--bench", "all", "--hub", tmp_path)).out
    assert "8%" in ranked and "11 of 12 samples are measured by no model" in ranked


def test_each_model_after_its_training(path: Path) -> None:
    new(path)
    done(evalhub("model", "set", "c", "--cutoff", "2026-11-05", "--hub", path))
    ranked = done(evalhub("rank", "--bench", "odd", "--after-cutoff", "--json", "--hub", path)).json
    assert {row["model"] for row in ranked["models"]} == {"c"}
    assert ranked["unknown_cutoff"] == ["org/a", "org/b"]


def test_score(path: Path) -> None:
    digest = new(path)
    scored = done(evalhub("score", "baseline:random", "--bench", "odd", "--json", "--hub", path)).json
    assert [one["samples"] for one in scored["sources"]] == [6]
    assert scored["benchmark"]["hash"] == digest
    assert scored["ranking"]["samples"] == 6
    shown = done(evalhub("score", "baseline:random", "--bench", "odd", "--where", "n_choices = 0", "--hub", path))
    assert f"Benchmark odd@1 ({digest[:12]})" in shown.out
    assert (
        "there is no benchmark 'even'" in evalhub("score", "baseline:empty", "--bench", "even", "--hub", path).line
    )


def test_the_pool_grows(path: Path) -> None:
    new(path)
    same = done(evalhub("bench", "refresh", "odd", "--hub", path))
    assert "nothing has changed: odd@1" in same.out
    with Hub(path) as hub:
        add_samples(hub, questions(16))
    fresh = done(evalhub("bench", "refresh", "odd", "--hub", path))
    assert "odd@2" in fresh.out and "6 samples in both; Jaccard 0.75" in fresh.out
    assert "sums q13" in fresh.out and "sums q15" in fresh.out
    again = done(evalhub("bench", "refresh", "odd", "--json", "--hub", path)).json
    assert (again["changed"], again["version"]) == (False, 2)
    compared = done(evalhub("bench", "diff", "odd@1", "odd", "--json", "--hub", path)).json
    assert (len(compared["only_first"]), len(compared["only_second"]), len(compared["both"])) == (0, 2, 6)
    assert compared["differ"] == {}


def test_show(path: Path) -> None:
    digest = new(path)
    shown = done(evalhub("bench", "show", "odd", "--hub", path)).out
    for line in (f"odd@1 ({digest[:12]})", "where: tags = 'odd'", "sources: sums 6", "beside the whole pool: tau"):
        assert line in shown
    told = done(evalhub("bench", "show", "odd", "--json", "--hub", path)).json
    assert told["hash"] == digest and told["card"]["sources"] == {"sums": 6}
    assert told["card"]["pool"]["draws"] == 200 and told["card"]["models"] == 3


def test_near_duplicates_are_named(path: Path) -> None:
    new(path)
    with Hub(path) as hub:
        ids = hub.benchmark("odd").frozen.sample_ids[:2]
        put_vectors(hub, MiniLM.name, ids, np.full((2, 4), 64, np.int8), np.full(2, 1 / 128, np.float32))
    shown = done(evalhub("bench", "show", "odd", "--hub", path)).out
    assert "1 pair with a cosine of 0.95 or more among 2 samples" in shown and "1.00 sums q" in shown


def test_export_and_import(path: Path, tmp_path: Path) -> None:
    digest = new(path)
    done(evalhub("bench", "export", "odd", tmp_path / "odd.json", "--hub", path))
    assert len(json.loads((tmp_path / "odd.json").read_text())["samples"]) == 6
    assert "--force" in evalhub("bench", "export", "odd", tmp_path / "odd.json", "--hub", path).line
    with Hub(tmp_path / "other") as hub:
        add_samples(hub, questions(6))
    brought = done(evalhub("bench", "import", tmp_path / "odd.json", "--hub", tmp_path / "other"))
    assert f"odd@1 ({digest[:12]}): 6 samples" in brought.out and "this pool lacks 3 of sums" in brought.out
    shown = done(evalhub("bench", "show", digest[:12], "--hub", tmp_path / "other")).out
    assert "this pool lacks 3 samples of it" in shown


def test_import_makes_a_hub_but_not_for_a_file_that_is_none(path: Path, tmp_path: Path) -> None:
    digest = new(path)
    done(evalhub("bench", "export", "odd", tmp_path / "odd.json", "--hub", path))
    (tmp_path / "no.json").write_text("{}")
    assert "is no benchmark" in evalhub("bench", "import", tmp_path / "no.json", "--hub", tmp_path / "fresh").line
    assert not (tmp_path / "fresh").exists()
    brought = done(evalhub("bench", "import", tmp_path / "odd.json", "--hub", tmp_path / "fresh"))
    assert f"odd@1 ({digest[:12]}): 6 samples" in brought.out and "this pool lacks 6 of sums" in brought.out


def test_diff_says_which_side_has_what(path: Path) -> None:
    odd, two = new(path)[:12], new(path, "two", "source_id IN ('q1', 'q6')")[:12]
    shown = done(evalhub("bench", "diff", "odd", "two", "--hub", path)).out
    told = f"where: tags = 'odd' in odd@1 ({odd}), source_id IN ('q1', 'q6') in two@1 ({two})"
    assert told in " ".join(shown.split())
    assert f"only in odd@1 ({odd}): 5 samples" in shown and f"only in two@1 ({two}): 1 sample" in shown


def test_delete(path: Path) -> None:
    new(path)
    assert done(evalhub("bench", "delete", "odd", "--json", "--hub", path)).json == {"name": "odd", "deleted": 1}
    assert "no benchmarks yet" in done(evalhub("bench", "list", "--hub", path)).out
    new(path)
