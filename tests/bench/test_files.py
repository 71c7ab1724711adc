"""A benchmark goes into another hub, and stays the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evalhub as api
from evalhub.benchmarks.benchmark import freeze
from evalhub.benchmarks.files import bring, read, write
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from tests.bench.found import found
from tests.exports.hubs import questions

SAMPLES = [*questions(4), *questions(6, "other")[4:]]


@pytest.fixture
def file(hub: Hub, tmp_path: Path) -> Path:
    add_samples(hub, SAMPLES)
    write(freeze(hub, "sums", found(SAMPLES)), tmp_path / "sums.json")
    return tmp_path / "sums.json"


def test_there_and_back(hub: Hub, file: Path, tmp_path: Path) -> None:
    named = {one["sample"]: (one["source"], one["source_id"]) for one in json.loads(file.read_text())["samples"]}
    assert named == {one.sample_id: (one.source, one.source_id) for one in SAMPLES}
    with Hub(tmp_path / "another") as other:
        add_samples(other, SAMPLES[:4])
        brought = bring(other, read(file))
        assert brought.benchmark.frozen == hub.benchmark("sums").frozen
        assert brought.lacking == {"other": 2}
        assert bring(other, read(file)).benchmark.named.version == 1
        assert bring(other, read(file), "mine").benchmark.named.name == "mine"
        freeze(other, "taken", found(SAMPLES[:2]))
        with pytest.raises(api.EvalhubError, match="there is a benchmark taken@1"):
            bring(other, read(file), "taken")


def test_it_does_not_replace_a_file_unasked(hub: Hub, file: Path) -> None:
    with pytest.raises(api.EvalhubError, match="--force"):
        write(hub.benchmark("sums"), file)
    write(hub.benchmark("sums"), file, force=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one["samples"].pop(), "was changed since it was written"),
        (lambda one: one["query"].update(text="dates"), "was changed since it was written"),
        (lambda one: one["cut"].update(precision=0.9), "was changed since it was written"),
        (lambda one: one.pop("query"), "'query' is missing"),
        (lambda one: one["samples"][0].pop("similarity"), "'similarity' is missing"),
        (lambda one: one["samples"][0].update(similarity="near"), "could not convert"),
        (lambda one: one["samples"][0].update(similarity=float("nan")), "the number nan cannot be"),
        (lambda one: one["samples"].append(one["samples"][0]), "names no sample, or one twice"),
        (lambda one: one["samples"].clear(), "names no sample, or one twice"),
        (lambda one: one.update(samples=3), "of another kind"),
        (lambda one: one["samples"][0].update(relevance=9), "the number 9.0 cannot be"),
        (lambda one: one["cut"]["estimate"].update(high=7), "the number 7.0 cannot be"),
        (lambda one: one.update(name="a@b"), "is no name for a benchmark"),
        (lambda one: one.pop("format"), "is no benchmark"),
    ],
)
def test_what_was_changed_is_refused(file: Path, tmp_path: Path, change: Any, said: str) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    with Hub(tmp_path / "another") as other:
        with pytest.raises(api.EvalhubError) as error:
            bring(other, read(file))
        assert said in str(error.value)
        assert other.database.execute("SELECT count(*) FROM benchmark").fetchall() == [(0,)]


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    for content in (b"PAR1\xff", b"[]", b""):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(api.EvalhubError, match="evalhub bench export"):
            read(tmp_path / "file")
