"""Benchmarks and what they are called: a list never changes, a name gains versions."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import polars as pl

from evalhub.benchmarks.frozen import SHOWN, Frozen, Picked
from evalhub.errors import EvalhubError
from evalhub.store.hub import Hub
from ingest.nearest import nearest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{6,32}", re.ASCII)
_NAMED = "FROM benchmark_name JOIN benchmark USING (benchmark_id)"


@dataclass(frozen=True, kw_only=True)
class Named:
    """A version of a name."""

    name: str
    version: int
    """From 1."""

    benchmark_id: str
    samples: int
    named_at: datetime

    def __str__(self) -> str:
        """As it is cited: what it is called here, and what it is everywhere."""
        return f"{self.name}@{self.version} ({self.benchmark_id[:SHOWN]})"

    def to_json(self) -> dict[str, object]:
        """The fields as plain JSON."""
        return {
            "name": self.name,
            "version": self.version,
            "hash": self.benchmark_id,
            "samples": self.samples,
            "named_at": self.named_at.isoformat(),
        }


def is_name(name: str) -> bool:
    """Whether a benchmark can be called so: nothing that could be a hash is a name."""
    return bool(_NAME.fullmatch(name)) and not (len(name) >= SHOWN and _HASH.fullmatch(name))


def check_new_name(hub: Hub, name: str) -> None:
    """Whether a benchmark can be called so.

    Raises:
        EvalhubError: the name is no name, or taken.
    """
    if not is_name(name):
        raise EvalhubError(
            f"'{name}' is no name for a benchmark: letters, digits, '.', '_' and '-', at most 64, and no hash"
        )
    if there := versions(hub, name):
        raise EvalhubError(
            f"there is a benchmark {there[-1]}: evalhub bench refresh {name} searches anew with its query, "
            f"evalhub bench delete {name} makes room"
        )


def put(hub: Hub, name: str, frozen: Frozen) -> Named:
    """Keep a benchmark as the next version of a name."""
    frame = pl.DataFrame(
        [asdict(one) for one in frozen.samples],
        schema={"sample_id": pl.String, "similarity": pl.Float64, "relevance": pl.Float64},
    ).with_row_index("place")
    with hub.transaction() as database:
        known = database.execute(
            "SELECT 1 FROM benchmark WHERE benchmark_id = ?", [frozen.benchmark_id]
        ).fetchall()
        if not known:
            database.execute(
                "INSERT INTO benchmark VALUES (?, ?, ?, ?, now())",
                [
                    frozen.benchmark_id,
                    json.dumps(frozen.probe.to_json(), ensure_ascii=False),
                    frozen.encoder,
                    json.dumps(frozen.cut_json()),
                ],
            )
            hub.insert(
                "INSERT INTO benchmark_sample BY NAME SELECT * FROM given",
                frame.with_columns(benchmark_id=pl.lit(frozen.benchmark_id)),
            )
        database.execute(
            """
            INSERT INTO benchmark_name
            SELECT $name, 1 + coalesce(max(version), 0), $id, now() FROM benchmark_name WHERE name = $name
            """,
            {"name": name, "id": frozen.benchmark_id},
        )
    return versions(hub, name)[-1]


def versions(hub: Hub, name: str = "") -> list[Named]:
    """All versions of a name, or of all names, in order of name, the newest last."""
    rows = hub.database.execute(
        f"""
        SELECT name, version, benchmark_id,
               (SELECT count(*) FROM benchmark_sample AS one WHERE one.benchmark_id = benchmark.benchmark_id),
               make_timestamp(epoch_us(named_at))
        {_NAMED} WHERE $name IN ('', name) ORDER BY name, version
        """,
        {"name": name},
    ).fetchall()
    return [
        Named(
            name=name,
            version=version,
            benchmark_id=benchmark_id,
            samples=samples,
            named_at=named_at.replace(tzinfo=UTC),
        )
        for name, version, benchmark_id, samples, named_at in rows
    ]


def resolve(hub: Hub, which: str) -> Named:
    """The benchmark that a NAME (its newest version), NAME@VERSION or the first digits of a hash mean.

    Raises:
        EvalhubError: there is none, or several.
    """
    there = versions(hub)
    name, _, version = which.partition("@")
    called = [one for one in there if one.name == name and version in ("", str(one.version))]
    if called:
        return called[-1]
    if name in {one.name for one in there}:
        numbers = ", ".join(str(one.version) for one in there if one.name == name)
        raise EvalhubError(f"the benchmark {name} has no version '{version}'; it has {numbers}")
    hashed = {one.benchmark_id: one for one in there if one.benchmark_id.startswith(which)}
    if _HASH.fullmatch(which) and hashed:
        if len(hashed) > 1:
            raise EvalhubError(f"several benchmarks begin with {which}: give more digits of the hash")
        return next(iter(hashed.values()))
    near = nearest(name, sorted({one.name for one in there}), 3)
    raise EvalhubError(
        f"there is no benchmark '{which}'{', did you mean ' + ' or '.join(near) + '?' if near else ':'} "
        "evalhub bench list shows those there are, evalhub bench new makes one"
    )


def load(hub: Hub, benchmark_id: str) -> Frozen:
    """A benchmark that is there."""
    query, encoder, cut = hub.database.execute(
        "SELECT query, encoder, cut FROM benchmark WHERE benchmark_id = ?", [benchmark_id]
    ).fetchall()[0]
    rows = hub.database.execute(
        "SELECT sample_id, similarity, relevance FROM benchmark_sample WHERE benchmark_id = ? ORDER BY place",
        [benchmark_id],
    ).fetchall()
    return Frozen.from_json(
        {"query": json.loads(query), "encoder": encoder, "cut": json.loads(cut)},
        tuple(Picked(sample_id=name, similarity=similar, relevance=right) for name, similar, right in rows),
    )


def drop(hub: Hub, name: str) -> int:
    """Forget a name with all its versions, and the lists that no other name has. Returns its versions' number."""
    count = len(versions(hub, name))
    with hub.transaction() as database:
        database.execute("DELETE FROM benchmark_name WHERE name = ?", [name])
        for table in ("benchmark", "benchmark_sample"):
            database.execute(
                f"DELETE FROM {table} WHERE benchmark_id NOT IN (SELECT benchmark_id FROM benchmark_name)"
            )
    return count


def sources_of(hub: Hub, benchmark_id: str) -> dict[str, str]:
    """The source of each sample of a benchmark that the pool has, by id."""
    rows = hub.database.execute(
        "SELECT sample_id, source FROM benchmark_sample JOIN sample USING (sample_id) WHERE benchmark_id = ?",
        [benchmark_id],
    ).fetchall()
    return dict(rows)
