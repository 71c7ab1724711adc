"""Results in the exchange format of Every Eval Ever, schema 0.3.0: an aggregate file and its instances."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from evalhub.exports.every_eval_ever_results import Metric, Scores, result, slug
from evalhub.exports.exported import Exported
from evalhub.exports.samples import as_text
from evalhub.exports.scope import check_scope, nothing_there
from evalhub.exports.target import check_folder, fresh_folder
from evalhub.store.exported import counting_cells, counting_votes
from evalhub.store.exported_records import (
    IN_RECORDS,
    RECORD,
    Question,
    conditions,
    outputs,
    parameters,
    questions,
    shared_names,
)
from evalhub.store.hub import Hub
from evalhub.store.releases import private_samples
from evalhub.telling import Tell

SCHEMA = "0.3.0"

_TOGETHER = 2000
"""Cells whose questions and outputs are in memory at once."""

_UNSPECIFIED = "unspecified"
"""Who made a model whose name does not say it."""

Row = dict[str, Any]


def export_records(hub: Hub, out: Path, *, source: str, metric: str, force: bool, tell: Tell) -> Exported:
    """Write what is measured on a source's samples, or on the whole pool (''), into a folder in that format's
    layout: data/SOURCE/DEVELOPER/MODEL/UUID.json, and UUID_samples.jsonl beside it.

    A record is what one tool measured of a model, or of one of its variants, on a source. An instance is a sample
    by a metric; one without a value is left out, since the format must have a number there, and counted in the
    aggregate. Which votes there are the format cannot say.

    Raises:
        EvalhubError: there is nothing to export, or something is in its place.
    """
    check_scope(hub, source, metric)
    check_folder(out, force)
    done = Exported(path=out)
    with counting_cells(hub, source, metric) as cells, fresh_folder(out) as folder:
        writer = _Writer(hub, folder, done)
        rows = (row for frame in cells.read(RECORD, IN_RECORDS) for row in writer.asked(frame))
        for key, record in groupby(rows, key=lambda row: tuple(row[name] for name in _RECORD)):
            tell(f"{key[1]} on {key[0]}: {done.rows:,} instances so far")
            writer.write(record)
        if not done.rows:
            raise nothing_there(source)
        done.left_out["another condition or other weights count"] = cells.measurements - writer.measurements
    if not metric:
        done.left_out["votes"] = sum(frame.height for frame in counting_votes(hub, source))
    done.samples, done.models = len(writer.samples), len(writer.models)
    done.left_out = +done.left_out
    done.more["records"] = writer.records
    return done


_RECORD = ("source", "model", "variant", "own", "tool")


class _Writer:
    """Writes records, one after the other."""

    def __init__(self, hub: Hub, folder: Path, done: Exported) -> None:
        self._hub, self._folder, self._done = hub, folder, done
        self._conditions, self._parameters = conditions(hub), parameters(hub)
        self._shared, self._private = shared_names(hub), private_samples(hub)
        self._now = str(int(time.time()))
        self.samples: set[str] = set()
        self.models: set[str] = set()
        self.records = self.measurements = 0

    def asked(self, frame: Any) -> Iterator[Row]:
        """The rows of a batch, with what was asked and answered."""
        for part in frame.iter_slices(_TOGETHER):
            rows = part.to_dicts()
            known = questions(self._hub, part["sample"], self._private)
            own = [(row["model"], row["sample"], row["condition"]) for row in rows if row["own"]]
            told = outputs(self._hub, own, self._private)
            for row in rows:
                row["question"] = known[row["sample"]]
                row["outputs"] = told.get((row["model"], row["sample"], row["condition"]), [])
                yield row

    def write(self, rows: Iterator[Row]) -> None:
        """Write a record, unless none of its rows has a value."""
        first = next(rows)
        record = _Record(first, self._now)
        place = self._folder / record.path.parent
        place.mkdir(parents=True, exist_ok=True)
        path = self._folder / record.path
        digest = hashlib.sha256()
        with path.open("wb") as file:
            self._add(record, first, file, digest)
            for row in rows:
                self._add(record, row, file, digest)
        if not record.instances:
            path.unlink()
            return
        self.records += 1
        self.models.add(record.model)
        aggregate = self._aggregate(record, digest.hexdigest())
        text = json.dumps(aggregate, indent=2, allow_nan=False)
        (place / f"{record.name}.json").write_text(f"{text}\n", "utf-8")

    def _add(self, record: _Record, row: Row, file: IO[bytes], digest: Any) -> None:
        self.measurements += row["measurements"]
        metric = Metric(row["metric"], row["kind"], row["direction"], row["main"], row["condition"])
        scores = record.results.setdefault(metric, Scores())
        record.newest = max(record.newest, row["measured_at"].isoformat(timespec="seconds"))
        if row["value"] is None:
            reason = row["reason"] or "no value"
            scores.missing[reason] += 1
            self._done.left_out[f"missing: {reason}"] += 1
            return
        scores.add(row["value"], row["cluster"] or row["sample"])
        name = row["sample"] if (row["source"], row["source_id"]) in self._shared else row["source_id"]
        line = json.dumps(_instance(record, row, metric, name), allow_nan=False).encode() + b"\n"
        file.write(line)
        digest.update(line)
        record.instances += 1
        self._done.rows += 1
        self.samples.add(row["sample"])

    def _aggregate(self, record: _Record, checksum: str) -> dict[str, Any]:
        details = {"deployment_type": "unknown", "model_availability": "unknown"}
        if record.model in self._parameters:
            details["num_parameters"] = str(self._parameters[record.model])
        # Those that count come first: a reader takes the first of a sample's metrics for its main one.
        results = sorted(record.results.items(), key=lambda one: (not one[0].main, one[0].name))
        return {
            "schema_version": SCHEMA,
            "evaluation_id": record.evaluation_id,
            "evaluation_timestamp": f"{record.newest}Z",
            "retrieved_timestamp": self._now,
            "source_metadata": {
                "source_name": "evalhub",
                "source_type": "evaluation_run",
                "source_organization_name": "unknown",
                "evaluator_relationship": "other",
                "additional_details": {"exported_by": f"evalhub {version('evalhub')}"},
            },
            "eval_library": {"name": record.tool or "unknown", "version": record.tool_version or "unknown"},
            "model_info": {
                "name": f"{record.model} [{record.variant}]" if record.variant else record.model,
                "id": record.model,
                "developer": record.developer,
                "additional_details": details,
            },
            "evaluation_results": [
                result(record.source, metric, scores, self._conditions[metric.condition])
                for metric, scores in results
                if scores.clusters
            ],
            "detailed_evaluation_results": {
                "format": "jsonl",
                "file_path": record.path.as_posix(),
                "hash_algorithm": "sha256",
                "checksum": checksum,
                "total_rows": record.instances,
            },
        }


class _Record:
    """An aggregate and its instances, while they are written."""

    def __init__(self, row: Row, now: str) -> None:
        self.source, self.model, self.variant = row["source"], row["model"], row["variant"]
        tool, _, told = str(row["tool"]).partition("\n")
        self.tool, self.tool_version = ("evalhub", version("evalhub")) if row["own"] else (tool, told)
        more = [self.variant, "" if row["own"] else slug(f"{tool} {told}")]
        self.evaluation_id = "/".join([self.source, self.model, now, *filter(None, more)])
        self.name = str(uuid4())
        developer, _, name = self.model.rpartition("/")
        owner, _, rest = developer.partition("/")
        self.developer = owner or _UNSPECIFIED
        folders = (self.source, self.developer, f"{rest}_{name}" if rest else name)
        self.path = Path("data", *map(_folder_name, folders), f"{self.name}_samples.jsonl")
        self.results: dict[Metric, Scores] = {}
        self.instances = 0
        self.newest = ""


def _folder_name(text: str) -> str:
    """A name that every file system can have, and the format's layout allows."""
    name = slug(text)
    return f"{name}_" if name == "data" or name.partition(".")[0].upper() in _RESERVED else name


_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}


def _instance(record: _Record, row: Row, metric: Metric, name: str) -> dict[str, Any]:
    question: Question = row["question"]
    reference = question.reference if isinstance(question.reference, list) else [question.reference]
    references = [as_text(one) for one in reference if one is not None]
    metadata = {
        "passes": row["passes"],
        "attempts": row["attempts"],
        "cluster": row["cluster"],
        "tags": ", ".join(question.tags),
        "evalhub_sample": row["sample"],
    }
    asked: dict[str, Any] = {"raw": question.prompt, "reference": references}
    if question.choices:
        asked["choices"] = list(question.choices)
    content = question.prompt + "".join(references)
    return {
        "schema_version": SCHEMA,
        "evaluation_id": record.evaluation_id,
        "model_id": record.model,
        "evaluation_name": record.source,
        "evaluation_result_id": metric.result_id,
        "sample_id": name,
        "sample_hash": hashlib.sha256(content.encode()).hexdigest() if question.prompt else None,
        "interaction_type": "single_turn",
        "input": asked,
        "output": {"raw": row["outputs"]},
        "answer_attribution": [],
        "evaluation": {"score": row["value"], "is_correct": metric.right(row["value"])},
        "metadata": {key: str(value) for key, value in metadata.items() if value not in (None, "")},
    }
