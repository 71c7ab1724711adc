"""Live releases in the hub: put in whole or not at all, and never changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from evalhub.errors import EvalhubError
from evalhub.live.ledger import Removed
from evalhub.live.release import Draft, Proven, Release, release_id
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.papers.records import Paper
from ingest.questions.question import Question

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def check_release_name(hub: Hub, name: str) -> None:
    """Whether a new release can be called so.

    Raises:
        EvalhubError: the name is no name, or taken.
    """
    if not _NAME.fullmatch(name):
        raise EvalhubError(f"'{name}' is no name for a release: letters, digits, '.', '_' and '-', at most 64")
    if any(one.name == name for one in releases(hub)):
        raise EvalhubError(f"there is a release {name} already, and a release never changes: choose another name")


def put_release(hub: Hub, draft: Draft, papers: Iterable[Paper]) -> Release:
    """Freeze a release: its samples into the pool, and with them proofs, papers and what was removed. One that is
    there with the same name and hash is left as it is: a call that was killed behind its end is made again.

    Raises:
        EvalhubError: it has no question, or its name is another release's.
    """
    if not draft.questions:
        raise EvalhubError(f"the release {draft.name} would have no question: nothing is frozen")
    hub.blobs.put(image for one in draft.removed for image in one.question.sample.images)
    papers = {paper.paper_id: paper for paper in papers}.values()
    versions = {paper.paper_id: paper.version for paper in papers}
    with hub.transaction() as database:
        hub.insert("INSERT OR IGNORE INTO paper BY NAME SELECT * FROM given", _paper_frame(papers))
        told = _papers_told(hub)
        hashed = release_id(
            [
                Proven(
                    sample_id=question.sample.sample_id,
                    proof=question.proof(),
                    paper=told.get((paper_id := question.sample.cluster, versions.get(paper_id, "")), {}),
                )
                for question in draft.questions
            ]
        )
        there = {one.name: one for one in releases(hub)}.get(draft.name)
        if there and there.release_id == hashed:
            return there
        check_release_name(hub, draft.name)
        add_samples(hub, (question.sample for question in draft.questions))
        database.execute(
            "INSERT INTO release VALUES (?, ?, ?, ?, ?, now())",
            [
                draft.name,
                hashed,
                json.dumps(dict(draft.recipe)),
                json.dumps(dict(draft.counts)),
                draft.private_until,
            ],
        )
        kept = [_kept_row(place, question, versions) for place, question in enumerate(draft.questions)]
        _insert(hub, "release_question", draft.name, kept)
        gone = [_gone_row(place, one) for place, one in enumerate(draft.removed)]
        if gone:
            _insert(hub, "removed_question", draft.name, gone)
    return release(hub, draft.name)


def release(hub: Hub, name: str) -> Release:
    """The release of a name.

    Raises:
        EvalhubError: there is none.
    """
    there = releases(hub)
    for one in there:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in there)
    raise EvalhubError(f"there is no release '{name}'" + (f"; there are {known}" if known else " yet"))


def releases(hub: Hub) -> list[Release]:
    """All releases, in order of their names."""
    rows = hub.database.execute(
        """
        SELECT release, release_id, recipe, counts, private_until, make_timestamp(epoch_us(frozen_at)),
               (SELECT count(*) FROM release_question AS one WHERE one.release = release.release),
               (SELECT count(DISTINCT paper_id) FROM release_question AS one WHERE one.release = release.release),
               (SELECT count(*) FROM removed_question AS one WHERE one.release = release.release)
        FROM release ORDER BY release
        """
    ).fetchall()
    return [
        Release(
            name=name,
            release_id=hashed,
            recipe=json.loads(recipe),
            counts=json.loads(counts),
            private_until=private_until,
            frozen_at=frozen_at.replace(tzinfo=UTC),
            questions=questions,
            papers=papers,
            removed=removed,
        )
        for name, hashed, recipe, counts, private_until, frozen_at, questions, papers, removed in rows
    ]


def proofs(hub: Hub, name: str) -> list[Proven]:
    """The questions of a release with what they rest on, in order."""
    told = _papers_told(hub)
    rows = hub.database.execute(
        "SELECT sample_id, proof, paper_id, version FROM release_question WHERE release = ? ORDER BY place", [name]
    ).fetchall()
    return [
        Proven(sample_id=sample_id, proof=json.loads(proof), paper=told.get((paper_id, version), {}))
        for sample_id, proof, paper_id, version in rows
    ]


def known_elsewhere(hub: Hub, name: str) -> dict[str, int]:
    """How many of a release's questions other releases have as well, by their names."""
    rows = hub.database.execute(
        """
        SELECT other.release, count(*) FROM release_question AS mine
        JOIN release_question AS other ON mine.sample_id = other.sample_id AND mine.release <> other.release
        WHERE mine.release = ? GROUP BY other.release ORDER BY other.release
        """,
        [name],
    ).fetchall()
    return dict(rows)


def proofs_of(hub: Hub, sample_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """By sample id, of those of these samples that are live: proof and paper, as JSON texts."""
    rows = hub.database.execute(
        """
        SELECT sample_id, any_value(proof), any_value(to_json(paper)) FROM release_question
        JOIN paper USING (paper_id, version) WHERE list_contains(?::VARCHAR[], sample_id) GROUP BY sample_id
        """,
        [list(sample_ids)],
    ).fetchall()
    return {sample_id: (proof, paper) for sample_id, proof, paper in rows}


def removed_questions(hub: Hub, name: str) -> pl.DataFrame:
    """What the filters took out of a release: filter, reason, paper_id, question and proof (JSON), in order."""
    return hub.frame(
        """
        SELECT filter, reason, paper_id, question, proof FROM removed_question
        WHERE release = $name ORDER BY place
        """,
        {"name": name},
    )


def private_samples(hub: Hub) -> dict[str, date]:
    """Samples that may not be published yet, with the day (UTC) from which on they may. What another release shows
    already is not private."""
    rows = hub.database.execute(
        """
        SELECT sample_id, min(coalesce(private_until, DATE '0001-01-01')) AS until
        FROM release_question JOIN release USING (release) GROUP BY sample_id HAVING until > $today
        """,
        {"today": datetime.now(UTC).date()},
    ).fetchall()
    return dict(rows)


def taken(hub: Hub) -> set[tuple[str, str]]:
    """Papers, by id and version, that a release was written from."""
    return set(hub.database.execute("SELECT paper_id, version FROM paper").fetchall())


def told_otherwise(hub: Hub, papers: Iterable[Paper]) -> dict[str, str]:
    """Papers of which the hub keeps another licence or date than is said now, with what it keeps: a release that
    has them never changes."""
    told, found = _papers_told(hub), {}
    for paper in papers:
        kept = told.get((paper.paper_id, paper.version), {})
        day = paper.published_at.isoformat() if paper.published_at else None
        if kept and (kept["licence"], kept["published_at"]) != (paper.licence, day):
            found[paper.paper_id] = (
                f"in another release with licence {kept['licence'] or 'unknown'} and date "
                f"{kept['published_at'] or 'unknown'}, which stay"
            )
    return found


def asked_captions(hub: Hub) -> dict[str, list[str]]:
    """Captions of the figures and tables that releases ask about, by paper."""
    rows = hub.database.execute(
        """
        SELECT paper_id, list(DISTINCT (proof->'content'->>'caption')) FROM release_question
        WHERE (proof->'content'->>'caption') <> '' GROUP BY paper_id ORDER BY paper_id
        """
    ).fetchall()
    return dict(rows)


def _insert(hub: Hub, table: str, name: str, rows: Sequence[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows).with_columns(release=pl.lit(name))
    hub.insert(f"INSERT INTO {table} BY NAME SELECT * FROM given", frame)


def _kept_row(place: int, question: Question, versions: dict[str, str]) -> dict[str, Any]:
    paper_id = question.sample.cluster
    return {
        "place": place,
        "sample_id": question.sample.sample_id,
        "paper_id": paper_id,
        "version": versions.get(paper_id, ""),
        "proof": json.dumps(question.proof(), ensure_ascii=False),
    }


def _gone_row(place: int, removed: Removed) -> dict[str, Any]:
    sample = removed.question.sample
    said = {
        "prompt": sample.prompt,
        "choices": list(sample.choices),
        "reference": sample.reference,
        "images": list(sample.image_hashes),
    }
    return {
        "place": place,
        "filter": removed.filter,
        "reason": removed.reason,
        "paper_id": sample.cluster,
        "question": json.dumps(said, ensure_ascii=False),
        "proof": json.dumps(removed.question.proof(), ensure_ascii=False),
    }


def _papers_told(hub: Hub) -> dict[tuple[str, str], dict[str, Any]]:
    """What the hub says of papers, by id and version."""
    rows = hub.database.execute("SELECT paper_id, version, to_json(paper) FROM paper").fetchall()
    return {(paper_id, version): json.loads(told) for paper_id, version, told in rows}


def _paper_frame(papers: Iterable[Paper]) -> pl.DataFrame:
    rows = [
        (one.paper_id, one.version, one.title, one.licence, one.published_at, list(one.categories), one.url)
        for one in papers
    ]
    schema = {
        **dict.fromkeys(("paper_id", "version", "title", "licence"), pl.String),
        "published_at": pl.Date,
        "categories": pl.List(pl.String),
        "url": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
