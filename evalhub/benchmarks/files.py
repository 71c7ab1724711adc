"""A benchmark as a file: all that another hub needs to have the same one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalhub.benchmarks.benchmark import Benchmark
from evalhub.benchmarks.frozen import Frozen, Picked
from evalhub.errors import EvalhubError
from evalhub.exports.target import check_file, fresh_file
from evalhub.store import benchmarks as store
from evalhub.store.benchmarks import Named
from evalhub.store.hub import Hub
from evalhub.store.samples import known_by_id
from evalhub.store.vectors import named

_FORMAT = "evalhub benchmark 1"


def write(benchmark: Benchmark, out: Path, *, force: bool = False) -> None:
    """Write a benchmark into a JSON file.

    force: replace what is there.

    Raises:
        EvalhubError: something is there.
    """
    check_file(out, force)
    about = named(benchmark.hub, benchmark.frozen.sample_ids).select("source", "source_id").iter_rows()
    content = {
        "format": _FORMAT,
        "name": benchmark.named.name,
        "version": benchmark.named.version,
        **benchmark.frozen.to_json(),
        "samples": [
            {"sample": one.sample_id, "source": source, "source_id": source_id, **_numbers(one)}
            for one, (source, source_id) in zip(benchmark.frozen.samples, about, strict=True)
        ],
    }
    with fresh_file(out) as file:
        file.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")


def _numbers(one: Picked) -> dict[str, float]:
    return {"similarity": one.similarity, "relevance": one.relevance}


def _within(value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    number = float(value)
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"the number {number} cannot be")
    return number


@dataclass(frozen=True)
class Written:
    """What a file holds."""

    name: str
    """What it was called where it was written."""

    frozen: Frozen
    sources: Mapping[str, str]
    """Of each sample, by id."""


@dataclass(frozen=True)
class Brought:
    """What a file brought."""

    benchmark: Benchmark
    lacking: Mapping[str, int]
    """Number of its samples that this pool does not have, by source."""


def read(path: Path) -> Written:
    """The benchmark of a file.

    Raises:
        EvalhubError: it is no such file, or was changed since it was written.
    """
    content = _content(path)
    try:
        samples = tuple(
            Picked(
                sample_id=str(one["sample"]),
                similarity=_within(one["similarity"]),
                relevance=_within(one["relevance"], 0, 1),
            )
            for one in content["samples"]
        )
        frozen = Frozen.from_json(content, samples)
        estimate = frozen.estimate
        _within(estimate.precision, _within(estimate.low, 0, 1), _within(estimate.high, 0, 1))
        told, name = content["hash"], str(content["name"])
        sources = {one["sample"]: str(one["source"] or "unknown") for one in content["samples"]}
    except KeyError as error:
        raise EvalhubError(f"{path} is no whole benchmark: {error} is missing") from error
    except ValueError as error:
        raise EvalhubError(f"{path} is no whole benchmark: {error}") from error
    except (TypeError, AttributeError) as error:
        raise EvalhubError(f"{path} is no whole benchmark: something in it is of another kind") from error
    if not samples or len({*frozen.sample_ids}) < len(samples):
        raise EvalhubError(f"{path} is no whole benchmark: it names no sample, or one twice")
    if frozen.benchmark_id != told:
        raise EvalhubError(
            f"{path} was changed since it was written: its content has the hash {frozen.benchmark_id}, not {told}"
        )
    return Written(name, frozen, sources)


def bring(hub: Hub, written: Written, name: str = "") -> Brought:
    """Keep the benchmark of a file under its own name, or under another one.

    Raises:
        EvalhubError: the name is no name, or taken by another one.
    """
    frozen, name = written.frozen, name or written.name
    same = [one for one in store.versions(hub, name) if one.benchmark_id == frozen.benchmark_id]
    kept = Benchmark(hub, same[-1] if same else _kept(hub, name, frozen), frozen)
    lacking: dict[str, int] = {}
    known = known_by_id(hub, frozen.sample_ids)
    for sample_id in frozen.sample_ids:
        if sample_id not in known:
            source = written.sources[sample_id]
            lacking[source] = lacking.get(source, 0) + 1
    return Brought(kept, lacking)


def _kept(hub: Hub, name: str, frozen: Frozen) -> Named:
    store.check_new_name(hub, name)
    return store.put(hub, name, frozen)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except IsADirectoryError as error:
        raise EvalhubError(f"{path} is a folder: give a file that evalhub bench export wrote") from error
    except (ValueError, RecursionError) as error:
        raise EvalhubError(f"{path} is no JSON: give a file that evalhub bench export wrote") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise EvalhubError(f"{path} is no benchmark: give a file that evalhub bench export wrote")
    return content
