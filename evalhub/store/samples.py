"""Samples in the pool: add them once, find them again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.origins import NAMED
from evalhub.store.wanted import EVERYTHING, Wanted
from ingest.importer import IMPORTED, NAMED_IN
from ingest.records import JSON, Condition, Sample

_TOGETHER = 2000
"""Samples added in one transaction."""

_ADD_CONDITIONS = "INSERT OR IGNORE INTO condition SELECT * FROM given"


@dataclass(frozen=True)
class Added:
    """What an ingest did."""

    samples: int
    """Distinct samples that the source gave."""

    added: int
    """Those that the pool did not have."""

    repeated: int = 0
    """Names that the source has for a sample besides the first one: what differs in name alone is one sample."""


def add_samples(hub: Hub, samples: Iterable[Sample]) -> Added:
    """Put samples into the pool; one whose content is there already only gains an origin."""
    seen: set[str] = set()
    named: set[int] = set()
    added = 0
    stream = iter(samples)
    while batch := list(islice(stream, _TOGETHER)):
        distinct = list({sample.sample_id: sample for sample in batch}.values())
        seen.update(sample.sample_id for sample in distinct)
        named.update(hash((sample.sample_id, sample.source_id)) for sample in batch)
        hub.blobs.put(image for sample in distinct for image in sample.images)
        frame = pl.DataFrame([_row(sample) for sample in distinct], schema=_SCHEMA, orient="row")
        conditions = _condition_frame({sample.condition for sample in distinct})
        origins = pl.DataFrame(
            [(sample.sample_id, sample.source, sample.source_id) for sample in batch],
            schema=["sample_id", "source", "source_id"],
            orient="row",
        ).unique(maintain_order=True)
        with hub.transaction():
            hub.insert(_ADD_CONDITIONS, conditions)
            # Not INSERT OR IGNORE, which changes the order: a pool keeps its sources' own.
            added += hub.select(
                """
                INSERT INTO sample
                SELECT given.* EXCLUDE (place), now() FROM given ANTI JOIN sample USING (sample_id) ORDER BY place
                """,
                frame.with_row_index("place"),
            )[0][0]
            hub.insert("INSERT OR IGNORE INTO origin SELECT * FROM given", origins)
    return Added(len(seen), added, len(named) - len(seen))


def add_conditions(hub: Hub, conditions: Iterable[Condition]) -> None:
    """Keep conditions, so that a measurement can always be traced to how it was made."""
    hub.insert(_ADD_CONDITIONS, _condition_frame(set(conditions)))


def answers_asked(hub: Hub, sources: Sequence[str] = ()) -> set[str]:
    """In which ways samples of the named sources (all where none is named) want to be answered."""
    rows = hub.database.execute(
        """
        SELECT DISTINCT coalesce(spec->>'answer', 'generate') FROM sample JOIN condition USING (condition_id)
        WHERE len($sources::VARCHAR[]) = 0
              OR sample_id IN (SELECT sample_id FROM origin WHERE list_contains($sources::VARCHAR[], source))
        """,
        {"sources": list(sources)},
    ).fetchall()
    return {answer for (answer,) in rows}


def choose_samples(
    hub: Hub, sources: Sequence[str] = (), limit: int | None = None, wanted: Wanted = EVERYTHING
) -> list[str]:
    """Ids of wanted samples to be scored of the named sources (all where none is named), at most `limit` from
    each, in pool order. Those that only logs know are not among them: nothing here can judge an answer.

    Samples with tags take turns by tag, so that a limited choice is spread over a source's kinds.
    """
    return [
        row[0]
        for row in hub.database.execute(
            f"""
            WITH asked AS (
                SELECT sample_id, coalesce(named, source) AS source, tags, sample.rowid AS place
                FROM sample LEFT JOIN ({NAMED}) USING (sample_id)
                WHERE grader <> $imported AND ({wanted.samples})
                      AND (len($sources::VARCHAR[]) = 0 OR named IS NOT NULL)
            ), numbered AS (
                SELECT *, row_number() OVER (PARTITION BY source, tags ORDER BY place) AS turn FROM asked
            ), ordered AS (
                SELECT *, row_number() OVER (PARTITION BY source ORDER BY turn, place) AS number FROM numbered
            )
            SELECT sample_id FROM ordered WHERE $limit IS NULL OR number <= $limit ORDER BY source, number
            """,
            {**wanted.parameters, "imported": IMPORTED, "sources": list(sources), "limit": limit},
        ).fetchall()
    ]


def unjudged_samples(hub: Hub, sources: Sequence[str] = (), wanted: Wanted = EVERYTHING) -> dict[str, int]:
    """How many of the wanted samples of the named sources (all where none is named) nothing here can judge an
    answer to, by the source that brought them first."""
    rows = hub.database.execute(
        f"""
        SELECT sample.source, count(*) FROM sample LEFT JOIN ({NAMED}) USING (sample_id)
        WHERE grader = $imported AND ({wanted.samples}) AND (len($sources::VARCHAR[]) = 0 OR named IS NOT NULL)
        GROUP BY 1 ORDER BY 1
        """,
        {**wanted.parameters, "imported": IMPORTED, "sources": list(sources)},
    ).fetchall()
    return dict(rows)


def load_samples(hub: Hub, sample_ids: Sequence[str], sources: Sequence[str] = ()) -> list[Sample]:
    """The samples with these ids, in this order, with their images and conditions; each as of the first, by name,
    of these sources that has it, else as of the one that brought it first."""
    wanted = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    rows = hub.select(
        f"""
        SELECT sample.sample_id, coalesce(named, source), coalesce(named_id, source_id), prompt, choices,
               reference, grader, images, cluster, tags, licence, published_at, condition.spec
        FROM sample JOIN given USING (sample_id) JOIN condition USING (condition_id)
             LEFT JOIN ({NAMED}) USING (sample_id)
        """,
        wanted,
        {"sources": list(sources)},
    )
    images = hub.blobs.get(image for row in rows for image in row[7])
    conditions: dict[str, Condition] = {}
    loaded = {}
    for row in rows:
        spec = row[12]
        if spec not in conditions:
            conditions[spec] = Condition.from_json(json.loads(spec))
        loaded[row[0]] = Sample(
            source=row[1],
            source_id=row[2],
            prompt=row[3],
            choices=tuple(row[4]),
            reference=json.loads(row[5]),
            grader=row[6],
            images=tuple(images[image] for image in row[7]),
            cluster="" if row[8] == row[0] else row[8],
            tags=tuple(row[9]),
            licence=row[10],
            published_at=row[11],
            condition=conditions[spec],
        )
    return [loaded[sample_id] for sample_id in sample_ids]


def known_by_id(hub: Hub, sample_ids: Sequence[str]) -> dict[str, str]:
    """Those of these names that are ids of the pool's samples, each with itself."""
    given = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    return {
        name: name for (name,) in hub.select("SELECT sample_id FROM sample JOIN given USING (sample_id)", given)
    }


def known_by_content(hub: Hub, samples: Mapping[str, Sample]) -> dict[str, str]:
    """Id of the pool's sample with the same question, images, choices and reference, by the samples' keys, where
    there is just one. Who is to judge it does not matter."""
    schema = {
        **dict.fromkeys(("key", "prompt", "reference"), pl.String),
        **dict.fromkeys(("choices", "images"), pl.List(pl.String)),
    }
    rows = [
        (key, one.prompt, _json(one.reference), list(one.choices), list(one.image_hashes))
        for key, one in samples.items()
    ]
    found = hub.select(
        """
        SELECT key, min(sample_id) FROM sample JOIN given
        ON sample.prompt = given.prompt AND sample.reference::VARCHAR = given.reference
           AND sample.choices = given.choices AND sample.images = given.images
        GROUP BY key HAVING count(*) = 1
        """,
        pl.DataFrame(rows, schema=schema, orient="row"),
    )
    return dict(found)


def known_by_name(hub: Hub, names: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Id of the pool's sample that a source calls so, by the names' keys, where there is just one: {key: (source,
    name in it)}."""
    rows = [(key, *name) for key, name in names.items()]
    found = hub.select(
        """
        SELECT key, min(sample_id) FROM origin JOIN given USING (source, source_id)
        GROUP BY key HAVING count(*) = 1
        """,
        pl.DataFrame(rows, schema=dict.fromkeys(("key", "source", "source_id"), pl.String), orient="row"),
    )
    return dict(found)


def other_clusters(hub: Hub, clusters: Mapping[str, str]) -> int:
    """How many of these samples, by id, are in another cluster than the one given."""
    given = pl.DataFrame(
        {"sample_id": list(clusters), "here": list(clusters.values())},
        schema={"sample_id": pl.String, "here": pl.String},
    )
    query = "SELECT count(*) FROM sample JOIN given USING (sample_id) WHERE cluster <> here"
    found: int = hub.select(query, given)[0][0]
    return found


def nearly_equal(hub: Hub, sample_ids: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Pairs of one of these samples and another one of the pool whose questions have the same letters and digits:
    (the first by id, the second, whether the questions are equal to the letter). Not of questions with images,
    which may be anything but the same."""
    given = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    return hub.select(
        f"""
        WITH spelt AS (
            SELECT sample_id, prompt, {_SPELT} AS spelling FROM sample
            WHERE modality = 'text' AND NOT starts_with(reference, '{{"{NAMED_IN}"')
        ), groups AS (
            SELECT spelling, arg_min(sample_id, sample_id) AS first, arg_min(prompt, sample_id) AS prompt
            FROM spelt
            WHERE spelling <> '' AND spelling IN (SELECT spelling FROM spelt JOIN given USING (sample_id))
            GROUP BY spelling HAVING count(*) > 1
        )
        SELECT first, sample_id, spelt.prompt = groups.prompt FROM spelt JOIN groups USING (spelling)
        WHERE first <> sample_id ORDER BY ALL LIMIT {_MOST_PAIRS}
        """,
        given,
    )


_MOST_PAIRS = 1000
_SPELT = r"trim(regexp_replace(lower(prompt), '[^\p{L}\p{N}]+', ' ', 'g'))"


_SCHEMA = {
    "sample_id": pl.String,
    "source": pl.String,
    "source_id": pl.String,
    "prompt": pl.String,
    "choices": pl.List(pl.String),
    "reference": pl.String,
    "grader": pl.String,
    "images": pl.List(pl.String),
    "modality": pl.String,
    "cluster": pl.String,
    "tags": pl.List(pl.String),
    "licence": pl.String,
    "published_at": pl.Date,
    "condition_id": pl.String,
}


def _row(sample: Sample) -> tuple[object, ...]:
    return (
        sample.sample_id,
        sample.source,
        sample.source_id,
        sample.prompt,
        list(sample.choices),
        _json(sample.reference),
        sample.grader,
        list(sample.image_hashes),
        sample.modality,
        sample.cluster or sample.sample_id,
        list(sample.tags),
        sample.licence,
        sample.published_at,
        sample.condition.condition_id,
    )


def _json(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)


def _condition_frame(conditions: set[Condition]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (condition.condition_id, condition.variant, json.dumps(condition.to_json(), ensure_ascii=False))
            for condition in conditions
        ],
        schema={"condition_id": pl.String, "variant": pl.String, "spec": pl.String},
        orient="row",
    )
