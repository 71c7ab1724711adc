"""Which measurements are ranked, and in which slices they lie.

Weights and arithmetic never mix: of each variant of a model, those measured last count. Of several prompt forms
for a sample the newest counts; several seeds are averaged. A slice holds what was measured on a source's samples
of one month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TypeVar

import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.reads import Reads
from evalhub.store.wanted import CUTOFF, Wanted

PASS_RATE = "pass rate"

TOGETHER = 5_000_000
"""Measurements that are read in one query, where all of a hub's are read."""

Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A source's samples of one month, and what was measured on them."""

    source: str

    month: str
    """E.g. 2026-11: of a sample's `published_at`, else of its `added_at`."""

    results: int
    """Measurements, with or without a value."""

    values: int

    models: int

    fingerprint: str
    """Another one where any column of the slice's `measurement_frame` is another."""


MODEL = "CASE WHEN variant = '' THEN model_id ELSE model_id || ' [' || variant || ']' END AS model"

_WANTED = "CASE WHEN $metric = '' THEN main ELSE metric = $metric END"
"""Of several metrics of an output, the main one, or the one that is asked for."""

JUDGED = """
    CASE WHEN kind = 'binary' AND direction = 'up' THEN ''
         WHEN kind = 'numeric' AND direction = 'up' THEN metric
         ELSE format('{} ({}, {})', metric, kind, direction) END
"""
"""Under which name values are compared: a pass is a pass, whatever the tool calls it, and what goes by one name in
two directions is two things."""

# Aggregated before the join, so that no condition is taken apart once for each measurement. What was scored here
# and what logs tell do not replace each other; of a log that does not know the weights, nothing is older.
_USED = f"""
    used AS (
        SELECT model_id, condition_id, variant
        FROM (
            SELECT model_id, condition_id, variant, [spec->>'revision', spec->>'engine'] AS weights,
                   told AND weights[1] = '' AS unknown,
                   first_value(weights) OVER (
                       PARTITION BY model_id, variant, told ORDER BY unknown, newest DESC, weights
                   ) AS newest_weights
            FROM (
                SELECT model_id, condition_id, max(measured_at) AS newest, bool_and(import_id <> '') AS told
                FROM named_measurement WHERE {_WANTED} GROUP BY model_id, condition_id
            ) JOIN condition USING (condition_id)
        )
        WHERE unknown OR weights = newest_weights
    )
"""

_ABOUT = """
    about AS (
        SELECT sample_id, rowid AS place, source, cluster, coalesce(tags[1], source) AS tag,
               condition_id AS asked, published_at,
               strftime(coalesce(published_at, make_timestamp(epoch_us(added_at))), '%Y-%m') AS month
        FROM sample
    )
"""


def _forms(rows: str) -> str:
    """Prompt forms under which a model's samples of one source form were asked: only where there are several of
    them is the choice made sample by sample."""
    return f"""
    form AS (
        SELECT model_id, variant, asked, condition_id,
               count(*) OVER (PARTITION BY model_id, variant, asked) > 1 AS several
        FROM (SELECT DISTINCT model_id, condition_id, asked FROM {rows}) JOIN used USING (model_id, condition_id)
    )
    """


def newest_form(*within: str) -> str:
    """SQL: of several prompt forms for a model's sample, and what else is named, the newest one."""
    return f"""
    QUALIFY condition_id = first_value(condition_id) OVER (
        PARTITION BY {", ".join(("model_id, variant, sample_id", *within))}
        ORDER BY value IS NULL, measured_at DESC, condition_id
    )
    """


_NEWEST_FORM = newest_form()


_ROWS = f"named_measurement JOIN wanted USING (sample_id) WHERE {_WANTED}"


def counting_forms(condition: str) -> str:
    """SQL: model_id, variant, asked, condition_id of what counts among measurements by $metric ('': the main one)
    on samples for which the condition holds, and whether it is one of several, so that `newest_form` decides."""
    return f"WITH {_USED}, {_ABOUT}, wanted AS (FROM about WHERE {condition}), {_forms(_ROWS)} FROM form"


def slices(hub: Hub, metric: str = "") -> list[Slice]:
    """All that hold a measurement by the main metric, or by the one given, in order of source and month: in one
    pass over the measurements."""
    content = f"hash(sample_id, seed, value, passes, attempts, cluster, tag, {JUDGED}, kind, direction)::HUGEINT"
    rows = hub.database.execute(
        f"""
        WITH {_USED}, {_ABOUT}, part AS (
            SELECT source, month, model_id, condition_id, asked, count(*) AS results, count(value) AS valued,
                   sum({content}) AS content
            FROM named_measurement JOIN about USING (sample_id)
            WHERE {_WANTED}
            GROUP BY source, month, model_id, condition_id, asked
        ), {_forms("part")}, disputed AS (
            SELECT source, month, model_id, variant, value, {content} AS content
            FROM named_measurement JOIN about USING (sample_id) JOIN form USING (model_id, condition_id, asked)
            WHERE {_WANTED} AND several
            {_NEWEST_FORM}
        ), whole AS (
            SELECT source, month, model_id, variant, results, valued, content
            FROM part JOIN form USING (model_id, condition_id, asked) WHERE NOT several
            UNION ALL
            SELECT source, month, model_id, variant, 1, (value IS NOT NULL)::INTEGER, content FROM disputed
        ), of_model AS (
            SELECT source, month, {MODEL}, sum(results) AS results, sum(valued) AS valued, sum(content) AS content
            FROM whole GROUP BY source, month, model_id, variant
        )
        SELECT source, month, sum(results)::BIGINT, sum(valued)::BIGINT, count(*),
               sum(hash(model, results, content)::HUGEINT)::VARCHAR
        FROM of_model GROUP BY source, month ORDER BY source, month
        """,
        {"metric": metric},
    ).fetchall()
    return [
        Slice(source=source, month=month, results=results, values=values, models=models, fingerprint=fingerprint)
        for source, month, results, values, models, fingerprint in rows
    ]


def batches(parts: Iterable[Part], size: Callable[[Part], int], most: int) -> Iterator[list[Part]]:
    """The parts in order, as many at a time as have no more than `most` together; a larger one comes alone."""
    batch: list[Part] = []
    held = 0
    for one in parts:
        if batch and held + size(one) > most:
            yield batch
            batch, held = [], 0
        batch.append(one)
        held += size(one)
    if batch:
        yield batch


def frame_of_slices(hub: Hub, wanted: Sequence[Slice]) -> pl.DataFrame:
    """What `results.measurement_frame` gives, of some slices."""
    names = [f"{one.source}\n{one.month}" for one in wanted]
    condition = "list_contains($names::VARCHAR[], source || chr(10) || month)"
    return frame_of(hub, Wanted(samples=condition, parameters={"names": names}))


def frame_of(hub: Hub, wanted: Wanted, metric: str = "") -> pl.DataFrame:
    """`results.measurement_frame` in any order. The condition on samples may be on their month, too."""
    return _frame(hub, "", wanted, metric)


def frames_of(hub: Hub, wanted: Wanted, metric: str) -> Iterator[pl.DataFrame]:
    """The same in parts, each with all of some models: those of `TOGETHER` measurements, or one that has more."""
    for within, names in _parts(hub):
        yield _frame(hub, within, wanted, metric, {"part": names})


def values_of(hub: Hub) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Queries with their parameters, each for as many models: model_id, variant, place (of the sample: its row),
    judged (what values are compared under), kind, direction, value, passes, attempts by the main metric."""
    for within, names in _parts(hub):
        head = f"WITH {within} {_USED}, {_ABOUT}, wanted AS (FROM about), {_forms(_ROWS)}"
        yield f"{head}, {_valued('named_measurement', 'TRUE')} FROM valued", {"part": names, "metric": ""}


def _parts(hub: Hub) -> Iterator[tuple[str, list[str]]]:
    """The beginning of a query that sees some models only, whose names are its parameter $part, all of them in
    turn. Which condition counts is decided model by model, so that a part needs to see no others."""
    rows = hub.database.execute(
        """
        SELECT coalesce(alias.model_id, measurement.model_id), list(DISTINCT measurement.model_id), count(*)
        FROM measurement LEFT JOIN alias ON alias.alias = measurement.model_id GROUP BY 1 ORDER BY 1
        """
    ).fetchall()
    within = """
        named_measurement AS (
            SELECT coalesce(alias.model_id, measurement.model_id) AS model_id, measurement.* EXCLUDE (model_id)
            FROM measurement LEFT JOIN alias ON alias.alias = measurement.model_id
            WHERE list_contains($part::VARCHAR[], measurement.model_id)
        ),
    """
    for some in batches(rows, lambda row: row[2], TOGETHER):
        yield within, [name for _, called, _ in some for name in called]


def _frame(
    hub: Hub, before: str, wanted: Wanted, metric: str, parameters: Mapping[str, object] = MappingProxyType({})
) -> pl.DataFrame:
    # What samples are called is joined at the end: texts are slow to group by.
    query = f"""
        WITH {before} {_USED}, {_ABOUT}, wanted AS (FROM about WHERE {wanted.samples}), {_forms(_ROWS)},
        {_valued("named_measurement", wanted.of_model("named_measurement.model_id"))}
        SELECT {MODEL}, model_id, {_SAMPLE}, judged AS metric, kind, direction, value, passes, attempts
        FROM valued JOIN wanted USING (place)
    """
    return hub.frame(query, {**wanted.given, **parameters, "metric": metric})


def published_frame(board: Reads, sample_ids: Sequence[str]) -> pl.DataFrame:
    """What `results.measurement_frame` gives of these samples, by the main metric, from a snapshot."""
    query = f"""
        WITH {_ABOUT}, wanted AS (FROM about WHERE sample_id IN (SELECT unnest($ids::VARCHAR[])))
        SELECT model, model_id, {_SAMPLE}, metric, kind, direction, value, passes, attempts
        FROM ranked_value JOIN wanted USING (place) JOIN ranked_model USING (model_number)
             JOIN ranked_metric USING (metric_number)
    """
    return board.frame(query, {"ids": list(sample_ids)})


_SAMPLE = "sample_id AS sample, cluster, source, month, tag"


def _valued(measurements: str, condition: str) -> str:
    """The end of the list of a query that has `wanted` samples and the `form`s that count: `valued` has its rows
    from a table or view."""
    key = "model_id, variant, place, judged, kind, direction"
    columns = f"model_id, variant, sample_id, place, value, passes, attempts, {JUDGED} AS judged, kind, direction"
    rows = f"""
        FROM {measurements} JOIN wanted USING (sample_id) JOIN form USING (model_id, condition_id, asked)
        WHERE {_WANTED} AND {condition} AND
    """
    return f"""
        chosen AS (
            SELECT {columns} {rows} NOT several
            UNION ALL
            SELECT {columns} {rows} several {_NEWEST_FORM}
        ), valued AS (
            SELECT {key}, avg(value) AS value, sum(passes)::BIGINT AS passes,
                   (sum(attempts) FILTER (passes IS NOT NULL))::BIGINT AS attempts
            FROM chosen GROUP BY {key}
        )
    """


def measured_models(hub: Hub, wanted: Wanted, metric: str = "") -> dict[str, date | None]:
    """Training cutoffs of the models that have a value, or a vote that is by no metric, on the samples that are
    wanted, whenever these were published: in order of name, None where unknown."""
    rows = hub.frame(
        f"""
        WITH {_ABOUT}, wanted AS (FROM about WHERE {wanted.samples}), valued AS (
            SELECT DISTINCT model_id FROM {_ROWS} AND value IS NOT NULL
            UNION
            SELECT unnest([model_a, model_b]) FROM named_comparison
            WHERE ({wanted.samples}) AND $metric = '' AND outcome IS NOT NULL
        )
        SELECT model_id, {CUTOFF} AS cutoff FROM valued LEFT JOIN model USING (model_id)
        WHERE $models::VARCHAR[] IS NULL OR list_contains($models::VARCHAR[], model_id) ORDER BY model_id
        """,
        {"models": None, **wanted.given, "metric": metric},
    )
    return dict(rows.rows())


def model_ids(hub: Hub) -> dict[str, str]:
    """The model behind each name that is ranked."""
    rows = hub.database.execute(
        f"""
        WITH {_USED} SELECT {MODEL}, model_id FROM used
        UNION SELECT model, model FROM (SELECT unnest([model_a, model_b]) AS model FROM named_comparison)
        ORDER BY ALL
        """,
        {"metric": ""},
    ).fetchall()
    return dict(rows)


def replaced(hub: Hub, model_id: str) -> list[tuple[str, int, int]]:
    """Of each variant of a model that was scored here, weights and engines that are no longer ranked though they
    were measured on more samples than those measured last: in words, with these two numbers of samples."""
    found = hub.frame(
        """
        WITH measured AS (
            SELECT variant, spec->>'engine' AS engine, spec->>'revision' AS revision,
                   count(DISTINCT sample_id) AS samples, max(measured_at) AS newest
            FROM named_measurement JOIN condition USING (condition_id)
            WHERE model_id = ? AND main AND import_id = '' AND value IS NOT NULL GROUP BY ALL
        ), ranked AS (
            SELECT *, first_value(samples) OVER newest_first AS now, row_number() OVER newest_first AS place
            FROM measured WINDOW newest_first AS (PARTITION BY variant ORDER BY newest DESC, engine, revision)
        )
        SELECT concat_ws(', ', nullif(engine, ''), nullif(left(revision, 16), '')), samples, now
        FROM ranked WHERE place > 1 AND samples > now ORDER BY ALL
        """,
        [model_id],
    )
    return [(row[0], row[1], row[2]) for row in found.rows()]
