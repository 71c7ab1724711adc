"""Papers that come twice, as a PDF under one name and as a source under another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ingest.papers.records import Paper

_ENOUGH = 2
"""Captions that two papers must share, however few they have."""

_SHARE = 0.5
"""Of the captions of the one with fewer. A PDF and its source differ where there is mathematics in a caption."""

_SHORT = 20
"""Letters and digits of a caption that says too little to tell papers apart."""


def doubles(papers: Sequence[Paper], known: Mapping[str, Iterable[str]] | None = None) -> dict[str, str]:
    """Of papers, in order of preference, those that are an earlier one once more: {paper_id: that one's}. Papers
    are the same that have the same captions, or share two and half of them.

    known: captions of other papers, which come first, by their id.
    """
    found: dict[str, str] = {}
    kept = [(name, _spelt(captions)) for name, captions in (known or {}).items()]
    for paper in papers:
        mine = _spelt(item.caption for item in (*paper.figures, *paper.tables))
        same = next((one for one, theirs in kept if _alike(mine, theirs)), None)
        if same is None:
            kept.append((paper.paper_id, mine))
        else:
            found[paper.paper_id] = same
    return found


def _spelt(captions: Iterable[str]) -> set[str]:
    spelt = (re.sub(r"[\W_]+", "", caption.casefold()) for caption in captions)
    return {one for one in spelt if len(one) >= _SHORT}


def _alike(one: set[str], other: set[str]) -> bool:
    shared = len(one & other)
    if one == other:
        return bool(one)
    return shared >= _ENOUGH and shared >= _SHARE * min(len(one), len(other))
