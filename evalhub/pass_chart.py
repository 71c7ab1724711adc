"""The chart of how often at least one of k attempts passes."""

from __future__ import annotations

import altair as alt
import polars as pl

from evalhub.charts import BLUE


def curve(rows: pl.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """A line through the estimates with a band of their intervals; rows: k, score, low, high, samples."""
    base = alt.Chart(alt.Data(values=rows.to_dicts())).encode(
        x=alt.X(
            "k:Q",
            scale=alt.Scale(type="log", base=2),
            title="attempts",
            axis=alt.Axis(values=rows["k"].to_list(), format=",d", grid=False),
        ),
        tooltip=[
            alt.Tooltip("k:Q", format=",d", title="attempts"),
            *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("score", "low", "high")),
        ],
    )
    y = alt.Y("score:Q", title="chance that one or more pass", scale=alt.Scale(domain=[0, 1]))
    band = base.mark_area(color=BLUE, opacity=0.2).encode(y=alt.Y("low:Q"), y2="high:Q")
    line = base.mark_line(color=BLUE).encode(y=y)
    points = base.mark_point(color=BLUE, filled=True, opacity=1, size=50).encode(y=y)
    return alt.layer(band, line, points).properties(height=260)
