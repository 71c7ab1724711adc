"""One paper out of its source and its PDF: content from LaTeX, places and images from the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from ingest.papers.records import Figure, Item, Table

_SAME_NUMBER = 0.4
"""How alike captions must be, from 0 to 1, where the numbers agree; else `_OTHER_NUMBER`."""

_OTHER_NUMBER = 0.8
_FEWEST_WORDS = 3

_Kind = TypeVar("_Kind", bound=Item)


def merge_figures(latex: Sequence[Figure], pdf: Sequence[Figure]) -> list[Figure]:
    """Each figure once, in the order of the source; those that only the PDF has come last."""
    merged = [
        figure
        if page is None
        else replace(
            figure,
            number=page.number,
            region=page.region,
            image=page.image,
            words=page.words,
            panels=figure.panels or page.panels,
            citing=figure.citing or page.citing,
        )
        for figure, page in pairs(latex, pdf)
    ]
    return merged + _only(pdf, merged)


def merge_tables(latex: Sequence[Table], pdf: Sequence[Table]) -> list[Table]:
    """Each table once, in the order of the source; those that only the PDF has come last. A table of which the
    source's cells could not be read has the page's."""
    merged = []
    for table, page in pairs(latex, pdf):
        if page is None:
            merged.append(table)
        elif not table.cells:
            merged.append(replace(page, label=table.label, citing=table.citing or page.citing))
        else:
            citing = table.citing or page.citing
            merged.append(replace(table, number=page.number, region=page.region, image=page.image, citing=citing))
    return merged + _only(pdf, merged)


def pairs(latex: Sequence[_Kind], pdf: Sequence[_Kind]) -> list[tuple[_Kind, _Kind | None]]:
    """Items of the source, each with the one on the pages that has its number and caption, else its caption.

    An item without a caption has no partner.
    """
    partners: dict[int, _Kind] = {}
    free = list(pdf)
    for same_number in (True, False):
        for index, item in enumerate(latex):
            if index in partners or not item.number:
                continue
            close = [
                (alike(item.caption, page.caption), page)
                for page in free
                if (page.number == item.number) is same_number
            ]
            best = max(close, key=lambda pair: pair[0], default=(0.0, None))
            if best[1] is not None and best[0] >= (_SAME_NUMBER if same_number else _OTHER_NUMBER):
                partners[index] = best[1]
                free.remove(best[1])
    return [(item, partners.get(index)) for index, item in enumerate(latex)]


def alike(one: str, other: str) -> float:
    """The share of the shorter caption's words that the longer one has too; captions are cut off in many ways."""
    first, second = (set(re.findall(r"[^\W_]+", text.casefold())) for text in (one, other))
    shorter = min(len(first), len(second))
    if shorter < _FEWEST_WORDS:
        return float(first == second)
    return len(first & second) / shorter


def _only(pdf: Sequence[_Kind], merged: Sequence[_Kind]) -> list[_Kind]:
    """What the PDF has under numbers that nothing else has."""
    taken = {item.number for item in merged}
    return [page for page in pdf if page.number not in taken]
