"""What a sample says, for those who look for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_LONGEST = 4000
"""Characters of one part; what is longer says what it is about before."""


def meaning(prompt: str, choices: Sequence[str], image_text: str) -> str:
    """What the encoder reads: the question, the choices and the text in the images."""
    return "\n".join(part[:_LONGEST] for part in (prompt, *choices, image_text) if part)


def words(prompt: str, choices: Sequence[str], reference: Any, tags: Sequence[str], image_text: str) -> str:
    """What a word is looked for in: question, choices, reference, tags and the text in the images."""
    return "\n".join(part[:_LONGEST] for part in (prompt, *choices, *_strings(reference), *tags, image_text))


def _strings(value: Any) -> list[str]:
    """The texts in a reference, whatever its form."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for part in value.values() for text in _strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return []
