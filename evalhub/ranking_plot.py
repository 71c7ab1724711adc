"""A ranking as one picture: scores with intervals and rank ranges, and beside each row whom it beats how often."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import altair as alt
import polars as pl

from aggregate.ranking import RankedModel, Ranking
from aggregate.win_rates import WinRates
from evalhub.charts import THIN, kind, range_layers, rows_axis
from evalhub.wording import plain, span

_Panel: TypeAlias = alt.LayerChart | alt.FacetChart

_THIN_CELL = 10
"""Shared samples below which a win rate is drawn in grey."""

_IN_WORDS = 16
"""Models up to which cells hold their numbers."""

_MOST_CELLS = 150
"""Models up to which there is a heat map."""

_WIN_COLOURS = {0.0: "#D55E00", 0.3: "#F0A878", 0.5: "#F7F7F7", 0.7: "#7FB2D9", 1.0: "#0072B2"}
_GREY, _QUIET, _INK = "#BDBDBD", "#6B7280", "#111827"

_LETTER = 6.5
"""About how wide a letter of a note is, in pixels."""


def ranking_plot(ranking: Ranking, models: Sequence[str], rates: WinRates) -> alt.HConcatChart:
    """Point ranges with rank ranges and bands of models that tie; to their right, row by row, the win rates."""
    names = [plain(row.model) for row in ranking.models]
    row = 38 if len(names) <= _IN_WORDS else 20 if len(names) <= 40 else 15
    height = row * len(names)
    panels = [_intervals(ranking, names, height)]
    if 1 < len(names) <= _MOST_CELLS:
        panels.append(_heat_map(ranking, names, models, rates, height))
    level = f"{ranking.level * 100:.12g}%"
    title = alt.TitleParams(
        f"{plain(ranking.method)}: {len(names):,} models on {ranking.samples:,} samples in "
        f"{ranking.clusters:,} clusters",
        subtitle=[
            f"Points are scores, bars their {level} intervals. Ranks hold for all models at once with {level}.",
            "Models in one band cannot be told apart from the first of it.",
        ],
        anchor="start",
        fontSize=17,
        subtitleColor=_QUIET,
        subtitleFontSize=12,
        offset=18,
    )
    return (
        alt.hconcat(*panels, spacing=24)
        .resolve_scale(color="independent", shape="independent")
        .properties(title=title, padding=20, background="white")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12 if row > 15 else 10, titleFontWeight="normal", titleColor=_QUIET)
        .configure_axisY(domain=False, labelPadding=8)
    )


def _intervals(ranking: Ranking, names: list[str], height: int) -> _Panel:
    rows = pl.DataFrame(
        [
            {
                "model": name,
                "score": row.score,
                "low": row.low,
                "high": row.high,
                "kind": kind(row.model, row.coverage),
                "band": row.tie_group % 2,
                "ranks": span(row.rank_low, row.rank_high),
                "note": _note(row),
            }
            for name, row in zip(names, ranking.models, strict=True)
        ],
        schema_overrides={"score": pl.Float64, "low": pl.Float64, "high": pl.Float64},
    )
    base = alt.Chart(alt.Data(values=rows.select("model", "band", "ranks", "note").to_dicts()))
    y, width = rows_axis("model", names), 420
    beside = 62 + _LETTER * max(len(note) for note in rows["note"])
    bands = (
        base.transform_filter(alt.datum.band == 0)
        .mark_rect(color="black", opacity=0.05)
        .encode(y=y, x=alt.value(0), x2=alt.value(width + beside))
    )
    ranks, notes = (
        base.mark_text(align="left", color=colour, fontSize=12 if height / len(names) > 15 else 10).encode(
            y=y, x=alt.value(place), text=f"{field}:N"
        )
        for field, place, colour in (("ranks", width + 12, _INK), ("note", width + 62, _QUIET))
    )
    heading = (
        alt.Chart(alt.Data(values=[{}]))
        .mark_text(align="left", color=_QUIET, fontSize=11)
        .encode(x=alt.value(width + 12), y=alt.value(-12), text=alt.value("ranks"))
    )
    ranges = range_layers(rows, label="model", unit=ranking.unit)
    return alt.layer(bands, *ranges, ranks, notes, heading).properties(width=width, height=height)


def _note(row: RankedModel) -> str:
    """What must be known of a model to read its row."""
    thin = kind(row.model, row.coverage) == THIN
    unbounded = [side for side, end in (("lower", row.low), ("upper", row.high)) if math.isinf(end)]
    return ", ".join(
        [f"{row.coverage:.0%} of samples"] * thin + [f"no {' or '.join(unbounded)} bound"] * bool(unbounded)
    )


def _heat_map(ranking: Ranking, names: list[str], models: Sequence[str], rates: WinRates, height: int) -> _Panel:
    place = {name: i for i, name in enumerate(models)}
    order = [place[row.model] for row in ranking.models]
    worded = len(names) <= _IN_WORDS
    most = max(int(rates.shared.max()), 1)
    cells = [
        {
            "row": row,
            "column": column,
            "rate": float(rates.rate[i, j]),
            "shared": int(rates.shared[i, j]),
            "percent": f"{100 * rates.rate[i, j]:.0f}",
            "thin": bool(rates.shared[i, j] < _THIN_CELL),
            "strength": 1.0 if worded else 0.5 + 0.5 * (rates.shared[i, j] / most) ** 0.5,
        }
        for row, i in zip(names, order, strict=True)
        for column, j in zip(names, order, strict=True)
        if rates.shared[i, j]
    ]
    base = alt.Chart(alt.Data(values=cells)).encode(
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
        y=alt.Y("row:N", sort=names, scale=alt.Scale(domain=names), title=None, axis=None),
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
                scale=alt.Scale(domain=list(_WIN_COLOURS), range=list(_WIN_COLOURS.values())),
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
    row = height // len(names)
    return alt.layer(*layers).properties(width=len(names) * (max(row, 44) if worded else row), height=height)
