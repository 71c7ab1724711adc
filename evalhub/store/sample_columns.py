"""What filters say of samples."""

from __future__ import annotations

from collections.abc import Collection

from evalhub.store.columns import Column, relation
from evalhub.wording import BASELINE

# Few samples have another source than the one that brought them: no list is made of every sample's.
_ORIGINS = """
    LEFT JOIN (
        SELECT sample_id, list(DISTINCT source) AS sources
        FROM origin ANTI JOIN sample USING (sample_id, source) GROUP BY sample_id
    ) AS also USING (sample_id)
"""

# Of a model's several measurements of a sample, as at two temperatures, the mean counts once.
_STANDING = f"""
    LEFT JOIN (
        SELECT sample_id, count(*) AS models, 1 - avg(passed) AS difficulty
        FROM (
            SELECT sample_id, model_id,
                   avg(CASE WHEN direction = 'up' THEN value ELSE 1 - value END) FILTER (kind = 'binary') AS passed
            FROM named_measurement
            WHERE main AND value IS NOT NULL AND NOT starts_with(model_id, '{BASELINE}')
            GROUP BY sample_id, model_id
        ) GROUP BY sample_id
    ) AS standing USING (sample_id)
"""

HAS_TEXT = """
    NOT (sample.grader = 'imported' AND sample.prompt = sample.source_id
         AND len(sample.choices) = 0 AND len(sample.images) = 0)
"""
"""SQL: of a sample, whether its question is there. A table of results brings names alone."""

SAMPLE_COLUMNS = (
    Column(
        "source", "list", "every source that has it", "[sample.source] || coalesce(also.sources, [])", _ORIGINS
    ),
    Column("source_id", "text", "its name in the source that brought it first", "sample.source_id"),
    Column("tags", "list", "subjects and skills", "sample.tags"),
    Column("subject", "text", "the first of its tags", "sample.tags[1]"),
    Column("modality", "text", "`text`, or `image` where an image belongs to the question", "sample.modality"),
    Column("licence", "text", "SPDX name", "nullif(sample.licence, '')"),
    Column("published_at", "date", "when it became public", "sample.published_at"),
    Column(
        "added_at", "date", "when it came into the pool (UTC)", "make_timestamp(epoch_us(sample.added_at))::DATE"
    ),
    Column(
        "difficulty",
        "number",
        "1 minus the mean pass rate of the models measured on it (chance baselines left out), from 0 to 1",
        "standing.difficulty",
        _STANDING,
    ),
    Column(
        "n_models",
        "number",
        "how many models have a value on it (chance baselines left out)",
        "coalesce(standing.models, 0)",
        _STANDING,
    ),
    Column("has_image", "boolean", "whether an image belongs to the question", "len(sample.images) > 0"),
    Column("n_choices", "number", "options to choose from; 0 where the answer is free", "len(sample.choices)"),
    Column("grader", "text", "who judges an answer", "sample.grader"),
    Column("cluster", "text", "what it shares with others, as a paper; its own id if nothing", "sample.cluster"),
    Column("has_text", "boolean", "whether its question is there, and not its name alone", HAS_TEXT),
    Column("n_characters", "number", "length of the question", "length(sample.prompt)"),
)


def sample_relation(wanted: Collection[str]) -> str:
    """SQL: a query of sample_id and the wanted columns of every sample of the pool."""
    return relation("sample_id", "sample", SAMPLE_COLUMNS, wanted)


def samples_where(condition: str, columns: Collection[str]) -> str:
    """SQL: the ids of samples for which a condition holds that names these columns."""
    return f"SELECT sample_id FROM ({sample_relation(columns)}) WHERE {condition}"
