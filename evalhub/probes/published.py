"""The search of a snapshot: written when it is published, so that a reader needs no hub."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalhub.probes.encoder import Encoder, MiniLM
from evalhub.probes.index import Index
from evalhub.probes.words import Ranked, Words
from evalhub.store.hub import Hub
from evalhub.store.probe_tables import postings, searched_ids, write_searched, write_words
from evalhub.store.reads import Reads
from evalhub.store.vectors import all_texts, load_ordered, pool_fingerprint


def write_search(hub: Hub, private: Collection[str]) -> None:
    """Write what a search needs into the attached `board`: see `evalhub.store.probe_tables`.

    How rare a word is tells of every sample that was counted: where some are private or not searched, words are
    counted anew, over those that are.
    """
    searched = write_searched(hub, private, MiniLM.name)
    if len(searched) == pool_fingerprint(hub)[0]:
        ranked = Ranked.open(hub)
    else:
        ranked = Ranked.of(_only(all_texts(hub), searched))
    write_words(hub, ranked.postings())


def _only(texts: Iterator[pl.DataFrame], sample_ids: pl.Series) -> Iterator[pl.DataFrame]:
    wanted = sample_ids.to_frame("sample_id")
    for part in texts:
        yield part.join(wanted, on="sample_id", how="semi", maintain_order="left")


class WordsAlone:
    """Takes the encoder's place where there is none, or nothing that it has seen: to it all texts mean the same,
    so that samples are told apart by their words."""

    name = ""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, 0)"""
        return np.empty((len(texts), 0), np.float32)

    def cuts(self, text: str) -> bool:  # noqa: ARG002
        """Words are looked for in all of a text."""
        return False


@dataclass(frozen=True)
class _Postings:
    """Scores that are read word by word."""

    board: Reads
    samples: int

    def sums(self, words: Sequence[str]) -> np.ndarray | None:
        """See `evalhub.probes.words.Scores`."""
        found = postings(self.board, words)
        if not found:
            return None
        total = np.zeros(self.samples, np.float32)
        for places, scores in found:
            total[places] += scores
        return total


def open_search(board: Reads, encoder: Encoder) -> Index:
    """The index that a snapshot holds of the embedded encoder's vectors; by `WordsAlone`, one of words."""
    if encoder.name:
        ids, vectors, scales = load_ordered(board)
    else:
        ids = searched_ids(board)
        vectors, scales = np.empty((len(ids), 0), np.int8), np.empty(len(ids), np.float32)
    return Index(board, encoder, ids, vectors, scales, Words(_Postings(board, len(ids)), len(ids)))
