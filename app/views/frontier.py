"""The page of the frontier: score against cost, time, size, date or density, and whom nobody beats at no more."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import streamlit as st

from app import columns, controls, downloads, groups, queries
from app.controls import OpenPage
from app.drawn import draw
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

    more: bool = False
    """The more of it the better."""

    interval: bool = False
    """Whether the columns `…_low` and `…_high` say where it may lie."""


BOUNDS = (
    "A model that scores more than the whole ladder stands at its lower bound: its density is unknown beyond it."
)

_PRICES = "the price of a served model stands in `prices.toml` of the hub before it is scored"
_IDEAL = "`accelerator` in `efficiency.toml` of the hub, and `evalhub model set MODEL --config CONFIG`"

AXES = {
    "cost": Axis("cost", "US dollars per attempt", "amount", "at no more cost", _PRICES),
    "cost per correct answer": Axis(
        "per_correct", "US dollars per correct answer", "amount", "at no more cost", _PRICES, interval=True
    ),
    "idealized cost": Axis("ideal_cost", "US dollars per attempt, idealized", "amount", "at no more cost", _IDEAL),
    "idealized cost per correct answer": Axis(
        "ideal_per_correct",
        "US dollars per correct answer, idealized",
        "amount",
        "at no more cost",
        _IDEAL,
        interval=True,
    ),
    "idealized time": Axis("ideal_seconds", "seconds per attempt, idealized", "amount", "in no more time", _IDEAL),
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
    "density": Axis(
        "density",
        "density (ladder's size over the model's)",
        "amount",
        "by a model that is no less dense",
        "`ladder` in `efficiency.toml` of the hub names models that score as little and as much, and "
        "`evalhub model set MODEL --parameters 7B`",
        more=True,
        interval=True,
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
    chosen = rankings.filter(pl.col("source") == source, pl.col("method") == method)
    if chosen.is_empty():
        st.info("There is no ranking of this source by this method. Choose another method.")
        return
    ranking = chosen.row(0, named=True)
    facts = queries.ranking_rows(snapshot, ranking["ranking_id"])
    if facts.is_empty():
        st.info("No model has been measured on these samples yet.")
        return
    with third:
        against = _against(facts)
    axis = AXES[against]
    section = groups.choose(groups.sections(queries.groups(snapshot, ranking["ranking_id"]), facts))
    rows = placed(section.rows, axis)
    _chart(rows, section.unit, axis)
    _unknown(rows, against, axis)
    _table(rows, axis, open_page, f"frontier-{ranking['ranking_id']}-{axis.column}")


def _against(facts: pl.DataFrame) -> str:
    """Ask for a name in `AXES`; at first the first one of which something is known."""
    models = facts.filter(~pl.col("model_id").map_elements(is_baseline, return_dtype=pl.Boolean))
    known = [name for name, axis in AXES.items() if models[axis.column].count()]
    names = list(AXES)
    return st.selectbox(
        "Score against", names, index=names.index(known[0]) if known else 0, key="against", bind="query-params"
    )


def placed(facts: pl.DataFrame, axis: Axis) -> pl.DataFrame:
    """The facts with what models take as `takes`, and their `front`: where they stand, '' where that is unknown or
    they are chance baselines, which are no models.

    Of what is the better the more there is of it, a model has the lower bound where nothing else is known: whom it
    beats by that, it beats.
    """
    known_by = pl.coalesce(axis.column, f"{axis.column}_low") if axis.more else pl.col(axis.column)
    models = pl.Series([not is_baseline(model_id) for model_id in facts["model_id"]], dtype=pl.Boolean)
    rows = facts.with_columns(known_by.alias("takes"), models.alias("is_model"))
    drawn = rows.with_row_index("place").filter(pl.col("is_model"), pl.col("takes").is_not_null())
    takes, score, high = (drawn[name].to_physical().to_numpy() for name in ("takes", "score", "high"))
    found = standing(-takes if axis.more else takes, score, high)
    known = dict(zip(drawn["place"], found, strict=True))
    return rows.with_columns(pl.Series("front", [known.get(place, "") for place in range(len(rows))], pl.String))


def _chart(rows: pl.DataFrame, unit: str, axis: Axis) -> None:
    drawn = rows.filter(pl.col("front") != "").with_columns(pl.col("front").alias("standing"))
    if drawn.is_empty():
        st.info(f"Nothing to draw: this is known of no model. How to tell it: {axis.told_by}.")
        return
    chance = rows.filter(~pl.col("is_model"))["score"].to_list()
    draw(
        frontier,
        drawn.select("model", "takes", "score", "low", "high", "standing"),
        chance,
        unit=unit,
        title=axis.title,
        scale=axis.scale,
        more=axis.more,
    )
    st.caption(
        f"The line joins the models `{ON_FRONT}`: none is beaten {axis.no_more}. Which ones these are is as "
        f"uncertain as the scores: a model `{WITHIN_REACH}` has an interval that reaches the best score of those. "
        "Dashed: what chance scores." + (f" {BOUNDS}" if axis.more else "")
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


def _beside(axis: Axis) -> list[pl.Expr]:
    """Columns that stand beside what scores are set against."""
    if axis.column == "ideal_seconds":
        return [pl.col("roofline_seconds").alias("roofline")]
    if not axis.interval:
        return []
    return [pl.col(f"{axis.column}_{end}").alias(said) for end, said in (("low", "at least"), ("high", "at most"))]


def _table(rows: pl.DataFrame, axis: Axis, open_page: OpenPage, key: str) -> None:
    kinds = [charts.kind(*row) for row in rows.select("model_id", "coverage").rows()]
    table = rows.select(
        pl.Series("model", [plain(model) for model in rows["model"]], pl.String),
        "score",
        "low",
        "high",
        (pl.col(axis.column).dt.to_string() if axis.scale == "date" else pl.col(axis.column)).alias(axis.title),
        *_beside(axis),
        "front",
        *(["priced"] if axis.column in ("cost", "per_correct") else []),
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
