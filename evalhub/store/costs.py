"""What attempts cost."""

from __future__ import annotations

from evalhub.store.hub import Hub
from evalhub.store.wanted import Wanted


def attempt_costs(hub: Hub, wanted: Wanted) -> dict[str, float]:
    """Mean cost of an attempt in US dollars, prompt included, by model id: of attempts on the wanted samples whose
    price is known. A model without one is not there."""
    rows = hub.frame(
        f"""
        SELECT model_id, avg(cost) AS cost FROM attempt
        WHERE cost IS NOT NULL AND sample_id IN (SELECT sample_id FROM sample WHERE {wanted.samples})
        GROUP BY model_id ORDER BY model_id
        """,
        wanted.parameters,
    )
    return dict(rows.rows())


def attempt_tokens(hub: Hub, wanted: Wanted) -> dict[str, tuple[float, float]]:
    """Mean tokens of a prompt and of an output, by model id: of attempts on the wanted samples whose prompt's are
    known. A model without one is not there."""
    rows = hub.frame(
        f"""
        SELECT model_id, avg(prompt_tokens) AS prompt, avg(tokens) AS output FROM named_attempt
        WHERE prompt_tokens > 0 AND sample_id IN (SELECT sample_id FROM sample WHERE {wanted.samples})
        GROUP BY model_id ORDER BY model_id
        """,
        wanted.parameters,
    )
    return {model_id: (prompt, output) for model_id, prompt, output in rows.rows()}
