"""About this ranking: everything needed to judge it and to make it again, as a page and under the ranking."""

from __future__ import annotations

import shlex
from typing import Any

import polars as pl
import streamlit as st

from app import columns, controls, downloads, pair_queries, queries
from app.controls import OpenPage, source_name
from app.snapshot import Snapshot
from app.wording import escaped
from evalhub.wording import plain


def render(snapshot: Snapshot, open_page: OpenPage) -> None:  # noqa: ARG001
    """Show how a source's ranking by a method was made, and offer what it rests on."""
    st.title("About this ranking")
    chosen = controls.ranking(snapshot)
    if chosen is None:
        return
    _facts(snapshot, chosen)
    st.subheader("Hashes")
    st.markdown(
        "\n".join(
            f"- **{name}**: `{value}`. {meaning}"
            for name, value, meaning in (
                ("Ranking", plain(chosen["ranking_id"]), "Of method, level, and every measurement and vote."),
                (
                    "Benchmark",
                    queries.benchmark_hash(snapshot, chosen["source"]),
                    "SHA-256 of the ids of its samples, sorted, one a line; an id is a hash of what is asked.",
                ),
                ("Snapshot", queries.file_hash(snapshot), f"SHA-256 of the file `{snapshot.path.name}`."),
            )
        )
    )
    st.subheader("Make it again")
    _command(chosen)
    st.caption("In a hub with the same measurements it gives the same ranking id.")
    st.subheader("What the interval covers")
    st.markdown(interval_covers(chosen["level"]))
    _matrix(snapshot, chosen["source"])


def about(snapshot: Snapshot, ranking: dict[str, Any], table: pl.DataFrame) -> None:
    """Method, identity, size and command of a ranking, and what its numbers mean."""
    with st.expander("About this ranking", icon=":material/info:"):
        _facts(snapshot, ranking)
        st.markdown("The command that makes it again:")
        _command(ranking)
        st.markdown("**What the columns mean**")
        columns.explain(columns.RANKING, table)
        st.markdown("**What the interval covers**")
        st.markdown(interval_covers(ranking["level"]))


def _facts(snapshot: Snapshot, ranking: dict[str, Any]) -> None:
    itself = queries.about(snapshot)
    facts = {
        "Source": source_name(ranking["source"]),
        "Method": ranking["method"],
        "Takes for granted": ranking["assumes"],
        "A score is": "; ".join(dict.fromkeys(queries.groups(snapshot, ranking["ranking_id"])["unit"])),
        "Samples": f"{ranking['samples']:,} in {ranking['clusters']:,} clusters (groups that share a paper, "
        "an image or a document; the unit of resampling)",
        "Ranking id": ranking["ranking_id"],
        "Ranked": f"{ranking['ranked_at']:%Y-%m-%d %H:%M} UTC",
        "Snapshot": itself["snapshot_id"],
        "Published": f"{itself['published_at']:%Y-%m-%d %H:%M} UTC by evalhub {itself['evalhub']}",
    }
    st.markdown("\n".join(f"- **{name}**: {escaped(str(value))}" for name, value in facts.items()))


def rank_command(ranking: dict[str, Any]) -> str:
    """What makes a ranking again."""
    of = [] if ranking["source"] == queries.POOL else ["--source", ranking["source"]]
    return shlex.join(["evalhub", "rank", *of, "--method", ranking["method"]])


def _command(ranking: dict[str, Any]) -> None:
    st.code(plain(rank_command(ranking)), language=None)


def _matrix(snapshot: Snapshot, source: str) -> None:
    st.subheader("Every measurement")
    if not pair_queries.has_pairs(snapshot):
        st.info("An older evalhub published this snapshot. Run `evalhub publish` again.")
        return
    cells = pair_queries.matrix_cells(snapshot, source)
    if cells > pair_queries.MOST_CELLS:
        command = ["evalhub", "export", "measurements.parquet", *(["--source", source] if source else [])]
        st.markdown(
            f"The matrix of samples and models has {cells:,} cells, too many for a click. The hub writes it, in "
            "long form:"
        )
        st.code(plain(shlex.join(command)), language=None)
        return
    st.markdown(
        "A row for each sample, a column for each model, named as in the ranking where it has settings: its "
        "values by the main metric. Empty where nothing was measured, which is not 0."
    )
    downloads.buttons(lambda: pair_queries.matrix(snapshot, source), "matrix")


def interval_covers(level: float) -> str:
    """What an interval of a ranking says, and what it does not."""
    return (
        f"The interval of a score is about the choice of samples: had other samples been drawn "
        "in the same way, whole clusters at a time, intervals made like this one would hold the "
        f"model's true score in {level * 100:.3g} of 100 cases. The rank range holds for all models at once. "
        "Neither covers wrong references, another wording of the prompt, other decoding settings, or samples "
        "that a model has seen in training."
    )
