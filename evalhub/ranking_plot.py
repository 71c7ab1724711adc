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
from evalhub.group_sections import rank_range
from evalhub.win_map import IN_WORDS, win_map
from evalhub.wording import plain

_Panel: TypeAlias = alt.LayerChart | alt.FacetChart

_MOST_CELLS = 150
"""Models up to which there is a heat map."""

_QUIET, _INK = "#6B7280", "#111827"

_LETTER = 6.5
"""About how wide a letter of a note is, in pixels."""


def ranking_plot(ranking: Ranking, models: Sequence[str], rates: WinRates) -> alt.HConcatChart:
    """Point ranges with rank ranges and bands of models that tie; to their right, row by row, the win rates. Of
    several groups the largest is drawn."""
    groups, ranking = len(ranking.groups), ranking.of_group(1)
    of_groups = [f"The largest of {groups} groups: nothing is known of the order of models across them."]
    names = [plain(row.model) for row in ranking.models]
    row = 38 if len(names) <= IN_WORDS else 20 if len(names) <= 40 else 15
    height = row * len(names)
    panels = [_intervals(ranking, names, height)]
    if 1 < len(names) <= _MOST_CELLS:
        panels.append(_heat_map(ranking, names, models, rates, height))
    level = f"{ranking.level * 100:.12g}%"
    on = f" on {ranking.samples:,} samples in {ranking.clusters:,} clusters"
    title = alt.TitleParams(
        f"{plain(ranking.method)}: {len(names):,} models" + on * (groups == 1),
        subtitle=[
            f"Points are scores, bars their {level} intervals. Ranks hold for all models "
            f"{'of a group ' * (groups > 1)}at once with {level}.",
            "Models in one band cannot be told apart from the first of it.",
            *of_groups[: groups > 1],
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
    sizes = {group.group: group.models for group in ranking.groups}
    rows = pl.DataFrame(
        [
            {
                "model": name,
                "score": row.score,
                "low": row.low,
                "high": row.high,
                "kind": kind(row.model, row.coverage),
                "band": row.tie_group % 2,
                "ranks": rank_range(row.rank_low, row.rank_high, sizes[row.group]),
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
    cells = pl.DataFrame(
        [
            {"row": row, "column": column, "rate": float(rates.rate[i, j]), "shared": int(rates.shared[i, j])}
            for row, i in zip(names, order, strict=True)
            for column, j in zip(names, order, strict=True)
            if rates.shared[i, j]
        ],
        schema={"row": pl.String, "column": pl.String, "rate": pl.Float64, "shared": pl.Int64},
    )
    return win_map(cells, names, row=height // len(names), row_names=False)
