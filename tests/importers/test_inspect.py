"""Inspect: which values are read from its logs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from ingest.importer import Log, LogError, Told
from ingest.importers.inspect import Inspect
from ingest.metrics import PASS, SHARE, UP
from tests.importers.damaged import assert_survives, claims, values
from tests.importers.inspect_logs import DEFLATED, STORED, ZSTD, archived, header, imported, packed, summary

REAL = Path(__file__).parents[3] / "shared/data/logs/inspect"
real = pytest.mark.skipif(not REAL.exists(), reason="shared/data/logs is not beside this checkout")


def cells(log: Log, *columns: str) -> list[tuple[Any, ...]]:
    return log.results.select(columns or ("metric", "value", "reason")).rows()


@real
@pytest.mark.parametrize(
    ("name", "metric", "expected"),
    [
        ("2024-11-05*", "model_graded_fact", [(0, 1.0, "")]),
        ("2025-02-11*", "match", [(0, None, "not scored")] * 10),
        ("log_formats.eval", "match", [(0, 0.0, "")]),
        ("log_formats.json", "match", [(0, 0.0, "")]),
        ("log_streaming*", "match", [(1, 1.0, ""), (0, 1.0, ""), (0, 0.0, ""), (1, 1.0, "")]),
        ("mmlu-summary-choices*", "choice", [(0, 0.0, "")]),
    ],
)
def test_real_logs(name: str, metric: str, expected: list[tuple[Any, ...]]) -> None:
    """A row for each sample and epoch."""
    (path,) = REAL.glob(name)
    log = imported(path)
    assert (log.rows, log.refused.total(), log.partial, log.warnings) == (len(expected), 0, "", [])
    assert cells(log, "attempt", "value", "reason") == expected
    assert log.scales == {metric: PASS} and log.results["main"].all()
    assert log.tool_version.startswith("0.3.")


@real
def test_the_two_formats_of_a_log_are_one() -> None:
    """The same sample under the same condition."""
    one, two = (imported(REAL / f"log_formats.{ending}") for ending in ("eval", "json"))
    assert one.samples.keys() == two.samples.keys() and one.conditions == two.conditions


@pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTD])
def test_members_are_packed_in_several_ways(tmp_path: Path, method: int) -> None:
    """Also as Python's own zipfile cannot read them, in several frames; larger than a block, in any place."""
    log = imported(archived(tmp_path, [summary(i, extra="é" * 5000) for i in range(500)], method=method))
    assert log.results["value"].to_list() == [1.0] * 500
    assert len(log.samples) == 500


def test_told_by_content(tmp_path: Path) -> None:
    """Whatever a file is called: other zip files and other JSON are none."""
    path = archived(tmp_path, [summary(1)])
    assert claims(Inspect(), path.rename(tmp_path / "mine.zip"))
    assert claims(Inspect(), packed(tmp_path / "a", {"samples/1_epoch_1.json": {}, "header.json": {}}))
    assert not claims(Inspect(), packed(tmp_path / "b.eval", {"word/document.xml": b"<a/>"}))
    for other in (b'{"version": 2}', b'{"status": "success", "eval": {}}', b"PK\x03\x04", b""):
        (tmp_path / "c.eval").write_bytes(other)
        assert not claims(Inspect(), tmp_path / "c.eval")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("C", (1.0, "")),
        ("P", (0.5, "")),
        ("I", (0.0, "")),
        ("N", (0.0, "")),
        (True, (1.0, "")),
        ("yes", (1.0, "")),
        ("False", (0.0, "")),
        ("0.25", (0.25, "")),
        (1, (1.0, "")),
        (math.nan, (None, "NaN")),
        ("nan", (None, "NaN")),
        (None, (None, "no value")),
    ],
)
def test_values(tmp_path: Path, value: Any, expected: tuple[Any, str]) -> None:
    """As Inspect counts them, except that what is missing stays so."""
    scores = {"match": {"value": value}}
    log = imported(archived(tmp_path, [summary(1, scores=scores), summary(2)]))
    assert cells(log, "value", "reason") == [expected, (1.0, "")]


def test_what_is_no_number_is_refused(tmp_path: Path) -> None:
    """And so is what the metric cannot be."""
    odd = ["B", "c", 7, 10**400, {"a": {"b": 1}}]
    log = imported(archived(tmp_path, [summary(9), *(summary(i, score=score) for i, score in enumerate(odd[:4]))]))
    assert cells(log, "value") == [(1.0,)]
    assert log.refused == {"match is no number": 2, "match out of its range": 2}
    path = archived(tmp_path, [summary(1, score=odd[4])])
    assert imported(path, Told(scales={"match/a": UP})).refused == {"match/a is no number": 1}


def test_a_dictionary_is_a_metric_of_each(tmp_path: Path) -> None:
    """The first is the main one; NaN in its place is missing for all; lists are left out and counted."""
    scores = [{"f1": 0.5, "em": True, "all": [1, 2]}, math.nan, {"f1": 1, "em": None}]
    log = imported(archived(tmp_path, [summary(i, score=score) for i, score in enumerate(scores)]))
    assert cells(log) == [
        ("match/f1", 0.5, ""),
        ("match/em", 1.0, ""),
        ("match/f1", None, "NaN"),
        ("match/em", None, "NaN"),
        ("match/f1", 1.0, ""),
        ("match/em", None, "no value"),
    ]
    assert log.results["main"].to_list() == [True, False] * 3
    assert log.scales == {"match/f1": SHARE, "match/em": PASS}
    assert log.warnings == ["match: lists in the place of scores, which are no one value; left out: 1"]


def test_the_first_scorer_is_the_main_one(tmp_path: Path) -> None:
    """In the order of the log's declaration; one that gave only lists has no metric."""
    head = header(eval_={"scorers": [{"name": "pkg/lists"}, {"name": "pkg/second"}, {"name": "pkg/first"}]})
    scores = {"first": {"value": "C"}, "second": {"value": "I"}, "lists": {"value": ["C"]}}
    log = imported(archived(tmp_path, [summary(1, scores=scores)], head))
    assert cells(log, "metric", "value", "main") == [("second", 0.0, True), ("first", 1.0, False)]
    assert log.warnings == ["lists: lists in the place of scores, which are no one value; left out: 1"]


def test_a_scorer_of_one_sample_alone(tmp_path: Path) -> None:
    """Is none of the log's where its results do not know it, and neither is an epoch beyond the last."""
    head = header(eval_={"config": {"epochs": 2}}, results={"scores": [{"scorer": "match", "name": "match"}]})
    told = [summary(1), summary(2, scores={"mbtch": {"value": "C"}}), summary(3, epoch=3)]
    log = imported(archived(tmp_path, told, head))
    assert cells(log) == [("match", 1.0, ""), ("match", None, "not scored")]
    assert log.refused == {"a scorer of one sample alone": 1, "an epoch beyond the last": 1}


def test_missing_samples_have_a_reason(tmp_path: Path) -> None:
    """Errors, limits even where they are scored, no scores, and judgements that are none."""
    told = [
        summary(1, score=None, error="Traceback"),
        summary(2, score="I", limit="token"),
        summary(3, score=None),
        summary(4, scores={"other": {"value": "C"}}),
        summary(5, scores={"match": {"value": "I", "reason": "grader_failed"}}),
        summary(6, scores={"match": {"value": "N", "reason": "refusal"}}),
        summary(7, scores={"match": {"value": "N", "reason": "no_response"}}),
    ]
    log = imported(archived(tmp_path, told))
    match = log.results.filter(log.results["metric"] == "match")
    assert match.select("value", "reason").rows() == [
        (None, "error"),
        (None, "limit: token"),
        (None, "not scored"),
        (None, "not scored"),
        (None, "grader_failed"),
        (None, "refusal"),
        (0.0, ""),
    ]
    assert log.warnings == ["samples stopped at a limit, which are missing though Inspect scored them: 1"]


def test_epochs_are_attempts_and_the_last_run_counts(tmp_path: Path) -> None:
    """Of a sample and epoch that was run again."""
    told = [summary(1, score="I"), summary(1, epoch=2), summary("1", score="C")]
    log = imported(archived(tmp_path, told))
    assert cells(log, "attempt", "value") == [(0, 1.0), (1, 1.0)] and len(log.samples) == 1


def test_a_log_without_scores(tmp_path: Path) -> None:
    """Says what to do; where scorers are known, their metrics are missing."""
    path = archived(tmp_path, [summary(1, score=None)])
    assert cells(imported(path)) == [("match", None, "not scored")]
    path = archived(tmp_path, [summary(1, score=None)], header(eval_={"scorers": None}))
    with pytest.raises(LogError, match="inspect score"):
        imported(path)


def test_direction(tmp_path: Path) -> None:
    """C and I say it, then the metric's name, then that the log takes its accuracy; else the import asks."""
    plain = header(eval_={"scorers": [{"name": "mine"}]})

    def scored(score: Any, head: dict[str, Any] = plain) -> Path:
        return archived(tmp_path, [summary(1, scores={"mine": {"value": score}})], head)

    assert imported(scored("C")).scales == {"mine": PASS}
    with pytest.raises(LogError, match="--metric 'mine=up'"):
        imported(scored(0.5))
    assert imported(scored(0.5), Told(scales={"mine": UP})).scales == {"mine": UP}
    accuracy = {"scorer": "mine", "name": "mine", "metrics": {"accuracy": {"value": 0.5}}}
    assert imported(scored(0.5, header(results={"scores": [accuracy]}))).scales == {"mine": PASS}


def test_what_is_not_whole_says_so(tmp_path: Path) -> None:
    """Runs that did not finish, were stopped or invalidated, and fewer samples than there were to be."""
    two = [summary(1), summary(2)]
    for head, partial in (
        (header(), ""),
        (header(status="error"), "the run ended with error"),
        (header(status="started"), "the run did not finish"),
        (header(invalidated=True), "its authors invalidated it"),
        (header(results={"total_samples": 5}), "2 of 5 samples"),
        (header(eval_={"dataset": {"sample_ids": [1, 2]}, "config": {"epochs": 2}}), "2 of 4 samples"),
        (header(status="cancelled", invalidated=True), "the run ended with cancelled; its authors invalidated it"),
    ):
        log = imported(archived(tmp_path, two, head))
        assert (log.partial, log.results.height) == (partial, 2)


def test_the_accuracy_of_the_log_has_to_come_out(tmp_path: Path) -> None:
    """Over samples, each the mean of its epochs; one of a reckoning of its own is not compared."""
    told = [summary(1), summary(1, epoch=2, score="I"), summary(2)]

    def partial(value: float, **more: Any) -> str:
        accuracy = {"value": value, "params": more}
        scores = [{"scorer": "match", "name": "match", "metrics": {"accuracy": accuracy}}]
        return imported(archived(tmp_path, told, header(results={"scores": scores, "total_samples": 3}))).partial

    assert partial(0.75) == ""
    assert partial(0.5) == "the mean of match is 0.7500, but 0.5000 in the log's own results"
    assert partial(0.5, to_float="mine") == ""


def test_an_unfinished_log(tmp_path: Path) -> None:
    """Has its journal alone, whose pieces are in the order of their numbers."""
    start = {key: header()[key] for key in ("version", "eval", "plan")}
    pieces = {f"_journal/summaries/{place}.json": [summary(place), summary(1, score="I")] for place in (10, 9, 2)}
    log = imported(packed(tmp_path / "log.eval", {"_journal/start.json": start, **pieces}, ZSTD))
    assert log.partial == "the run did not finish"
    assert [log.samples[key].source_id for key in log.results["sample"]] == ["2", "1", "9", "10"]


def test_no_model(tmp_path: Path) -> None:
    """A log that scored the outputs of others names none."""
    path = archived(tmp_path, [summary(1)], header(eval_={"model": "none/none"}))
    with pytest.raises(LogError, match="--model"):
        imported(path)
    assert imported(path, Told(model="mine")).results["model"].to_list() == ["mine"]


@pytest.mark.parametrize(
    "bad",
    [
        5,
        {"id": 1},
        {"id": [1], "epoch": 1},
        summary(1, epoch=0),
        summary(1, epoch=2**31),
        summary(1, input=7),
        summary(1, input=[{"role": "user"}]),
        summary(1, target={"a": 1}),
        summary(1, choices=["a", 1]),
        summary(1, scores=[1]),
        summary(1, scores={"match": {"answer": "x"}}),
        summary(1, input="half \ud800"),
        summary("\udfff"),
    ],
)
def test_samples_that_are_not_understood(tmp_path: Path, bad: Any) -> None:
    """Are refused, and the others read."""
    log = imported(archived(tmp_path, [bad, summary(2)]))
    assert log.refused == {"not understood": 1} and log.results["value"].to_list() == [1.0]


def test_damage_is_noticed(tmp_path: Path) -> None:
    """By the checksum, before anything is handed on; sizes that are not told truly are damage too."""
    path = archived(tmp_path, [summary(i) for i in range(3)], method=STORED)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"value": "C"', b'"value": "I"', 1))
    with pytest.raises(LogError, match=r"damaged in summaries\.json"):
        imported(path)
    path.write_bytes(whole[:-30])
    with pytest.raises(LogError, match="no whole zip file"):
        Inspect().read((path,), Told())
    bomb = packed(path, {"_journal/start.json": {}, "header.json": b"[" * 200_000}, ZSTD)
    with pytest.raises(LogError, match=r"damaged in header\.json"):
        imported(bomb)


def test_json_of_another_shape(tmp_path: Path) -> None:
    """Is an error in one line, whatever it is."""
    path = tmp_path / "log.json"
    for content in (
        b'{"version": 2, "status": "success", "eval": 5, "samples": []}',
        b'{"version": 2, "status": "success", "eval": {"task": "a", "model": "m"}, "samples": null}',
        b'{"version": 2, "status": "success", "eval": {"task": "a", "model": "m"}, "samples": {}}',
        b'{"version": 2, "status": "success", "eval": ' + b"[" * 100_000,
        b'{"version": 2, "status": "success", "eval": {"task": "\xff"}}',
        b'{"version": 2, "status": "success", "eval": {"task": "\\ud800", "model": "m"}}',
    ):
        path.write_bytes(content)
        with pytest.raises(LogError):
            imported(path)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["eval", "json"])
def test_damaged_files(tmp_path: Path, ending: str) -> None:
    """No value is read that the log does not hold of that sample, unless the log says that something is wrong."""
    told = [summary(i, epoch=epoch, score="CIP"[i % 3]) for i in range(6) for epoch in (1, 2)]
    scores = [{"scorer": "match", "name": "match", "metrics": {"accuracy": {"value": 0.5}}}]
    head = header(eval_={"config": {"epochs": 2}}, results={"scores": scores, "total_samples": 12})
    if ending == "eval":
        key = archived(tmp_path, told, head, method=ZSTD)
    else:
        key = tmp_path / "log.json"
        key.write_text(json.dumps({**head, "samples": told}, indent=2))
    whole = imported(key)
    assert (whole.partial, whole.refused.total(), whole.results.height) == ("", 0, 12)
    # Nothing vouches for the text of a question in plain JSON: another letter makes another sample.
    first = 1 if ending == "eval" else 2
    said = {cell[first:] for cell in values(whole)}

    def check(log: Log) -> None:
        assert {cell[first:] for cell in values(log)} <= said or log.partial or log.refused

    assert_survives(Inspect(), key, check=check)
