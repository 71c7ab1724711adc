"""A table as files: the two buttons that stand under it."""

from __future__ import annotations

import io

import polars as pl
import streamlit as st


def buttons(frame: pl.DataFrame, name: str) -> None:
    """Offer a frame in full precision as `name`.csv and `name`.parquet, written when one asks for it.

    name: no two of a page are the same; letters, digits, hyphens.
    """
    with st.container(horizontal=True, horizontal_alignment="right"):
        for label, ending, mime, data in (
            ("CSV", "csv", "text/csv", frame.write_csv),
            ("Parquet", "parquet", "application/vnd.apache.parquet", lambda: parquet(frame)),
        ):
            st.download_button(
                label,
                data,
                f"{name}.{ending}",
                mime,
                key=f"{name}-{ending}",
                icon=":material/download:",
                on_click="ignore",
            )


def parquet(frame: pl.DataFrame) -> bytes:
    """A frame as the bytes of a file."""
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()
