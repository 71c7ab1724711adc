"""Words of the pool's samples, by BM25 (Robertson and Zaragoza 2009): what is named is found by its name."""

from __future__ import annotations

import json
import logging
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from evalhub.paths import replace_folder
from evalhub.probes.texts import words
from evalhub.store.hub import Hub
from evalhub.store.vectors import all_texts, pool_fingerprint
from evalhub.telling import Tell, quiet

_STOPWORDS = "en"

_SURE = 0.999
"""Share of samples whose score is below the one that counts as a full hit."""


class Scores(Protocol):
    """Of each word in each sample of a pool, by BM25."""

    def sums(self, words: Sequence[str]) -> np.ndarray | None:
        """(N,) float32: the scores of these words together, by sample; None where no sample has any of them."""
        ...


class Ranked:
    """Scores in memory, or in files that are read like memory."""

    def __init__(self, ranker: Any) -> None:
        """ranker: a `bm25s.BM25`; None where no sample has a word."""
        self._ranker = ranker

    @classmethod
    def open(cls, hub: Hub, tell: Tell = quiet) -> Ranked:
        """A pool's, made anew where a sample came or went, and kept beside the hub's files."""
        import bm25s

        samples, fingerprint = pool_fingerprint(hub)
        folder = hub.path / "search" / "words"
        if _mark(folder) != fingerprint:
            tell(f"indexing the words of {samples:,} samples")
            with replace_folder(folder) as fresh:
                ranker = cls.of(all_texts(hub))._ranker
                if ranker is not None:
                    ranker.save(str(fresh), show_progress=False)
                (fresh / "pool.txt").write_text(fingerprint)
        if not (folder / "params.index.json").exists():
            return cls(None)
        return cls(bm25s.BM25.load(str(folder), mmap=True))

    @classmethod
    def of(cls, texts: Iterable[pl.DataFrame]) -> Ranked:
        """Of samples, in their order, from what `store.vectors.all_texts` gives."""
        import bm25s
        from bm25s.tokenization import Tokenized, Tokenizer

        logging.getLogger("bm25s").setLevel(logging.WARNING)  # else it tells of every index
        tokenizer = Tokenizer(stopwords=_STOPWORDS, stemmer=_stemmer())
        # As arrays: a list of a million lists of integers would take gigabytes.
        ids = [
            array("i", one)
            for part in _said(texts)
            for one in tokenizer.tokenize(part, update_vocab=True, return_as="ids", show_progress=False)
        ]
        if not any(ids):
            return cls(None)
        ranker = bm25s.BM25()
        ranker.index(Tokenized(ids=ids, vocab=tokenizer.get_vocab_dict()), show_progress=False)
        return cls(ranker)

    def sums(self, words: Sequence[str]) -> np.ndarray | None:
        """See `Scores`."""
        if self._ranker is None or not (known := [word for word in words if word in self._ranker.vocab_dict]):
            return None
        found: np.ndarray = self._ranker.get_scores(known)
        return found

    def postings(self) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Every word that some sample has, with the places of these samples and its score in each."""
        if self._ranker is None:
            return
        scores, known = self._ranker.scores, self._ranker.vocab_dict
        starts = scores["indptr"]
        for word, number in known.items():
            held = slice(*starts[number : number + 2])
            if held.start < held.stop:
                yield word, scores["indices"][held], scores["data"][held]


class Words:
    """How well samples have the words of a text, in the order of sample ids."""

    def __init__(self, scores: Scores, samples: int) -> None:
        """scores: over that many samples."""
        self._scores = scores
        self._samples = samples

    @classmethod
    def open(cls, hub: Hub, tell: Tell) -> Words:
        """A hub's."""
        return cls(Ranked.open(hub, tell), pool_fingerprint(hub)[0])

    def scores(self, text: str) -> np.ndarray:
        """(N,) float32 from 0 to 1: how well each sample has the words of the text. Scores are divided by the one
        that few samples are above, so that a word which many have and one which few have weigh the same."""
        scores = self._scores.sums(_tokens(text))
        if scores is None:
            return np.zeros(self._samples, np.float32)
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


def _said(texts: Iterable[pl.DataFrame]) -> Iterator[list[str]]:
    for part in texts:
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
