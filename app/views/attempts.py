"""What more attempts would bring a model, and what its attempts took."""

from __future__ import annotations

import polars as pl
import streamlit as st

from app import columns, downloads, pair_queries, queries
from app.drawn import draw
from app.pass_curve import MOST_LEFT_OUT, NoCurve, pass_curve
from app.snapshot import Snapshot
from app.wording import escaped
from evalhub import pass_chart
from evalhub.wording import plain


def show_curve(snapshot: Snapshot, source: str, model: str) -> None:
    """How often at least one of k attempts of a ranked model passes, and how often all do."""
    st.subheader("With more attempts")
    tallies = pair_queries.tallies(snapshot, source, model)
    try:
        rows = pass_curve(tallies)
    except NoCurve as why:
        st.info(str(why))
        return
    draw(pass_chart.curve, rows)
    left = tallies["sample_id"].n_unique() - rows["samples"][0]
    out = f" {left:,} with fewer attempts are left out (at most {MOST_LEFT_OUT:.0%})." if left > 0 else ""
    st.caption(
        f"{escaped(model)}: mean over {rows['samples'][0]:,} samples of the chance that one or more of so many "
        f"attempts pass, and that all do, with 95 % intervals.{out}"
    )
    with st.expander("Numbers, and how they are made", icon=":material/info:"):
        st.dataframe(
            rows,
            hide_index=True,
            height=columns.height(rows, 12),
            column_config=columns.config(columns.CURVE, rows),
        )
        downloads.buttons(rows, "pass-curve")
        columns.explain(columns.CURVE, rows)
        st.markdown(
            "Unbiased for a fixed number of attempts and for stopping at a set number of passes (PassUntil). No "
            "law is fitted, and nothing is drawn beyond what was tried. It takes attempts on a sample to be "
            "independent, and uncounted ones (truncated, timed out) to be like the others."
        )


def show_spending(snapshot: Snapshot, model_id: str) -> None:
    """Tokens, seconds and dollars of a model's attempts."""
    found = queries.spending(snapshot, model_id)
    if found.is_empty():
        return
    st.subheader("Cost and speed")
    table = found.select(
        pl.Series("settings", [plain(variant or "") for variant in found["variant"]], pl.String),
        "attempts",
        pl.col("prompt_tokens").alias("prompt tokens"),
        "tokens",
        "seconds",
        pl.col("tokens_per_second").alias("tokens per second"),
        "dollars",
        (1000 * pl.col("dollars") / pl.col("priced")).alias("dollars per 1,000"),
    )
    empty = [name for name in table.columns if table[name].null_count() == len(table)]
    table = table.drop([*empty, *(["settings"] if not any(table["settings"]) else [])])
    st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 8),
        placeholder="",
        column_config=columns.config(columns.SPENDING, table),
    )
    downloads.buttons(found, "cost-and-speed")
    unpriced = found["attempts"].sum() - found["priced"].sum()
    if found["priced"].sum() and unpriced:
        st.caption(f"No price is known of {unpriced:,} attempts; they are not in the dollars.")
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(columns.SPENDING, table)
