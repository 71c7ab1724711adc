"""Plain data crosses unchanged; everything else is refused on the way out, and rubbish on the way in."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, namedtuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.sandbox.inside import plain

LIMIT = 2**22

hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**60).map(lambda n: n**9)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(st.characters())
    | st.text(st.characters(categories=["Cs"]))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.frozensets(inner, max_size=4),
    max_leaves=8,
)
values = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(hashable, inner, max_size=5)
        | st.sets(hashable, max_size=5)
    ),
    max_leaves=25,
)


def _shape(value: Any) -> Any:
    """The value with the type of every part beside it, and sets in an order, since 1 == True == 1.0."""
    if isinstance(value, dict):
        return dict, [(_shape(k), _shape(v)) for k, v in value.items()]
    if isinstance(value, set | frozenset):
        return type(value), sorted(map(repr, map(_shape, value)))
    if isinstance(value, list | tuple):
        return type(value), [_shape(item) for item in value]
    return type(value), repr(value)


@given(values)
def test_crosses_unchanged(value: Any) -> None:
    assert _shape(plain.loads(plain.dumps(value, LIMIT))) == _shape(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, -0.0, "\ud83d\ude00", "\0\u2028"])
def test_the_odd_ones_cross(value: Any) -> None:
    assert _shape(plain.loads(plain.dumps(value, LIMIT))) == _shape(value)


def test_nan_and_huge_integers_cross() -> None:
    assert math.isnan(plain.loads(plain.dumps(math.nan, LIMIT)))
    assert plain.loads(plain.dumps(-(10**9999), LIMIT)) == -(10**9999)


def test_subclasses_are_flattened() -> None:
    Point = namedtuple("Point", "x y")
    point = Point(1, 2)
    value = plain.loads(plain.dumps([point, Counter("aab"), OrderedDict(a=1)], LIMIT))
    assert _shape(value) == _shape([(1, 2), {"a": 2, "b": 1}, {"a": 1}])


@pytest.mark.parametrize("value", [object(), len, iter([]), bytearray(1), range(3), [{1: print}]])
def test_other_types_are_refused(value: Any) -> None:
    with pytest.raises(plain.NotPlain):
        plain.dumps(value, LIMIT)


def test_too_deep_and_too_long_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(plain.MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(plain.NotPlain, match="nested"):
        plain.dumps(deep, LIMIT)
    plain.loads(plain.dumps(deep[0], LIMIT))
    with pytest.raises(plain.NotPlain, match="more than 10 bytes"):
        plain.dumps("x" * 9, 10)


@given(st.binary(max_size=60) | st.text('[]{}"ltSFdicfsb,:0123456789eE-naNIfinity ', max_size=60).map(str.encode))
def test_rubbish_is_malformed_or_plain(data: bytes) -> None:
    try:
        value = plain.loads(data)
    except plain.Malformed:
        return
    plain.dumps(value, LIMIT)


@pytest.mark.parametrize(
    "data", [b"[" * 10**6, b"[]", b"{}", b'["S",["l"]]', b'["d",1]', b'[["l"]]', b"NaN", b'["i",1]']
)
def test_known_rubbish(data: bytes) -> None:
    with pytest.raises(plain.Malformed):
        plain.loads(data)
