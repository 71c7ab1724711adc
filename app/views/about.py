"""The expander "About this ranking": everything needed to judge it and to make it again."""

from __future__ import annotations

import shlex
from typing import Any

import polars as pl
import streamlit as st

from app import columns, queries
from app.controls import EVERYTHING
from app.snapshot import Snapshot
from app.wording import escaped
from evalhub.wording import plain


def about(snapshot: Snapshot, ranking: dict[str, Any], table: pl.DataFrame) -> None:
    """Method, identity, size and command of a ranking, and what its numbers mean."""
    itself = queries.about(snapshot)
    command = ["evalhub", "rank", "--method", ranking["method"]]
    if ranking["source"] != queries.POOL:
        command[2:2] = ["--source", ranking["source"]]
    facts = {
        "Source": ranking["source"] or EVERYTHING,
        "Method": ranking["method"],
        "Takes for granted": ranking["assumes"],
        "A score is": ranking["unit"],
        "Samples": f"{ranking['samples']:,} in {ranking['clusters']:,} clusters (groups that share a paper, "
        "an image or a document; the unit of resampling)",
        "Ranking id": ranking["ranking_id"],
        "Ranked": f"{ranking['ranked_at']:%Y-%m-%d %H:%M} UTC",
        "Snapshot": itself["snapshot_id"],
        "Published": f"{itself['published_at']:%Y-%m-%d %H:%M} UTC by evalhub {itself['evalhub']}",
    }
    with st.expander("About this ranking", icon=":material/info:"):
        st.markdown("\n".join(f"- **{name}**: {escaped(str(value))}" for name, value in facts.items()))
        st.markdown("The command that makes it again:")
        st.code(plain(shlex.join(command)), language=None)
        st.markdown("**What the columns mean**")
        columns.explain(columns.RANKING, table)
        st.markdown("**What the interval covers**")
        st.markdown(interval_covers(ranking["level"]))


def interval_covers(level: float) -> str:
    """What an interval of a ranking says, and what it does not."""
    return (
        f"The interval of a score is about the choice of samples: had other samples been drawn "
        "in the same way, whole clusters at a time, intervals made like this one would hold the "
        f"model's true score in {level * 100:.3g} of 100 cases. The rank range holds for all models at once. "
        "Neither covers wrong references, another wording of the prompt, other decoding settings, or samples "
        "that a model has seen in training."
    )
