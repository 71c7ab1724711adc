"""The page of the frontier: score against cost, size or release date, and whom nobody beats at no more."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import streamlit as st

from app import columns, controls, downloads, queries
from app.controls import OpenPage
from app.snapshot import Snapshot
from app.wording import escaped
from evalhub import charts
from evalhub.frontier import ON_FRONT, WITHIN_REACH, Scale, frontier, standing
from evalhub.wording import counted, is_baseline, plain


@dataclass(frozen=True)
class Axis:
    """What scores can be set against."""

    column: str
    """Of `queries.ranking_rows`."""

    title: str
    scale: Scale

    no_more: str
    """What a model on the front is not beaten at."""

    told_by: str
    """What to run where it is unknown."""


AXES = {
    "cost": Axis(
        "cost",
        "US dollars per attempt",
        "amount",
        "at no more cost",
        "the price of a served model stands in `prices.toml` of the hub before it is scored",
    ),
    "size": Axis(
        "parameters",
        "number of weights",
        "amount",
        "by a model that is no larger",
        "`evalhub model set MODEL --parameters 7B`",
    ),
    "release date": Axis(
        "released",
        "release date",
        "date",
        "by a model that came out no later",
        "`evalhub model set MODEL --released DATE`",
    ),
}


def render(snapshot: Snapshot, open_page: OpenPage) -> None:
    """Set the scores of the chosen ranking against what the address names."""
    st.title("Frontier")
    rankings = queries.rankings(snapshot)
    if rankings.is_empty():
        st.info("This snapshot holds no ranking. Run `evalhub score MODEL`, then `evalhub publish`.")
        return
    first, second, third, _ = st.columns([2, 2, 2, 1])
    with first:
        source = controls.source(rankings["source"].unique().sort().to_list())
    with second:
        method = controls.method(rankings)
    with third:
        against = st.selectbox("Score against", list(AXES), key="against", bind="query-params")
    chosen = rankings.filter(pl.col("source") == source, pl.col("method") == method)
    if chosen.is_empty():
        st.info("There is no ranking of this source by this method. Choose another method.")
        return
    ranking, axis = chosen.row(0, named=True), AXES[against]
    facts = queries.ranking_rows(snapshot, ranking["ranking_id"])
    if facts.is_empty():
        st.info("No model has been measured on these samples yet.")
        return
    rows = placed(facts, axis)
    _chart(rows, ranking["unit"], axis)
    _unknown(rows, against, axis)
    _table(rows, axis, open_page, f"frontier-{ranking['ranking_id']}-{axis.column}")


def placed(facts: pl.DataFrame, axis: Axis) -> pl.DataFrame:
    """The facts with what models take as `takes`, and their `front`: where they stand, '' where that is unknown or
    they are chance baselines, which are no models."""
    models = pl.Series([not is_baseline(model_id) for model_id in facts["model_id"]], dtype=pl.Boolean)
    rows = facts.with_columns(pl.col(axis.column).alias("takes"), models.alias("is_model"))
    drawn = rows.with_row_index("place").filter(pl.col("is_model"), pl.col("takes").is_not_null())
    found = standing(*(drawn[name].to_physical().to_numpy() for name in ("takes", "score", "high")))
    known = dict(zip(drawn["place"], found, strict=True))
    return rows.with_columns(pl.Series("front", [known.get(place, "") for place in range(len(rows))], pl.String))


def _chart(rows: pl.DataFrame, unit: str, axis: Axis) -> None:
    drawn = rows.filter(pl.col("front") != "").with_columns(pl.col("front").alias("standing"))
    if drawn.is_empty():
        st.info(f"Nothing to draw: this is known of no model. How to tell it: {axis.told_by}.")
        return
    chance = rows.filter(~pl.col("is_model"))["score"].to_list()
    st.altair_chart(
        frontier(
            drawn.select("model", "takes", "score", "low", "high", "standing"),
            chance,
            unit=unit,
            title=axis.title,
            scale=axis.scale,
        )
    )
    st.caption(
        f"The line joins the models `{ON_FRONT}`: none is beaten {axis.no_more}. Which ones these are is as "
        f"uncertain as the scores: a model `{WITHIN_REACH}` has an interval that reaches the best score of those. "
        "Dashed: what chance scores."
    )


def _unknown(rows: pl.DataFrame, against: str, axis: Axis) -> None:
    names = rows.filter(pl.col("is_model"), pl.col("takes").is_null())["model"].to_list()
    if not names:
        return
    listed = ", ".join(escaped(name) for name in names[:20]) + (", …" if len(names) > 20 else "")
    st.warning(
        f"Not drawn, as their {against} is unknown: {counted(len(names), 'model')} ({listed}). How to tell it: "
        f"{axis.told_by}.",
        icon=":material/help:",
    )


def _table(rows: pl.DataFrame, axis: Axis, open_page: OpenPage, key: str) -> None:
    kinds = [charts.kind(*row) for row in rows.select("model_id", "coverage").rows()]
    table = rows.select(
        pl.Series("model", [plain(model) for model in rows["model"]], pl.String),
        "score",
        "low",
        "high",
        (pl.col("takes").dt.to_string() if axis.scale == "date" else pl.col("takes")).alias(axis.title),
        "front",
        *(["priced"] if axis.column == "cost" else []),
        "samples",
        "coverage",
        pl.Series("note", ["" if kind == charts.MODEL else kind for kind in kinds], pl.String),
    )
    meaning = {**columns.FRONTIER, axis.title: columns.TAKES[axis.column]}
    shown = columns.config(meaning, table)
    if axis.column == "parameters":
        shown[axis.title] = st.column_config.NumberColumn(axis.title, help=meaning[axis.title], format="compact")
    choice = st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 20),
        column_config=shown,
        placeholder="unknown",
        on_select="rerun",
        selection_mode="single-row",
        key=key,
    )
    if choice.selection.rows:
        open_page("model", {"model": rows["model_id"][choice.selection.rows[0]]})
    st.caption("Tick a row to open the model's page.")
    downloads.buttons(rows.drop("takes", "is_model"), "frontier")
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(meaning, table)
