"""A paper that comes under two names is one paper."""

from __future__ import annotations

from dataclasses import replace

from evalhub.live.doubles import doubles
from ingest.papers.records import Paper, Table

CAPTIONS = ("Accuracy of the models on four data sets.", "How long each model takes to train, in hours.", "Words.")


def paper(name: str, *captions: str) -> Paper:
    blank = Table(number="1", caption="", route="latex", cells=(), header_rows=0, header_columns=0)
    return Paper(paper_id=name, tables=tuple(replace(blank, caption=caption) for caption in captions))


def test_captions_tell() -> None:
    """Whatever the case and the marks; the first one stands."""
    shouted = [caption.upper().replace(" ", "  ") for caption in CAPTIONS]
    assert doubles([paper("a", *CAPTIONS), paper("b", *shouted), paper("c", *CAPTIONS)]) == {"b": "a", "c": "a"}


def test_one_shared_caption_or_short_ones_do_not_tell() -> None:
    other = paper("b", CAPTIONS[0], "Another caption of another paper.", "A third one, of that paper as well.")
    assert doubles([paper("a", *CAPTIONS), other]) == {}
    assert doubles([paper("a", "Results.", "Data."), paper("b", "Results.", "Data.")]) == {}
    assert doubles([paper("a"), paper("b")]) == {}
