"""The page of laws: what a family's sizes let expect, and whether the family follows its law."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import streamlit as st

from aggregate.laws.law import Law
from app import columns, downloads, law_queries
from app.controls import OpenPage
from app.drawn import show
from app.snapshot import Snapshot
from app.wording import escaped, number
from evalhub.law_plot import panels
from evalhub.wording import counted, plain, short_size

_COLOURS = {"rejected": "red", "not rejected": "blue", "not tested": "gray"}


def render(snapshot: Snapshot, open_page: OpenPage) -> None:  # noqa: ARG001
    """Draw the law that the address names."""
    st.title("Laws")
    if not law_queries.held(snapshot):
        st.info("This snapshot was published before there were laws on the board. Run `evalhub publish` again.")
        return
    kept = law_queries.laws(snapshot)
    if kept.is_empty():
        st.info("No family has a law here. Lay one through the models of a family, and keep it:")
        st.code(
            "evalhub law fit --models \"model LIKE 'small-%'\" --source SOURCE --save NAME\nevalhub publish",
            language=None,
        )
        return
    name = st.selectbox("Family", kept["name"].to_list(), format_func=plain, key="family", bind="query-params")
    row = kept.row(kept["name"].to_list().index(name), named=True)
    law = law_queries.law_of(row)
    _verdict(law)
    for panel in panels(law):
        show(panel)
    st.caption(
        f"Pass rates of {counted(len(law.models), 'model')} on {counted(law.samples, 'sample')} against their "
        "sizes, and ln(−ln(rate)) of the same, where the law is nearly a line. The line is the law through all "
        f"models; bars are {law.level:.0%} intervals."
    )
    _foretold(law, name)
    _family(law, name)
    _fitted(row, law)


def _verdict(law: Law) -> None:
    tested = "" if law.p is None else f" (p {law.p:.2g})"
    st.markdown(f"**:{_COLOURS[law.verdict]}[{law.verdict}]**{tested}: {law.finding}.")
    if law.rejected:
        st.warning("Forecasts by this law are wrong on the side that the bend shows.", icon=":material/warning:")
    reach = (
        ""
        if law.alpha_low is None or law.alpha_high is None
        else f" ({law.alpha_low:.3f} to {law.alpha_high:.3f})"
    )
    st.markdown(
        f"Pass rate = chance + (1 − chance) exp(−c N^−alpha), with alpha {law.alpha:.3f}{reach} and chance "
        f"{number(law.chance)}."
    )


def _foretold(law: Law, name: str) -> None:
    held = law.held_out
    if held is None:
        return
    st.subheader("The largest model, foretold by the others")
    inside = {None: "", True: ", inside the law's interval", False: ", outside the law's interval"}[held.inside]
    st.markdown(f"{escaped(held.model)} has a pass rate of {number(held.rate)}{inside}.")
    _table(law_queries.forecasts(held), columns.FORECASTS, f"forecasts-{name}")
    for size, one in law.outlooks:
        ends = "" if one.low is None or one.high is None else f" ({number(one.low)} to {number(one.high)})"
        st.markdown(f"A model of {short_size(size)} weights would pass {number(one.rate)}{ends}.")


def _family(law: Law, name: str) -> None:
    st.subheader("Its models")
    sizes, rates = np.array(law.curve).T
    table = pl.DataFrame(
        {
            "model": [plain(one) for one in law.models],
            "parameters": [short_size(one) for one in law.parameters],
            "measured": law.rates,
            "law": np.interp(np.log(law.parameters), np.log(sizes), rates),
        }
    )
    _table(table, columns.FAMILY, f"family-{name}")


def _table(table: pl.DataFrame, meaning: dict[str, str], file: str) -> None:
    st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 12),
        placeholder="–",
        column_config=columns.config(meaning, table),
    )
    downloads.buttons(table, file)


def _fitted(row: dict[str, Any], law: Law) -> None:
    if row["since"]:
        st.warning(
            f"{counted(row['since'], 'model')} of this family measured since this was laid: the command below "
            "brings it up to date.",
            icon=":material/update:",
        )
    for note in law.warnings:
        st.caption(f"Note: {escaped(note)}.")
    with st.expander("How it is made", icon=":material/info:"):
        meanings = {**columns.FORECASTS, **columns.FAMILY}
        columns.explain(meanings, pl.DataFrame(schema=list(meanings)))
        st.markdown(
            f"Laid on {row['fitted_at']:%Y-%m-%d %H:%M}. Every sample has a line of its own in ln(−ln(rate)) "
            "against ln N, all alike (marginal likelihood of passes and attempts); a common bend is tested at "
            "5 %. Intervals take it that the models differ in nothing but size: chance in training is not in them."
        )
        st.code(f"{plain(row['command'])}\nevalhub publish", language=None)
