"""From columns that users bring to codes, numbers and counts; what cannot be read is refused in one line."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
import polars as pl

from aggregate.words import not_a_number, numbers
from kernels.interning import Interner

_SEEDS = (0, 1)
"""Of the two hashes of a name."""

_FEW = 2**18
"""Names in a batch; of more, compiled loops find those that come again faster."""

_MOST = 1e30
"""What is larger is no measurement, and its square would be lost."""

_MOST_COUNT = 2**53
"""Larger ones are not told from their neighbours where they are divided."""

# Numbers that are looked up at once.
_STEP = 2**20


class MeasurementsError(ValueError):
    """The input cannot be ranked as it stands; the message is one line and says what to do."""


def refuse(why: str) -> NoReturn:
    """Raise MeasurementsError."""
    raise MeasurementsError(why)


class Names:
    """Distinct names of a column that may come in batches; the codes of all batches speak of one list.

    Text is told apart by 128 bits of hash: of a thousand million names, two are taken for one with a chance of
    1e-21.
    """

    def __init__(self) -> None:
        self._codes = Interner()
        self._names = [pl.Series(dtype=pl.String)]

    def codes(self, names: pl.Series) -> np.ndarray:
        """(R,) int32 codes of a batch of names; -1 for null."""
        if names.dtype != pl.String:
            return self._codes_of_numbers(names)
        nulls = names.is_null().to_numpy() if names.null_count() else None
        text = names if nulls is None else names.drop_nulls()
        if 0 < len(text) < _FEW:  # what comes again is looked up by polars, which needs no compiled loops
            distinct = text.unique(maintain_order=True)
            codes = text.replace_strict(distinct, self._of_text(distinct), return_dtype=pl.Int32).to_numpy()
        else:
            codes = self._of_text(text)
        if nulls is None:
            return codes
        found = np.full(len(names), -1, np.int32)
        found[~nulls] = codes
        return found

    def _of_text(self, text: pl.Series) -> np.ndarray:
        codes, new = self._codes.codes(*(text.hash(seed).to_numpy() for seed in _SEEDS))
        if new.size:
            self._names.append(text.gather(new).rename(""))
        return codes

    def _codes_of_numbers(self, names: pl.Series) -> np.ndarray:
        """Of integers and categories, which are written out as text once each, whatever the number of rows."""
        distinct = names.drop_nulls().unique()
        physical, of = names.to_physical(), distinct.to_physical()
        order = of.arg_sort()
        codes = self.codes(distinct.gather(order).cast(pl.String))
        return _look_up(physical, of.gather(order), codes) if codes.size else np.full(len(names), -1, np.int32)

    def used(self, *codes: np.ndarray) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names that these codes use, in order, and those left over. The codes become indices into them."""
        names = pl.concat(self._names)
        occurs = np.zeros(len(names) + 1, bool)  # the last place is that of -1
        for array in codes:
            occurs[array] = True
        here = occurs[:-1]
        order = names.arg_sort().to_numpy()
        order = order[here[order]]
        new = np.full(occurs.size, -1, np.int32)
        new[order] = np.arange(order.size, dtype=np.int32)
        for array in codes:
            renumber(array, new)
        return tuple(names.gather(order).to_list()), tuple(names.filter(pl.Series(~here)).sort().to_list())


def renumber(array: np.ndarray, new: np.ndarray) -> None:
    """array = new[array], in place and without a second array of that size."""
    for start in range(0, array.size, _STEP):
        part = array[start : start + _STEP]
        part[:] = new[part]


def _look_up(sought: pl.Series, distinct: pl.Series, codes: np.ndarray) -> np.ndarray:
    """The code of each number, -1 for null; by a table where the sought lie close together."""
    lowest, highest = int(distinct[0]), int(distinct[-1])
    if highest - lowest < max(4 * len(distinct), 2**16):
        table = np.full(highest - lowest + 2, -1, np.int32)
        table[distinct.to_numpy().astype(np.int64) - lowest] = codes
        return table[sought.cast(pl.Int64).fill_null(highest + 1).to_numpy() - lowest]
    found = codes[distinct.search_sorted(sought.fill_null(lowest)).to_numpy()]
    return np.where(sought.is_null().to_numpy(), np.int32(-1), found)


def check_names(frame: pl.DataFrame, column: str, *, nulls: bool = False, before: int = 0) -> pl.Series:
    """A column of names: text, categories or integers. `nulls`: they may stand, and an empty text is one.
    `before`: rows that came before these."""
    series = frame[column]
    if series.dtype == pl.Int128:  # numbers beyond what numpy holds
        series = series.cast(pl.String)
    if nulls and series.dtype == pl.Null:
        return series.cast(pl.String)
    if not (series.dtype in (pl.String, pl.Categorical, pl.Enum) or series.dtype.is_integer()):
        refuse(f"column {column!r} is {series.dtype}: names must be text or integers, cast it to text")
    if nulls and not series.dtype.is_integer():
        return series.cast(pl.String).replace("", None)
    if series.null_count():
        refuse(
            f"column {column!r} has {series.null_count()} rows without a name, the first is row "
            f"{before + (series.is_null().arg_max() or 0) + 1}: fill or drop them"
        )
    return series


def floats(frame: pl.DataFrame, column: str, before: int = 0) -> np.ndarray:
    """(R,) float32 where that loses nothing, else float64; NaN for missing. Texts are read by `words.numbers`,
    infinite values are refused. `before`: rows that came before these."""
    values = frame[column]
    if values.dtype in (pl.String, pl.Categorical, pl.Enum):
        texts = values.cast(pl.String)
        values, odd = numbers(texts)
        if odd is not None:
            refuse(
                f"column {column!r} holds {texts[odd]!r:.40} (row {before + odd + 1}), which is no number: "
                f"{not_a_number(texts[odd])}"
            )
    if not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)):
        refuse(f"column {column!r} is {values.dtype}: cast it to a number (1 for a pass, 0 for a fail)")
    small = values.dtype in (pl.Boolean, pl.Null, pl.Int8, pl.UInt8, pl.Int16, pl.UInt16, pl.Float32)
    found = values.cast(pl.Float32 if small else pl.Float64).fill_null(float("nan")).to_numpy()
    if found.size and max(np.fmax.reduce(found), -np.fmin.reduce(found)) > _MOST:
        refuse(f"column {column!r} holds infinite values or ones beyond {_MOST:g}: leave failed ones null instead")
    if small:
        return found
    short = found.astype(np.float32)
    return short if np.array_equal(short, found, equal_nan=True) else found


def counts(frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray] | None:
    """Passes and attempts, (R,) int64 each, 0 where null; None where there are no such columns."""
    given = [name for name in ("passes", "attempts") if name in frame.columns]
    if not given or all(frame[name].dtype == pl.Null for name in given):
        return None
    if len(given) == 1:
        refuse(f"column {given[0]!r} stands alone: give passes and attempts together, or drop it")
    columns = frame.select(given)
    for name, dtype in columns.schema.items():
        if not (dtype.is_integer() or dtype == pl.Null):
            refuse(f"column {name!r} is {dtype}: counts must be integers")
        most = columns[name].max()
        if isinstance(most, int) and most > _MOST_COUNT:
            refuse(f"column {name!r} holds {most}: counts are {_MOST_COUNT:,} at most")
    if (columns["passes"].is_null() != columns["attempts"].is_null()).any():
        refuse("some rows have passes without attempts or the reverse: give both or neither")
    passes, attempts = (columns[name].fill_null(0).cast(pl.Int64).to_numpy() for name in given)
    if (passes < 0).any() or (passes > attempts).any():
        row = np.flatnonzero((passes < 0) | (passes > attempts))[0]
        refuse(
            f"{passes[row]} passes of {attempts[row]} attempts (model {frame['model'][int(row)]!r}, sample "
            f"{frame['sample'][int(row)]!r}): passes lie between 0 and attempts, correct the counts"
        )
    return passes, attempts
