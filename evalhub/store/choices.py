"""Part of a pool: which samples were drawn for a model, what it did on them, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.results import PASS_RATE

_SAMPLES = {"sample_id": pl.String}


def kept_choice(hub: Hub, choice_id: str) -> list[str]:
    """Sample ids of a choice in the order in which they were drawn; none where it was not made yet."""
    rows = hub.database.execute("SELECT sample_id FROM choice WHERE choice_id = ? ORDER BY place", [choice_id])
    return [row[0] for row in rows.fetchall()]


def extend_choice(hub: Hub, choice_id: str, sample_ids: Sequence[str]) -> None:
    """Keep samples behind those that the choice holds already."""
    first = len(kept_choice(hub, choice_id))
    frame = pl.DataFrame({"sample_id": list(sample_ids)}, schema=_SAMPLES).with_row_index("place", first)
    hub.insert(
        "INSERT INTO choice SELECT choice_id, place, sample_id FROM given",
        frame.with_columns(choice_id=pl.lit(choice_id)),
    )


def own_values(hub: Hub, model_id: str, seed: int, conditions: Mapping[str, str]) -> dict[str, float | None]:
    """A model's pass rates, each under the condition given: {sample id: condition id}; None where missing."""
    return dict(
        hub.select(
            """
            SELECT sample_id, value FROM measurement JOIN given USING (sample_id, condition_id)
            WHERE model_id = ? AND seed = ? AND metric = ?
            """,
            _asked(conditions),
            [model_id, seed, PASS_RATE],
        )
    )


def own_tokens(hub: Hub, model_id: str, seed: int, conditions: Mapping[str, str]) -> dict[str, int]:
    """Tokens that a model generated for each sample under the condition given, where it has attempts."""
    return dict(
        hub.select(
            """
            SELECT sample_id, sum(tokens)::BIGINT FROM attempt JOIN given USING (sample_id, condition_id)
            WHERE model_id = ? AND seed = ? GROUP BY sample_id
            """,
            _asked(conditions),
            [model_id, seed],
        )
    )


def usual_tokens(hub: Hub, models: Iterable[str], sample_ids: Iterable[str]) -> dict[str, float]:
    """Tokens that one of these models generated for a sample on average, where one has attempts."""
    return dict(
        hub.select(
            """
            SELECT sample_id, avg(tokens) FROM (
                SELECT sample_id, sum(tokens) AS tokens FROM attempt JOIN given USING (sample_id)
                WHERE model_id IN (SELECT unnest(?::VARCHAR[]))
                GROUP BY sample_id, model_id, condition_id, seed
            ) GROUP BY sample_id
            """,
            pl.DataFrame({"sample_id": list(sample_ids)}, schema=_SAMPLES),
            [list(models)],
        )
    )


def _asked(conditions: Mapping[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"sample_id": list(conditions), "condition_id": list(conditions.values())},
        schema={**_SAMPLES, "condition_id": pl.String},
    )
