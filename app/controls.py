"""The selectors that several pages share. What they hold is in the address, so a link shows the same page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import streamlit as st

from app import queries
from app.snapshot import Snapshot
from evalhub.live.release import PREFIX
from evalhub.wording import plain

OpenPage = Callable[[str, Mapping[str, str]], None]
"""Leaves the running page for another, by name, with the parameters of its address."""

EVERYTHING = "all samples"


def source_name(source: str) -> str:
    """What a source is called on a page."""
    if source == queries.POOL:
        return EVERYTHING
    if source.startswith(PREFIX):
        return f"live release {plain(source.removeprefix(PREFIX))}"
    return plain(source)


def source(options: list[str]) -> str:
    """Ask for one of `options`, sources, of which '' is everything."""
    return st.selectbox(
        "Source",
        options,
        format_func=source_name,
        key="source",
        bind="query-params",
        help="Where the samples come from. A sample found in two sources counts in both.",
    )


def method(rankings: pl.DataFrame) -> str:
    """Ask for one of the methods that these rankings were made by."""
    return st.selectbox(
        "Method",
        rankings["method"].unique(maintain_order=True).to_list(),
        key="method",
        bind="query-params",
        help="How scores are made from measurements. What it takes for granted stands beside the ranking.",
    )


def ranking(snapshot: Snapshot) -> dict[str, Any] | None:
    """Ask for a source and a method; the newest ranking of these. None where there is none: then that is said."""
    rankings = queries.rankings(snapshot)
    if rankings.is_empty():
        st.info(
            "This snapshot holds no ranking. Score a model with `evalhub score MODEL`, then `evalhub publish`."
        )
        return None
    left, right, _ = st.columns([2, 2, 3])
    with left:
        chosen_source = source(rankings["source"].unique().sort().to_list())
    with right:
        chosen_method = method(rankings)
    chosen = rankings.filter(pl.col("source") == chosen_source, pl.col("method") == chosen_method)
    if chosen.is_empty():
        st.info("There is no ranking of this source by this method. Choose another method.")
        return None
    return chosen.row(0, named=True)
