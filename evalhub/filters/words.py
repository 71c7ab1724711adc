"""The words of a filter: split, counted and checked before anything parses them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from evalhub.filters.filter import FilterError
from ingest.nearest import nearest

MOST_CHARACTERS = 10_000
MOST_WORDS = 2_000
DEEPEST = 20
"""Brackets within brackets: the parser takes some twenty frames of Python's stack for each."""

MOST_NOTS = 3
"""In a row."""

_T = TokenType
_FREE = {_T.VAR, _T.STRING, _T.NUMBER}
_COMPARISONS = {_T.EQ, _T.NEQ, _T.LT, _T.LTE, _T.GT, _T.GTE}
_WORDS = {_T.AND, _T.OR, _T.NOT, _T.IN, _T.LIKE, _T.ILIKE, _T.BETWEEN, _T.IS, _T.NULL, _T.TRUE, _T.FALSE, _T.DATE}
_ALLOWED = {*_FREE, *_COMPARISONS, *_WORDS, _T.L_PAREN, _T.R_PAREN, _T.COMMA, _T.DASH}
_SIGNS = {"=", "<>", "!=", "<", "<=", ">", ">=", "(", ")", ",", "-"}
_SPELT = {*_SIGNS, "AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", "DATE"}
"""DuckDB has other spellings for some, as ~~ for LIKE."""

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BLANK = " \t\r\n"


def check_words(text: str, columns: Sequence[str]) -> list[Token]:
    """The words of a filter, every one of which can stand in one.

    Raises:
        FilterError: it is too long or too deep, or there is another word, a comment or an open quote.
    """
    if len(text) > MOST_CHARACTERS:
        raise FilterError(f"a filter has at most {MOST_CHARACTERS:,} characters, this one {len(text):,}")
    for place, character in enumerate(text):
        if (character < " " and character not in _BLANK) or "\x7f" <= character < "\xa0" or _is_half(character):
            raise FilterError(
                f"a filter is plain text; {character!a} is a control character", text, place, place + 1
            )
    try:
        words = DuckDB().tokenize(text)
    except TokenError:
        raise FilterError("a quote is not closed; write 'text', and '' for a quote in it") from None
    if not words:
        raise FilterError("the filter is empty: write a condition such as source = 'gsm8k'")
    if len(words) > MOST_WORDS:
        raise FilterError(f"a filter has at most {MOST_WORDS:,} words and signs, this one {len(words):,}")
    end = 0
    for word in words:
        # Comments, and whatever else the splitting passes over.
        between = text[end : word.start]
        if between.strip(_BLANK):
            raise FilterError("a filter has no comments", text, end, word.start)
        end = word.end + 1
    if text[end:].strip(_BLANK):
        raise FilterError("a filter has no comments", text, end, len(text))
    _check_each(text, words, columns)
    return words


def no_column(text: str, name: str, columns: Sequence[str], start: int) -> FilterError:
    """The error of a word that is no column: with the nearest one, and all of them."""
    if any(quote in name for quote in "‘’“”´`＇"):
        return FilterError("write 'text' in straight quotes", text, start, start + len(name))
    near = nearest(name, columns)
    shown = name if name.isascii() else f"{name!a} (not plain letters)"
    meant = f", did you mean {near[0]}?" if near else ";"
    return FilterError(
        f"there is no column {shown[:80]}{meant} there are {', '.join(columns)}", text, start, start + len(name)
    )


def column_name(word: str) -> str:
    """A word as columns are spelt: in lower case, where it has plain letters; others become plain ones in it."""
    return word.lower() if word.isascii() else word


def _check_each(text: str, words: Sequence[Token], columns: Sequence[str]) -> None:
    depth = nots = 0
    for word, after in zip(words, [*words[1:], None], strict=True):
        start, end = word.start, word.end + 1
        kind = word.token_type
        typed = text[start:end]
        if kind not in _ALLOWED or (kind not in _FREE and typed.upper() not in _SPELT):
            raise _stray(text, word, columns)
        if kind == _T.STRING and text[start] != "'":
            raise FilterError("write 'text' in single quotes", text, start, end)
        if kind in (_T.VAR, _T.DATE) and after and after.token_type == _T.L_PAREN:
            raise FilterError("a filter calls no functions", text, start, end)
        if kind == _T.VAR and column_name(word.text) not in columns:
            raise no_column(text, word.text, columns, start)
        glued = after is not None and after.start == end and after.token_type in (_T.VAR, _T.NUMBER)
        if kind == _T.NUMBER and (glued or not _NUMBER.fullmatch(typed)):
            stop = after.end + 1 if after and glued else end
            raise FilterError("numbers are written as 1000, 0.5 or 7e9, without a unit", text, start, stop)
        if kind == _T.DASH and not (after and after.token_type == _T.NUMBER):
            raise FilterError("a minus stands before a number only", text, start, end)
        depth += (kind == _T.L_PAREN) - (kind == _T.R_PAREN)
        nots = nots + 1 if kind == _T.NOT else 0
        if depth > DEEPEST:
            raise FilterError(f"brackets are at most {DEEPEST} deep", text, start, end)
        if nots > MOST_NOTS:
            raise FilterError(f"at most {MOST_NOTS} NOTs follow each other", text, start, end)
        if depth < 0:
            raise FilterError("this bracket closes none", text, start, end)
    if depth:
        raise FilterError("a bracket is not closed")


def _stray(text: str, word: Token, columns: Sequence[str]) -> FilterError:
    start, end = word.start, word.end + 1
    typed = text[start:end]
    if typed.startswith('"'):
        return FilterError("write 'text' in single quotes, columns without quotes", text, start, end)
    if typed == ".":
        return FilterError("columns stand without a table's name, numbers as in 0.5", text, start, end)
    if typed.isidentifier():
        return no_column(text, typed, columns, start)
    return FilterError("this has no place in a filter: it has columns, values and operators", text, start, end)


def _is_half(character: str) -> bool:
    """Whether it is half of a character, as in an argument that is no UTF-8."""
    return "\ud800" <= character <= "\udfff"
