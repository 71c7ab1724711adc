"""A model's strengths and weaknesses: its pass rates by tag, beside those of its neighbours in the ranking."""

from __future__ import annotations

import polars as pl
import streamlit as st

from app import columns, pair_queries, queries
from app.by_tag import show_tags
from app.snapshot import Snapshot
from app.wording import escaped
from evalhub import charts
from evalhub.wording import is_baseline

EACH_SIDE = 2
"""Neighbours above, and below."""


def neighbours(rows: pl.DataFrame, model: str) -> list[str]:
    """The models next to one in a ranking, at most so many on each side: no baselines, no thin coverage, none that
    is the same model in other settings.

    rows: of the ranking, best first.
    """
    own = rows.row(by_predicate=pl.col("model") == model, named=True)
    rows = rows.filter(pl.col("model_group") == own["model_group"])
    place = rows["model"].to_list().index(model)
    fit = [
        row["model_id"] != own["model_id"]
        and not is_baseline(row["model_id"])
        and row["coverage"] >= charts.THIN_BELOW
        for row in rows.iter_rows(named=True)
    ]
    above = [name for name, good in zip(rows["model"][:place], fit[:place], strict=True) if good]
    below = [name for name, good in zip(rows["model"][place + 1 :], fit[place + 1 :], strict=True) if good]
    return [*above[-EACH_SIDE:], *below[:EACH_SIDE]]


def show_strengths(snapshot: Snapshot, source: str, rows: pl.DataFrame, model: str) -> None:
    """The section of the page, for a ranked model on a source; rows: of the source's ranking, best first."""
    st.subheader("Strengths and weaknesses")
    beside = neighbours(rows, model)
    if not beside:
        st.info("No other model is near enough in this ranking, with enough of its samples, to be set beside it.")
        return
    names = ", ".join(f"**{escaped(name)}**" for name in beside)
    st.markdown(f"**{escaped(model)}** beside its neighbours in the ranking: {names}.")
    both = pair_queries.pass_rates(snapshot, source, model, *beside).drop_nulls(["first", "second"])
    if both.is_empty():
        st.info("There is no sample on which all of them have a pass rate.")
        return
    show_tags(
        both,
        columns.NEIGHBOURS,
        sides=("this model", "neighbours"),
        unit="difference of pass rates, this model minus its neighbours",
        right="Right of the line this model does better than its neighbours.",
        name="strengths",
    )


def ranking_of(snapshot: Snapshot, source: str) -> pl.DataFrame:
    """The rows of a source's newest ranking by the default method, else by another one; none where it has none."""
    rankings = queries.rankings(snapshot).filter(pl.col("source") == source)
    if rankings.is_empty():
        return pl.DataFrame(schema={"model": pl.String, "model_id": pl.String})
    return queries.ranking_rows(snapshot, rankings["ranking_id"][0])
