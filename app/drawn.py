"""Charts on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import altair as alt
import streamlit as st
from altair.utils.schemapi import debug_mode

Chart = alt.LayerChart | alt.FacetChart


def draw(
    make: Callable[..., Chart], *given: Any, width: Literal["stretch", "content"] = "stretch", **named: Any
) -> None:
    """Show the chart that a function of a module makes of frames, numbers and names.

    Making one takes ten times as long as the rest of a page: it is remembered for all readers.
    """
    st.vega_lite_chart(_made(make, f"{make.__module__}.{make.__qualname__}", given, named), width=width)


def show(chart: Chart) -> None:
    """Show a chart that was made."""
    st.vega_lite_chart(_specification(chart))


@st.cache_data(max_entries=256, show_spinner=False)
def _made(_make: Callable[..., Chart], name: str, given: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """The function is known by its name."""
    del name
    with debug_mode(False):  # else every part is checked when it is made
        return _specification(_make(*given, **named))


def _specification(chart: Chart) -> dict[str, Any]:
    """For the page, not checked against the schema of Vega-Lite: `st.altair_chart` does that at every run, under a
    lock that all readers share. Tests check it."""
    found: dict[str, Any] = chart.to_dict(validate=False)
    found.pop("config", None)  # Altair's own sizes; the page's theme has the colours
    return found
