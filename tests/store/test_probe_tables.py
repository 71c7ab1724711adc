"""A snapshot is searched as its hub is, and tells nothing of what is private."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from evalhub.probes import published
from evalhub.probes.index import Index
from evalhub.probes.probe import Cut, Probe
from evalhub.probes.published import WordsAlone, open_search
from evalhub.probes.search import find, look, take
from evalhub.store import snapshot
from evalhub.store.answers import answers_to, put_answers
from evalhub.store.hub import Hub
from evalhub.store.reads import Published
from evalhub.store.samples import add_samples
from tests.app import topic_snapshot
from tests.app.topic_snapshot import SECRET, SECRET_WORDS
from tests.probes.conftest import ByWords, topic_samples

CUT = Cut(top=20)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> ByWords:
    """Takes the embedded encoder's place when a snapshot is published."""
    monkeypatch.setattr(published, "MiniLM", ByWords)
    return ByWords()


def board(hub: Hub) -> Published:
    """What is published now."""
    path = snapshot.folder(hub.path) / f"{snapshot.publish(hub)}.duckdb"
    return Published(duckdb.connect(str(path), read_only=True))


@pytest.mark.parametrize("probe", [Probe(text="violin sonata", where="source = 'books'"), Probe(text="acid")])
def test_a_snapshot_finds_what_its_hub_finds(hub: Hub, encoder: ByWords, probe: Probe) -> None:
    """The same samples with the same claim, answers included."""
    given = topic_samples()
    add_samples(hub, given)
    index = Index.open(hub, encoder=encoder)
    put_answers(hub, probe.query_id, {given[0].sample_id: True, given[-1].sample_id: False})
    found = find(hub, probe, CUT, index=index)
    search = open_search(board(hub), encoder)
    taken = take(look(search, probe, answers_to(search.pool, probe.query_id)), CUT)
    assert taken.ids == [match.sample_id for match in (*found.matches, *found.borderline)]
    assert taken.count == len(found.matches) == 20
    assert (taken.precision, taken.low, taken.high) == (found.precision, found.low, found.high)
    assert (taken.candidates, taken.answers) == (found.candidates, 2)
    assert list(taken.similarity) == [match.similarity for match in (*found.matches, *found.borderline)]


def test_without_vectors_words_are_left(hub: Hub, encoder: ByWords) -> None:
    """Those that have the words come first, the others after them without an order."""
    del encoder
    add_samples(hub, topic_samples())
    search = open_search(board(hub), WordsAlone())
    taken = take(look(search, Probe(text="violin sonatas"), {}), Cut(top=1000))
    words = [_prompt(hub, one) for one in taken.ids]
    have = ["violin" in prompt or "sonata" in prompt for prompt in words]
    assert len(taken.ids) == 180 and 0 < sum(have) < 60
    assert list(taken.similarity > 0) == have == sorted(have, reverse=True)
    nothing = take(look(search, Probe(text="zebra"), {}), Cut(top=5))
    assert not np.any(nothing.similarity)


def _prompt(hub: Hub, sample_id: str) -> str:
    return hub.frame("SELECT prompt FROM sample WHERE sample_id = ?", [sample_id])["prompt"][0]


def test_what_has_no_vector_yet_is_found_by_filters_alone(hub: Hub, encoder: ByWords) -> None:
    """Words are counted over those that are searched."""
    add_samples(hub, topic_samples(10))
    Index.open(hub, encoder=encoder)
    add_samples(hub, [SECRET])
    there = board(hub)
    assert there.frame("SELECT sample_id FROM laid_out WHERE place IS NULL")["sample_id"].to_list() == [
        SECRET.sample_id
    ]
    assert there.frame("SELECT sample_id FROM laid_out")["sample_id"][-1] == SECRET.sample_id, "in pool order"
    assert SECRET.sample_id not in open_search(there, encoder).ids
    assert there.frame("SELECT max(place) FROM posting")["max(place)"][0] == 29
    assert there.frame("SELECT word FROM word WHERE word LIKE 'xylo%'").is_empty()


def test_nothing_tells_of_a_private_sample(hub_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its vector nor a word of it, nor how rare its words are, nor an answer about it: all is as in a hub
    that never had it."""
    topic_snapshot.fill(hub_path)
    with Hub(hub_path) as hub:
        put_answers(hub, "q", {SECRET.sample_id: True})
    folder = topic_snapshot.publish(hub_path, monkeypatch)
    path = folder / f"{(folder / 'current').read_text().strip()}.duckdb"
    content = path.read_bytes()
    for word in SECRET_WORDS:
        assert word not in content, word
    there = Published(duckdb.connect(str(path), read_only=True))
    with Hub(hub_path.parent / "without") as other:
        add_samples(other, [*topic_samples(), topic_snapshot.ATTACK])
        Index.open(other, encoder=ByWords(), images=False)
        never = board(other)
    for query in (
        "SELECT place, sample_id FROM laid_out",
        "SELECT * FROM vector ORDER BY sample_id",
        "SELECT * FROM answer WHERE query = 'q'",
        "SELECT word, place, score FROM posting JOIN word USING (number) ORDER BY ALL",
    ):
        assert there.frame(query).equals(never.frame(query)), query
