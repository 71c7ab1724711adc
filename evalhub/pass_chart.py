"""The chart of how often at least one of k attempts passes, and how often all do."""

from __future__ import annotations

import altair as alt
import polars as pl

from evalhub.charts import BLUE, ORANGE

ONE, ALL = "one or more", "all"


def curve(rows: pl.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """A line for each through the estimates, with bands of their intervals; rows as of `app.pass_curve`."""
    one = rows.select("k", "score", "low", "high", pl.lit(ONE).alias("pass"))
    every = rows.select("k", score="all", low="all_low", high="all_high").with_columns(pl.lit(ALL).alias("pass"))
    drawn = pl.concat([one, every.drop_nulls()])
    colour = alt.Color(
        "pass:N",
        title="pass",
        scale=alt.Scale(domain=[ONE, ALL], range=[BLUE, ORANGE]),
        legend=alt.Legend(orient="top"),
    )
    base = alt.Chart(alt.Data(values=drawn.to_dicts())).encode(
        color=colour,
        x=alt.X(
            "k:Q",
            scale=alt.Scale(type="log", base=2),
            title="attempts",
            axis=alt.Axis(values=rows["k"].to_list(), format=",d", grid=False),
        ),
        tooltip=[
            alt.Tooltip("k:Q", format=",d", title="attempts"),
            alt.Tooltip("pass:N"),
            *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("score", "low", "high")),
        ],
    )
    y = alt.Y("score:Q", title="chance that so many pass", scale=alt.Scale(domain=[0, 1]))
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q"), y2="high:Q")
    line = base.mark_line().encode(y=y)
    points = base.mark_point(filled=True, opacity=1, size=50).encode(y=y, shape=alt.Shape("pass:N", legend=None))
    return alt.layer(band, line, points).properties(height=260)
