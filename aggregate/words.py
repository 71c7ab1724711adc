"""Words that users write for numbers, and for nothing."""

from __future__ import annotations

import polars as pl

MISSING = ("", "na", "n/a", "nan", "null")
"""What stands for nothing in any column that is read, in small letters."""

_NUMBERS = {
    **dict.fromkeys(("true", "yes", "pass", "passed", "correct"), "1"),
    **dict.fromkeys(("false", "no", "fail", "failed", "incorrect", "wrong"), "0"),
    **dict.fromkeys((*MISSING, "none"), None),
}
DECIMAL_COMMA = r"^\s*[+-]?\d+,\d+\s*$"


def plain(words: pl.Series) -> pl.Series:
    """Texts in small letters, without spaces around them."""
    return words.cast(pl.String).str.strip_chars().str.to_lowercase()


def numbers(words: pl.Series) -> tuple[pl.Series, int | None]:
    """Numbers, and words that say pass or fail, as Float64, null where they are missing; and the place of the
    first that is no number."""
    known = plain(words).replace(_NUMBERS)
    found = known.cast(pl.Float64, strict=False)
    odd = known.is_not_null() & found.is_null()
    return found, odd.arg_max() if odd.any() else None


def not_a_number(word: str) -> str:
    """What to do about a text that `numbers` does not know."""
    if pl.Series([word]).str.contains(DECIMAL_COMMA)[0]:
        whole, _, rest = word.strip().partition(",")
        thousands = f", or {whole}{rest} where it parts thousands" if len(rest) == 3 else ""
        return f"it has a decimal comma: write a point, {whole}.{rest}{thousands}"
    return "write numbers, 1 for a pass and 0 for a fail, and leave what is missing empty"
