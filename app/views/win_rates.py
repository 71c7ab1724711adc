"""The page of win rates: how often each model does better than each other one."""

from __future__ import annotations

import altair as alt
import polars as pl
import streamlit as st

from app import columns, controls, downloads, pair_queries
from app.controls import OpenPage
from app.drawn import Chart, draw
from app.snapshot import Snapshot
from app.views.pairs import sources_or_why_not
from evalhub.win_map import IN_WORDS, THIN_CELL, win_map
from evalhub.wording import plain

MOST = 40
"""Models drawn at once."""


def render(snapshot: Snapshot, open_page: OpenPage) -> None:  # noqa: ARG001
    """Show the heat map of the chosen source's first models, or of those that the address names."""
    st.title("Win rates")
    options = sources_or_why_not(snapshot)
    if not options:
        return
    left, right = st.columns([2, 5])
    with left:
        source = controls.source(options)
    models = pair_queries.ranked(snapshot, source)["model"].to_list()
    with right:
        chosen = st.multiselect(
            "Models",
            models,
            format_func=plain,
            max_selections=MOST,
            placeholder=f"The first {IN_WORDS} of the ranking" if len(models) > IN_WORDS else "All models",
            key="models",
            bind="query-params",
            help=f"Which to set against each other, at most {MOST}.",
        )
    shown = [model for model in models if model in set(chosen)] or models[:IN_WORDS]
    wins = pair_queries.wins(snapshot, source)
    here = wins.filter(pl.col("model").is_in(shown), pl.col("against").is_in(shown))
    if here.is_empty():
        st.info("These models were compared on no sample. Choose more of them.")
        return
    _map(here, shown)
    st.caption(
        f"Models stand in the order of the source's ranking; {len(shown):,} of {len(models):,} are drawn. Grey: "
        f"fewer than {THIN_CELL} common samples. Empty: none. Blue: the row does better; orange: the column "
        "does. A win rate has no interval here, **Compare** has one."
    )
    st.subheader("Each pair")
    table = here.with_columns(
        pl.Series(name, [plain(model) for model in here[name]], pl.String) for name in ("model", "against")
    )
    st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 15),
        column_config=columns.config(columns.PAIRS, table),
    )
    st.caption("The files hold all pairs of the source.")
    downloads.buttons(wins.select(pl.lit(source).alias("source"), pl.all()), "win-rates")
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(columns.PAIRS, table)


def _map(here: pl.DataFrame, shown: list[str]) -> None:
    # Two names may read alike once control characters are gone: places tell them apart, and keep the order.
    names = [f"{place}. {plain(model)}" for place, model in enumerate(shown, 1)]
    named = dict(zip(shown, names, strict=True))
    cells = here.select(
        pl.col("model").replace_strict(named).alias("row"),
        pl.col("against").replace_strict(named).alias("column"),
        pl.col("share").alias("rate"),
        pl.col("samples").alias("shared"),
    )
    draw(_padded, cells, names, 38 if len(shown) <= IN_WORDS else 20, width="content")


def _padded(cells: pl.DataFrame, names: list[str], row: int) -> Chart:
    """Padded, not fitted: cells keep their size whatever room the names take beside them."""
    return win_map(cells, names, row=row).properties(autosize=alt.AutoSizeParams(type="pad"))
