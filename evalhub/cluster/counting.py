"""Wins counted on a Ray cluster: rows of files are brought together by sample, and counted where they meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from aggregate.counted import Counted
from aggregate.measurements import Direction, MeasurementsError
from evalhub.cluster.connect import connected, machines
from evalhub.counts import count_frames
from evalhub.errors import EvalhubError
from evalhub.file_measurements import Choice, valued
from evalhub.telling import Tell, quiet
from ingest.importer import LogError
from ingest.tables import frames

_BUCKET = 64 << 20
"""Bytes of files, about, whose samples are counted at once."""

_MOST_BUCKETS = 1024


def count_files(
    paths: Sequence[Path],
    address: str,
    *,
    columns: Mapping[str, str] | None = None,
    metric: str = "",
    direction: Direction = "up",
    tell: Tell = quiet,
) -> Counted:
    """Wins and ties in files of values, as `Counted.of` counts them in one process: to the last count the same,
    whichever file a row is in.

    Each file is read by one task, which spreads its rows over buckets by a hash of the sample; each bucket is
    counted by one task. Ray does again what a lost worker had.

    Args:
        paths: of Parquet, CSV or JSONL; on every machine under the same name.
        address: see `evalhub.cluster.connect`.
        columns, metric, direction: see `evalhub.file_measurements.read_files`.

    Raises:
        EvalhubError: there is no cluster, a file cannot be read, there is no such metric, or there are votes.
        aggregate.measurements.MeasurementsError: the content cannot be ranked.
    """
    for path in paths:
        frames(path, columns=columns, spared=("value",))  # those that are not there, before anything is started
    with connected(address):
        import ray

        workers = max(1, sum(machine.cpus for machine in machines()))
        size = sum(path.stat().st_size for path in paths)
        count = min(_MOST_BUCKETS, workers * -(-size // (workers * _BUCKET)))
        split: Any = ray.remote(_split)
        total: Any = ray.remote(_total)
        made = [
            split.options(num_returns=count + 1).remote(str(path.resolve()), columns, metric, count, _versions())
            for path in paths
        ]
        choice = Choice("", metric)
        for metrics in _as_they_come([one[0] for one in made], tell, "reading files: {} of {}"):
            choice.metrics |= metrics
        choice.check()
        buckets = [[one[1 + bucket] for one in made] for bucket in range(count)]
        shares = [buckets[worker::workers] for worker in range(workers)]
        parts = [total.remote(some, direction) for some in shares if some]
        counted = Counted.total(_as_they_come(parts, tell, "counting wins: {} of {} parts"))
    if not counted.models:
        raise MeasurementsError("no value is left to rank")
    return counted


def _split(
    name: str, columns: Mapping[str, str] | None, metric: str, count: int, versions: tuple[str, ...]
) -> tuple[Any, ...]:
    """Rows of a file by the bucket of their sample, behind the metrics that it has."""
    if versions != _versions():
        raise EvalhubError(f"evalhub and polars are not the same on all machines: {versions} and {_versions()}")
    path, choice = Path(name), Choice("", metric)
    buckets: list[list[pl.DataFrame]] = [[] for _ in range(count)]
    for frame in frames(path, columns=columns, spared=("value",)):
        if "model_a" in frame.columns:
            raise EvalhubError(f"{path} holds votes, which are not counted on a cluster: rank them without --ray")
        for rows in choice.of(valued(path, frame)):
            bucket = rows["sample"].cast(pl.String).hash() % count
            for (number,), some in rows.group_by(bucket.alias("bucket")):
                buckets[number].append(some)
    return (choice.metrics, *(pl.concat(some) if some else None for some in buckets))


def _total(buckets: Sequence[Sequence[Any]], direction: Direction) -> Counted:
    """The counts of buckets, one after the other."""
    import ray

    there = ([rows for rows in ray.get(list(bucket)) if rows is not None] for bucket in buckets)
    return Counted.total(count_frames(some, direction) for some in there if some)


def _versions() -> tuple[str, ...]:
    """What has to be the same for a sample to have one bucket everywhere."""
    return version("evalhub"), pl.__version__


def _as_they_come(waiting: list[Any], tell: Tell, words: str) -> Iterator[Any]:
    """What tasks come to. tell: hears how many have, in these words.

    Raises:
        EvalhubError: one of them says so, or is lost again and again.
    """
    import ray

    count = len(waiting)
    while waiting:
        (one,), waiting = ray.wait(waiting)
        try:
            found = ray.get(one)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, EvalhubError | LogError | MeasurementsError):
                raise error.cause from None
            raise EvalhubError(f"a worker failed: {type(error.cause).__name__}: {error.cause}") from None
        except ray.exceptions.RayError as error:
            kind = type(error).__name__
            raise EvalhubError(f"the cluster or its workers have ended ({kind}): run the command again") from None
        tell(words.format(count - len(waiting), count))
        yield found
