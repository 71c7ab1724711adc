"""The groups of a ranking, each for itself: of the order of models across them nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import streamlit as st

from evalhub.wording import counted, first_few, plain

ALONE = "Beside no other model: a group each"
"""Heading of models that share nothing with any other."""

ACROSS = "Ranks count the models of a group. Nothing is known of the order of models across groups."


@dataclass(frozen=True)
class Section:
    """Rows that are shown together."""

    title: str
    """'' where all models of a ranking are one group."""

    unit: str
    """What a score is."""

    rows: pl.DataFrame


def sections(groups: pl.DataFrame, rows: pl.DataFrame) -> list[Section]:
    """The rows of a ranking by group, those of models that stand alone together, by what their score is.

    groups: `queries.groups`. rows: `queries.ranking_rows`, some of them or all.
    """
    if len(groups) < 2:
        return [Section("", unit, rows) for unit in groups["unit"]]
    found: list[Section] = []
    alone: dict[str, list[int]] = {}
    for group in groups.iter_rows(named=True):
        if group["models"] == 1:
            alone.setdefault(group["unit"], []).append(group["model_group"])
            continue
        title = _title(group["model_group"], len(groups), group["models"], group["sources"])
        found.append(Section(title, group["unit"], rows.filter(pl.col("model_group") == group["model_group"])))
    for unit, numbers in alone.items():
        found.append(Section(ALONE, unit, rows.filter(pl.col("model_group").is_in(numbers))))
    return [section for section in found if len(section.rows)]


def _title(group: int, groups: int, models: int, sources: Sequence[str]) -> str:
    on = f", measured on {plain(first_few(sources, 3))}" if sources else ""
    return f"Group {group} of {groups}: {counted(models, 'model')}{on}"


def choose(found: Sequence[Section]) -> Section:
    """Ask which of several sections to show; the first by default."""
    if len(found) == 1:
        return found[0]
    titles = [section.title + (f" ({section.unit})" if section.title == ALONE else "") for section in found]
    place = st.selectbox("Group", range(len(found)), format_func=titles.__getitem__, key="group", help=ACROSS)
    st.caption(ACROSS)
    return found[place]
