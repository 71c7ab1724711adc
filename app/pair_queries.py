"""What the pages that compare models in pairs ask of a snapshot."""

from __future__ import annotations

import polars as pl

from app import queries
from app.queries import frame_of
from app.snapshot import PAIRS, Snapshot, cached
from evalhub.store.chosen import newest_form
from evalhub.store.origins import OF_SOURCE


@cached
def has_pairs(snapshot: Snapshot) -> bool:
    """Whether the snapshot was published by an evalhub that counts pairs."""
    tables = frame_of(snapshot, "SELECT table_name FROM duckdb_tables()")
    return set(tables["table_name"]) >= PAIRS


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
    rankings = queries.rankings(snapshot).filter(pl.col("source") == source)
    order: list[str] = []
    if not rankings.is_empty():
        order = queries.ranking_rows(snapshot, rankings["ranking_id"][0])["model"].to_list()
    place = {model: i for i, model in enumerate(order)}
    names = sorted(compared["model"], key=lambda model: (place.get(model, len(place)), model))
    ids = frame_of(snapshot, "SELECT DISTINCT model, model_id FROM counting_form")
    known = dict(ids.iter_rows())
    # Who was only voted on has no measurements, and no variants.
    return pl.DataFrame(
        {"model": names, "model_id": [known.get(name, name) for name in names]},
        schema={"model": pl.String, "model_id": pl.String},
    )


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
def pass_rates(snapshot: Snapshot, source: str, first: str, second: str) -> pl.DataFrame:
    """The pass rates that rankings rest on, of two ranked models on every sample that either was run on:
    sample_id, source, source_id, cluster, tags, first, second; null where missing."""
    return frame_of(
        snapshot,
        f"""
        WITH about AS (
            SELECT sample_id, condition_id AS asked FROM sample WHERE $source = '' OR {OF_SOURCE}
        ), counting AS (
            SELECT model, sample_id, value
            FROM measurement JOIN about USING (sample_id) JOIN counting_form USING (model_id, condition_id, asked)
            WHERE main AND kind = 'binary' AND direction = 'up' AND model IN ($first, $second)
            {newest_form()}
        ), rate AS (
            SELECT sample_id, avg(value) FILTER (model = $first) AS first,
                   avg(value) FILTER (model = $second) AS second
            FROM counting GROUP BY sample_id
        )
        SELECT sample_id, source, source_id, cluster, tags, first, second
        FROM rate JOIN sample USING (sample_id) ORDER BY sample_id
        """,
        source=source,
        first=first,
        second=second,
    )


def prompts(snapshot: Snapshot, sample_ids: list[str]) -> dict[str, str]:
    """How the prompts of some samples begin."""
    found = frame_of(
        snapshot,
        "SELECT sample_id, left(prompt, 300) FROM sample WHERE list_contains($ids::VARCHAR[], sample_id)",
        ids=sample_ids,
    )
    return dict(found.iter_rows())
