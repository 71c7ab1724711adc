"""Results as records of Every Eval Ever."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from evalhub.store.attempts import add_attempts
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Attempt, Status
from tests.cli.helpers import evalhub
from tests.exports.hubs import WARM, done, fill, measure, questions
from tests.exports.schemas import published_schemas

UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
PATH = re.compile(rf"data/[^/]+/[^/]+/[^/]+/{UUID4}(\.json|_samples\.jsonl)")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with something of everything, and outputs of one model."""
    folder = tmp_path_factory.mktemp("full")
    fill(folder / "hub", folder)
    with Hub(folder / "hub") as hub:
        sample = questions()[0]
        add_attempts(
            hub,
            [
                Attempt(
                    model_id="org/b",
                    condition_id=WARM.condition_id,
                    seed=0,
                    sample_id=sample.sample_id,
                    attempt=n,
                    status=status,
                    output=f"said {n}\u2028 \ud800",
                    tokens=1,
                    seconds=0.1,
                )
                for n, status in enumerate((Status.OK, Status.TRUNCATED, Status.NO_ANSWER))
            ],
        )
    return folder / "hub"


@pytest.fixture(scope="module")
def out(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported folder."""
    folder = tmp_path_factory.mktemp("exported") / "records"
    done(evalhub("export", folder, "--to", "every-eval-ever", "--hub", full))
    return folder


def records(folder: Path) -> dict[Path, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Aggregates, each with its instances, by path."""
    found = {}
    for path in sorted(folder.rglob("*.json")):
        lines = path.with_name(f"{path.stem}_samples.jsonl").read_bytes().splitlines()
        found[path] = json.loads(path.read_text()), [json.loads(line) for line in lines]
    return found


def test_all_files_pass_the_published_schemas(out: Path, tmp_path: Path) -> None:
    """Aggregates and instances."""
    jsonschema = pytest.importorskip("jsonschema")
    schemas = published_schemas(tmp_path)
    checks = {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas.items()}
    for aggregate, instances in records(out).values():
        checks["aggregate"].validate(aggregate)
        for instance in instances:
            checks["instance"].validate(instance)
    aggregate["detailed_evaluation_results"]["file_path"] = "elsewhere"
    assert not checks["aggregate"].is_valid(aggregate)


def test_the_files_lie_where_the_format_wants_them_and_fit_each_other(out: Path) -> None:
    """Their paths, the checksum, the number of rows, and the keys by which instances name results."""
    files = [path for path in out.rglob("*") if path.is_file() and path.name != ".evalhub-export"]
    assert all(PATH.fullmatch(path.relative_to(out).as_posix()) for path in files)
    found = records(out)
    assert len(files) == 2 * len(found)
    ids = set()
    for path, (aggregate, instances) in found.items():
        told = aggregate["detailed_evaluation_results"]
        samples = out / told["file_path"]
        assert samples.parent == path.parent and samples.name.startswith(path.stem)
        assert told["checksum"] == hashlib.sha256(samples.read_bytes()).hexdigest()
        assert told["total_rows"] == len(instances) == len(samples.read_text().splitlines()) > 0
        assert {row["evaluation_id"] for row in instances} == {aggregate["evaluation_id"]}
        assert {row["model_id"] for row in instances} == {aggregate["model_info"]["id"]}
        keys = [one["evaluation_result_id"] for one in aggregate["evaluation_results"]]
        assert len({*keys}) == len(keys) and {row["evaluation_result_id"] for row in instances} == {*keys}
        ids.add(aggregate["evaluation_id"])
        assert path.parent.parent.name == ("org" if "/" in aggregate["model_info"]["id"] else "unspecified")
    assert len(ids) == len(found)


def test_one_record_for_each_source_model_and_variant(out: Path) -> None:
    """The one of a variant says so; the tool is who measured."""
    found = defaultdict(list)
    for aggregate, _ in records(out).values():
        found[aggregate["evaluation_results"][0]["evaluation_name"]].append(aggregate)
    names = sorted(aggregate["model_info"]["name"] for aggregate in found["sums"])
    assert names == ["c", "org/a", "org/b", "org/b [temperature=1.0]"]
    assert {aggregate["eval_library"]["name"] for aggregate in found["sums"]} == {"evalhub"}
    assert {aggregate["eval_library"]["name"] for aggregate in found["theirs"]} == {"unknown"}
    (warm,) = (one for one in found["sums"] if one["model_info"]["name"].endswith("]"))
    assert warm["evaluation_results"][0]["generation_config"]["generation_args"]["temperature"] == 1.0


def test_scores_are_means_of_instances_and_missing_ones_are_not_among_them(out: Path, full: Path) -> None:
    """They are counted: in the aggregate, and in what the command says."""
    missing = 0
    for aggregate, instances in records(out).values():
        for one in aggregate["evaluation_results"]:
            rows = [row for row in instances if row["evaluation_result_id"] == one["evaluation_result_id"]]
            values = [row["evaluation"]["score"] for row in rows]
            assert one["score_details"]["score"] == pytest.approx(fmean(values))
            uncertainty = one["score_details"]["uncertainty"]
            assert uncertainty["num_samples"] == len(values)
            assert uncertainty["standard_deviation"] == pytest.approx(stdev(values))
            assert 0 < uncertainty["standard_error"]["value"] < 2 * stdev(values)
            missing += int(one["score_details"]["details"]["missing"])
            config = one["metric_config"]
            assert config["lower_is_better"] == (config["metric_name"] == "score")
            if config["score_type"] == "continuous":
                assert float(config["min_score"]) <= min(values) <= max(values) <= float(config["max_score"])
    said = done(evalhub("export", out.parent / "again", "--to", "every-eval-ever", "--hub", full, "--json")).json
    lost = {reason: count for reason, count in said["left_out"].items() if reason.startswith("missing: ")}
    assert {*lost} == {"missing: timeout", "missing: no value"} and sum(lost.values()) == missing
    assert said["left_out"]["votes"] == 32 and said["records"] == len(records(out))
    assert said["rows"] == sum(len(instances) for _, instances in records(out).values())
    assert (said["samples"], said["models"]) == (30, 4)


def test_instances_say_what_was_asked_and_answered(out: Path) -> None:
    """The question, its choices and reference, the outputs that counted, passes and attempts; of a sample that is
    only a name, nothing."""
    found = [row for _, instances in records(out).values() for row in instances]
    rows = {(row["model_id"], row["sample_id"], row["evaluation_result_id"].split("/")[0]): row for row in found}
    sample = questions()[1]
    row = rows["c", "q1", "pass_rate"]
    assert row["input"] == {"raw": sample.prompt, "reference": ["1"], "choices": list(sample.choices)}
    assert row["metadata"]["attempts"].isdigit() and row["metadata"]["tags"] == "odd, sum"
    assert row["evaluation"]["is_correct"] is (row["evaluation"]["score"] == 1)
    assert rows["c", "q0", "pass_rate"]["output"] == {"raw": []}
    spoken = [row["output"]["raw"] for row in found if row["output"]["raw"]]
    assert [[text[:8] for text in texts] for texts in spoken] == [["said 0\u2028 ", "said 2\u2028 "]] * len(spoken)
    assert spoken
    named = rows["d", "t0", "score"]
    assert named["input"] == {"raw": "", "reference": []} and named["sample_hash"] is None


def test_what_is_imported_again_has_the_same_means(out: Path, full: Path, tmp_path: Path) -> None:
    """By the importer of the format, for each metric."""
    took = done(evalhub("import", out, "--hub", tmp_path / "hub", "--json")).json
    assert {log["format"] for log in took["logs"]} == {"every-eval-ever"} and took["rows"] == took["kept"]
    means = []
    for hub in (tmp_path / "hub", full):
        with Hub(hub) as opened:
            means.append(
                opened.database.execute(
                    """
                    SELECT model_id, metric, direction, round(avg(value), 9), count(value) FROM named_measurement
                    WHERE model_id IN ('d', 'c') AND metric IN ('score', 'f1') GROUP BY ALL ORDER BY ALL
                    """
                ).fetchall()
            )
    assert means[0] == means[1] and len(means[0]) == 2


def test_a_model_without_a_value_has_no_record(tmp_path: Path) -> None:
    samples = questions(3)
    with Hub(tmp_path / "hub") as hub:
        add_samples(hub, samples)
        measure(hub, "data", samples, 0)
        measure(hub, "lost", samples, 0, value=None, reason="error")
    out = tmp_path / "out"
    said = done(evalhub("export", out, "--to", "every-eval-ever", "--hub", tmp_path / "hub", "--json")).json
    assert said["left_out"] == {"missing: error": 3} and said["records"] == 1
    (path,) = out.rglob("*.json")
    assert path.parent.relative_to(out).as_posix() == "data/sums/unspecified/data_"
    assert not list(out.rglob("lost/*"))
