"""A table of which one row can be ticked; which one stands in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
import streamlit as st

from app import columns, downloads


def ticked(
    table: pl.DataFrame,
    meaning: Mapping[str, str],
    ids: Sequence[str],
    *,
    parameter: str,
    key: str,
    rows: int,
    files: tuple[pl.DataFrame, str],
    hint: str,
) -> str | None:
    """Show a table with its files and what its columns mean; the id of the ticked row, or None.

    ids: of the rows. parameter: of the address, which holds the id. rows: shown at once. files: what they hold,
    and how they are called. hint: what ticking is for, said while nothing is ticked.
    """
    wanted = st.query_params.get(parameter)
    choice = st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, rows),
        placeholder="",
        column_config=columns.config(meaning, table),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [ids.index(wanted)] if wanted in ids else []}},
        key=key,
    )
    downloads.buttons(*files)
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(meaning, table)
    if not choice.selection.rows:
        st.query_params.pop(parameter, None)
        st.caption(hint)
        return None
    found = ids[choice.selection.rows[0]]
    st.query_params[parameter] = found
    return found
