"""Records in the exchange format of Every Eval Ever."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.importer import Log, LogError, Told
from ingest.importers.every_eval_ever_results import Result, Results
from ingest.importers.json_files import (
    as_count,
    as_object,
    as_reference,
    as_text,
    as_texts,
    as_value,
    beginning,
    read_head,
    read_json,
    read_records,
)
from ingest.reading import Reading, imported_sample, key_of, named_sample
from ingest.records import Condition, Sample

_AGGREGATE = {"schema_version", "evaluation_id", "source_metadata", "evaluation_results"}
_INSTANCE = {"schema_version", "evaluation_id", "evaluation_name", "sample_id", "input"}
_SAMPLES = "_samples.jsonl"
_CONVERTED = ("lm_eval", "lm-eval", "inspect_ai", "inspect", "helm")
"""Tools whose own logs tell more than their records here: `evalhub import` reads those too."""

_TIMEOUT, _REFUSED = ("timeout", "timed out", "time limit"), ("refus", "content filter", "content_filter")


class EveryEvalEver:
    """An aggregate file and its instances, of which each is one sample under one metric.

    A value is the instance's `score`; `is_correct` is made of it by rules that differ from tool to tool and is not
    read. Direction and range are the aggregate's. An instance with an error has no value, whatever its score.
    Questions of equal text under different ids (the format has no images) are kept apart by their ids.
    """

    summary = "Every Eval Ever: an aggregate file with its _samples.jsonl beside it"
    general = False

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        kind = _kind(head)
        if kind is _AGGREGATE:
            return path, *_samples_of(path, _gently(path))
        return (path,) if kind is _INSTANCE else None

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        key = files[0]
        if _kind(read_head(key)) is _INSTANCE:
            samples = key
            about = key.with_name(key.name.removesuffix(_SAMPLES) + ".json")
            aggregate = as_object(read_json(about)) if about != key and about.is_file() else {}
        else:
            aggregate = as_object(read_json(key))
            named = as_text(as_object(aggregate.get("detailed_evaluation_results")).get("file_path"))
            found = files[1:] or _samples_of(key, aggregate)
            if not found:
                wanted = named.rpartition("/")[2] or key.stem + _SAMPLES
                raise LogError(
                    f"{key}: only aggregates are here, no samples: put {wanted} beside it, or import the log of "
                    "the tool that measured them"
                )
            samples = found[0]
        library = as_object(aggregate.get("eval_library"))
        tool = as_text(library.get("name"))
        reading = Reading(
            "every-eval-ever", told, tool=tool or "every-eval-ever", version=as_text(library.get("version"))
        )
        self._take(reading, read_records(samples, reading), Results(aggregate, told), aggregate, told)
        _check(reading, samples, as_object(aggregate.get("detailed_evaluation_results")))
        if tool.lower() in _CONVERTED:
            reading.warn(
                f"made from a log of {tool}, of which it keeps only a part: import that one if you have it"
            )
        log = reading.done()
        there = log.results["value"].drop_nulls()
        if tool.lower() in _CONVERTED[:2] and len(there) and not (there != 0).any():
            log.warnings.append(
                "every score is 0, which is also what the converter of lm-eval's logs wrote where no metric was a "
                "number: look at the log itself"
            )
        return log

    def _take(
        self,
        reading: Reading,
        records: Iterator[tuple[int, dict[str, Any]]],
        results: Results,
        aggregate: dict[str, Any],
        told: Told,
    ) -> None:
        rows = list(_rows(reading, records, results, aggregate, told))
        samples = _told_apart(rows, reading)
        conditions = _conditions(rows)
        metrics = _metrics(rows, samples)
        first: dict[tuple[str, int], int] = {}
        for row, sample in zip(rows, samples, strict=True):
            place = (sample.sample_id, row.attempt)
            first[place] = min(first.get(place, row.result.place), row.result.place)
        info = as_object(aggregate.get("model_info"))
        parameters = as_count(as_object(info.get("additional_details")).get("num_parameters"), 10**15)
        for row, sample in zip(rows, samples, strict=True):
            metric = metrics[row.result]
            if row.result.unknown and metric not in told.scales:
                reading.refuse("whether higher is better is not told", f"line {row.line}: {metric}")
                continue
            reading.scale(metric, row.result.scale)
            reading.result(
                reading.model(
                    row.model or as_text(info.get("id")) or as_text(info.get("name")), parameters=parameters
                ),
                sample,
                conditions[row.result, row.frame],
                metric,
                row.value,
                row=row.line,
                attempt=row.attempt,
                reason=row.reason,
                main=row.result.place == first[sample.sample_id, row.attempt],
            )


@dataclass(frozen=True)
class _Row:
    line: int
    model: str
    name: str
    sample: Sample
    result: Result
    frame: str
    """The prompt as it was sent, `{prompt}` in the question's place; '' where that is not told."""

    attempt: int
    value: Any
    reason: str


def _kind(head: bytes) -> set[str] | None:
    opening, keys = beginning(head)
    return next((kind for kind in (_AGGREGATE, _INSTANCE) if opening == "{" and keys >= kind), None)


def _gently(path: Path) -> dict[str, Any]:
    """A file's content if it has one."""
    try:
        return as_object(read_json(path))
    except LogError:
        return {}


def _samples_of(path: Path, aggregate: dict[str, Any]) -> tuple[Path, ...]:
    """The instances that belong to an aggregate file: those that it names, if they lie beside it."""
    named = as_text(as_object(aggregate.get("detailed_evaluation_results")).get("file_path"))
    for name in (named.rpartition("/")[2], path.stem + _SAMPLES):
        if (
            name not in ("", ".", "..")
            and len(name) < 200
            and (beside := path.parent / name).is_file()
            and beside != path
        ):
            return (beside,)
    return ()


def _rows(
    reading: Reading,
    records: Iterator[tuple[int, dict[str, Any]]],
    results: Results,
    aggregate: dict[str, Any],
    told: Told,
) -> Iterator[_Row]:
    run = as_text(aggregate.get("evaluation_id"))
    for line, record in records:
        evaluation, name = as_text(record.get("evaluation_name")), as_text(record.get("sample_id"))
        result = results.of(as_text(record.get("evaluation_result_id")), evaluation)
        metadata = as_object(record.get("metadata"))
        attempt = _attempt(metadata)
        if run and as_text(record.get("evaluation_id")) != run:
            reading.refuse("of another evaluation", f"line {line}")
        elif not name or not evaluation or "evaluation" not in record:
            reading.refuse("not an instance", f"line {line}")
        elif result is None:
            reading.refuse("a metric that the aggregate does not have", f"line {line}")
        elif attempt is None:
            reading.refuse("which attempt is not clear", f"line {line}")
        else:
            scored = as_object(record.get("evaluation")).get("score")
            source = told.source or f"every-eval-ever:{result.source or evaluation}"
            asked = as_object(record.get("input"))
            question = as_text(asked.get("raw"))
            formatted = as_text(asked.get("formatted"))
            before, found, after = formatted.rpartition(question) if question else ("", "", "")
            yield _Row(
                line=line,
                model=as_text(record.get("model_id")),
                name=name,
                sample=_sample(source, name, evaluation, asked),
                result=result,
                frame=before + "{prompt}" + after if found else "",
                attempt=attempt,
                value=as_value(scored),
                reason=_reason(record, metadata, result),
            )


def _attempt(metadata: dict[str, Any]) -> int | None:
    """From 0; Inspect's epochs count from 1."""
    if "attempt" in metadata:
        return as_count(metadata["attempt"])
    epoch = as_count(metadata.get("epoch", 1))
    return epoch - 1 if epoch else None


def _reason(record: dict[str, Any], metadata: dict[str, Any], result: Result) -> str:
    if error := record.get("error"):
        said = as_text(error).lower()
        if any(word in said for word in _TIMEOUT):
            return "timeout"
        return "refused" if any(word in said for word in _REFUSED) else "error"
    score = as_object(record.get("evaluation")).get("score")
    if result.has_unknown and score == -1:
        return "unknown level"
    if not record.get("evaluation_result_id") and score == 0 and "lm_eval_metrics" in metadata:
        try:
            values = list(as_object(json.loads(as_text(metadata["lm_eval_metrics"]))).values())
        except (ValueError, RecursionError):
            return ""
        if not any(isinstance(value, int | float) for value in values):
            return "no number"  # for which its converter writes 0
    return ""


def _sample(source: str, name: str, evaluation: str, asked: dict[str, Any]) -> Sample:
    question = as_text(asked.get("raw"))
    if not question.strip():
        return named_sample(source, name, tags=(evaluation,))
    reference = asked.get("reference")
    return imported_sample(
        source=source,
        source_id=name,
        prompt=question,
        choices=as_texts(asked.get("choices")),
        reference=as_reference(as_texts(reference) if isinstance(reference, list) else _one(reference)),
        tags=(evaluation,),
    )


def _one(reference: Any) -> tuple[str, ...]:
    return (as_text(reference),) if as_text(reference) else ()


def _told_apart(rows: list[_Row], reading: Reading) -> list[Sample]:
    """The samples of rows. What has one content under several names goes by its names."""
    names = defaultdict(set)
    for row in rows:
        names[row.sample.sample_id].add(row.name)
    alike = {sample_id for sample_id, several in names.items() if len(several) > 1}
    if alike:
        reading.warn(f"{len(alike)} questions are there under several ids: they are told apart by these alone")
    return [
        named_sample(row.sample.source, row.name, tags=row.sample.tags)
        if row.sample.sample_id in alike
        else row.sample
        for row in rows
    ]


def _conditions(rows: list[_Row]) -> dict[tuple[Result, str], Condition]:
    """How each row was asked: in the frame that prompts share. What stands around one question alone is named by
    its hash, and that question has a condition of its own."""
    questions: defaultdict[tuple[Result, str], set[str]] = defaultdict(set)
    for row in rows:
        questions[row.result, row.frame].add(row.sample.sample_id)
    single = len({row.sample.sample_id for row in rows}) == 1
    made = {}
    for (result, frame), several in questions.items():
        shown = frame if len(several) > 1 or single else f"a prompt with {key_of({'around': frame})} around it"
        made[result, frame] = replace(result.condition, template=shown) if frame else result.condition
    return made


def _metrics(rows: list[_Row], samples: list[Sample]) -> dict[Result, str]:
    """The metric of each result, by a longer name where two results of a sample would have one name."""
    of: dict[tuple[str, int, str, str], Result] = {}
    clashing = set()
    for row, sample in zip(rows, samples, strict=True):
        place = (row.model, row.attempt, sample.sample_id, row.result.metric)
        if of.setdefault(place, row.result) != row.result:
            clashing.add(row.result.metric)
    return {row.result: row.result.longer if row.result.metric in clashing else row.result.metric for row in rows}


def _check(reading: Reading, samples: Path, detailed: dict[str, Any]) -> None:
    """Hold the instances against what the aggregate says of their file."""
    total = as_count(detailed.get("total_rows"))
    if total is not None and total > reading.log.rows:
        reading.log.partial = f"{reading.log.rows} of {total} instances are there"
    elif total is not None and total < reading.log.rows:
        reading.warn(f"there are {reading.log.rows} instances where the aggregate says {total}")
    wanted, name = as_text(detailed.get("checksum")).lower(), as_text(detailed.get("hash_algorithm")) or "sha256"
    if wanted and name in ("sha256", "md5"):
        with samples.open("rb") as file:
            if hashlib.file_digest(file, name).hexdigest() != wanted:
                reading.log.partial = reading.log.partial or (
                    f"{samples.name} is not the file whose checksum the aggregate gives"
                )
