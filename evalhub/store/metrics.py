"""Measurements of metrics beside the pass rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.measurements import put_measurements


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric's value on a sample."""

    sample_id: str
    condition_id: str
    metric: str

    kind: str
    """binary or numeric."""

    direction: str
    """up: higher is better; down."""

    value: float


def add_metrics(hub: Hub, model_id: str, seed: int, metrics: Sequence[Metric]) -> None:
    """Keep what attempts told beyond passing, in the place of what they told before. It is exact: there is one
    attempt behind each."""
    frame = pl.DataFrame(
        [asdict(metric) for metric in metrics],
        schema={
            **dict.fromkeys(("sample_id", "condition_id", "metric", "kind", "direction"), pl.String),
            "value": pl.Float64,
        },
    ).with_columns(
        model_id=pl.lit(model_id),
        seed=pl.lit(seed, pl.Int64),
        main=pl.lit(False),
        low=pl.col("value"),
        high=pl.col("value"),
        passes=pl.lit(None, pl.Int32),
        attempts=pl.lit(1),
        missing=pl.lit(0),
        reason=pl.lit(""),
    )
    put_measurements(hub, frame)
