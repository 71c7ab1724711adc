"""What a probe finds, and what it says of how sure it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evalhub.errors import EvalhubError
from evalhub.filters import FilterError
from evalhub.probes import index as index_module
from evalhub.probes.index import Index, encode_pool, near_duplicates
from evalhub.probes.probe import Cut, Probe
from evalhub.probes.search import find, look
from evalhub.store.answers import answers_to, drop_answers, put_answers
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Sample
from tests.probes.conftest import TOPICS, ByWords, topic_samples
from tests.text_images import image_of


def topic(source_id: str) -> str:
    return source_id.partition("-")[0]


@pytest.mark.parametrize("name", TOPICS)
def test_a_word_finds_what_is_about_it(pool: Hub, index: Index, name: str) -> None:
    found = find(pool, Probe(text=name), Cut(top=40), index=index)
    assert [topic(one.source_id) for one in found.matches] == [name] * 40
    assert found.candidates == 180 and len(found.borderline) == 10
    chances = [one.relevance for one in found.matches + found.borderline]
    assert chances == sorted(chances, reverse=True)
    assert found.low <= found.precision <= found.high


def test_examples_find_more_like_them(pool: Hub, index: Index) -> None:
    examples = tuple(one.sample_id for one in topic_samples()[60:63])
    found = find(pool, Probe(like=examples), Cut(top=30), index=index)
    assert {topic(one.source_id) for one in found.matches} == {"law"}


def test_a_filter_leaves_out_and_changes_no_similarity(pool: Hub, index: Index) -> None:
    every = find(pool, Probe(text="music"), Cut(top=180), index=index)
    some = find(pool, Probe(text="music", where="source = 'exams'"), Cut(top=180), index=index)
    assert some.candidates == 90 and {one.source for one in some.matches} == {"exams"}
    known = {one.sample_id: one.similarity for one in every.matches}
    assert all(known[one.sample_id] == one.similarity for one in some.matches)


def test_a_filter_alone_needs_no_encoder(pool: Hub, encoder: ByWords) -> None:
    found = find(pool, Probe(where="subject = 'law'"), Cut(precision=0.9))
    assert len(found.matches) == 60 and not found.borderline and encoder.encoded == 0
    assert (found.precision, found.low, found.high, found.encoder) == (1.0, 1.0, 1.0, "")
    assert [one.source_id for one in found.matches] == [f"law-{i}" for i in range(60)], "in pool order"
    first = find(pool, Probe(where="subject = 'law'"), Cut(top=5))
    assert first.matches == found.matches[:5] and not first.borderline, "nothing is nearer to the cut"


def test_a_text_that_the_encoder_cuts_off_is_told_once(pool: Hub, index: Index) -> None:
    with pytest.warns(UserWarning, match="only its beginning") as told:
        find(pool, Probe(text="law " * 200), Cut(top=5), index=index)
    assert len(told) == 1


def test_a_higher_precision_takes_fewer(pool: Hub, index: Index) -> None:
    counts = []
    for precision in (0.3, 0.5, 0.7, 0.9):
        found = find(pool, Probe(text="law"), Cut(precision=precision), index=index)
        counts.append(len(found.matches))
        if found.matches:
            assert found.precision >= precision
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[-1]


def test_answers_decide_for_their_samples_and_teach_for_others(pool: Hub, index: Index) -> None:
    """The user means the violin; what the text finds of music without it goes down."""
    probe = Probe(text="music")
    ids = {sample.sample_id: "violin" in sample.prompt for sample in topic_samples()}
    answers: dict[str, bool] = {}
    while len(answers) < 40:
        asked = look(index, probe, answers).to_ask(5)
        assert len(set(asked)) == 5 and not set(asked) & set(answers)
        answers.update((one, ids[one]) for one in asked)
    before = find(pool, probe, Cut(top=12), index=index, answers={})
    after = find(pool, probe, Cut(top=12), index=index, answers=answers)
    assert sum(ids[one.sample_id] for one in after.matches) > sum(ids[one.sample_id] for one in before.matches)
    assert after.answers == 40 and after.high - after.low < before.high - before.low
    every = find(pool, probe, Cut(top=180), index=index, answers=answers)
    wrong = {one for one, right in answers.items() if not right}
    assert len(every.matches) == 180 - len(wrong) and not wrong & {one.sample_id for one in every.matches}


def test_answers_are_kept_under_the_query_whatever_the_filter(pool: Hub, index: Index) -> None:
    probe, narrow = Probe(text="tempo"), Probe(text="tempo", where="source = 'exams'")
    first = find(pool, probe, Cut(top=1), index=index).matches[0].sample_id
    put_answers(pool, probe.query_id, {first: True})
    put_answers(pool, probe.query_id, {first: False})
    assert answers_to(pool, narrow.query_id) == {first: False}
    assert find(pool, probe, Cut(top=1), index=index).matches[0].sample_id != first
    assert drop_answers(pool, probe.query_id) == 1 and answers_to(pool, probe.query_id) == {}


def test_only_new_samples_are_encoded(hub: Hub) -> None:
    encoder = ByWords()
    samples = topic_samples(4)
    add_samples(hub, samples[:6])
    assert encode_pool(hub, encoder) == 6 and encode_pool(hub, encoder) == 0
    assert len(Index.open(hub, encoder=encoder).ids) == 6
    add_samples(hub, samples)
    index = Index.open(hub, encoder=encoder)
    assert encoder.encoded == 12 and list(index.ids) == sorted(sample.sample_id for sample in samples)
    assert index.words.scores("melody").shape == (12,)


def test_near_duplicates_are_named(hub: Hub) -> None:
    plain = Sample(prompt="the acid bond of an oxide", grader="text", reference="a", source="s", source_id="1")
    again = Sample(prompt="an oxide of the acid bond", grader="text", reference="b", source="s", source_id="2")
    other = Sample(prompt="violin sonata", grader="text", reference="c", source="s", source_id="3")
    add_samples(hub, [plain, again, other])
    encode_pool(hub, ByWords())
    ids = [plain.sample_id, again.sample_id, other.sample_id]
    ((one, another, cosine),) = near_duplicates(hub, ids, encoder=ByWords.name)
    assert {one, another} == set(ids[:2]) and cosine > 0.99
    assert near_duplicates(hub, ids[1:], encoder=ByWords.name) == []


def test_what_cannot_be_asked_says_what_to_do(pool: Hub, index: Index, hub_path: object) -> None:
    del hub_path
    with pytest.raises(EvalhubError, match="needs a text"):
        find(pool, Probe(text="  "), Cut(top=1), index=index)
    with pytest.raises(EvalhubError, match="no sample 'nobody'"):
        find(pool, Probe(like=("nobody",)), Cut(top=1), index=index)
    with pytest.raises(FilterError, match="sourc"):
        find(pool, Probe(text="law", where="sourc = 'x'"), Cut(top=1), index=index)


def test_an_empty_pool_and_a_pool_of_one(hub: Hub) -> None:
    encoder = ByWords()
    with pytest.raises(EvalhubError, match="no questions to search yet"):
        find(hub, Probe(text="law"), Cut(top=1), index=Index.open(hub, encoder=encoder))
    add_samples(hub, topic_samples(1)[:1])
    found = find(hub, Probe(text="chemistry"), Cut(top=5), index=Index.open(hub, encoder=encoder))
    assert len(found.matches) == 1 and np.isfinite(found.matches[0].similarity)


def test_samples_known_by_name_are_not_searched(hub: Hub) -> None:
    """A table of results brings no questions: what their names sound like tells nothing of them."""
    rows = [
        Sample(prompt=name, grader="imported", reference="", source="table:t", source_id=name)
        for name in ("acid molecule", "41", "42")
    ]
    asked = Sample(prompt="an acid?", grader="imported", reference="", source="log", source_id="7")
    add_samples(hub, [*topic_samples(20), *rows, asked])
    index = Index.open(hub, encoder=ByWords())
    names = [row.sample_id for row in rows]
    assert len(index.ids) == 61 and not any(map(index.has, names)) and index.has(asked.sample_id)
    with pytest.warns(UserWarning, match="3 samples known by name only"):
        found = find(hub, Probe(text="acid molecule"), Cut(top=300), index=index)
    assert found.candidates == len(found.matches) == 61
    assert near_duplicates(hub, names, encoder=ByWords.name) == []
    with pytest.warns(UserWarning, match="none of the 61 samples"):
        assert not find(hub, Probe(text="acid", where="source = 'table:t'"), Cut(top=3), index=index).matches
    assert len(find(hub, Probe(where="NOT has_text"), Cut(top=9)).matches) == 3


def test_a_query_of_stop_words_and_of_no_known_word(pool: Hub, index: Index) -> None:
    assert not index.words.scores("the of and").any()
    assert not index.words.scores("zzyzx").any()
    assert len(find(pool, Probe(text="zzyzx ☃"), Cut(top=3), index=index).matches) == 3


def test_text_in_an_image_is_searched(hub: Hub) -> None:
    """By meaning and by word, once it is read; what was encoded before is encoded anew."""
    pytest.importorskip("rapidocr", reason="rapidocr is not installed")
    samples = [
        replace(
            topic_samples(1)[0], prompt="What is shown?", source_id=f"picture {word}", images=(image_of([word]),)
        )
        for word in ("violin", "plaintiff", "catalyst")
    ]
    add_samples(hub, samples)
    blind = Index.open(hub, encoder=ByWords(), images=False)
    assert not blind.words.scores("violin").any()
    index = Index.open(hub, encoder=ByWords())
    assert [index.words.scores(word).argmax() for word in ("violin", "plaintiff")] == [
        index.places([sample.sample_id])[0] for sample in samples[:2]
    ]
    found = find(hub, Probe(text="law"), Cut(top=1), index=index)
    assert found.matches[0].source_id == "picture plaintiff"


def test_images_that_cannot_be_read_here_are_counted(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "can_read", lambda: False)
    add_samples(hub, [replace(topic_samples(1)[0], images=(image_of(["violin"]),))])
    with pytest.warns(UserWarning, match=r"1 image not searched .*evalhub\[ocr\]"):
        Index.open(hub, encoder=ByWords())
