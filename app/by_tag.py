"""How much higher one pass rate is than another, tag by tag: the numbers, the chart and the table."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import streamlit as st

from aggregate.differences import differences
from app import columns, downloads
from app.drawn import draw
from evalhub import charts
from evalhub.wording import plain

TAGS_DRAWN = 40

NO_TAG = "no tag"


def by_group(both: pl.DataFrame, group: str) -> pl.DataFrame:
    """The difference in each group of samples, greatest first: `group`, difference, low, high, first, second,
    samples, clusters, note.

    both: first, second (pass rates), cluster and `group`.
    """
    names = both[group].unique().sort()
    place = {name: i for i, name in enumerate(names)}
    labels = {name: i for i, name in enumerate(both["cluster"].unique())}
    found = differences(
        both["first"].to_numpy(),
        both["second"].to_numpy(),
        both["cluster"].replace_strict(labels, return_dtype=pl.Int64).to_numpy(),
        both[group].replace_strict(place, return_dtype=pl.Int64).to_numpy(),
    )
    means = both.group_by(group).agg(pl.col("first", "second").mean()).sort(group)
    thin = (pl.col("samples") < columns.THIN_SAMPLES) | (pl.col("clusters") < columns.THIN_CLUSTERS)
    return (
        pl.DataFrame(
            {
                group: names,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "first": means["first"],
                "second": means["second"],
                "samples": found.samples,
                "clusters": found.clusters,
            }
        )
        .with_columns(pl.when(thin).then(pl.lit("thin")).otherwise(pl.lit("")).alias("note"))
        .sort("difference", group, descending=[True, False])
    )


def by_tag(both: pl.DataFrame) -> pl.DataFrame:
    """`by_group` of tags."""
    own = pl.col("tags").list.unique()  # one that is given twice counts once
    tags = pl.when(own.list.len() == 0).then(pl.lit([NO_TAG])).otherwise(own)
    return by_group(both.select(pl.exclude("tags"), tags.alias("tag")).explode("tag"), "tag")


def show_tags(
    both: pl.DataFrame, meaning: Mapping[str, str], *, sides: tuple[str, str], unit: str, right: str, name: str
) -> None:
    """Chart, table and files of `by_tag`.

    meaning: of the table's columns. sides: what the columns first and second are called there. unit: what a
    difference is. right: what it says to be right of the line. name: of the files.
    """
    found = by_tag(both).rename({"first": sides[0], "second": sides[1]})
    table = found.with_columns(pl.Series("tag", [plain(tag) for tag in found["tag"]], pl.String))
    mark = pl.when(pl.col("note") == "").then(pl.lit("")).otherwise(pl.lit(" (thin)"))
    drawn = table.filter(pl.col("samples").rank("ordinal", descending=True) <= TAGS_DRAWN).select(
        pl.col("tag") + mark,
        pl.col("difference").alias("score"),
        "low",
        "high",
        pl.lit(charts.MODEL).alias("kind"),
    )
    draw(charts.differences, drawn, label="tag", unit=unit)
    st.caption(
        ("" if len(drawn) == len(table) else f"Drawn: the {TAGS_DRAWN} tags with most samples. ")
        + "Bars are 95 % intervals, each for its tag alone: of twenty tags without any difference, one looks "
        f"as if it had one. {right}"
    )
    st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 15),
        column_config=columns.config(meaning, table),
    )
    downloads.buttons(found, name)
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(meaning, table)
        st.markdown(
            "The interval is about the choice of samples, whole clusters at a time. It pairs the samples, and is "
            "that of Korn and Graubard for a mean of values in a known range, so that it stays honest for few "
            "clusters. It does not cover wrong references, or samples that a model has seen in training."
        )
