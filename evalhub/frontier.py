"""Score against what a model takes (cost, time, size, the day that it came out) or has (density); and whom nobody
beats at no more."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Literal

import altair as alt
import numpy as np
import polars as pl

from evalhub.charts import BLUE, TOLD, arrows, axis_title, drawable
from evalhub.wording import plain

ON_FRONT, WITHIN_REACH, BEHIND = "on the front", "within reach", "behind"
_COLOURS = {ON_FRONT: BLUE, WITHIN_REACH: "#56B4E9", BEHIND: "#9A9A9A"}
_SHAPES = {ON_FRONT: "circle", WITHIN_REACH: "diamond", BEHIND: "square"}

_GREY = "#7F7F7F"
"""Read on light and on dark."""

_IN_WORDS = "datum.value < 1000 ? format(datum.value, '.2~r') : replace(format(datum.value, '.3~s'), 'G', 'B')"
"""As one would say amounts: 0.003, 7B."""

MOST_NAMED = 15
"""Models of the front up to which their names stand beside them."""

LETTERS = 60
"""Characters that have room beside it."""

LINE = 0.05
"""Of the chart's height, what a line of text takes."""

Scale = Literal["amount", "date"]


def standing(takes: np.ndarray, score: np.ndarray, high: np.ndarray) -> list[str]:
    """Where each of N models stands: `on the front`, where nobody has as high a score for less, nor a higher one
    for no more (Pareto); else `within reach`, where its interval reaches the best score for no more, or `behind`.

    takes: (N,) what it takes, the less the better. score: (N,) high: (N,) upper ends of the intervals.
    """
    order = np.lexsort((-score, takes))
    found = [BEHIND] * len(score)
    best, least = -np.inf, np.inf
    for place in order:
        if score[place] > best or (score[place] == best and takes[place] == least):
            found[place] = ON_FRONT
            best, least = score[place], takes[place]
        elif high[place] >= best:
            found[place] = WITHIN_REACH
    return found


def frontier(
    rows: pl.DataFrame, chance: Sequence[float], *, unit: str, title: str, scale: Scale, more: bool = False
) -> alt.LayerChart | alt.FacetChart:
    """Points with their intervals, the front as a line of steps, and what chance scores as dashed lines.

    rows: model, takes (amounts from 0 on, or dates), score, low, high, standing (of `standing`).
    title: of the axis of what they take. more: the more of it the better.
    """
    shown = drawable(rows).with_columns(
        pl.Series("model", [plain(model) for model in rows["model"]], pl.String),
        *([pl.col("takes").dt.to_string("%Y-%m-%d")] if scale == "date" else []),
    )
    base = alt.Chart(alt.Data(values=shown.to_dicts()))
    x = alt.X(
        "takes:T" if scale == "date" else "takes:Q", title=title, scale=_scale(rows, scale), axis=_axis(scale)
    )
    words = axis_title(shown, unit, LETTERS)
    y = alt.Y("score:Q", title=words, scale=alt.Scale(zero=False, nice=True))
    kinds = [kind for kind in _COLOURS if kind in set(shown["standing"])]
    colour = alt.Color(
        "standing:N",
        scale=alt.Scale(domain=kinds, range=[_COLOURS[kind] for kind in kinds]),
        legend=alt.Legend(orient="top", title=None, symbolOpacity=1),
    )
    shape = alt.Shape("standing:N", scale=alt.Scale(domain=kinds, range=[_SHAPES[kind] for kind in kinds]))
    tooltip = [
        alt.Tooltip("model:N"),
        alt.Tooltip("takes:N" if scale == "date" else "takes:Q", title=title),
        TOLD,
        alt.Tooltip("standing:N"),
    ]
    front = base.transform_filter(alt.datum.standing == ON_FRONT)
    step: Literal["step-before", "step-after"] = "step-before" if more else "step-after"
    layers = [
        front.mark_line(interpolate=step, color=BLUE, opacity=0.6).encode(x=x, y=y),
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(
            x=x, y=alt.Y("low:Q", title=words), y2="high:Q", color=colour, tooltip=tooltip
        ),
        base.mark_point(size=80, filled=True, opacity=1).encode(
            x=x, y=y, color=colour, shape=shape, tooltip=tooltip
        ),
        *arrows(base, shown, "y", x=x, color=colour, tooltip=tooltip),
    ]
    if chance:
        lines = alt.Chart(alt.Data(values=[{"score": score} for score in chance]))
        layers.append(lines.mark_rule(strokeDash=[4, 4], color=_GREY, aria=False).encode(y=y))
    if shown["standing"].to_list().count(ON_FRONT) <= MOST_NAMED:
        # The best one is often the last: its name stands before it, lest the edge cuts it. Where more is better it
        # is often the first, and the others are on that side.
        named = _apart(shown)
        sides: list[tuple[pl.DataFrame, Literal["left", "right"], int]]
        first, rest = (named[1:], named[:1]) if more else (named[:1], named[1:])
        sides = [(first, "right", -8), (rest, "left", 6)]
        for some, align, aside in sides:
            names = alt.Chart(alt.Data(values=some.to_dicts()))
            layers.append(
                names.mark_text(
                    align=align, baseline="bottom", dx=aside, dy=-6, limit=180, color=_GREY, aria=False
                ).encode(x=x, y=y, text="model:N")
            )
    return alt.layer(*layers).properties(height=460)


def _apart(shown: pl.DataFrame) -> pl.DataFrame:
    """The rows on the front whose names can be read beside each other: from the best down, those a line below the
    last one. Others have theirs under the pointer, and in the table."""
    line = (shown["high"].max() - shown["low"].min()) * LINE
    last, kept = inf, []
    for row in shown.filter(pl.col("standing") == ON_FRONT).sort("score", descending=True).iter_rows(named=True):
        if last - row["score"] >= line:
            last = row["score"]
            kept.append(row)
    return pl.DataFrame(kept, schema=shown.schema)


def _scale(rows: pl.DataFrame, scale: Scale) -> alt.Scale:
    if scale == "date":
        return alt.Scale(type="utc", nice=True)
    positive = rows["takes"].filter(rows["takes"] > 0)
    if len(positive) == len(rows):
        return alt.Scale(type="log", nice=True)
    # What takes nothing has a place, too.
    return alt.Scale(type="symlog", constant=float(positive.min()) if len(positive) else 1.0)


def _axis(scale: Scale) -> alt.Axis:
    if scale == "date":
        return alt.Axis(grid=True, tickCount=8)
    return alt.Axis(grid=True, tickCount=6, labelExpr=_IN_WORDS)
