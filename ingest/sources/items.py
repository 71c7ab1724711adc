"""How questions of one's own are asked and judged, whatever file they come from."""

from __future__ import annotations

import math
import re
from typing import Any

from ingest.records import Condition

_CHOICES = Condition(template="{prompt}\n{choices}\nAnswer with one of the options and nothing else.")
_FREE = Condition(template="{prompt}")
_LIKELIHOOD = Condition(form="plain", template="{prompt}", answer="likelihood")

WHOLE = Condition(form="plain", template="", answer="likelihood")
"""Of a long text: nothing before it, so that all of it is scored."""

ANSWERS = ("generate", "likelihood")

_IMAGE_SIGNS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")

_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")


def condition_of(*, choices: bool, answer: str) -> Condition:
    """How a question is asked that says nothing of it itself."""
    if answer == "likelihood":
        return _LIKELIHOOD
    return _CHOICES if choices else _FREE


def grader_of(reference: Any, *, choices: bool) -> str:
    """Who judges: with choices the answer must be one of them, a number is compared as a number, anything else as
    text."""
    if choices:
        return "choice"
    return "numeric" if _is_number(reference) else "exact"


def plain_answer(text: str) -> str:
    """What an answer says, apart from the case of letters, runs of white space and a final period."""
    return " ".join(text.split()).rstrip(".").casefold()


def fault_of(choices: tuple[str, ...], *, answer: str) -> str:
    """Why no answer to a question with these choices could be told right or wrong, or ''."""
    if len(choices) == 1:
        return "one choice is no choice: give two or more, or leave choices out"
    # By likelihood each is scored as it stands.
    said = choices if answer == "likelihood" else tuple(map(plain_answer, choices))
    for place, one in enumerate(said):
        if not choices[place].strip():
            return f"choice {place + 1} is empty"
        if one in said[:place]:
            return f"choices {said.index(one) + 1} and {place + 1} are one answer: {choices[place]!r}"
    return ""


def is_image(content: bytes) -> bool:
    """Whether these are the bytes of a PNG, JPEG, GIF or WebP."""
    return content.startswith(_IMAGE_SIGNS)


def _is_number(value: Any) -> bool:
    if isinstance(value, str) and _THOUSANDS.fullmatch(value.strip()):
        return True
    try:
        return not isinstance(value, bool) and math.isfinite(float(value))
    except (ValueError, OverflowError):  # OverflowError: an int beyond all floats
        return isinstance(value, int)
