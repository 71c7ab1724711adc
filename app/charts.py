"""Point ranges: a score as a point, its interval as a bar through it.

Colours are from the Okabe-Ito palette, and kinds differ in shape too, so that nothing hangs on colour alone.
"""

from __future__ import annotations

import altair as alt
import polars as pl

from app.wording import plain

MODEL, THIN, CHANCE = "model", "thin coverage", "chance baseline"
BLUE = "#0072B2"
_COLOURS = {MODEL: BLUE, THIN: "#E69F00", CHANCE: "#7F7F7F"}
_SHAPES = {MODEL: "circle", THIN: "diamond", CHANCE: "square"}

ROW = 24
"""Height of one point range in pixels."""

HEAD = 140
"""Height of the legend, the axis and its title."""


def point_ranges(rows: pl.DataFrame, *, label: str, unit: str) -> alt.LayerChart | alt.FacetChart:
    """Rows from top to bottom as given, named by their column `label`; needs score, low, high and kind.

    Each row of the kind `chance baseline` also draws a dashed line through all others.
    """
    shown = _drawable(rows).select(
        pl.col(label).map_elements(plain, return_dtype=pl.String), "score", "low", "high", "kind"
    )
    base = alt.Chart(alt.Data(values=shown.to_dicts()))
    y = alt.Y(
        f"{label}:N",
        sort=shown[label].to_list(),
        title=None,
        axis=alt.Axis(labelLimit=340, labelOverlap=False, ticks=False),
    )
    kinds = [kind for kind in _COLOURS if kind in set(shown["kind"])]
    legend = alt.Legend(orient="top", title=None) if len(kinds) > 1 else None
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=kinds, range=[_COLOURS[kind] for kind in kinds]), legend=legend
    )
    shape = alt.Shape(
        "kind:N", scale=alt.Scale(domain=kinds, range=[_SHAPES[kind] for kind in kinds]), legend=legend
    )
    x_axis = alt.Axis(orient="top", grid=True, tickCount=8)
    tooltip = [alt.Tooltip(f"{label}:N")] + [
        alt.Tooltip(f"{column}:Q", format=".3~g") for column in ("score", "low", "high")
    ]
    bars = base.mark_rule(strokeWidth=3, opacity=0.55, strokeCap="round").encode(
        x=alt.X("low:Q", title=plain(unit), scale=alt.Scale(zero=False, nice=True), axis=x_axis),
        x2="high:Q",
        y=y,
        color=colour,
        tooltip=tooltip,
    )
    points = base.mark_point(size=70, filled=True, opacity=1).encode(
        x="score:Q", y=y, color=colour, shape=shape, tooltip=tooltip
    )
    chance = (
        base.transform_filter(alt.datum.kind == CHANCE)
        .mark_rule(strokeDash=[4, 4], color=_COLOURS[CHANCE], opacity=0.8)
        .encode(x="score:Q")
    )
    return alt.layer(chance, bars, points).properties(height=HEAD + len(shown) * ROW)


def _drawable(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with unbounded ends brought to the edge of what is bounded: JSON knows no infinity."""
    numbers = pl.concat([rows[name] for name in ("score", "low", "high")])
    bounded = numbers.filter(numbers.is_finite())
    return rows.with_columns(pl.col("score", "low", "high").clip(bounded.min(), bounded.max()).fill_nan(None))
