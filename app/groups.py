"""The groups of a ranking, each for itself: of the order of models across them nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import streamlit as st

from aggregate.ranking import RankedGroup
from evalhub.group_sections import ACROSS, ALONE, EACH, group_sections
from evalhub.wording import plain

_SOURCES = 3
"""Sources of a group that are named."""


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
    given = [RankedGroup(group=row.pop("model_group"), **row) for row in groups.iter_rows(named=True)]
    found = [
        Section(
            plain(section.heading + section.about),
            section.unit,
            rows.filter(pl.col("model_group").is_in(section.groups)),
        )
        for section in group_sections(given, _SOURCES)
    ]
    return [section for section in found if len(section.rows)]


def own_group(places: pl.DataFrame) -> pl.Series:
    """Which of how many groups a model is in, by row of `queries.places`; '' in a ranking that is one."""
    rows = places.select("model_group", "groups").rows()
    return pl.Series("group", [f"{group} of {groups}" if groups > 1 else "" for group, groups in rows], pl.String)


def choose(found: Sequence[Section]) -> Section:
    """Ask which of several sections to show; the first by default."""
    if len(found) == 1:
        return found[0]
    alone = ALONE + EACH
    titles = [section.title + (f" ({section.unit})" if section.title == alone else "") for section in found]
    place = st.selectbox("Group", range(len(found)), format_func=titles.__getitem__, key="group", help=ACROSS)
    st.caption(ACROSS)
    return found[place]
