"""A pool about three things, and an encoder that knows them without weights."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from evalhub.probes import index as index_module
from evalhub.probes.index import Index
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Sample

TOPICS = {
    "chemistry": ("acid", "molecule", "reaction", "oxide", "catalyst", "solvent", "bond"),
    "law": ("court", "contract", "statute", "judge", "plaintiff", "tort", "appeal"),
    "music": ("chord", "melody", "tempo", "sonata", "violin", "scale", "harmony"),
}
FILLERS = ("which", "following", "statement", "holds", "when", "given", "two", "most", "likely", "case")


class ByWords:
    """A text is the sum of its words; a word is a random direction, near its topic's where it has one."""

    name = "by-words@1"

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += len(texts)
        vectors = np.array(
            [sum(map(_direction, re.findall(r"\w+", text.lower())), np.zeros(32)) for text in texts]
        )
        return (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)).astype(np.float32)

    def cuts(self, text: str) -> bool:
        return len(text) > 500


def _direction(word: str) -> np.ndarray:
    own = _random(word)
    for topic, words in TOPICS.items():
        if word == topic or word in words:
            return _random(topic) + 0.7 * own
    return 0.5 * own


def _random(word: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
    vector = np.random.default_rng(seed).normal(size=32)
    return np.asarray(vector / np.linalg.norm(vector))


def topic_samples(count: int = 60) -> list[Sample]:
    """So many of each topic, two in three of whose questions have a word of it."""
    draw = np.random.default_rng(5)
    return [
        Sample(
            prompt=" ".join([*draw.choice(FILLERS, 6), *draw.choice(words, 2), f"number {i}"]),
            grader="text",
            reference=f"{topic} {i}",
            source="books" if i % 2 else "exams",
            source_id=f"{topic}-{i}",
            tags=(topic,),
        )
        for topic, words in TOPICS.items()
        for i in range(count)
    ]


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> ByWords:
    """Takes the embedded encoder's place."""
    made = ByWords()
    monkeypatch.setattr(index_module, "MiniLM", lambda: made)
    return made


@pytest.fixture(scope="module")
def pool_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with the samples, encoded; tests that write copy it."""
    path = tmp_path_factory.mktemp("topics") / "hub"
    with Hub(path) as hub:
        add_samples(hub, topic_samples())
        Index.open(hub, encoder=ByWords())
    return path


@pytest.fixture
def pool(pool_path: Path) -> Iterator[Hub]:
    with Hub(pool_path) as hub:
        yield hub


@pytest.fixture
def index(pool: Hub, encoder: ByWords) -> Index:
    return Index.open(pool, encoder=encoder)
