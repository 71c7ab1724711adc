"""What a reader picked: the ranking on these samples, and the samples themselves."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl
import streamlit as st

from aggregate.columns import MeasurementsError
from app import columns, downloads, groups, probe_queries, sample_queries
from app.controls import OpenPage
from app.drawn import draw
from app.snapshot import Snapshot
from app.views.about import interval_covers
from app.views.ranking import as_table
from app.views.sample import show_images
from app.wording import escaped, start
from evalhub import charts
from evalhub.wording import plain

MOST_RANKED = 5000
"""Samples that a ranking is made of while the reader waits."""

METHODS = ("mean", "bradley-terry")
"""Those that are made while the reader waits; the first by default."""

MOST_LISTED = 200
SHOWN = 5
"""Samples of each kind that are shown with their images."""


@dataclass(frozen=True)
class Picked:
    """What a reader's text and filter pick."""

    ids: list[str]
    """The likeliest first; of a filter alone, in pool order."""

    relevance: np.ndarray | None
    """(n,) of `ids`; None where nothing is estimated."""

    borderline: list[str]
    """The next ones below the cut."""

    precision: float | None = None
    """What was asked of the cut, where it was made by precision."""


def show_ranking(snapshot: Snapshot, ids: list[str], open_page: OpenPage) -> None:
    """Rank the models on exactly these samples."""
    st.subheader("Ranking on these samples")
    if len(ids) > MOST_RANKED:
        st.info(
            f"More than {MOST_RANKED:,} samples are not ranked while you wait. Narrow the choice, or save it and "
            "run `evalhub rank --bench NAME`."
        )
        return
    with st.columns([2, 5])[0]:
        method = st.selectbox("Method", METHODS, key="method", bind="query-params")
    try:
        found = probe_queries.ranked(snapshot, ids, method)
    except MeasurementsError as error:
        st.info(escaped(f"{method} cannot rank these samples: {error}"))
        return
    if found is None:
        st.info("No model has been measured on these samples yet.")
        return
    ranking, model_ids = found
    st.caption(f"**{escaped(method)}** takes for granted: {escaped(ranking.assumes)}")
    for warning in ranking.warnings:
        st.warning(escaped(warning), icon=":material/warning:")
    rows = pl.DataFrame([asdict(row) for row in ranking.models]).with_columns(
        pl.Series("model_id", [model_ids[row.model] for row in ranking.models], pl.String)
    )
    described = pl.DataFrame([asdict(group) for group in ranking.groups]).rename({"group": "model_group"})
    section = groups.choose(groups.sections(described, rows.rename({"group": "model_group"})))
    rows, table = section.rows, as_table(section.rows)
    drawn = rows.with_columns(
        pl.Series("kind", [charts.kind(*row) for row in rows.select("model_id", "coverage").rows()], pl.String)
    )
    draw(charts.point_ranges, drawn, label="model", unit=section.unit)
    choice = st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 20),
        column_config=columns.config(columns.RANKING, table),
        on_select="rerun",
        selection_mode="single-row",
        key=f"ranked-{snapshot.snapshot_id}-{method}",
    )
    if choice.selection.rows:
        open_page("model", {"model": rows["model_id"][choice.selection.rows[0]]})
    downloads.buttons(rows, "ranking-on-these")
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(columns.RANKING, table)
        st.markdown(interval_covers(ranking.level))
        st.markdown(
            "Once they are saved, `evalhub rank --bench NAME` ranks by every method and counts votes, too."
        )


def show_samples(snapshot: Snapshot, picked: Picked) -> None:
    """Show the first samples and those just below the cut with their images, and list all."""
    st.subheader("The samples")
    listed = picked.ids[:MOST_LISTED]
    # All are sought at once, and read in parts.
    sample_queries.rowids(snapshot, [*listed, *picked.borderline[:SHOWN]])
    first, second = st.columns(2)
    with first:
        st.markdown("**The first ones**")
        _cards(snapshot, picked.ids[:SHOWN])
    with second:
        if picked.borderline:
            st.markdown("**The next ones below the cut**")
            _cards(snapshot, picked.borderline[:SHOWN])
    rows = sample_queries.beginnings(snapshot, listed)
    table = rows.select(
        pl.Series("source", [plain(source) for source in rows["source"]], pl.String),
        pl.Series("id", [start(source_id, 60) for source_id in rows["source_id"]], pl.String),
        pl.Series("question", [start(question, 120) for question in rows["question"]], pl.String),
    )
    if picked.relevance is not None:
        table = table.with_columns(pl.Series("relevance", picked.relevance[: len(listed)], pl.Float64))
    st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 10),
        column_config=columns.config(columns.PICKED, table),
    )
    if len(picked.ids) > len(listed):
        st.caption(f"The first {len(listed):,} of {len(picked.ids):,}; the files hold all of them.")
    every = pl.DataFrame({"sample_id": picked.ids}, schema={"sample_id": pl.String})
    if picked.relevance is not None:
        every = every.with_columns(pl.Series("relevance", picked.relevance))
    downloads.buttons(every, "samples")
    with st.expander("What the columns of the samples mean", icon=":material/info:"):
        columns.explain(columns.PICKED, table)


def _cards(snapshot: Snapshot, ids: list[str]) -> None:
    for sample in sample_queries.samples(snapshot, ids):
        with st.container(border=True):
            st.caption(f"{escaped(sample['source'])} / {escaped(start(sample['source_id'], 60))}")
            show_images(sample["images"])
            st.code(start(sample["prompt"], 400), language=None, wrap_lines=True)
