"""What a page of the site shows, as plain values for its template."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import isfinite
from typing import Any

import polars as pl

from app.groups import Section
from app.queries import POOL
from app.views.ranking import as_table
from app.wording import number, share, size
from evalhub.axis import axis_ends
from evalhub.charts import drawable
from evalhub.win_map import THIN_CELL
from evalhub.wording import with_interval

_TAKES = (
    *("parameters", "released", "cost", "priced"),
    *("per_correct", "ideal_cost", "ideal_per_correct", "ideal_seconds", "density"),
)

FACTS = ("model", "score", "low", "high", "samples", "coverage", *_TAKES)
"""Columns of `queries.ranking_rows` that say what a model takes, beside those that say how well it does."""


def slug(text: str) -> str:
    """A name for a file, always the same for a text: what is readable of it, and digits of its hash."""
    readable = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40]
    return f"{readable}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def ranking_file(source: str, method: str) -> str:
    """The page of a ranking; the first page is the whole pool's by the default method."""
    if source == POOL and method == "auto":
        return "index.html"
    return f"ranking-{slug(source) if source else 'all'}-{slug(method)}.html"


def model_file(model_id: str) -> str:
    """The page of a model."""
    return f"model-{slug(model_id)}.html"


def wins_file(source: str) -> str:
    """The page of a source's win rates."""
    return f"wins-{slug(source) if source else 'all'}.html"


def ranking_rows(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """A ranking's rows with the place of their bars, in percent of the width."""
    placed = drawable(rows)
    least, most = axis_ends(rows)
    width = most - least or 1.0

    def at(value: float | None) -> float:
        return 0.0 if value is None else round(100 * (value - least) / width, 2)

    shown = []
    for row, raw, on_axis in zip(
        *(frame.iter_rows(named=True) for frame in (as_table(rows), rows, placed)), strict=True
    ):
        low, high = at(on_axis["low"]), at(on_axis["high"])
        score, *ends = with_interval(raw["score"], raw["low"], raw["high"])
        shown.append(
            {
                **row,
                "score": score,
                "low": ends[0],
                "high": ends[1],
                "parameters": "" if raw["parameters"] is None else size(raw["parameters"]),
                "dollars": "" if raw["cost"] is None else number(raw["cost"]),
                "covered": share(raw["coverage"]),
                "page": model_file(raw["model_id"]),
                "left": low,
                "wide": round(high - low, 2),
                "point": at(on_axis["score"]),
                "cut": [side for side in ("low", "high") if on_axis[f"cut_{side}"]],
            }
        )
    return shown


def told_of(found: Sequence[Section]) -> tuple[list[Section], int]:
    """Sections with those columns of `FACTS` that are known of any of their models, and of how many models in the
    other sections nothing is known: these are left out."""
    told, untold = [], 0
    for one in found:
        known = [name for name in _TAKES if one.rows["cost" if name == "priced" else name].count()]
        if known:
            told.append(replace(one, rows=one.rows.select(*FACTS[: -len(_TAKES)], *known)))
        else:
            untold += len(one.rows)
    return told, untold


def explained(meaning: Mapping[str, str], names: list[str]) -> list[tuple[str, str]]:
    """Columns and what they mean, without the marks of Markdown."""
    return [(name, meaning[name].replace("`", "").replace("**", "")) for name in names if name in meaning]


def win_cells(wins: pl.DataFrame, models: list[str]) -> list[dict[str, Any]]:
    """A row for each model with a cell for each: share of wins, samples, and how it is coloured."""
    found = {(row["model"], row["against"]): row for row in wins.iter_rows(named=True)}
    rows = []
    for model in models:
        cells = []
        for against in models:
            cell = found.get((model, against))
            if cell is None:
                cells.append({"text": "", "title": "", "kind": "none", "strength": 0})
                continue
            share = cell["share"]
            cells.append(
                {
                    "text": f"{share * 100:.0f}",
                    "title": f"{share:.1%} of {cell['samples']:,}",
                    "kind": "thin" if cell["samples"] < THIN_CELL else "win" if share >= 0.5 else "loss",
                    "strength": round(min(1.0, abs(share - 0.5) * 2), 2),
                }
            )
        rows.append({"model": model, "cells": cells})
    return rows


def known(rows: list[dict[str, Any]]) -> set[str]:
    """The columns of `ranking_rows` that say something of any model."""
    return {name for row in rows for name, value in row.items() if value not in (None, "")}


def cells(frame: pl.DataFrame) -> list[list[str]]:
    """A frame's values as texts, numbers short; a score has the digits that its interval leaves."""
    found = []
    for row in frame.iter_rows(named=True):
        texts = {name: _text(value) for name, value in row.items()}
        if texts.keys() >= {"score", "low", "high"}:
            ends = (row["score"], row["low"], row["high"])
            texts.update(zip(("score", "low", "high"), with_interval(*ends), strict=True))
        if "coverage" in texts:
            texts["coverage"] = share(row["coverage"])
        found.append(list(texts.values()))
    return found


def numeric(frame: pl.DataFrame) -> list[bool]:
    """Which columns are numbers, and stand at the right."""
    return [kind.is_numeric() for kind in frame.dtypes]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value) if isfinite(value) else ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
