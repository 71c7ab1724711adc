"""What came out: runs, measurements, rankings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from aggregate.ranking import RankedModel, Ranking
from evalhub.store.chosen import PASS_RATE, Slice, frame_of, frames_of, model_ids
from evalhub.store.hub import Hub
from evalhub.store.measurements import put_measurements, without_measurement
from evalhub.store.wanted import EVERYTHING, Wanted
from ingest.records import Model, content_hash


@dataclass(frozen=True, kw_only=True)
class Tallied:
    """The measurement that a sample's attempts add up to."""

    sample_id: str
    condition_id: str
    value: float | None
    low: float
    high: float
    passes: int
    attempts: int
    missing: int
    reason: str
    """Why there is no value; '' where there is one."""


def add_model(hub: Hub, model: Model) -> None:
    """Keep what is known of a model; what is known already stays where nothing newer is given."""
    hub.database.execute(
        """
        INSERT INTO model (model_id, parameters, licence, released, cutoff, open_weights, added_at)
        VALUES (?, ?, ?, ?, ?, ?, now())
        ON CONFLICT DO UPDATE SET
            parameters = coalesce(excluded.parameters, parameters),
            licence = CASE WHEN excluded.licence = '' THEN licence ELSE excluded.licence END,
            released = coalesce(excluded.released, released),
            cutoff = coalesce(excluded.cutoff, cutoff),
            open_weights = coalesce(excluded.open_weights, open_weights)
        """,
        [model.model_id, model.parameters, model.licence, model.released, model.cutoff, model.open_weights],
    )


def start_run(
    hub: Hub,
    *,
    model_id: str,
    seed: int,
    passes: int,
    max_attempts: int,
    options: Mapping[str, Any],
    versions: Mapping[str, str],
    conditions: Mapping[str, str],
    rule: Mapping[str, Any] | None = None,
) -> str:
    """Record that a run began, or goes on. Returns its id, the same for the same model, samples and options.

    passes: 0 where no number of passes ends a sample.
    conditions: the condition's id of every sample.
    rule: what else decides which attempts count.
    """
    identity = [model_id, seed, passes, max_attempts, sorted(conditions.items())]
    run_id = content_hash([*identity, rule] if rule else identity)[:12]
    hub.database.execute(
        "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, now(), NULL) ON CONFLICT DO UPDATE SET ended_at = NULL",
        [run_id, model_id, seed, passes, max_attempts, json.dumps(options), json.dumps(versions)],
    )
    frame = pl.DataFrame(
        {"sample_id": list(conditions), "condition_id": list(conditions.values())},
        schema={"sample_id": pl.String, "condition_id": pl.String},
    ).with_columns(run_id=pl.lit(run_id))
    hub.insert("INSERT OR IGNORE INTO run_sample BY NAME SELECT * FROM given", frame)
    return run_id


def finish_run(hub: Hub, run_id: str, model_id: str, seed: int, tallies: Sequence[Tallied]) -> int:
    """Replace the run's measurements by these and mark it as ended, all or nothing. A measurement stays where the
    run has no attempt of the sample at all.

    Returns:
        number of measurements replaced that rested on more attempts.
    """
    frame = _frame(tallies, model_id, seed)
    with hub.transaction() as database:
        shrunk: int = hub.select(
            """
            SELECT count(*) FROM measurement AS old JOIN given USING (model_id, sample_id, condition_id, seed)
            WHERE old.metric = ? AND old.import_id = ''
                  AND old.attempts + old.missing > given.attempts + given.missing
                  AND given.attempts + given.missing > 0
            """,
            frame,
            [PASS_RATE],
        )[0][0]
        replace_measurements(hub, model_id, seed, tallies)
        database.execute("UPDATE run SET ended_at = now() WHERE run_id = ?", [run_id])
    return shrunk


def replace_measurements(hub: Hub, model_id: str, seed: int, tallies: Sequence[Tallied]) -> int:
    """Put measurements in the place of older ones, within the caller's transaction; one without any attempt
    replaces none.

    Returns:
        number of older ones that had another value.
    """
    frame = _frame(tallies, model_id, seed)
    changed: int = hub.select(
        """
        SELECT count(*) FROM measurement AS old JOIN given USING (model_id, sample_id, condition_id, seed)
        WHERE old.metric = ? AND old.import_id = '' AND old.value IS DISTINCT FROM given.value
        """,
        frame,
        [PASS_RATE],
    )[0][0]
    tried = pl.col("attempts") + pl.col("missing") > 0
    put_measurements(hub, pl.concat([frame.filter(tried), without_measurement(hub, frame.filter(~tried))]))
    return changed


def _frame(tallies: Sequence[Tallied], model_id: str, seed: int) -> pl.DataFrame:
    frame = pl.DataFrame(
        [asdict(tally) for tally in tallies],
        schema={
            "sample_id": pl.String,
            "condition_id": pl.String,
            "value": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
            "passes": pl.Int32,
            "attempts": pl.Int32,
            "missing": pl.Int32,
            "reason": pl.String,
        },
    )
    return frame.with_columns(
        model_id=pl.lit(model_id),
        seed=pl.lit(seed, pl.Int64),
        metric=pl.lit(PASS_RATE),
        main=pl.lit(True),
        kind=pl.lit("binary"),
        direction=pl.lit("up"),
    )


def measurement_frame(hub: Hub, wanted: Wanted = EVERYTHING, metric: str = "") -> pl.DataFrame:
    """Measurements to rank, one for each model variant and sample: model, model_id, sample, cluster, source,
    month, tag, metric, kind, direction, value, passes, attempts; value NULL where missing. The tag is the sample's
    first, or its source, so that methods know what is alike. Which are chosen: see `evalhub.store.chosen`.

    metric: '' for the main one of each output.
    """
    return frame_of(hub, wanted, metric).sort("model", "sample")


def measurement_frames(hub: Hub, wanted: Wanted = EVERYTHING, metric: str = "") -> Iterator[pl.DataFrame]:
    """The same in parts, in any order, with all of some models in each: as text, the rows of a large hub do not
    fit into memory at once."""
    return frames_of(hub, wanted, metric)


def metrics(hub: Hub, wanted: Wanted = EVERYTHING) -> list[str]:
    """Names of the metrics that something is measured by on the wanted samples."""
    rows = hub.frame(
        f"""
        SELECT DISTINCT metric FROM measurement
        WHERE sample_id IN (SELECT sample_id FROM sample WHERE {wanted.samples}) ORDER BY metric
        """,
        wanted.parameters,
    )
    return list(rows["metric"])


def metrics_of(hub: Hub, wanted: Wanted) -> dict[str, bool]:
    """Names of the metrics that the wanted models are measured by on the wanted samples, and whether each is the
    main one of any output."""
    rows = hub.frame(
        f"""
        SELECT metric, bool_or(main) FROM named_measurement
        WHERE sample_id IN (SELECT sample_id FROM sample WHERE {wanted.samples})
              AND {wanted.of_model("named_measurement.model_id")}
        GROUP BY metric ORDER BY metric
        """,
        wanted.given,
    )
    return dict(rows.rows())


def vote_frame(hub: Hub, wanted: Wanted = EVERYTHING) -> pl.DataFrame:
    """Votes to rank: model_a, model_b, sample (null where the log did not say), cluster, outcome, source."""
    return hub.frame(
        f"""
        WITH vote AS (FROM named_comparison WHERE ({wanted.samples}) AND model_a <> model_b)
        SELECT model_a, model_b, nullif(sample_id, '') AS sample, sample.cluster, outcome, sample.source
        FROM vote LEFT JOIN sample USING (sample_id)
        WHERE {wanted.of_model("vote.model_a")} AND {wanted.of_model("vote.model_b")}
        ORDER BY ALL
        """,
        wanted.given,
    )


def vote_counts(hub: Hub, wanted: Wanted = EVERYTHING) -> dict[str, int]:
    """How many votes with an outcome each model has on the wanted samples."""
    rows = hub.frame(
        f"""
        SELECT model, count(*) FROM (
            SELECT unnest([model_a, model_b]) AS model FROM named_comparison
            WHERE ({wanted.samples}) AND model_a <> model_b AND outcome IS NOT NULL
        ) GROUP BY model
        """,
        wanted.parameters,
    )
    return dict(rows.rows())


def votes_fingerprint(hub: Hub, source: str = "") -> str:
    """Another one where any vote of a source, or of the whole pool, is another; '' where there are none."""
    wanted = Wanted.of_source(source)
    query = f"""
        SELECT count(*), sum(hash(model_a, model_b, sample_id, outcome)::HUGEINT)::VARCHAR FROM named_comparison
        WHERE {wanted.samples}
    """
    votes, content = hub.database.execute(query, dict(wanted.parameters)).fetchall()[0]
    return f"{votes}/{content}" if votes else ""


def pass_rates(hub: Hub, model_id: str, sample_ids: Sequence[str]) -> dict[str, float]:
    """The model's newest pass rate of each of these samples, where there is one."""
    wanted = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    return dict(
        hub.select(
            """
            SELECT sample_id, arg_max(value, measured_at) FROM measurement JOIN given USING (sample_id)
            WHERE model_id = ? AND metric = ? AND value IS NOT NULL
            GROUP BY sample_id
            """,
            wanted,
            [model_id, PASS_RATE],
        )
    )


def _told(row: RankedModel) -> list[Any]:
    """What a ranking says of a model beside its name and group."""
    return [value for name, value in asdict(row).items() if name not in ("model", "group")]


def save_ranking(hub: Hub, ranking: Ranking, source: str, slices: Sequence[Slice]) -> str:
    """Keep a ranking of a source ('' for the whole pool). Returns its id: a hash of method, votes and
    measurements, of which the slices are all."""
    content: list[Any] = [(one.source, one.month, one.fingerprint) for one in slices]
    if votes := votes_fingerprint(hub, source):
        content.append(votes)
    ranking_id = content_hash([ranking.method, ranking.level, source, content])[:12]
    models = model_ids(hub)
    rows = pl.DataFrame(
        [(ranking_id, row.model, models[row.model], *_told(row), row.group) for row in ranking.models],
        schema=[
            "ranking_id",
            "model",
            "model_id",
            "score",
            "low",
            "high",
            "rank",
            "rank_low",
            "rank_high",
            "tie_group",
            "samples",
            "coverage",
            "model_group",
        ],
        orient="row",
    )
    groups = pl.DataFrame(
        [(ranking_id, one.group, one.models, one.unit, list(one.sources)) for one in ranking.groups],
        schema={
            "ranking_id": pl.String,
            "model_group": pl.Int32,
            "models": pl.Int32,
            "unit": pl.String,
            "sources": pl.List(pl.String),
        },
        orient="row",
    )
    with hub.transaction() as database:
        database.execute(
            "INSERT OR REPLACE INTO ranking VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, now())",
            [
                ranking_id,
                source,
                ranking.method,
                ranking.assumes,
                ranking.unit,
                ranking.level,
                ranking.samples,
                ranking.clusters,
                list(ranking.warnings),
            ],
        )
        for table in ("ranking_row", "ranking_group"):
            database.execute(f"DELETE FROM {table} WHERE ranking_id = ?", [ranking_id])
        hub.insert("INSERT OR REPLACE INTO ranking_row BY NAME SELECT * FROM given", rows)
        hub.insert("INSERT OR REPLACE INTO ranking_group BY NAME SELECT * FROM given", groups)
    return ranking_id
