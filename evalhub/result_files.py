"""Files of results that users bring: Parquet, CSV or JSONL in long form, read batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from evalhub.errors import EvalhubError

_NAMES = ("model", "sample", "cluster", "tag", "source", "metric", "model_a", "model_b")
"""Columns that stay as they are written: 007 is not 7."""

_NUMBERS = ("value", "passes", "attempts")

_OTHERS = ("kind", "direction", "outcome")

_VALUES, _VOTES = ("model", "sample", "value"), {"model_a", "model_b"}
"""What rows of values must have, and what tells votes."""

_NONE = "NA"
"""How R writes a missing value; empty fields and NaN are missing anyway."""

_TWICE = "_duplicated_0"
"""What polars puts behind a name that a header has twice."""

_BATCH = 2**20
"""Rows of a Parquet file that are read at once."""


def frames(path: Path, by: str = "", columns: Mapping[str, str] | None = None) -> Iterator[pl.DataFrame]:
    """The rows of a file, in batches where its format allows that.

    by: a further column that is to be read. columns: what the file calls a column, by our name for it.

    Raises:
        EvalhubError: there is no such file, or it is of no such format (both at once, before anything is read), or
            it cannot be read, or it holds neither values nor votes.
    """
    readers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl}
    suffix = path.suffix.lower()
    if path.is_dir():
        raise EvalhubError(f"{path} is a folder: give the files in it that end in {', '.join(readers)}")
    if suffix not in readers:
        raise EvalhubError(f"{path}: give a file that ends in {', '.join(readers)}")
    if not path.exists():
        raise EvalhubError(f"{path} cannot be read: there is no such file")
    if not path.is_file():
        raise EvalhubError(f"{path} is no ordinary file: write what comes from it into one first")
    return _read(path, _Names(path, by, columns or {}), readers[suffix])


class _Names:
    """What the columns of a file are called here."""

    def __init__(self, path: Path, by: str, columns: Mapping[str, str]) -> None:
        self.used = {*_NAMES, *_NUMBERS, *_OTHERS, by}
        self.text = {*_NAMES, by}
        self._path, self._columns = path, columns
        for ours in columns:
            if ours not in self.used:
                known = ", ".join((*_NAMES, *_NUMBERS, *_OTHERS))
                raise EvalhubError(
                    f"--columns {ours}={columns[ours]}: '{ours}' is none of ours, which are {known}"
                )

    def ours(self, theirs: Sequence[str]) -> dict[str, str]:
        """Our name for each of their columns; none for one whose name another was given."""
        for ours, name in self._columns.items():
            if name not in theirs:
                raise EvalhubError(f"{self._path} has no column '{name}' for {ours}; it has {', '.join(theirs)}")
        given = {name: ours for ours, name in self._columns.items()}
        found = {name: given.get(name, name) for name in theirs if name in given or name not in self._columns}
        if not _VOTES & {*found.values()}:
            absent = [name for name in _VALUES if name not in found.values()]
            if absent:
                raise EvalhubError(
                    f"{self._path} has no column {', '.join(absent)}; it has {', '.join(theirs)}: say which is "
                    f"which, as in --columns {','.join(f'{name}=YOURS' for name in absent)}"
                )
        return found


_Reader = Callable[[Path, _Names], Iterator[pl.DataFrame]]


def _read(path: Path, names: _Names, reader: _Reader) -> Iterator[pl.DataFrame]:
    try:
        yield from reader(path, names)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise EvalhubError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _parquet(path: Path, names: _Names) -> Iterator[pl.DataFrame]:
    """Columns that nobody reads, such as whole outputs, are there by name only."""
    rows = pl.scan_parquet(path, glob=False)
    ours = names.ours(rows.collect_schema().names())
    rows = rows.select(
        (pl.col(theirs) if name in names.used else pl.lit(None)).alias(name) for theirs, name in ours.items()
    )
    empty = True
    for frame in rows.collect_batches(chunk_size=_BATCH, maintain_order=True):
        empty = False
        yield frame
    if empty:
        yield rows.collect()


def _csv(path: Path, names: _Names) -> Iterator[pl.DataFrame]:
    """Types are told from the whole file."""
    heads = pl.read_csv(path, n_rows=0, glob=False).columns
    for name in heads:
        if name.endswith(_TWICE):
            raise EvalhubError(f"{path} has two columns '{name.removesuffix(_TWICE)}': rename one")
    ours = names.ours(heads)
    frame = pl.read_csv(
        path,
        columns=list(ours),
        glob=False,  # results[1].csv is a name, not a pattern
        infer_schema_length=None,
        schema_overrides={theirs: pl.String for theirs, name in ours.items() if name in names.text},
        null_values={theirs: _NONE for theirs, name in ours.items() if name in _NUMBERS},
    ).rename(ours)
    empty = [name for name in frame.columns if frame[name].null_count() == frame.height and name not in names.text]
    yield frame.with_columns(pl.col(empty).cast(pl.Null))


def _jsonl(path: Path, names: _Names) -> Iterator[pl.DataFrame]:
    with path.open("rb") as file:
        frame = pl.read_ndjson(file, infer_schema_length=None)
    ours = names.ours(frame.columns)
    yield frame.select(list(ours)).rename(ours)
