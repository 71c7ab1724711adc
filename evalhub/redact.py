"""What goes to the terminal and to logs: a line without keys, passwords and anything that a terminal obeys."""

from __future__ import annotations

import logging
import os
import re
import shlex

from evalhub.wording import one_line

SHORTEST_SECRET = 16
"""Characters; servers that need no key are given words like EMPTY, which any text may hold, too."""

_LONGEST = 4000

_IN_ADDRESSES = (
    re.compile(r"(?<=//)[^/\s@]+(?=@)"),  # https://user:password@host
    re.compile(r"(?<=@)[^/\s@]+(?=@)"),  # MODEL@user:password@host
    re.compile(r"(?<=\?)[\w.-]+=[^\s'\"]+"),  # https://host/v1?key=value
)


def redacted(text: str) -> str:
    """The text in one line, without the key in OPENAI_API_KEY and what addresses hold by mistake."""
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if len(key) >= SHORTEST_SECRET:
        text = text.replace(key, "***")
    for pattern in _IN_ADDRESSES:
        text = pattern.sub("***", text)
    return one_line(text, _LONGEST)


def shell_word(text: str) -> str:
    """The text as a word that a shell reads back as it is, and that `redacted` leaves so: where a sign cannot be
    printed, or spaces follow each other, in the form of bash, zsh and ksh, `$'…'`."""
    if text.isprintable() and "  " not in text:
        return shlex.quote(text)
    signs = (sign if sign.isprintable() and sign not in " '\\" else _octal(sign) for sign in text)
    return f"$'{''.join(signs)}'"


def _octal(sign: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(sign))


class Redacting(logging.Formatter):
    """Log lines for the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))
