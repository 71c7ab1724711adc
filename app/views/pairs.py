"""What the pages that compare models in pairs begin with."""

from __future__ import annotations

import streamlit as st

from app import pair_queries
from app.snapshot import Snapshot


def sources_or_why_not(snapshot: Snapshot) -> list[str]:
    """Where models can be compared; if nowhere, the page says what to run."""
    if not pair_queries.has_pairs(snapshot):
        st.info("An older evalhub published this snapshot, without pairs of models. Run `evalhub publish` again.")
        return []
    sources = pair_queries.sources(snapshot)
    if not sources:
        st.info(
            "No two models were measured on the same samples. Score a second one with `evalhub score MODEL`, "
            "then `evalhub publish`."
        )
    return sources
