"""What the pages that compare models in pairs ask of a snapshot."""

from __future__ import annotations

from typing import Any

import polars as pl

from app import queries
from app.queries import frame_of
from app.snapshot import PAIRS, RANGES, VOTES, Snapshot, cached
from evalhub.store.chosen import JUDGED, newest_form
from evalhub.store.origins import OF_SOURCE


def has_pairs(snapshot: Snapshot) -> bool:
    """Whether the snapshot was published by an evalhub that counts pairs."""
    return queries.tables(snapshot) >= PAIRS


@cached
def sources(snapshot: Snapshot) -> list[str]:
    """Where two models or more can be compared; '' is the whole pool."""
    return frame_of(snapshot, "SELECT DISTINCT source FROM pair_wins ORDER BY source")["source"].to_list()


@cached
def ranked(snapshot: Snapshot, source: str) -> pl.DataFrame:
    """model, model_id of those that can be compared, in the order of the source's ranking by the default method,
    else by another one; those that are in none come last."""
    compared = frame_of(
        snapshot,
        """
        SELECT DISTINCT unnest([model_a, model_b]) AS model FROM pair_wins WHERE source = $source ORDER BY model
        """,
        source=source,
    )
    place = {model: i for i, model in enumerate(_order(snapshot, source))}
    names = sorted(compared["model"], key=lambda model: (place.get(model, len(place)), model))
    ids = frame_of(snapshot, "SELECT DISTINCT model, model_id FROM counting_form")
    known = dict(ids.iter_rows())
    # Who was only voted on has no measurements, and no variants.
    return pl.DataFrame(
        {"model": names, "model_id": [known.get(name, name) for name in names]},
        schema={"model": pl.String, "model_id": pl.String},
    )


def _order(snapshot: Snapshot, source: str) -> list[str]:
    """The models of a source's first ranking, group by group, the best first; none where it has no ranking."""
    rankings = queries.rankings(snapshot).filter(pl.col("source") == source)
    if rankings.is_empty():
        return []
    return queries.ranking_rows(snapshot, rankings["ranking_id"][0])["model"].to_list()


def never_compared(snapshot: Snapshot, source: str) -> int:
    """How many of the models that `ranked` has the order of share nothing with any other."""
    return len(set(_order(snapshot, source)) - set(ranked(snapshot, source)["model"]))


@cached
def wins(snapshot: Snapshot, source: str) -> pl.DataFrame:
    """Each two models from both sides: model, against, share, wins, ties, losses, samples."""
    return frame_of(
        snapshot,
        """
        WITH here AS (SELECT *, samples - wins - ties AS losses FROM pair_wins WHERE source = $source),
        both_sides AS (
            SELECT model_a AS model, model_b AS against, wins, ties, losses, samples FROM here
            UNION ALL
            SELECT model_b, model_a, losses, ties, wins, samples FROM here
        )
        SELECT model, against, (wins + ties / 2) / samples AS share, wins, ties, losses, samples
        FROM both_sides ORDER BY model, against
        """,
        source=source,
    )


@cached
def votes(snapshot: Snapshot, source: str, first: str, second: str) -> dict[str, Any] | None:
    """Of the votes between two models, for the first: wins, ties, losses, share, low, high, as `evalhub compare`
    has them; None where there are none, or an older evalhub published the snapshot."""
    if not queries.tables(snapshot) >= VOTES:
        return None
    found = frame_of(
        snapshot,
        """
        SELECT wins, ties, losses, share, low, high FROM pair_votes
        WHERE source = $source AND model_a = $first AND model_b = $second
        UNION ALL
        SELECT losses, ties, wins, 1 - share, 1 - high, 1 - low FROM pair_votes
        WHERE source = $source AND model_a = $second AND model_b = $first
        """,
        source=source,
        first=first,
        second=second,
    )
    return None if found.is_empty() else found.row(0, named=True)


@cached
def metric_ranges(snapshot: Snapshot) -> dict[str, tuple[float, float]]:
    """The least and the most that numbers of a metric can be, where that is known."""
    if not queries.tables(snapshot) >= RANGES:
        return {}
    rows = frame_of(snapshot, "SELECT metric, low, high FROM metric_range ORDER BY metric")
    return {metric: (low, high) for metric, low, high in rows.iter_rows()}


MOST_CELLS = 10_000_000
"""Of a matrix of samples and models that is written for a reader."""


def _counting(which: str) -> str:
    """SQL: the measurements that rankings rest on, on a source, for which a condition holds."""
    return f"""
    about AS (
        SELECT sample_id, condition_id AS asked FROM sample WHERE $source = '' OR {OF_SOURCE}
    ), counting AS (
        SELECT model, sample_id, {JUDGED} AS metric, kind, direction, value, passes, attempts
        FROM measurement JOIN about USING (sample_id) JOIN counting_form USING (model_id, condition_id, asked)
        WHERE main AND {which}
        {newest_form()}
    )
    """


_PASS_RATES = _counting("kind = 'binary' AND direction = 'up' AND list_contains($models::VARCHAR[], model)")


@cached
def pass_rates(snapshot: Snapshot, source: str, first: str, *others: str) -> pl.DataFrame:
    """The pass rates that rankings rest on, of ranked models on every sample that one of them was run on:
    sample_id, source, source_id, cluster, tags, first, and second, the mean of the others; null where missing, for
    one or more of the others."""
    return frame_of(
        snapshot,
        f"""
        WITH {_PASS_RATES}, rate AS (
            SELECT sample_id, model, avg(value) AS value FROM counting GROUP BY sample_id, model
        ), side_by_side AS (
            SELECT sample_id, avg(value) FILTER (model = $first) AS first,
                   count(value) FILTER (model <> $first) AS known, avg(value) FILTER (model <> $first) AS mean
            FROM rate GROUP BY sample_id
        )
        SELECT sample_id, source, source_id, cluster, tags, first,
               CASE WHEN known = len($models) - 1 THEN mean END AS second
        FROM side_by_side JOIN sample USING (sample_id) ORDER BY sample_id
        """,
        source=source,
        first=first,
        models=[first, *others],
    )


@cached
def grades(snapshot: Snapshot, source: str, first: str, second: str) -> pl.DataFrame:
    """What rankings rest on beside pass rates, of two models: model, sample, cluster, metric, kind, direction and
    value, as `aggregate.head_to_head.numbers_of` takes them."""
    return frame_of(
        snapshot,
        f"""
        WITH {_counting("NOT (kind = 'binary' AND direction = 'up') AND model IN ($first, $second)")}
        SELECT model, sample_id AS sample, any_value(cluster) AS cluster, metric, kind, direction,
               avg(value) AS value
        FROM counting JOIN sample USING (sample_id) WHERE value IS NOT NULL
        GROUP BY model, sample_id, metric, kind, direction ORDER BY ALL
        """,
        source=source,
        first=first,
        second=second,
    )


@cached
def tallies(snapshot: Snapshot, source: str, model: str) -> pl.DataFrame:
    """Counted attempts behind a ranked model's pass rates, a row for each seed: sample_id, cluster, value, passes,
    attempts."""
    return frame_of(
        snapshot,
        f"""
        WITH {_PASS_RATES}
        SELECT sample_id, cluster, value, passes, attempts FROM counting JOIN sample USING (sample_id)
        WHERE value IS NOT NULL AND attempts > 0 ORDER BY sample_id
        """,
        source=source,
        models=[model],
    )


@cached
def matrix_cells(snapshot: Snapshot, source: str) -> int:
    """Samples of a source, times models that are ranked anywhere: no fewer than the cells of `matrix`."""
    found = frame_of(
        snapshot,
        f"""
        SELECT (SELECT count(*) FROM sample WHERE $source = '' OR {OF_SOURCE})
               * (SELECT count(DISTINCT model) FROM counting_form) AS cells
        """,
        source=source,
    )
    return int(found["cells"][0])


def matrix(snapshot: Snapshot, source: str) -> pl.DataFrame:
    """sample_id, source, source_id, cluster, tags, and a column for each ranked model: what rankings rest on; null
    where missing."""
    values = frame_of(
        snapshot,
        f"""
        WITH {_counting("true")}
        SELECT model, sample_id, avg(value) AS value FROM counting GROUP BY model, sample_id ORDER BY model
        """,
        source=source,
    ).pivot(on="model", index="sample_id", values="value")
    samples = frame_of(snapshot, "SELECT sample_id, source, source_id, cluster, tags FROM sample")
    return samples.join(values, on="sample_id", how="inner").sort("sample_id")
