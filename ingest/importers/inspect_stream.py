"""JSON that is too large to be held as a whole: the elements of a list, one by one."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

_LARGEST = 2**28
"""Characters of one value."""


class JsonStream:
    """Values in a text that comes in blocks.

    All methods raise ValueError where the text is no JSON, no UTF-8, or ends too early, and RecursionError where
    it is nested too deeply. `NaN` and `Infinity` are numbers, as Python writes them.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._parse = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._ended = False

    def elements(self) -> Iterator[Any]:
        """The values of the list that begins here."""
        self._expect("[")
        if self._peek() == "]":
            self._expect("]")
            return
        while True:
            yield self.value()
            if self._expect(",]") == "]":
                return

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here. Take each one's value, by `value` or `elements`, before the
        next key."""
        self._expect("{")
        if self._peek() == "}":
            self._expect("}")
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise ValueError("a key is no text")
            self._expect(":")
            yield key
            if self._expect(",}") == "}":
                return

    def is_list(self) -> bool:
        """Whether the next value is a list."""
        return self._peek() == "["

    def value(self) -> Any:
        """The value that begins here."""
        self._peek()
        while True:
            try:
                value, end = self._parse(self._text, self._at)
            except ValueError:
                if not self._more():
                    raise
                continue
            if end == len(self._text) and self._more():
                continue  # a number may go on
            self._at = end
            return value

    def end(self) -> None:
        """Nothing comes any more."""
        if self._peek():
            raise ValueError("something stands behind the end")

    def skip_rest(self) -> None:
        """Take what remains without a look, so that the source of the blocks can check them."""
        for _ in self._blocks:
            pass

    def _peek(self) -> str:
        """The next character that is no white space; '' at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in " \t\n\r":
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _expect(self, characters: str) -> str:
        found = self._peek()
        if not found or found not in characters:
            raise ValueError(f"{found!r} in the place of one of {characters!r}")
        self._at += 1
        return found

    def _more(self) -> bool:
        """Double what is at hand, so that a long value is parsed only a few times; False at the end."""
        if self._ended:
            return False
        parts = [self._text[self._at :]]
        wanted = max(2 * len(parts[0]), 1)
        if wanted > 2 * _LARGEST:
            raise ValueError("a value is too large")
        self._at = 0
        length = 0
        while length < wanted - len(parts[0]):
            block = next(self._blocks, None)
            if block is None:
                parts.append(self._decode.decode(b"", final=True))
                self._ended = True
                break
            parts.append(self._decode.decode(block))
            length += len(parts[-1])
        self._text = "".join(parts)
        return True
