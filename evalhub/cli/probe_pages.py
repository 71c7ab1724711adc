"""What a probe found, as a reader sees it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from evalhub.cli.tables import console, escape
from evalhub.probes.probe import Found, Match
from evalhub.store.short_ids import SHOWN
from evalhub.wording import counted

_LONGEST = 90
"""Characters of a question in a table."""

_LEGEND = (
    "[dim]similarity: how near the sample is to what is asked for, in standard deviations above the average of "
    "the pool. chance: that it is what you mean, estimated (1.00 where you said so). sample: the first digits of "
    "its id, as --right, --wrong and --like take them.[/]"
)


def print_found(found: Found, show: int) -> None:
    """How many samples, how sure, the first and the borderline ones."""
    out = console()
    out.print(
        f"{counted(len(found.matches), 'sample')} of {found.candidates:,}"
        + (f": {escape(shortened(found.probe.text))}" if found.probe.text else "")
    )
    if not found.matches and found.candidates and found.cut.precision is not None:
        out.print(
            f"none can be had with precision {found.cut.precision}: lower --precision, take the most similar ones "
            "with --top N, or answer some questions with --ask N"
        )
    if found.encoder and found.matches:
        out.print(
            f"estimated precision {found.precision:.2f} (95% interval {found.low:.2f} to {found.high:.2f}), "
            f"from {counted(found.answers, 'answer')}"
        )
    if not found.encoder and found.candidates > len(found.matches):
        out.print("the first ones in the order of the pool: a filter alone puts none before another")
    if found.matches and show:
        out.print(_table("first", found.matches[:show], bool(found.encoder)))
    if found.borderline and show:
        out.print(_table("just below the cut", found.borderline[:show], bool(found.encoder)))
    if found.encoder and show and (found.matches or found.borderline):
        out.print(_LEGEND)


def shortened(text: str) -> str:
    """A text on one line, as long as a table shows it."""
    line = " ".join(text[: 2 * _LONGEST].split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _table(title: str, matches: Sequence[Match], estimated: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="", title=title, title_justify="left", title_style="")
    if estimated:
        table.add_column("similarity", justify="right")
        table.add_column("chance", justify="right")
    table.add_column("sample")
    table.add_column("source")
    table.add_column("name", overflow="fold")
    table.add_column("question")
    for one in matches:
        numbers = (f"{one.similarity:.2f}", f"{one.relevance:.2f}") if estimated else ()
        names = (one.sample_id[:SHOWN], one.source, one.source_id, shortened(one.prompt))
        table.add_row(*numbers, *map(escape, names))
    return table


def found_json(found: Found) -> dict[str, Any]:
    """What is found, for programs; what is not estimated is null."""
    precision, low, high = (None if math.isnan(one) else one for one in (found.precision, found.low, found.high))
    return {
        "probe": found.probe.to_json(),
        "encoder": found.encoder,
        "candidates": found.candidates,
        "answers": found.answers,
        "precision": precision,
        "low": low,
        "high": high,
        "samples": [_json(one) for one in found.matches],
        "borderline": [_json(one) for one in found.borderline],
    }


def _json(match: Match) -> dict[str, Any]:
    return {
        "sample": match.sample_id,
        "source": match.source,
        "source_id": match.source_id,
        "similarity": match.similarity,
        "relevance": match.relevance,
    }
