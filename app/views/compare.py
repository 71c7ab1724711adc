"""The page that sets two models side by side: overall, by tag, and where they disagree most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from aggregate.head_to_head import head_to_head, numbers_of
from aggregate.measurements import MeasurementsError
from app import columns, controls, downloads, pair_queries, sample_queries
from app.by_tag import by_group, show_tags
from app.controls import OpenPage
from app.snapshot import Snapshot
from app.views.pairs import sources_or_why_not
from app.views.sample import show_sample
from app.wording import escaped, number, start
from evalhub.wording import counted, plain

PAGE = 20
"""Samples listed at once."""

GAP = pl.col("first") - pl.col("second")
AHEAD = {"either one": GAP != 0, "the first": GAP > 0, "the second": GAP < 0}
"""Who does better on the samples that are listed."""


def render(snapshot: Snapshot, open_page: OpenPage) -> None:  # noqa: ARG001
    """Show how two models differ, which the address names, else ask for them."""
    st.title("Compare two models")
    options = sources_or_why_not(snapshot)
    if not options:
        return
    columns_of = st.columns([2, 3, 3])
    with columns_of[0]:
        source = controls.source(options)
    ranked = pair_queries.ranked(snapshot, source)
    chosen = []
    for place, name in enumerate(("first", "second"), 1):
        with columns_of[place]:
            chosen.append(
                st.selectbox(
                    f"{name.capitalize()} model",
                    ranked["model"].to_list(),
                    index=None,  # so that the address always names what is compared
                    placeholder="Choose a model",
                    format_func=plain,
                    key=name,
                    bind="query-params",
                    help="In the order of the source's ranking.",
                )
            )
    first, second = chosen
    if first is None or second is None or first == second:
        st.info("Choose two different models.")
        return
    rates = pair_queries.pass_rates(snapshot, source, first, second)
    both = rates.drop_nulls(["first", "second"])
    _overall(both, rates, first, second)
    won = pair_queries.wins(snapshot, source).filter(pl.col("model") == first, pl.col("against") == second)
    _win_rate(won, pair_queries.votes(snapshot, source, first, second))
    grades, ranges = pair_queries.grades(snapshot, source, first, second), pair_queries.metric_ranges(snapshot)
    graded = _grades(grades, first, second, ranges)
    if both.is_empty():
        if not graded:
            by_votes = "" if won.is_empty() else "Only votes compare them. "
            st.info(f"{by_votes}There is no sample on which both have a result.")
        return
    name = f"{snapshot.snapshot_id}-{source}-{first}-{second}"
    st.subheader("By tag")
    show_tags(
        both,
        columns.TAGS,
        sides=("first", "second"),
        unit="difference of pass rates, first minus second",
        right="Right of the line the first model does better.",
        name="by-tag",
    )
    ids = dict(ranked.iter_rows())
    _disagreements(snapshot, both, (ids[first], ids[second]), (first, second), name)


def _overall(both: pl.DataFrame, rates: pl.DataFrame, first: str, second: str) -> None:
    st.markdown(f"First: **{escaped(first)}** · second: **{escaped(second)}**")
    alone = [rates[one].count() - len(both) for one in ("first", "second")]
    if not both.is_empty():
        row = by_group(both.with_columns(pl.lit("").alias("all")), "all").row(0, named=True)
        st.metric(
            "Difference of pass rates, first minus second",
            _points(row["difference"]),
            help=columns.TAGS["difference"],
        )
        verdict = "The interval holds 0: which one is better is not certain."
        if row["low"] > 0 or row["high"] < 0:
            verdict = f"The {'first' if row['low'] > 0 else 'second'} is better, as far as such samples tell."
        mark = " · :orange-badge[thin]" if row["note"] else ""
        st.markdown(
            f"95 % interval **{_points(row['low'])}** to **{_points(row['high'])}** · "
            f"pass rates **{number(row['first'])}** and **{number(row['second'])}** on "
            f"**{counted(row['samples'], 'sample')}** in **{counted(row['clusters'], 'cluster')}**{mark}"
        )
        st.markdown(verdict)
    if any(alone):
        st.caption(
            f"Left out, as only one of them has a pass rate there: {alone[0]:,} of the first, {alone[1]:,} of the "
            "second. Missing is not wrong."
        )


def _points(difference: float) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * difference:+.1f} points".replace("-", "−")


def _win_rate(won: pl.DataFrame, votes: dict[str, Any] | None) -> None:
    if won.is_empty():
        return
    row = won.row(0, named=True)
    alone = votes is not None and votes["wins"] + votes["ties"] + votes["losses"] == row["samples"]
    of = counted(row["samples"], "vote") if alone else f"{row['samples']:,}"
    interval = _of_votes(votes) if votes else ""
    st.markdown(
        f"**Win rate** of the first: **{row['share']:.1%}**{f' · {interval}' if alone else ''} · "
        f"{number(row['wins'])} won, {number(row['ties'])} tied, {number(row['losses'])} lost of {of}"
    )
    if votes and not alone:
        st.markdown(
            f"**Votes** alone: **{votes['share']:.1%}** for the first · {interval} · {votes['wins']:,} won, "
            f"{votes['ties']:,} tied, {votes['losses']:,} lost"
        )
    st.caption(f"A tie is half a win. {columns.PAIRS['samples']} {columns.PAIRS['wins']}")


def _of_votes(votes: dict[str, Any]) -> str:
    return f"95 % interval **{votes['low']:.1%}** to **{votes['high']:.1%}**"


def _grades(values: pl.DataFrame, first: str, second: str, ranges: Mapping[str, tuple[float, float]]) -> bool:
    """What is no pass rate, metric by metric; whether there is any on samples of both."""
    if values["model"].n_unique() < 2:
        return False
    try:
        found = head_to_head(numbers_of(values).with_ends(ranges), first, second)
    except MeasurementsError as error:
        st.info(escaped(f"Grades and other numbers cannot be compared: {error}"))
        return True
    if not found:
        return False
    st.subheader("Grades and other numbers")
    table = pl.DataFrame(
        [
            {
                "metric": plain(row.metric.name),
                "samples": row.samples,
                **{name: getattr(row, name) for name in ("first", "second", "difference", "low", "high")},
                "first better": row.wins,
                "ties": row.ties,
                "second better": row.losses,
            }
            for row in found
        ],
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    )
    st.dataframe(table, hide_index=True, column_config=columns.config(columns.GRADES, table))
    st.caption(
        "Means on the samples that both were measured on, their difference, first minus second, with its 95 % "
        "interval over clusters of samples (none where they say nothing of the spread), and on how many samples "
        "each does better. Where lower is better, a negative difference is good for the first."
    )
    return True


def _disagreements(
    snapshot: Snapshot, both: pl.DataFrame, ids: tuple[str, str], names: tuple[str, str], name: str
) -> None:
    st.subheader("Where they disagree most")
    with st.columns([2, 5])[0]:
        ahead = st.selectbox("Who does better", list(AHEAD), key="ahead", bind="query-params")
    found = (
        both.filter(AHEAD[ahead])
        .with_columns(GAP.alias("difference"))
        .sort(pl.col("difference").abs(), "sample_id", descending=[True, False])
    )
    if found.is_empty():
        st.info("There is no such sample.")
        return
    wanted = st.query_params.get("sample")
    pages = -(-len(found) // PAGE)
    page = 1
    if pages > 1:
        key = f"page-{name}-{ahead}"
        if key not in st.session_state:  # a link opens on the page of its sample
            everywhere = found["sample_id"].to_list()
            st.session_state[key] = 1 + (everywhere.index(wanted) // PAGE if wanted in everywhere else 0)
        page = st.number_input(f"Page, 1 to {pages:,}", 1, pages, key=key, width=240)
    shown = found.slice((page - 1) * PAGE, PAGE)
    known = shown["sample_id"].to_list()
    table = _sample_table(shown, sample_queries.beginnings(snapshot, known)["question"])
    choice = st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, PAGE),
        column_config=columns.config(columns.DISAGREEMENTS, table),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [known.index(wanted)] if wanted in known else []}},
        key=f"disagree-{name}-{ahead}-{page}",
    )
    downloads.buttons(found.drop("tags"), "disagreements")
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(columns.DISAGREEMENTS, table)
    if not choice.selection.rows:
        st.query_params.pop("sample", None)
        st.caption("Tick a row to read the question, the reference, and what both models said.")
        return
    sample_id = known[choice.selection.rows[0]]
    st.query_params["sample"] = sample_id
    _both_answers(snapshot, sample_id, ids, names)


def _sample_table(shown: pl.DataFrame, questions: pl.Series) -> pl.DataFrame:
    return shown.select(
        pl.Series("source", [plain(source) for source in shown["source"]], pl.String),
        pl.Series("id", [start(source_id, 60) for source_id in shown["source_id"]], pl.String),
        pl.Series("question", [start(question, 120) for question in questions], pl.String),
        "first",
        "second",
        "difference",
    )


def _both_answers(snapshot: Snapshot, sample_id: str, ids: tuple[str, str], names: tuple[str, str]) -> None:
    if ids[0] == ids[1]:  # two variants of a model: its attempts stand together, each under its settings
        show_sample(snapshot, ids[0], sample_id)
        return
    for tab, model_id in zip(st.tabs([escaped(name) for name in names]), ids, strict=True):
        with tab:
            show_sample(snapshot, model_id, sample_id)
