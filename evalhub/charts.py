"""Charts of rankings: scores with their intervals, and who beats whom.

Colours are from the Okabe-Ito palette, and kinds differ in shape too, so that nothing hangs on colour alone.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Any, Literal

import altair as alt
import polars as pl

from evalhub.axis import axis_ends
from evalhub.wording import is_baseline, plain, with_interval

MODEL, THIN, CHANCE = "model", "thin coverage", "chance baseline"
BLUE, ORANGE = "#0072B2", "#E69F00"
_COLOURS = {MODEL: BLUE, THIN: ORANGE, CHANCE: "#7F7F7F"}
_SHAPES = {MODEL: "circle", THIN: "diamond", CHANCE: "square"}

THIN_BELOW = 0.8
"""Coverage below this is marked."""

LINE = 32
"""Characters of a line of an axis's title: what a phone has room for beside the names of models."""

BEYOND = "arrows: the interval goes on"
"""What the title of an axis adds where some intervals are cut."""

ROW = 24
"""Height of one point range in pixels."""

HEAD = 140
"""Height of the legend, the axis and its title."""


def kind(model_id: str, coverage: float) -> str:
    """What a row of a ranking is drawn as."""
    if is_baseline(model_id):
        return CHANCE
    return THIN if coverage < THIN_BELOW else MODEL


def point_ranges(rows: pl.DataFrame, *, label: str, unit: str) -> alt.LayerChart | alt.FacetChart:
    """A chart of `range_layers` and nothing else."""
    return alt.layer(*range_layers(rows, label=label, unit=unit)).properties(height=HEAD + len(rows) * ROW)


def differences(rows: pl.DataFrame, *, label: str, unit: str) -> alt.LayerChart | alt.FacetChart:
    """The same beside a line at 0."""
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color="#7F7F7F", aria=False).encode(x="zero:Q")
    layers = range_layers(rows, label=label, unit=unit)
    return alt.layer(zero, *layers).properties(height=HEAD + len(rows) * ROW)


def range_layers(rows: pl.DataFrame, *, label: str, unit: str) -> list[alt.Chart]:
    """Rows from top to bottom as given, named by their column `label`; needs score, low, high and kind.

    Each row of the kind `chance baseline` also draws a dashed line through all others.
    """
    shown = drawable(rows).select(pl.col(label).map_elements(plain, return_dtype=pl.String), *PLACED, "kind")
    base = alt.Chart(alt.Data(values=shown.to_dicts()))
    y = rows_axis(label, shown[label].to_list())
    kinds = [kind for kind in _COLOURS if kind in set(shown["kind"])]
    legend = None if kinds == [MODEL] else alt.Legend(orient="top", title=None, symbolOpacity=1)
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=kinds, range=[_COLOURS[kind] for kind in kinds]), legend=legend
    )
    shape = alt.Shape(
        "kind:N", scale=alt.Scale(domain=kinds, range=[_SHAPES[kind] for kind in kinds]), legend=legend
    )
    x_axis = alt.Axis(orient="top", grid=True, tickCount=8, labelFlush=False)
    tooltip = [alt.Tooltip(f"{label}:N"), TOLD]
    bars = base.mark_rule(strokeWidth=3, opacity=0.7, strokeCap="round").encode(
        x=alt.X("low:Q", title=axis_title(shown, unit, LINE), scale=alt.Scale(zero=False, nice=True), axis=x_axis),
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
        .mark_rule(strokeDash=[4, 4], color=_COLOURS[CHANCE], opacity=0.8, aria=False)  # its row says it
        .encode(x="score:Q")
    )
    return [chance, bars, points, *arrows(base, shown, "x", y=y, color=colour, tooltip=tooltip)]


def rows_axis(label: str, order: list[str]) -> alt.Y:
    """The rows of a chart by name, from top to bottom in this order."""
    return alt.Y(
        f"{label}:N",
        sort=order,
        title=None,
        axis=alt.Axis(labelLimit=340, labelOverlap=False, labelFlush=False, ticks=False),
    )


PLACED = ("score", "low", "high", "told", "cut_low", "cut_high")
"""What `drawable` says of a row."""

TOLD = alt.Tooltip("told:N", title="score")
"""The numbers of a row, whether they are on the axis or not."""


def drawable(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with score, low and high brought to the ends of the axis where they go beyond it or have no bound;
    with `told`, the numbers in words, and `cut_low` and `cut_high`, whether an end was brought in."""
    least, most = axis_ends(rows)
    told = [_told(*row) for row in rows.select("score", "low", "high").rows()]
    placed = pl.col("score", "low", "high").clip(least, most).fill_nan(None)
    return rows.with_columns(
        placed,
        pl.Series("told", told, pl.String),
        cut_low=(pl.col("low") < least).fill_null(False),
        cut_high=((pl.col("high") > most) & pl.col("high").is_not_nan()).fill_null(False),
    )


def _told(score: float | None, low: float | None, high: float | None) -> str:
    estimate, *ends = with_interval(score, low, high)
    if not estimate:
        return "unknown"
    return (
        estimate if low is None and high is None else f"{estimate} ({' to '.join(e or 'no bound' for e in ends)})"
    )


def axis_title(shown: pl.DataFrame, unit: str, line: int) -> list[str]:
    """The lines of the title of an axis of scores, of so many characters each; shown: of `drawable`."""
    return wrap(plain(unit), line) + [BEYOND] * is_cut(shown)


def is_cut(shown: pl.DataFrame) -> bool:
    """Whether an interval goes on beyond the axis; shown: of `drawable`."""
    return bool(shown["cut_low"].any() or shown["cut_high"].any())


def arrows(base: alt.Chart, shown: pl.DataFrame, axis: Literal["x", "y"], **encoded: Any) -> list[alt.Chart]:
    """Points at the ends of the intervals that are cut; shown: of `drawable`, the rows of the chart `base`."""
    shapes = {"x": ("triangle-left", "triangle-right"), "y": ("triangle-down", "triangle-up")}[axis]
    return [
        base.transform_filter(f"datum.{cut}")
        .mark_point(size=50, filled=True, opacity=1, shape=shape, aria=False)
        .encode(**{axis: f"{end}:Q"}, **encoded)
        for end, cut, shape in zip(("low", "high"), ("cut_low", "cut_high"), shapes, strict=True)
        if shown[cut].any()
    ]
