"""One sample as one model met it: question, reference, what proves a live one, every attempt with its verdict.

All of this text is hostile until proven otherwise: it is shown preformatted, never as Markdown or HTML.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import streamlit as st

from app import live_queries, queries, sample_queries
from app.snapshot import Snapshot
from app.wording import LONGEST, escaped, number, start
from evalhub.wording import plain
from ingest.arxiv.ids import split_id
from ingest.questions.question import WRITTEN

ARXIV = "arXiv:"
"""How the ids of papers from arXiv begin."""

ROUTES = {"latex": "the paper's LaTeX source", "pdf": "the page"}

TALL = 1_500
"""Characters above which a text gets a box that scrolls."""


def show_sample(snapshot: Snapshot, model_id: str, sample_id: str) -> None:
    """Show a sample and a model's attempts on it."""
    if show_question(snapshot, sample_id):
        show_attempts(snapshot, model_id, sample_id)


def show_question(snapshot: Snapshot, sample_id: str) -> bool:
    """Show a sample, and what proves its answer where it is live. False where it is private: then that is said."""
    sample = sample_queries.sample(snapshot, sample_id)
    st.subheader(f"{escaped(sample['source'])} / {escaped(start(sample['source_id'], 80))}")
    held = live_queries.held(snapshot)
    if held and (until := live_queries.private_until(snapshot, sample_id)):
        _private(until)
        return False
    _about(sample, queries.found_in(snapshot, sample_id))
    live = live_queries.provenance(snapshot, sample_id) if held else None
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
    if live:
        _provenance(live)
    return True


def show_attempts(snapshot: Snapshot, model_id: str, sample_id: str) -> None:
    """Show what a model said to a sample, for each of its settings and seeds."""
    tallies = queries.attempt_counts(snapshot, model_id, sample_id)
    if tallies.is_empty():
        st.caption("This snapshot holds no output of it: imported results bring none, private ones are left out.")
    for tally in tallies.iter_rows(named=True):
        _attempts(snapshot, model_id, sample_id, tally)


def _private(until: date) -> None:
    st.info(
        f"Private until {until}: the first `evalhub publish` from that day on shows question, "
        "reference, picture and outputs. What models score on it counts already.",
        icon=":material/lock:",
    )


def _provenance(live: dict[str, Any]) -> None:
    """The paper behind a live sample, where in it the answer stands, and the program that gives the answer."""
    proof = json.loads(live["proof"])
    program, evidence = proof["program"], proof["evidence"]
    st.markdown("**Where the answer comes from**")
    place = f"{evidence['item']} {evidence['number']}"
    if evidence["page"] is not None:
        place += f", page {evidence['page']}"
    if evidence["box"] is not None:
        left, top, right, bottom = (round(end) for end in evidence["box"])
        place += f", {left}, {top} to {right}, {bottom} points from its top left corner"
    writer = f"a program, {program['op']}"
    if program["op"] == WRITTEN:
        writer = " ".join(str(program[name]) for name in ("writer", "revision") if program.get(name))
    facts = {
        "Release": live["release"],
        "Paper": live["title"] or "without a title",
        "Licence of the paper": live["licence"] or "unknown",
        "Place": place,
        "Read from": ROUTES.get(evidence["route"], evidence["route"]),
        "Written by": writer,
    }
    lines = [f"- {name}: {escaped(str(value))}" for name, value in facts.items()]
    st.markdown("\n".join([*lines[:2], f"- {_paper(live)}", *lines[2:]]))
    with st.expander("The program behind the question", icon=":material/code:"):
        if program["op"] == WRITTEN:
            st.caption("A model wrote this question; the answer is its own, which nothing computes.")
        _json(program)
        st.markdown("What it ran on:")
        _json(proof["content"])


def _paper(live: dict[str, Any]) -> str:
    """The paper's name; a link where it is arXiv's. Made from the identifier alone, never from a kept address."""
    paper_id, version = live["paper_id"], live["version"]
    try:
        if not paper_id.startswith(ARXIV):
            raise ValueError(paper_id)
        known, kept = split_id(paper_id.removeprefix(ARXIV) + version)
    except ValueError:
        return escaped(" ".join((paper_id, version)))
    return f"[arXiv {known}{kept}](https://arxiv.org/abs/{known}{kept})"


def _json(value: Any) -> None:
    _text(json.dumps(value, indent=2, ensure_ascii=False))


def _about(sample: dict[str, Any], places: list[tuple[str, str]]) -> None:
    facts = {
        "found in": ", ".join(f"{source} / {name}" for source, name in places) or "unknown",
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
    height: Any = 320 if len(text) > TALL else "content"
    st.code(plain(text[:LONGEST]), language=None, wrap_lines=True, height=height)
    if whole > LONGEST:
        st.caption(f"Cut after {LONGEST:,} of {whole:,} characters.")
