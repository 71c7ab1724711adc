"""Every question that a page asks of a snapshot, as one typed function each.

All SQL of the app is here, and every value goes in as a parameter. Frames of a few rows per model are
cached under the snapshot; those of one model's samples or attempts are asked anew.
"""

from __future__ import annotations

import json
from hashlib import file_digest, sha256
from typing import Any

import polars as pl

from app.snapshot import COSTS, COUNTS, EFFICIENCY, GROUPS, VOTES, Snapshot, cached
from app.wording import LONGEST
from evalhub.store.model_tables import VERDICTS
from evalhub.store.origins import OF_SOURCE
from evalhub.store.reads import Published
from ingest.untold import told

POOL = ""
"""The source of a ranking over the whole pool."""

MOST_SAMPLES = 5_000
"""Samples listed at once; more are reached through the filters."""

IDEAL = (
    *("density", "density_low", "density_high", "ideal_seconds", "roofline_seconds", "ideal_cost"),
    *("ideal_per_correct", "ideal_per_correct_low", "ideal_per_correct_high"),
)
"""What a snapshot may hold of a model besides what was measured."""

ATTEMPTS_AT_ONCE = 10
"""Attempts shown at once."""

BEGINS = "if(prompt = source_id, '', left(prompt, 300))"
"""SQL: how a sample's prompt begins; '' where only its name is known, which then stands for the prompt."""

_NEWEST = """
    SELECT * FROM ranking
    QUALIFY row_number() OVER (PARTITION BY source, method ORDER BY ranked_at DESC, ranking_id) = 1
"""

_NO_COSTS = """
    SELECT '' AS source, '' AS model, 0 AS attempts, 0 AS priced, NULL::DOUBLE AS cost, NULL::DOUBLE AS rate,
           NULL::DOUBLE AS rate_low, NULL::DOUBLE AS rate_high WHERE false
"""

_NO_EFFICIENCY = f"""
    SELECT '' AS source, '' AS model, {", ".join(f"NULL::DOUBLE AS {name}" for name in IDEAL)}
    WHERE false
"""

_NO_VOTES = "SELECT '' AS model_a, '' AS model_b, 0 AS wins, 0 AS ties, 0 AS losses WHERE false"

_JUDGED = "a.status = 'ok'"
"""Attempts that have a verdict of a grader. `no answer` has none: it is wrong as it is; others are missing."""


def _from_source(source: str) -> str:
    """SQL condition on a sample `s`: $source has it."""
    if source == POOL:
        return "$source = ''"
    within = "EXISTS (SELECT 1 FROM origin o WHERE o.sample_id = s.sample_id AND o.source = $source)"
    return f"(s.source = $source OR {within})"


def frame_of(snapshot: Snapshot, sql: str, **values: Any) -> pl.DataFrame:
    """What a snapshot answers to SQL, with values by name."""
    return Published(snapshot.connection).frame(sql, values)


@cached
def tables(snapshot: Snapshot) -> set[str]:
    """What it holds: one of before lacks some."""
    return set(frame_of(snapshot, "SELECT table_name FROM duckdb_tables()")["table_name"])


@cached
def about(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot on itself: snapshot_id, published_at, hub_version, evalhub."""
    return frame_of(snapshot, "SELECT snapshot_id, published_at, hub_version, evalhub FROM snapshot").row(
        0, named=True
    )


@cached
def benchmark_hash(snapshot: Snapshot, source: str) -> str:
    """SHA-256 of the ids of a source's samples, sorted, one a line."""
    ids = frame_of(
        snapshot,
        f"SELECT sample_id FROM sample WHERE $source = '' OR {OF_SOURCE} ORDER BY sample_id",
        source=source,
    )
    return sha256("".join(f"{one}\n" for one in ids["sample_id"]).encode()).hexdigest()


@cached
def file_hash(snapshot: Snapshot) -> str:
    """SHA-256 of the snapshot's file."""
    with snapshot.path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


@cached
def rankings(snapshot: Snapshot) -> pl.DataFrame:
    """The newest ranking per source and method, with its number of models.

    `auto` comes first, as it is the default of `evalhub rank`.
    """
    return frame_of(
        snapshot,
        f"""
        SELECT r.*, (SELECT count(*) FROM ranking_row w WHERE w.ranking_id = r.ranking_id) AS models
        FROM ({_NEWEST}) r ORDER BY r.source, r.method <> 'auto', r.method
        """,
    )


def _grouped(snapshot: Snapshot) -> str:
    """The rows of rankings with their groups, as SQL."""
    return "ranking_row" if tables(snapshot) >= GROUPS else "(SELECT *, 1 AS model_group FROM ranking_row)"


@cached
def groups(snapshot: Snapshot, ranking_id: str) -> pl.DataFrame:
    """The groups of a ranking, the largest first: model_group, models, unit and the sources that its models were
    measured on. Of the order of models of different groups nothing is known."""
    if tables(snapshot) >= GROUPS:
        rows = (
            "SELECT * EXCLUDE (ranking_id) FROM ranking_group WHERE ranking_id = $ranking_id ORDER BY model_group"
        )
    else:
        rows = """
            SELECT 1 AS model_group, count(*) AS models, any_value(unit) AS unit, []::VARCHAR[] AS sources
            FROM ranking JOIN ranking_row USING (ranking_id) WHERE ranking_id = $ranking_id
        """
    return frame_of(snapshot, rows, ranking_id=ranking_id)


@cached
def ranking_rows(snapshot: Snapshot, ranking_id: str) -> pl.DataFrame:
    """The rows of a ranking by group, best first, with what is known of the models, null where it is not:
    parameters, released, licence, open_weights, cost (mean US dollars of an attempt on the ranking's source),
    priced (share of these attempts whose price is known), per_correct (US dollars for a pass), what is idealized
    in their place (`ideal_…`), and density against the hub's ladder; of these the ends of intervals (`…_low`,
    `…_high`), null where there is no bound."""
    # Snapshots of before say nothing of some of this.
    held = tables(snapshot)
    costs = f"{_NO_COSTS} UNION ALL BY NAME FROM model_cost" if held >= COSTS else _NO_COSTS
    efficiency = "FROM model_efficiency" if held >= EFFICIENCY else _NO_EFFICIENCY
    return frame_of(
        snapshot,
        f"""
        SELECT w.model, w.model_id, w.model_group, w.score, w.low, w.high, w.rank, w.rank_low, w.rank_high,
               w.tie_group, w.samples, w.coverage, d.parameters, d.released, nullif(d.licence, '') AS licence,
               d.open_weights, c.cost, c.priced / c.attempts AS priced, c.cost / nullif(c.rate, 0) AS per_correct,
               c.cost / nullif(c.rate_high, 0) AS per_correct_low,
               c.cost / nullif(c.rate_low, 0) AS per_correct_high, e.* EXCLUDE (source, model)
        FROM {_grouped(snapshot)} w JOIN ranking r USING (ranking_id)
             LEFT JOIN (FROM model UNION ALL BY NAME SELECT NULL::BOOLEAN AS open_weights WHERE false) d
             USING (model_id)
             LEFT JOIN ({costs}) c ON c.source = r.source AND c.model = w.model
             LEFT JOIN ({efficiency}) e ON e.source = r.source AND e.model = w.model
        WHERE w.ranking_id = $ranking_id ORDER BY w.model_group, w.rank, w.score DESC, w.model
        """,
        ranking_id=ranking_id,
    )


@cached
def source_rates(snapshot: Snapshot) -> pl.DataFrame:
    """Pass rate of every ranked model on every single source: source, model, score."""
    return frame_of(
        snapshot,
        f"""
        SELECT r.source, w.model, w.score FROM ({_NEWEST}) r JOIN ranking_row w USING (ranking_id)
        WHERE r.method = 'mean' AND r.source <> '' ORDER BY r.source, w.model
        """,
    )


@cached
def places(snapshot: Snapshot, model_id: str) -> pl.DataFrame:
    """A model's row in every newest ranking, with what a score is there, its group, how many groups there are, and
    the number of models of its own."""
    unit = "g.unit" if tables(snapshot) >= GROUPS else "r.unit"
    joined = "LEFT JOIN ranking_group g USING (ranking_id, model_group)" if tables(snapshot) >= GROUPS else ""
    return frame_of(
        snapshot,
        f"""
        SELECT r.source, r.method, {unit} AS unit, r.level, w.model, w.score, w.low, w.high, w.rank_low,
               w.rank_high, w.samples, w.coverage, w.model_group,
               (SELECT count(DISTINCT x.model_group) FROM {_grouped(snapshot)} x
                WHERE x.ranking_id = r.ranking_id) AS groups,
               (SELECT count(*) FROM {_grouped(snapshot)} x
                WHERE x.ranking_id = r.ranking_id AND x.model_group = w.model_group) AS models
        FROM ({_NEWEST}) r JOIN {_grouped(snapshot)} w USING (ranking_id) {joined}
        WHERE w.model_id = $model_id ORDER BY r.source, w.model
        """,
        model_id=model_id,
    )


@cached
def models(snapshot: Snapshot) -> pl.DataFrame:
    """Every model with the facts known of it, its measured and missing values, its attempts, and the votes between
    it and another; snapshots of before count no votes."""
    votes = "FROM pair_votes WHERE source = ''" if tables(snapshot) >= VOTES else _NO_VOTES
    return frame_of(
        snapshot,
        f"""
        SELECT d.model_id, d.parameters, d.licence, d.released, d.cutoff,
               coalesce(m.measured, 0) AS measured, coalesce(m.missing, 0) AS missing,
               coalesce(a.attempts, 0) AS attempts, coalesce(v.votes, 0) AS votes
        FROM model d LEFT JOIN (
            SELECT model_id, count(value) AS measured, count(*) - count(value) AS missing
            FROM measurement WHERE main GROUP BY model_id
        ) m USING (model_id) LEFT JOIN (
            SELECT model_id, count(*) AS attempts FROM attempt GROUP BY model_id
        ) a USING (model_id) LEFT JOIN (
            SELECT model_id, sum(wins + ties + losses)::BIGINT AS votes
            FROM (SELECT *, unnest([model_a, model_b]) AS model_id FROM ({votes})) GROUP BY model_id
        ) v USING (model_id)
        ORDER BY starts_with(d.model_id, 'baseline:'), lower(d.model_id), d.model_id
        """,
    )


def has_counts(snapshot: Snapshot) -> bool:
    """Whether the snapshot was published by an evalhub that counts what each model was measured on."""
    return tables(snapshot) >= COUNTS


@cached
def conditions(snapshot: Snapshot, model_id: str) -> pl.DataFrame:
    """The conditions that a model ran under, with the sources they were used for and the samples measured. Their
    `spec` (JSON) has what is known of them: of imported results often nothing."""
    found = frame_of(
        snapshot,
        """
        SELECT condition_id, variant, spec::VARCHAR AS spec, sources, samples, seeds
        FROM model_condition JOIN condition USING (condition_id)
        WHERE model_id = $model_id ORDER BY variant, sources, condition_id
        """,
        model_id=model_id,
    )
    specs = [json.dumps(told(json.loads(spec)), ensure_ascii=False) for spec in found["spec"]]
    return found.with_columns(pl.Series("spec", specs, pl.String))


@cached
def verdicts(snapshot: Snapshot, model_id: str) -> dict[str, dict[str, int]]:
    """How many of a model's samples always pass, sometimes, never, or are missing, by source: each that has any
    sample it was measured on, and '', which is the whole pool."""
    found = frame_of(snapshot, "FROM model_verdict WHERE model_id = $model_id ORDER BY source", model_id=model_id)
    return {row.pop("source"): row for row in found.drop("model_id").iter_rows(named=True)}


@cached
def no_longer_ranked(snapshot: Snapshot, model_id: str) -> list[tuple[str, int, int]]:
    """`store.chosen.replaced`: measurements on more samples whose place later ones on fewer took."""
    return frame_of(
        snapshot,
        "SELECT told, before, now FROM model_replaced WHERE model_id = $model_id ORDER BY ALL",
        model_id=model_id,
    ).rows()


def model_samples(snapshot: Snapshot, model_id: str, source: str, verdict: str) -> pl.DataFrame:
    """A model's measurements, one row per sample, condition and seed; `verdict` '' is all of them."""
    # Texts are read of those that are listed only.
    return frame_of(
        snapshot,
        f"""
        WITH listed AS (
            SELECT m.sample_id, s.rowid AS place, s.source, s.source_id, m.condition_id, m.seed,
                   m.value, m.low, m.high, m.passes, m.attempts, m.missing, m.reason, c.variant
            FROM measurement m JOIN sample s USING (sample_id) LEFT JOIN condition c
                 ON c.condition_id = m.condition_id
            WHERE m.model_id = $model_id AND m.main
                  AND {_from_source(source)} AND {VERDICTS.get(verdict, "true")}
            ORDER BY s.source, s.source_id, c.variant, m.seed, m.condition_id LIMIT {MOST_SAMPLES}
        )
        SELECT sample_id, source, source_id, {BEGINS} AS prompt, variant,
               value, low, high, passes, attempts, missing, reason
        FROM listed JOIN (SELECT rowid AS place, prompt FROM sample) USING (place)
        ORDER BY source, source_id, variant, seed, condition_id
        """,
        model_id=model_id,
        source=source,
    )


def found_in(snapshot: Snapshot, sample_id: str) -> list[tuple[str, str]]:
    """The sources that have a sample, and its name in each."""
    found = frame_of(
        snapshot,
        "SELECT DISTINCT source, source_id FROM origin WHERE sample_id = $sample_id ORDER BY ALL",
        sample_id=sample_id,
    )
    return found.rows()


def sample_ids(snapshot: Snapshot, wanted: str) -> list[str]:
    """Samples of which this is the id or the beginning of it, or the name in a source: at most 20."""
    found = frame_of(
        snapshot,
        """
        SELECT sample_id FROM sample WHERE starts_with(sample_id, $wanted)
        UNION SELECT sample_id FROM origin WHERE source_id = $wanted ORDER BY sample_id LIMIT 20
        """,
        wanted=wanted,
    )
    return found["sample_id"].to_list()


def sample_models(snapshot: Snapshot, sample_id: str) -> pl.DataFrame:
    """Every model's measurements on a sample, the best first: model_id, variant, seed, value, low, high, passes,
    attempts, missing, reason."""
    return frame_of(
        snapshot,
        """
        SELECT m.model_id, c.variant, m.seed, m.value, m.low, m.high, m.passes, m.attempts, m.missing, m.reason
        FROM measurement m LEFT JOIN condition c USING (condition_id)
        WHERE m.sample_id = $sample_id AND m.main
        ORDER BY m.value DESC NULLS LAST, m.model_id, c.variant, m.seed, m.condition_id
        """,
        sample_id=sample_id,
    )


@cached
def spending(snapshot: Snapshot, model_id: str) -> pl.DataFrame:
    """What a model's attempts took, by the user's settings: variant, attempts, prompt_tokens and tokens (means),
    seconds (median), tokens_per_second, dollars (of those attempts whose price is known), priced (how many)."""
    return frame_of(
        snapshot,
        """
        SELECT c.variant, count(*) AS attempts, avg(nullif(a.prompt_tokens, 0)) AS prompt_tokens,
               avg(a.tokens) AS tokens, median(a.seconds) AS seconds,
               sum(a.tokens) / nullif(sum(a.seconds), 0) AS tokens_per_second,
               sum(a.cost) AS dollars, count(a.cost) AS priced
        FROM attempt a LEFT JOIN condition c USING (condition_id)
        WHERE a.model_id = $model_id GROUP BY c.variant ORDER BY c.variant
        """,
        model_id=model_id,
    )


def attempt_counts(snapshot: Snapshot, model_id: str, sample_id: str) -> pl.DataFrame:
    """The condition and seed pairs under which a model attempted a sample: variant, attempts, passes."""
    return frame_of(
        snapshot,
        f"""
        SELECT a.condition_id, c.variant, a.seed, count(*) AS attempts,
               count(*) FILTER (v.value >= 1 AND {_JUDGED}) AS passes
        FROM attempt a LEFT JOIN condition c ON c.condition_id = a.condition_id
             LEFT JOIN verdict v ON v.sample_id = a.sample_id AND v.output = a.output
        WHERE a.model_id = $model_id AND a.sample_id = $sample_id
        GROUP BY ALL ORDER BY c.variant, a.seed, a.condition_id
        """,
        model_id=model_id,
        sample_id=sample_id,
    )


def attempts(
    snapshot: Snapshot, model_id: str, sample_id: str, condition_id: str, seed: int, first: int
) -> pl.DataFrame:
    """Ten attempts from the `first`-th on, with the start of their output, its length and its verdict."""
    return frame_of(
        snapshot,
        f"""
        SELECT a.attempt, a.status, a.tokens, a.seconds,
               left(t.text, {LONGEST}) AS text, length(t.text) AS length,
               CASE WHEN {_JUDGED} THEN v.value WHEN a.status = 'no answer' THEN 0 END AS value,
               CASE WHEN {_JUDGED} THEN v.status END AS judged,
               CASE WHEN {_JUDGED} THEN v.detail END AS detail
        FROM attempt a LEFT JOIN output t ON t.output = a.output
             LEFT JOIN verdict v ON v.sample_id = a.sample_id AND v.output = a.output
        WHERE a.model_id = $model_id AND a.sample_id = $sample_id
              AND a.condition_id = $condition_id AND a.seed = $seed
        ORDER BY a.attempt LIMIT {ATTEMPTS_AT_ONCE} OFFSET $first
        """,
        model_id=model_id,
        sample_id=sample_id,
        condition_id=condition_id,
        seed=seed,
        first=first,
    )
