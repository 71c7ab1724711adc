"""The filters of the ranking page: which of its models are shown, and which samples to rank on instead."""

from __future__ import annotations

import polars as pl
import streamlit as st

from app import filter_queries, probe_queries
from app.controls import OpenPage
from app.snapshot import Snapshot
from evalhub.filters.values import spelt
from evalhub.wording import counted, is_baseline, plain

OPEN, CLOSED = "open", "closed"

BILLION = 10**9


def shown(snapshot: Snapshot, rows: pl.DataFrame) -> pl.Series:
    """Ask for models; which rows of a ranking are theirs. How many are hidden is said on the page.

    A model of which something is unknown does not fit a filter on it. Chance baselines are no models and always
    stay.
    """
    conditions = _conditions(snapshot)
    chance = pl.Series([is_baseline(model_id) for model_id in rows["model_id"]], dtype=pl.Boolean)
    if not conditions:
        return pl.repeat(True, len(rows), eager=True)
    fits = rows.select(fits=pl.all_horizontal(conditions))["fits"]
    known = fits.filter(~chance)
    said = (
        f"**{known.sum():,}** of {counted(len(known), 'model')} shown; ranks, scores and ties are those among all."
    )
    if unknown := known.null_count():
        said += f" Hidden as too little is known of them: {unknown:,} (`evalhub model set` tells it)."
    st.markdown(said)
    return fits.fill_null(False) | chance


def _conditions(snapshot: Snapshot) -> list[pl.Expr]:
    """What the reader asks of models."""
    with st.expander("Show only some models", icon=":material/filter_list:"):
        first, second, third, fourth = st.columns(4)
        weights = first.selectbox(
            "Weights",
            [OPEN, CLOSED],
            index=None,
            placeholder="any",
            key="weights",
            bind="query-params",
            help="Open: anyone can have them.",
        )
        licences = second.multiselect(
            "Licence of the model",
            filter_queries.licences(snapshot),
            format_func=plain,
            placeholder="any",
            key="licence",
            bind="query-params",
        )
        size = third.number_input(
            "Size at most (billions)",
            min_value=0.0,
            max_value=1e6,
            value=None,
            step=1.0,
            format="%g",
            placeholder="any",
            key="size",
            bind="query-params",
            help="Billions of weights, all experts included.",
        )
        after = fourth.date_input(
            "Released after", value=None, format="YYYY-MM-DD", key="released_after", bind="query-params"
        )
    conditions = []
    if weights:
        conditions.append(pl.col("open_weights") == (weights == OPEN))
    if licences:
        conditions.append(pl.col("licence").is_in(licences))
    if size is not None:
        conditions.append(pl.col("parameters") <= round(size * BILLION))
    if after:
        conditions.append(pl.col("released") > after)
    return conditions


def samples(snapshot: Snapshot, source: str, open_page: OpenPage) -> None:
    """Ask for some of a source's samples, and lead to the ranking on exactly these."""
    if not probe_queries.has_search(snapshot):
        return
    with st.expander("Rank on some of these samples", icon=":material/tune:"):
        first, second, third = st.columns([2, 3, 2], vertical_alignment="bottom")
        modality = first.selectbox(
            "Modality",
            filter_queries.modalities(snapshot, source),
            index=None,
            placeholder="any",
            key="modality",
            bind="query-params",
        )
        tag = second.selectbox(
            "Tag",
            filter_queries.tags(snapshot, source),
            index=None,
            format_func=plain,
            placeholder="any",
            key="tag",
            bind="query-params",
            help=f"Up to {filter_queries.MOST_TAGS} of them, those of most samples first.",
        )
        asked = {"source": source, "modality": modality, "tags": tag}
        go = third.button("Rank on these", disabled=not (modality or tag), icon=":material/arrow_forward:")
        st.caption(
            "This opens the page Build with a filter, to narrow further or to save. Live releases are among the "
            "sources above."
        )
    if go:
        where = " AND ".join(f"{column} = {spelt(value)}" for column, value in asked.items() if value)
        open_page("build", {"where": where})
