"""Plain data as bytes and back: the only thing that ever crosses from one jail to the other.

A small tagged JSON. None, bool, str, finite float and small int stand for themselves; everything else is a
list whose first item is its tag. A subclass is flattened to its base by the base's own methods; any other
type is refused. What `loads` returns is built of the exact built-in types, whoever wrote the bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

MAX_DEPTH = 100
_SMALL = 2**53


class NotPlain(Exception):
    """The value has no plain form; the message says why, as a phrase after `returned`."""


class Malformed(Exception):
    """The bytes are no plain value."""


def dumps(value: object, limit: int) -> bytes:
    """The value's bytes, at most `limit` of them."""
    text = json.dumps(_encode(value, 0, limit), allow_nan=False, separators=(",", ":"))
    if len(text) > limit:
        raise _too_long(limit)
    return text.encode("ascii")


def loads(data: bytes) -> Any:
    """The inverse of `dumps`."""
    try:
        return _decode(json.loads(data.decode("ascii"), parse_constant=_no_constant), 0)
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError) as error:
        raise Malformed(type(error).__name__) from error


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _too_long(limit: int) -> NotPlain:
    return NotPlain(f"a value of more than {limit} bytes")


def _encode(value: object, depth: int, limit: int) -> object:
    if value is None or value is True or value is False:
        return value
    if depth > MAX_DEPTH:
        raise NotPlain(f"a value nested more than {MAX_DEPTH} deep")
    kind = type(value)
    for base in kind.__mro__:
        if base in _ENCODERS:
            return _ENCODERS[base](value, depth + 1, limit)
    raise NotPlain(f"a value of type {kind.__name__}")


def _int(value: Any, _depth: int, _limit: int) -> object:
    exact = int.__int__(value)
    # Python parses long decimal integers slowly and refuses very long ones; hexadecimal has no such limit.
    return exact if -_SMALL < exact < _SMALL else ["i", hex(exact)]


def _float(value: Any, _depth: int, _limit: int) -> object:
    exact = float.__float__(value)
    return exact if math.isfinite(exact) else ["f", repr(exact)]


def _complex(value: Any, depth: int, limit: int) -> object:
    exact = complex.__complex__(value)
    return ["c", _float(exact.real, depth, limit), _float(exact.imag, depth, limit)]


def _str(value: Any, _depth: int, limit: int) -> object:
    exact = str.__str__(value)
    if len(exact) > limit:  # Refused before it is copied: quoting a hundred megabytes costs more than making them.
        raise _too_long(limit)
    if not exact.isascii():
        try:
            exact.encode()
        except UnicodeEncodeError:
            # JSON would join two lone surrogates into one character.
            return ["s", exact.encode("utf-8", "surrogatepass").hex()]
    return exact


def _bytes(value: Any, _depth: int, limit: int) -> object:
    if bytes.__len__(value) > limit:
        raise _too_long(limit)
    return ["b", bytes.hex(value)]


def _items(tag: str, iterate: Callable[[Any], Iterable[Any]]) -> Callable[[Any, int, int], object]:
    return lambda value, depth, limit: [tag, *[_encode(item, depth, limit) for item in iterate(value)]]


def _dict(value: Any, depth: int, limit: int) -> object:
    return ["d", *[_encode(part, depth, limit) for item in dict.items(value) for part in item]]


_ENCODERS: dict[type, Callable[[Any, int, int], object]] = {
    int: _int,
    float: _float,
    complex: _complex,
    str: _str,
    bytes: _bytes,
    list: _items("l", list.__iter__),
    tuple: _items("t", tuple.__iter__),
    set: _items("S", set.__iter__),
    frozenset: _items("F", frozenset.__iter__),
    dict: _dict,
}


def _decode(code: Any, depth: int) -> Any:
    if not isinstance(code, list):
        if isinstance(code, dict):
            raise ValueError("an object")
        return code
    # One more than the encoder's: its deepest container may still hold tagged scalars.
    if depth > MAX_DEPTH + 1:
        raise ValueError("too deep")
    return _DECODERS.get(code[0], _unknown)(code[1:], depth + 1)


def _unknown(_rest: list[Any], _depth: int) -> Any:
    raise ValueError("unknown tag")


def _decoded(rest: list[Any], depth: int) -> list[Any]:
    return [_decode(item, depth) for item in rest]


def _decoded_pairs(rest: list[Any], depth: int) -> dict[Any, Any]:
    items = _decoded(rest, depth)
    return dict(zip(items[::2], items[1::2], strict=True))


_DECODERS: dict[str, Callable[[list[Any], int], Any]] = {
    "i": lambda rest, _: int(rest[0], 16),
    "f": lambda rest, _: float(rest[0]),
    "c": lambda rest, depth: complex(*_decoded(rest, depth)),
    "s": lambda rest, _: bytes.fromhex(rest[0]).decode("utf-8", "surrogatepass"),
    "b": lambda rest, _: bytes.fromhex(rest[0]),
    "l": _decoded,
    "t": lambda rest, depth: tuple(_decoded(rest, depth)),
    "S": lambda rest, depth: set(_decoded(rest, depth)),
    "F": lambda rest, depth: frozenset(_decoded(rest, depth)),
    "d": _decoded_pairs,
}
