"""The page of one sample: what was asked, where it comes from, and what every model made of it."""

from __future__ import annotations

import polars as pl
import streamlit as st

from app import columns, queries
from app.controls import OpenPage
from app.snapshot import Snapshot
from app.views.sample import show_attempts, show_question
from app.views.ticked import ticked
from app.wording import escaped, start
from evalhub.wording import plain


def render(snapshot: Snapshot, open_page: OpenPage) -> None:  # noqa: ARG001
    """Show the sample that the address names, else ask for one."""
    st.title("Sample")
    wanted = st.text_input(
        "Sample",
        key="sample",
        bind="query-params",
        placeholder="Id, its beginning, or the sample's name in its source",
        width=480,
    ).strip()
    if not wanted:
        st.info("Name a sample here, or tick one on the page of a model or of two models.")
        return
    found = queries.sample_ids(snapshot, wanted)
    if not found:
        st.warning(f"This snapshot holds no sample called {escaped(start(wanted, 80))}.")
        return
    if len(found) > 1 and wanted not in found:
        st.info("Several samples are called so. Their ids:")
        st.code("\n".join(found), language=None)
        return
    sample_id = wanted if wanted in found else found[0]
    show_question(snapshot, sample_id)
    _models(snapshot, sample_id)


def _models(snapshot: Snapshot, sample_id: str) -> None:
    st.subheader("Models")
    found = queries.sample_models(snapshot, sample_id)
    if found.is_empty():
        st.info("No model was run on this sample.")
        return
    passing = found.filter(pl.col("value") >= 1)["model_id"].n_unique()
    never = found.filter(pl.col("value") <= 0)["model_id"].n_unique()
    st.caption(
        f"{found['model_id'].n_unique():,} were run on it: {passing:,} always pass, {never:,} never do. "
        "Missing is not wrong."
    )
    table = found.select(
        pl.Series("model", [plain(model) for model in found["model_id"]], pl.String),
        pl.Series("settings", [plain(variant or "") for variant in found["variant"]], pl.String),
        pl.col("value").alias("pass rate"),
        *("low", "high", "passes", "attempts"),
        pl.col("missing").alias("uncounted"),
        pl.Series("reason", [plain(reason) for reason in found["reason"]], pl.String),
    )
    table = table.drop([name for name in ("settings", "reason") if not any(table[name])])
    model_id = ticked(
        table,
        columns.ANSWERS,
        found["model_id"].to_list(),
        parameter="model",
        key=f"models-{snapshot.snapshot_id}-{sample_id}",
        rows=15,
        files=(found, "models-on-sample"),
        hint="Tick a row to read what the model said.",
    )
    if model_id is None:
        return
    st.subheader(escaped(model_id))
    show_attempts(snapshot, model_id, sample_id)
