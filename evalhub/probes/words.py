"""Words of the pool's samples, by BM25 (Robertson and Zaragoza 2009): what is named is found by its name."""

from __future__ import annotations

import json
import logging
from array import array
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from evalhub.paths import replace_folder
from evalhub.probes.texts import words
from evalhub.store.hub import Hub
from evalhub.store.vectors import all_texts, pool_fingerprint
from evalhub.telling import Tell

_STOPWORDS = "en"

_SURE = 0.999
"""Share of samples whose score is below the one that counts as a full hit."""


class Words:
    """The scores of words in every sample of a pool, in the order of sample ids."""

    def __init__(self, ranker: Any, samples: int) -> None:
        """ranker: a `bm25s.BM25` over that many samples; None where no sample has a word."""
        self._ranker = ranker
        self._samples = samples

    @classmethod
    def open(cls, hub: Hub, tell: Tell) -> Words:
        """The pool's, made anew where a sample came or went, and kept beside the hub's files."""
        import bm25s

        samples, fingerprint = pool_fingerprint(hub)
        folder = hub.path / "search" / "words"
        if _mark(folder) != fingerprint:
            tell(f"indexing the words of {samples:,} samples")
            with replace_folder(folder) as fresh:
                ranker = _indexed(hub)
                if ranker is not None:
                    ranker.save(str(fresh), show_progress=False)
                (fresh / "pool.txt").write_text(fingerprint)
        if not (folder / "params.index.json").exists():
            return cls(None, samples)
        return cls(bm25s.BM25.load(str(folder), mmap=True), samples)

    def scores(self, text: str) -> np.ndarray:
        """(N,) float32 from 0 to 1: how well each sample has the words of the text. Scores are divided by the one
        that few samples are above, so that a word which many have and one which few have weigh the same."""
        asked = _tokens(text)
        if self._ranker is None or not (known := [word for word in asked if word in self._ranker.vocab_dict]):
            return np.zeros(self._samples, np.float32)
        scores: np.ndarray = self._ranker.get_scores(known)
        found = scores[scores > 0]
        if len(found) == 0:
            return scores
        most = max(1, round(len(scores) * (1 - _SURE)))
        full = np.partition(found, -most)[-most] if len(found) >= most else found.min()
        return np.minimum(scores / full, np.float32(1))


def _mark(folder: Path) -> str:
    try:
        return (folder / "pool.txt").read_text()
    except OSError:
        return ""


def _indexed(hub: Hub) -> Any:
    import bm25s
    from bm25s.tokenization import Tokenized, Tokenizer

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # else it tells of every index
    tokenizer = Tokenizer(stopwords=_STOPWORDS, stemmer=_stemmer())
    # As arrays: a list of a million lists of integers would take gigabytes.
    ids = [
        array("i", one)
        for texts in _texts(hub)
        for one in tokenizer.tokenize(texts, update_vocab=True, return_as="ids", show_progress=False)
    ]
    if not any(ids):
        return None
    ranker = bm25s.BM25()
    ranker.index(Tokenized(ids=ids, vocab=tokenizer.get_vocab_dict()), show_progress=False)
    return ranker


def _texts(hub: Hub) -> Iterator[list[str]]:
    for part in all_texts(hub):
        yield [
            words(prompt, choices, json.loads(reference), tags, image_text)
            for _, prompt, choices, reference, tags, image_text in part.iter_rows()
        ]


def _tokens(text: str) -> list[str]:
    import bm25s

    found: list[list[str]] = bm25s.tokenize(
        [text], stopwords=_STOPWORDS, stemmer=_stemmer(), return_ids=False, show_progress=False
    )
    return found[0]


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
