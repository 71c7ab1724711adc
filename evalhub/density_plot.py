"""Densities as a picture: the ladder's curve with the models beside it, and density over time."""

from __future__ import annotations

import altair as alt
import polars as pl

from aggregate.density import Densities
from evalhub.charts import BLUE, ORANGE
from evalhub.wording import counted, plain

_LADDER, _MODEL = "ladder", "model"
_KINDS = {_LADDER: (BLUE, "circle"), _MODEL: (ORANGE, "diamond")}
_NAMED = 12
"""Models over time that are all named; of more, those that were the densest when they came out."""

_SIZE_AXIS = alt.Axis(format="~s", tickCount=6, labelExpr="replace(datum.label, 'G', 'B')")


def density_plot(found: Densities) -> alt.HConcatChart:
    """Left, score against size, the ladder joined by a line, whoever stands above it being denser; right, density
    against release date with names, or by model where dates are known of fewer than two."""
    rows: list[dict[str, object]] = [
        {"model": plain(rung.model), "parameters": rung.parameters, "score": rung.score, "kind": _LADDER}
        for rung in found.ladder
    ]
    rows += [
        {"model": plain(one.model), "parameters": one.parameters, "score": one.score, "kind": _MODEL}
        for one in found.models
        if one.parameters is not None
    ]
    dense: list[dict[str, object]] = []
    for one in found.models:
        middle, low, high = one.over(one.parameters)
        if middle is not None:
            when = one.released and one.released.isoformat()
            ends = {"low": low or middle, "high": high or middle} if found.samples else {}
            dense.append({"model": plain(one.model), "density": middle, **ends, "released": when})
    said = [
        f"Bars are {found.level * 100:.12g} % intervals over samples; one that ends at its model is open there."
    ]
    if outside := sum(one.place != "within" for one in found.models):
        said.append(f"Not on the right: {counted(outside, 'model')} whose scores lie outside the ladder's.")
    if sum(bool(row["released"]) for row in dense) > _NAMED:
        said.append("Named are those that were denser than all before them.")
    return (
        alt.hconcat(_scores(rows), _densities(dense))
        .properties(
            title=alt.TitleParams(
                "Relative capacity density: the ladder's size at the same score, over the model's own",
                subtitle=said,
                anchor="start",
                fontSize=16,
            ),
            padding=20,
            background="white",
        )
        .configure_view(stroke=None)
    )


def _scores(rows: list[dict[str, object]]) -> alt.LayerChart | alt.FacetChart:
    base = alt.Chart(alt.Data(values=rows))
    x = alt.X(
        "parameters:Q", scale=alt.Scale(type="log", nice=False, padding=20), title="parameters", axis=_SIZE_AXIS
    )
    y = alt.Y("score:Q", title="score", scale=alt.Scale(zero=False))
    kinds = list(_KINDS)
    points = base.mark_point(size=80, filled=True, opacity=1).encode(
        x=x,
        y=y,
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[_KINDS[kind][0] for kind in kinds]),
            legend=alt.Legend(orient="top", title=None),
        ),
        shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=[_KINDS[kind][1] for kind in kinds])),
        tooltip=["model:N", alt.Tooltip("parameters:Q", format=".3~s"), alt.Tooltip("score:Q", format=".3f")],
    )
    line = base.transform_filter(f"datum.kind == '{_LADDER}'").mark_line(color=BLUE, opacity=0.5).encode(x=x, y=y)
    return alt.layer(line, points).properties(width=360, height=300)


def _densities(rows: list[dict[str, object]]) -> alt.LayerChart | alt.FacetChart:
    dated = [row for row in rows if row["released"]]
    by_date = len(dated) > 1
    shown = pl.DataFrame(
        dated if by_date else rows,
        schema={
            "model": pl.String,
            **dict.fromkeys(("density", "low", "high"), pl.Float64),
            "released": pl.String,
        },
    )
    base = alt.Chart(alt.Data(values=shown.to_dicts()))
    x = (
        alt.X(
            "released:T",
            title="release date",
            scale=alt.Scale(type="utc", padding=20),
            axis=alt.Axis(format="%Y-%m", tickCount=6, labelOverlap=True),
        )
        if by_date
        else alt.X("model:N", title=None, sort=None)
    )
    tooltip = [
        "model:N",
        *([alt.Tooltip("released:N")] if by_date else []),
        *(alt.Tooltip(f"{name}:Q", format=".3~g") for name in ("density", "low", "high")),
    ]
    scale = alt.Scale(type="log", nice=False, padding=20)
    y = alt.Y("density:Q", title="density", scale=scale)
    bars = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=3, opacity=0.5, color=ORANGE)
        .encode(x=x, y=alt.Y("low:Q", title="density", scale=scale), y2="high:Q", tooltip=tooltip)
    )
    points = base.mark_point(size=80, filled=True, opacity=1, color=ORANGE, shape="diamond").encode(
        x=x, y=y, tooltip=tooltip
    )
    one = alt.Chart(alt.Data(values=[{"density": 1}])).mark_rule(strokeDash=[4, 4], color="#7F7F7F").encode(y=y)
    names = (
        alt.Chart(alt.Data(values=_named(dated)))
        .mark_text(align="left", dx=7, dy=-7, fontSize=9, limit=260)
        .encode(x=x, y=y, text="model:N")
    )
    layers = (one, bars, points, names) if by_date else (one, bars, points)
    return alt.layer(*layers).properties(width=360, height=300)


def _named(dated: list[dict[str, object]]) -> list[dict[str, object]]:
    """Of models with dates, those that have their names beside them."""
    if len(dated) <= _NAMED:
        return dated
    first = pl.DataFrame(dated).sort("released", "density", descending=[False, True])
    densest = pl.col("density") > pl.col("density").cum_max().shift(1, fill_value=0.0)
    return first.filter(densest).to_dicts()
