"""The scores of an Inspect log as metrics: one for each scorer, or for each key of a scorer's dictionary."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from ingest.importer import LogError
from ingest.importers.inspect_conditions import Conditions
from ingest.importers.inspect_entries import NOT_SCORED, Entry, is_verdict, number_of
from ingest.importers.json_files import as_list, as_object, as_text, as_value
from ingest.metrics import PASS, Scale, known_scale
from ingest.reading import NO_VALUE, NOT_A_NUMBER, Reading


def take(header: Mapping[str, Any], entries: list[Entry], reading: Reading, path: Path) -> None:
    """Hand the scores of all entries over: a row for each entry and metric.

    Raises:
        LogError: nothing in the log is scored, or what a metric means is not known.
    """
    task = as_object(header.get("eval"))
    name = as_text(task.get("model"))
    model = reading.model("" if name == "none/none" else name)
    source = f"inspect:{as_text(task.get('task'))}"
    conditions = Conditions(header)
    _leave_out_strange(header, entries, reading)
    metrics = _metrics(header, entries)
    if not any(metrics.values()):
        raise LogError(f"{path}: nothing in it is scored as a number; score it with `inspect score` first")
    scales = _scales(header, entries, metrics)
    for metric, scale in scales.items():
        reading.scale(metric, scale)
    main = next(found[0] for found in metrics.values() if found)
    lists: Counter[str] = Counter()
    stopped = unknown = 0
    for entry in entries:
        sample = entry.sample(source)
        condition = conditions.of(entry.content.system if entry.content else "")
        unknown += entry.content is None
        stopped += entry.reason.startswith("limit") and bool(entry.scores)
        for scorer, own in metrics.items():
            values, reason = _values(scorer, entry, lists)
            if entry.reason or reason:
                values = dict.fromkeys(own)
            for metric, value in values.items():
                reading.result(
                    model,
                    sample,
                    condition,
                    metric,
                    number_of(as_value(value)),
                    row=entry.number,
                    attempt=entry.epoch - 1,
                    reason=entry.reason or reason,
                    main=metric == main,
                )
    for scorer, count in lists.items():
        reading.warn(f"{scorer}: lists in the place of scores, which are no one value; left out: {count:,}")
    if stopped:
        reading.warn(f"samples stopped at a limit, which are missing though Inspect scored them: {stopped:,}")
    if unknown:
        reading.warn(f"samples of which the log holds only a part, known by their ids alone: {unknown:,}")
    _check(header, entries, reading)


def _values(scorer: str, entry: Entry, lists: Counter[str] | None = None) -> tuple[dict[str, Any], str]:
    """The values of a scorer by metric, or why there are none."""
    if scorer not in entry.scores:
        return {}, NOT_SCORED
    value, reason = entry.scores[scorer]
    if reason:
        return {}, reason
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return {}, NO_VALUE if value is None else NOT_A_NUMBER  # for all that the scorer usually gives
    found = {f"{scorer}/{key}": one for key, one in value.items()} if isinstance(value, dict) else {scorer: value}
    kept = {metric: one for metric, one in found.items() if not isinstance(one, list)}
    if lists is not None and len(kept) < len(found):
        lists[scorer] += len(found) - len(kept)
    return kept, ""


def _leave_out_strange(header: Mapping[str, Any], entries: list[Entry], reading: Reading) -> None:
    """Refuse scores of a scorer that one sample alone has, and of which the log's results do not know."""
    known = {as_text(one.get("scorer")) for one in _results(header)}
    counts = Counter(scorer for entry in entries for scorer in entry.scores)
    strange = {scorer for scorer, count in counts.items() if known and scorer not in known and count == 1}
    for entry in entries if strange and len(entries) > 1 else ():
        for scorer in strange & entry.scores.keys():
            reading.refuse("a scorer of one sample alone", f"sample {entry.number}: {scorer}")
            del entry.scores[scorer]


def _metrics(header: Mapping[str, Any], entries: list[Entry]) -> dict[str, list[str]]:
    """The metrics of each scorer, in the order in which the log declares the scorers. Where no sample has a score
    they are those that were to be."""
    declared = [as_text(one.get("name")) for one in _scorers(header)]
    declared += [as_text(one.get("scorer")) for one in _results(header)]
    names = dict.fromkeys(name.rpartition("/")[2] for name in declared if name)
    found: dict[str, dict[str, None]] = {}
    for entry in entries:
        for scorer in entry.scores:
            values, reason = _values(scorer, entry)
            own = found.setdefault(scorer, {})
            if not reason:
                own.update(dict.fromkeys(values))
    if not any(found.values()) and not any(as_list(v) for e in entries for v, _ in e.scores.values()):
        return {name: [name] for name in names or found}
    return {scorer: list(found[scorer]) for scorer in dict.fromkeys((*names, *found)) if scorer in found}


def _scales(
    header: Mapping[str, Any], entries: list[Entry], metrics: Mapping[str, list[str]]
) -> dict[str, Scale | None]:
    """How each metric is to be read. C and I say it by themselves; so does a log that takes accuracy of it, where
    nobody knows the metric by its name."""
    verdicts: set[str] = set()
    for entry in entries:
        for scorer in entry.scores:
            values, _ = _values(scorer, entry)
            verdicts.update(metric for metric, value in values.items() if is_verdict(value))
    averaged = {
        as_text(one.get("name")).rpartition("/")[2]
        for one in _scorers(header)
        if any(
            as_text(as_object(metric).get("name")).rpartition("/")[2] == "accuracy"
            for metric in as_list(one.get("metrics"))
        )
    } | {as_text(one.get("scorer")) for one in _results(header) if "accuracy" in as_object(one.get("metrics"))}
    return {
        metric: PASS if metric in verdicts else known_scale(metric) or (PASS if scorer in averaged else None)
        for scorer, own in metrics.items()
        for metric in own
    }


def _scorers(header: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [as_object(one) for one in as_list(as_object(header.get("eval")).get("scorers"))]


def _results(header: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [as_object(one) for one in as_list(as_object(header.get("results")).get("scores"))]


def _check(header: Mapping[str, Any], entries: list[Entry], reading: Reading) -> None:
    """Whether scores come to the accuracy that the log gives, where it is a plain mean of all."""
    if reading.log.partial:
        return  # it is of others than are here
    for told in _results(header):
        scorer, name = as_text(told.get("scorer")), as_text(told.get("name"))
        accuracy = as_object(as_object(told.get("metrics")).get("accuracy"))
        expected = accuracy.get("value")
        custom = accuracy.get("params") or accuracy.get("options") or told.get("reducer") not in (None, "mean")
        if custom or not isinstance(expected, int | float):
            continue
        metric = scorer if name == scorer else f"{scorer}/{name}"
        of_sample: dict[str, list[Any]] = {}
        for entry in entries:
            if entry.scores:
                of_sample.setdefault(entry.name, []).append(number_of(_values(scorer, entry)[0].get(metric)))
        numbers = [value for values in of_sample.values() for value in values]
        if not numbers or not all(isinstance(value, int | float) and abs(value) < 2**53 for value in numbers):
            continue
        mean = fmean(fmean(values) for values in of_sample.values())
        if abs(mean - expected) > 1e-3:
            why = f"the mean of {metric} is {mean:.4f}, but {expected:.4f} in the log's own results"
            reading.log.partial = "; ".join(filter(None, (reading.log.partial, why)))
