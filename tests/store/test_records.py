"""Ids are hashes of content: equal things have one, different things never share one."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.records import Attempt, Condition, Sample, Status, bytes_hash, content_hash
from tests.store.items import FULL, item

SAME: dict[str, Any] = {
    "source": "other shop",
    "source_id": "2",
    "condition": Condition(temperature=1.0),
    "cluster": "paper 8",
    "tags": ("c",),
    "licence": "",
    "published_at": None,
}
DIFFERENT: dict[str, Any] = {
    "prompt": "what is it?",
    "grader": "exact",
    "reference": {"b": [1, 2.5, None, True], "a": "ss"},
    "choices": ("two", "one"),
    "images": (b"second", b"\x89PNG\x00\xff"),
}
OTHER_CONDITION: dict[str, Any] = {
    "top_k": 7,
    "answer": "likelihood",
    "separator": "",
    "form": "plain",
    "template": "{prompt} ",
    "preamble": "x",
    "temperature": 0.61,
    "top_p": 0.9,
    "max_tokens": 257,
    "stop": ("\n",),
    "engine": "e",
    "revision": "r",
    "variant": "v",
}


def test_every_field_of_a_sample_is_named_here() -> None:
    """A new field has to be put on one side or the other."""
    assert {field.name for field in fields(Sample)} == SAME.keys() | DIFFERENT.keys()
    assert {field.name for field in fields(Condition)} == OTHER_CONDITION.keys()


@pytest.mark.parametrize("field", SAME)
def test_where_a_sample_comes_from_is_not_its_identity(field: str) -> None:
    """Nor how it is asked, nor what is said about it."""
    assert replace(FULL, **{field: SAME[field]}).sample_id == FULL.sample_id


@pytest.mark.parametrize("field", DIFFERENT)
def test_what_a_sample_asks_is_its_identity(field: str) -> None:
    """Its prompt, choices, images, reference and grader, in their order."""
    assert replace(FULL, **{field: DIFFERENT[field]}).sample_id != FULL.sample_id


@pytest.mark.parametrize("field", OTHER_CONDITION)
def test_every_field_changes_a_condition(field: str) -> None:
    """What could change an output changes the id."""
    assert replace(Condition(), **{field: OTHER_CONDITION[field]}).condition_id != Condition().condition_id


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(reference=JSONS, prompt=st.text(st.characters()), choices=st.lists(st.text(), max_size=3).map(tuple))
def test_equal_content_equal_id(reference: Any, prompt: str, choices: tuple[str, ...]) -> None:
    """Also after a way through JSON, whatever the order of keys, and with lone surrogates."""
    one = item(prompt=prompt, reference=reference, choices=choices)
    again = json.loads(json.dumps(reference))
    if isinstance(again, dict):
        again = dict(reversed(again.items()))
    two = item("elsewhere", prompt=prompt, reference=again, choices=choices, source="b")
    assert one.sample_id == two.sample_id
    assert len(one.sample_id) == 32 and set(one.sample_id) <= set("0123456789abcdef")


@given(st.lists(st.text(), min_size=2, max_size=2), st.lists(st.text(), min_size=2, max_size=2))
def test_different_content_different_id(left: list[str], right: list[str]) -> None:
    """No two fields run into each other: ('ab', 'c') is not ('a', 'bc')."""
    one = item(prompt=left[0], reference=left[1])
    two = item(prompt=right[0], reference=right[1])
    assert (one.sample_id == two.sample_id) is (left == right)


def test_text_and_number_are_two_answers() -> None:
    """1, 1.0, "1" and true are four references."""
    assert len({item(reference=value).sample_id for value in (1, 1.0, "1", True)}) == 4


def test_ids_stay_what_they_are() -> None:
    """Ids are kept in hubs and logs: a change of the hash would orphan every result."""
    assert content_hash({"b": 1, "a": ["é"]}) == "cde3c54c1d323a37b399fbf0246d2a68"
    assert bytes_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_conditions_go_through_json() -> None:
    """And come back equal, with the same id."""
    condition = FULL.condition.changed(temperature=0.0, top_p=None)
    assert condition.variant == "temperature=0.0"
    back = Condition.from_json(json.loads(json.dumps(condition.to_json())))
    assert back == condition and back.condition_id == condition.condition_id


def test_modality_and_status() -> None:
    """Images make a sample an image sample; only two statuses count."""
    assert (FULL.modality, item().modality) == ("image", "text")
    assert [status for status in Status if status.counts] == [Status.OK, Status.NO_ANSWER]


def test_records_cannot_be_changed() -> None:
    """They are what their hash says."""
    with pytest.raises(AttributeError):
        FULL.published_at = date(2020, 1, 1)  # type: ignore[misc]
    assert Attempt.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_conditions_that_do_without_later_fields_keep_their_ids() -> None:
    # The id that the first release gave: attempts stored under it must be found again.
    assert Condition().condition_id == "a5459ad70c5a406adc2ccfcbce440c5e"
    assert Condition(top_k=5).condition_id != Condition().condition_id
    assert Condition(answer="likelihood").condition_id != Condition().condition_id
