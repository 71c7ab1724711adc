"""Papers that come twice, as a PDF under one name and as a source under another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.papers.records import Paper

_ENOUGH = 2
"""Captions that two papers must share, however few they have."""

_SHARE = 0.5
"""Of the captions of the one with fewer. A PDF and its source differ where there is mathematics in a caption."""

_SHORT = 20
"""Letters and digits of a caption that says too little to tell papers apart."""


def doubles(papers: Sequence[Paper]) -> dict[str, str]:
    """Of papers, in order of preference, those that are an earlier one once more: {paper_id: that one's}. Papers
    are the same that share their captions."""
    found: dict[str, str] = {}
    kept: list[tuple[str, set[str]]] = []
    for paper in papers:
        mine = _captions(paper)
        same = next((one for one, theirs in kept if _alike(mine, theirs)), None)
        if same is None:
            kept.append((paper.paper_id, mine))
        else:
            found[paper.paper_id] = same
    return found


def _captions(paper: Paper) -> set[str]:
    spelt = (re.sub(r"[\W_]+", "", item.caption.casefold()) for item in (*paper.figures, *paper.tables))
    return {one for one in spelt if len(one) >= _SHORT}


def _alike(one: set[str], other: set[str]) -> bool:
    shared = len(one & other)
    return shared >= _ENOUGH and shared >= _SHARE * min(len(one), len(other))
