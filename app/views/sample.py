"""One sample as one model met it: question, reference, and every attempt with its verdict.

All of this text is hostile until proven otherwise: it is shown preformatted, never as Markdown or HTML.
"""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from app import queries
from app.snapshot import Snapshot
from app.wording import LONGEST, escaped, number
from evalhub.wording import plain

TALL = 1_500
"""Characters above which a text gets a box that scrolls."""


def show_sample(snapshot: Snapshot, model_id: str, sample_id: str) -> None:
    """Show a sample and a model's attempts on it."""
    sample = queries.sample(snapshot, sample_id)
    st.subheader(f"{escaped(sample['source'])} / {escaped(sample['source_id'])}")
    _about(sample)
    question, reference = st.columns(2)
    with question:
        st.markdown("**Question**")
        show_images(sample["images"])
        _text(sample["prompt"])
        if sample["choices"]:
            st.markdown("**Choices**")
            _text("\n".join(f"{place}. {choice}" for place, choice in enumerate(sample["choices"], 1)))
    with reference:
        st.markdown("**Reference**")
        _text(_readable(sample["reference"]))
    for tally in queries.attempt_counts(snapshot, model_id, sample_id).iter_rows(named=True):
        _attempts(snapshot, model_id, sample_id, tally)


def _about(sample: dict[str, Any]) -> None:
    facts = {
        "grader": sample["grader"],
        "licence": sample["licence"] or "unknown",
        "published": str(sample["published_at"] or "unknown"),
        "tags": ", ".join(sample["tags"]) or "none",
        "cluster": sample["cluster"],
        "sample": sample["sample_id"],
    }
    st.caption(" · ".join(f"{name} {escaped(value)}" for name, value in facts.items()))


def show_images(images: list[bytes | None]) -> None:
    """Show the images of a question, in order."""
    for image in images:
        try:
            if image is None:
                raise ValueError("not in the snapshot")
            st.image(image)
        except (OSError, ValueError):
            st.caption("An image of this question could not be shown.")


def _readable(reference: str) -> str:
    value = json.loads(reference)
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _attempts(snapshot: Snapshot, model_id: str, sample_id: str, tally: dict[str, Any]) -> None:
    settings = escaped(tally["variant"] or "") or "as the source asks"
    st.markdown(
        f"**Attempts** · {settings} · seed {tally['seed']} · {tally['passes']:,} of {tally['attempts']:,} passed"
    )
    pages = -(-tally["attempts"] // queries.ATTEMPTS_AT_ONCE)
    page = 1
    if pages > 1:
        page = st.number_input(
            f"Page of attempts, 1 to {pages}",
            1,
            pages,
            key=f"attempts-{model_id}-{sample_id}-{tally['condition_id']}-{tally['seed']}",
            width=240,
        )
    first = (page - 1) * queries.ATTEMPTS_AT_ONCE
    shown = queries.attempts(snapshot, model_id, sample_id, tally["condition_id"], tally["seed"], first)
    for row in shown.iter_rows(named=True):
        _attempt(row)


def _attempt(row: dict[str, Any]) -> None:
    with st.container(border=True):
        st.markdown(
            f"**{row['attempt'] + 1}** · {_verdict(row)} · status {escaped(row['status'])} · "
            f"{row['tokens']:,} tokens · {number(row['seconds'])} s"
        )
        if row["detail"]:
            st.text(plain(row["detail"]))
        if row["text"] is None:
            st.caption("No output was kept.")
        elif not row["text"]:
            st.caption("The output is empty.")
        else:
            _text(row["text"], row["length"])


def _verdict(row: dict[str, Any]) -> str:
    if row["value"] is None:
        why = row["judged"] if row["judged"] not in (None, "ok", "no answer") else None
        return f":orange-badge[missing{': ' + escaped(why) if why else ''}]"
    if row["value"] >= 1:
        return ":blue-badge[pass]"
    return ":gray-badge[fail]" if row["value"] <= 0 else f":gray-badge[{number(row['value'])}]"


def _text(text: str, length: int | None = None) -> None:
    """Show text as it is; `length` is that of the whole, where `text` may be only its start."""
    whole = len(text) if length is None else length
    st.code(plain(text[:LONGEST]), language=None, wrap_lines=True, height=320 if len(text) > TALL else "content")
    if whole > LONGEST:
        st.caption(f"Cut after {LONGEST:,} of {whole:,} characters.")
