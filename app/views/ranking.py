"""The ranking page: who is ahead on which samples, and how sure that is."""

from __future__ import annotations

import string
from collections import Counter
from typing import Any

import polars as pl
import streamlit as st

from app import columns, controls, downloads, groups, queries, ranking_filters
from app.controls import OpenPage
from app.drawn import draw
from app.snapshot import Snapshot
from app.views.about import about
from app.wording import escaped
from evalhub import charts
from evalhub.group_sections import rank_range
from evalhub.wording import is_baseline, plain

CHART_ROWS = 30
"""Models drawn without scrolling."""

FACTS = {"size": "parameters", "cost": "cost", "released": "released"}
"""Columns of the page on what a model is, and those of `queries.ranking_rows`."""


def render(snapshot: Snapshot, open_page: OpenPage) -> None:
    """Show the newest ranking of the chosen source by the chosen method."""
    st.title("Ranking")
    ranking = controls.ranking(snapshot)
    if ranking is None:
        return
    st.caption(f"**{escaped(ranking['method'])}** takes for granted: {escaped(ranking['assumes'])}")
    for warning in ranking["warnings"]:
        st.warning(escaped(warning), icon=":material/warning:")
    rows = queries.ranking_rows(snapshot, ranking["ranking_id"])
    table = as_table(rows)
    if rows.is_empty():
        st.info("No model has been measured on these samples yet.")
    else:
        _facts(ranking, rows)
        ranking_filters.samples(snapshot, ranking["source"], open_page)
        shown = ranking_filters.shown(snapshot, rows)
        found = groups.sections(queries.groups(snapshot, ranking["ranking_id"]), rows.with_columns(shown=shown))
        if found := [one for one in found if one.rows["shown"].any()]:
            section = groups.choose(found)
            shown = section.rows["shown"]
            table, rows = as_table(section.rows).filter(shown), section.rows.filter(shown).drop("shown")
            _chart(rows, section.unit, ranking["level"])
            _table(table, rows, ranking, open_page)
    about(snapshot, ranking, table)
    if ranking["source"] == queries.POOL and not rows.is_empty():
        _by_source(snapshot, rows)


def as_table(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of whole groups of a ranking in the words of the page, with the facts of models that they have."""
    ties = rows.select("model_group", "tie_group").rows()
    tied = sorted(tie for tie, count in Counter(ties).items() if count > 1)
    letters = {tie: _letter(place) for place, tie in enumerate(tied)}
    kinds = _kinds(rows)
    ranks = rows.select("rank_low", "rank_high", pl.len().over("model_group")).rows()
    return rows.select(
        pl.Series("rank", [rank_range(*one) for one in ranks], pl.String),
        pl.Series("model", [plain(model) for model in rows["model"]], pl.String),
        "score",
        "low",
        "high",
        pl.Series("tie", [letters.get(tie, "") for tie in ties], pl.String),
        "samples",
        "coverage",
        *(pl.col(column).alias(name) for name, column in FACTS.items() if column in rows.columns),
        kinds.replace(charts.MODEL, "").alias("note"),
    )


def _kinds(rows: pl.DataFrame) -> pl.Series:
    found = [charts.kind(*row) for row in rows.select("model_id", "coverage").rows()]
    return pl.Series("kind", found, pl.String)


def as_download(rows: pl.DataFrame, ranking: dict[str, Any]) -> pl.DataFrame:
    """The rows of a ranking in full precision, each naming the ranking it is from."""
    return rows.select(
        *(pl.lit(ranking[name]).alias(name) for name in ("ranking_id", "source", "method", "level")),
        pl.all(),
    )


def _letter(place: int) -> str:
    """a to z, then aa, ab, …"""
    head, tail = divmod(place, 26)
    return (_letter(head - 1) if head else "") + string.ascii_lowercase[tail]


def _counted(count: int, noun: str) -> str:
    return f"**{count:,}** {noun}{'' if count == 1 else 's'}"


def _facts(ranking: dict[str, Any], rows: pl.DataFrame) -> None:
    chance = sum(is_baseline(model_id) for model_id in rows["model_id"])
    facts = [
        _counted(len(rows) - chance, "model"),
        _counted(chance, "chance baseline"),
        f"{_counted(ranking['samples'], 'sample')} in {_counted(ranking['clusters'], 'cluster')}",
        f"**{ranking['level'] * 100:.12g} %** intervals",
    ]
    st.markdown(" · ".join(facts))


def _chart(rows: pl.DataFrame, unit: str, level: float) -> None:
    drawn = rows.with_columns(_kinds(rows))
    scrolls = len(rows) > CHART_ROWS
    with st.container(height=CHART_ROWS * charts.ROW if scrolls else "content", border=scrolls):
        draw(charts.point_ranges, drawn, label="model", unit=unit)
    cut = "An arrow says that a bar goes on beyond the axis, which is as long as most rows need. "
    st.caption(
        f"Points are scores, bars their {level * 100:.12g} % intervals. A score is: {escaped(unit)}. "
        + cut * charts.is_cut(charts.drawable(rows))
        + "A dashed line is what chance scores. Sorted by rank."
    )


def _table(table: pl.DataFrame, rows: pl.DataFrame, ranking: dict[str, Any], open_page: OpenPage) -> None:
    choice = st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 20),
        column_config=columns.config(columns.RANKING, table),
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        key=f"rows-{ranking['ranking_id']}",
    )
    hint, files = st.columns([5, 2], vertical_alignment="center")
    hint.caption("Tick a row to open the model's page. Hover over a column's name for its meaning.")
    with files:
        downloads.buttons(as_download(rows, ranking), f"ranking-{ranking['ranking_id'][:12]}")
    if choice.selection.rows:
        open_page("model", {"model": rows["model_id"][choice.selection.rows[0]]})


def _by_source(snapshot: Snapshot, rows: pl.DataFrame) -> None:
    rates = queries.source_rates(snapshot)
    if rates.is_empty():
        return
    st.subheader("Pass rate by source")
    st.caption("Choose a source above for its own ranking, with intervals. Empty: not measured there.")
    table = (
        rows.select("model")
        .join(
            rates.pivot(on="source", index="model", values="score"),
            on="model",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.Series("model", [plain(model) for model in rows["model"]], pl.String))
    )
    st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 20),
        placeholder="",
        column_config={
            "model": st.column_config.TextColumn("model", help=columns.RANKING["model"], pinned=True),
            **{
                name: st.column_config.ProgressColumn(
                    controls.source_name(name),
                    help="Mean pass rate on this source.",
                    format="percent",
                    min_value=0,
                    max_value=1,
                    color=charts.BLUE,
                )
                for name in table.columns[1:]
            },
        },
    )
    downloads.buttons(rates, "pass-rates-by-source")
