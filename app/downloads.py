"""A table as files: the two buttons that stand under it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import polars as pl
import streamlit as st

from evalhub.wording import plain

_FORMULA = ("=", "+", "-", "@", "\t", "\n")
"""How a text begins that a spreadsheet computes, without the line feed that `plain` makes of a carriage return."""


def buttons(frame: pl.DataFrame | Callable[[], pl.DataFrame], name: str) -> None:
    """Offer a frame in full precision as `name`.csv and `name`.parquet, written when one asks for it.

    frame: or what makes it, then. name: no two of a page are the same; letters, digits, hyphens.
    """
    made = frame if callable(frame) else lambda: frame
    with st.container(horizontal=True, horizontal_alignment="right"):
        for label, ending, mime, data in (
            ("CSV", "csv", "text/csv", lambda: csv(made())),
            ("Parquet", "parquet", "application/vnd.apache.parquet", lambda: parquet(made())),
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


def csv(frame: pl.DataFrame) -> bytes:
    """A frame as the bytes of a file, for spreadsheets, too: others wrote the texts, so none is left that would be
    taken for a formula, nor control characters. Lists are written as JSON texts: CSV has none."""
    lists = [name for name, kind in frame.schema.items() if kind == pl.List(pl.String)]
    written = (pl.col(name).map_elements(_json, return_dtype=pl.String) for name in lists)
    cells = frame.with_columns(*written).with_columns(
        pl.col(pl.String).map_batches(_harmless, return_dtype=pl.String)
    )
    # Names of columns may be models' names, and two of these the same without their control characters.
    heads = pl.DataFrame([_harmless(pl.Series(frame.columns, dtype=pl.String))]).transpose()
    return (heads.write_csv(include_header=False) + cells.write_csv(include_header=False)).encode()


def _harmless(texts: pl.Series) -> pl.Series:
    return pl.Series(texts.name, [text and _cell(plain(text)) for text in texts], pl.String)


def _cell(text: str) -> str:
    """A text that a spreadsheet shows as it is."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(values: pl.Series) -> str:
    return json.dumps(values.to_list(), ensure_ascii=False)
