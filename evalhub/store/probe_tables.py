"""The tables of a snapshot that are searched. Nothing in them tells of samples that a release keeps private."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.reads import Reads
from evalhub.store.sample_columns import HAS_TEXT, SAMPLE_COLUMNS, sample_relation

_TOGETHER = 4_000_000
"""Scores of words that are written at a time."""

Posting = tuple[str, np.ndarray, np.ndarray]
"""A word, the places (n,) of the samples that have it, and its score (n,) in each."""


def write_searched(hub: Hub, private: Collection[str], encoder: str) -> pl.Series:
    """Write what samples are found by, but for their words, into the attached `board`.

    `laid_out` has what filters say of every sample that is not private, in pool order, and its place among those
    that are searched by text: those that the encoder has seen, in order of ids, from 0; where it has seen none,
    all that have a text. `vector` has their vectors, `answer` what users said to queries.

    Returns:
        ids of those that are searched, in order.
    """
    hidden = pl.DataFrame({"sample_id": list(private)}, schema={"sample_id": pl.String})
    hub.select(
        f"""
        CREATE TABLE board.vector AS
        SELECT * FROM vector
        SEMI JOIN (FROM sample WHERE {HAS_TEXT}) USING (sample_id) ANTI JOIN given USING (sample_id)
        WHERE encoder = ? ORDER BY sample_id
        """,
        hidden,
        [encoder],
    )
    hub.insert("CREATE TABLE board.answer AS FROM answer ANTI JOIN given USING (sample_id)", hidden)
    names = [column.name for column in SAMPLE_COLUMNS]
    hub.insert(
        f"""
        CREATE TABLE board.laid_out AS
        WITH shown AS (
            SELECT sample_id, sample.rowid AS turn, {HAS_TEXT} AS has_text,
                   sample_id IN (SELECT sample_id FROM board.vector) AS seen
            FROM sample ANTI JOIN given USING (sample_id)
        ), searched AS (
            SELECT sample_id, row_number() OVER (ORDER BY sample_id) - 1 AS place FROM shown
            WHERE seen OR has_text AND NOT EXISTS (FROM board.vector)
        )
        SELECT place::INTEGER AS place, said.*
        FROM ({sample_relation(names)}) AS said JOIN shown USING (sample_id) LEFT JOIN searched USING (sample_id)
        ORDER BY turn
        """,
        hidden,
    )
    return searched_ids(hub, "board.laid_out")


def write_words(hub: Hub, postings: Iterable[Posting]) -> None:
    """Write the words of those that are searched into the attached `board`: `word` has their numbers, `posting`
    their scores, word by word, so that few of them are read for a query."""
    hub.database.execute("CREATE TABLE board.word (word VARCHAR, number INTEGER)")
    hub.database.execute("CREATE TABLE board.posting (number INTEGER, place INTEGER, score FLOAT)")
    batch: list[Posting] = []
    first = held = 0
    for one in postings:
        batch.append(one)
        held += len(one[1])
        if held >= _TOGETHER:
            _write(hub, first, batch)
            first, batch, held = first + len(batch), [], 0
    if batch:
        _write(hub, first, batch)


def _write(hub: Hub, first: int, batch: Sequence[Posting]) -> None:
    numbers = np.arange(first, first + len(batch), dtype=np.int32)
    words = pl.DataFrame({"word": [word for word, _, _ in batch], "number": numbers})
    scores = pl.DataFrame(
        {
            "number": np.repeat(numbers, [len(places) for _, places, _ in batch]),
            "place": np.concatenate([places for _, places, _ in batch]).astype(np.int32),
            "score": np.concatenate([scores for _, _, scores in batch]).astype(np.float32),
        }
    )
    hub.insert("INSERT INTO board.word BY NAME FROM given", words)
    hub.insert("INSERT INTO board.posting BY NAME FROM given ORDER BY number, place", scores)


def searched_ids(board: Reads, table: str = "laid_out") -> pl.Series:
    """Ids of the samples that are searched by text, in order."""
    found = board.frame(f"SELECT sample_id FROM {table} WHERE place IS NOT NULL ORDER BY place")
    return found["sample_id"]


def postings(board: Reads, words: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places and scores of those of these words that some sample has, in the order of the words."""
    known = board.frame(
        "SELECT word, number FROM word WHERE list_contains($words::VARCHAR[], word)", {"words": list(words)}
    )
    numbers = dict(known.iter_rows())
    found = []
    for word in words:
        if word in numbers:  # one query for each: a number is looked up in few blocks, a list of them in all
            rows = board.frame(
                "SELECT place, score FROM posting WHERE number = $number", {"number": numbers[word]}
            )
            found.append((rows["place"].to_numpy(), rows["score"].to_numpy()))
    return found
