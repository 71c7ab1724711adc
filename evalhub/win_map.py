"""The heat map of who beats whom: a cell for each two models, with how many samples it rests on."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

THIN_CELL = 10
"""Shared samples below which a win rate is drawn in grey."""

IN_WORDS = 16
"""Models up to which cells hold their numbers."""

_COLOURS = {0.0: "#D55E00", 0.3: "#F0A878", 0.5: "#F7F7F7", 0.7: "#7FB2D9", 1.0: "#0072B2"}
_GREY, _INK = "#BDBDBD", "#111827"


def win_map(
    cells: pl.DataFrame, names: Sequence[str], *, row: int, row_names: bool = True
) -> alt.LayerChart | alt.FacetChart:
    """Rows and columns in the order of `names`; pairs without a cell stay empty.

    cells: row, column (of `names`), rate (how often the row wins, a tie being half), shared (samples of both).
    row: height of a row in pixels. row_names: whether the rows are named, or stand beside others that are.
    """
    worded = len(names) <= IN_WORDS
    most = max(cells["shared"].max(), 1) if len(cells) else 1
    strength = pl.lit(1.0) if worded else 0.5 + 0.5 * (pl.col("shared") / most).sqrt()
    shown = cells.with_columns(
        (pl.col("rate") * 100).round().cast(pl.Int64).cast(pl.String).alias("percent"),
        (pl.col("shared") < THIN_CELL).alias("thin"),
        strength.alias("strength"),
    )
    side = (
        alt.Axis(labelLimit=220, labelOverlap=False, labelFlush=False, ticks=False, domain=False)
        if row_names
        else None
    )
    base = alt.Chart(alt.Data(values=shown.to_dicts())).encode(
        x=alt.X(
            "column:N",
            sort=names,
            scale=alt.Scale(domain=names),
            title=[
                "% of shared samples that the row wins",
                "against the column, a tie being half",
                "(below: how many they share)" if worded else "(paler: they share few; grey: hardly any)",
            ],
            axis=alt.Axis(
                orient="top",
                labelAngle=-90,
                labelLimit=220,
                labelOverlap=False,
                ticks=False,
                domain=False,
                titleAnchor="start",
            ),
        ),
        y=alt.Y("row:N", sort=names, scale=alt.Scale(domain=names), title=None, axis=side),
        tooltip=[
            alt.Tooltip("row:N"),
            alt.Tooltip("column:N"),
            alt.Tooltip("rate:Q", format=".1%", title="row wins"),
            alt.Tooltip("shared:Q", format=",", title="shared samples"),
        ],
    )
    squares = base.mark_rect(stroke="white", strokeWidth=1).encode(
        color=alt.condition(
            alt.datum.thin,
            alt.value(_GREY),
            alt.Color(
                "rate:Q",
                scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
                legend=alt.Legend(
                    orient="bottom",
                    title="row wins",
                    format=".0%",
                    values=[0, 0.5, 1],
                    gradientLength=160,
                    gradientThickness=10,
                ),
            ),
        ),
        opacity=alt.Opacity("strength:Q", scale=None),
    )
    layers: list[alt.Chart] = [squares]
    if worded:
        ink = alt.condition("abs(datum.rate - 0.5) > 0.3 && !datum.thin", alt.value("white"), alt.value(_INK))
        layers.append(base.mark_text(dy=-5, fontSize=12).encode(text="percent:N", color=ink))
        layers.append(
            base.mark_text(dy=8, fontSize=8.5, opacity=0.85).encode(
                text=alt.Text("shared:Q", format=",d"), color=ink
            )
        )
    return alt.layer(*layers).properties(
        width=len(names) * (max(row, 44) if worded else row), height=len(names) * row
    )
