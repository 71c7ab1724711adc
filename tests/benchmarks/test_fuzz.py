"""Readers of bytes from outside, without coverage to guide it: what they take, cut, turned and filled with words,
is read or told in a line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.fuzz.readers import READERS

_TIMES = 150


def _changed(content: bytes, words: tuple[str, ...], dice: random.Random) -> bytes:
    """Up to four changes."""
    changed = bytearray(content)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(changed) + 1)
        match dice.randrange(4):
            case 0:
                del changed[place : place + dice.randint(1, 40)]
            case 1:
                changed[place : place + 1] = bytes([dice.randrange(256)])
            case 2:
                changed[place:place] = dice.choice(words or ("{",)).encode()
            case _:
                changed[place:place] = changed[place : place + dice.randint(1, 60)] * dice.randint(1, 5)
    return bytes(changed) or b" "


_SLOW = {"gguf"}
"""Whose library takes seconds to import."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in _SLOW)) for name in READERS]
)
def test_any_bytes_are_read_or_told_in_a_line(name: str, tmp_path: Path) -> None:
    if name in ("latex", "archives"):
        pytest.importorskip("pylatexenc", reason="pylatexenc is not installed")
    if name == "pdf":
        pytest.importorskip("pymupdf", reason="PyMuPDF is not installed")
    reader, dice = READERS[name], random.Random(name)
    call, told = reader.make(tmp_path)
    inputs = (*reader.seeds, *reader.more())
    taken = 0
    for number in range(_TIMES):
        whole = inputs[number % len(inputs)]
        content = whole if number < len(inputs) else _changed(whole, reader.words, dice)
        try:
            call(content)
            taken += 1
        except told as error:
            assert str(error).strip() and "\n" not in str(error), repr(error)
    assert taken
