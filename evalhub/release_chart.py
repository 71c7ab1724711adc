"""The chart of live releases: what each model scores from month to month, with intervals."""

from __future__ import annotations

import altair as alt
import polars as pl

from evalhub.wording import plain

# Okabe-Ito, without the yellow and the black, which a light and a dark page swallow.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")

MOST = len(_COLOURS)
"""Models that can be told apart in one chart."""


def months(rows: pl.DataFrame, *, order: list[str], unit: str) -> alt.LayerChart | alt.FacetChart:
    """Lines through the scores of models on releases, from left to right in this order.

    rows: release, model, score, low, high, of at most `MOST` models. A release without a score leaves a hole in
    its model's line.
    """
    shown = rows.select(
        "release", pl.col("model").map_elements(plain, return_dtype=pl.String), *("score", "low", "high")
    )
    models = shown["model"].unique(maintain_order=True)
    every = pl.DataFrame({"release": order}).join(models.to_frame(), how="cross")
    filled = every.join(shown, on=["release", "model"], how="left", maintain_order="left")
    names, number = models.to_list(), len(models)
    base = alt.Chart(alt.Data(values=filled.to_dicts())).encode(
        x=alt.X("release:O", sort=order, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        xOffset=alt.XOffset("model:N", sort=names),
        color=alt.Color(
            "model:N",
            scale=alt.Scale(domain=names, range=list(_COLOURS[:number])),
            legend=alt.Legend(orient="top", title=None, symbolOpacity=1, labelLimit=240, columns=3),
        ),
        tooltip=[
            *(alt.Tooltip(f"{name}:N") for name in ("model", "release")),
            *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("score", "low", "high")),
        ],
    )
    y = alt.Y("score:Q", title=plain(unit), scale=alt.Scale(zero=False))
    shape = alt.Shape("model:N", scale=alt.Scale(domain=names, range=list(_SHAPES[:number])))
    lines = base.mark_line(opacity=0.5).encode(y=y)
    bars = base.mark_rule(strokeWidth=3, opacity=0.55, strokeCap="round").encode(y="low:Q", y2="high:Q")
    points = base.mark_point(size=70, filled=True, opacity=1).encode(y=y, shape=shape)
    return alt.layer(lines, bars, points).properties(height=360)
