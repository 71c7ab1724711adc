"""Files of results that users bring: Parquet, CSV or JSONL in long form, read batch by batch."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from ingest.importer import LogError
from ingest.table_text import HEAD, check_keys, open_text, separator_of, suffix_of, with_points

_NAMES = ("model", "sample", "cluster", "tag", "source", "metric", "model_a", "model_b")
"""Columns that stay as they are written: 007 is not 7."""

SUFFIXES = (".parquet", ".csv", ".jsonl")
"""How the names of tables end, as they are written."""

_NUMBERS = ("value", "passes", "attempts")

_OTHERS = ("kind", "direction", "outcome")

_TOLD = ("attempt", "status", "reason", "judge", "condition", "main", "source_id")
"""Columns of what is imported, read as they are written."""

READ = frozenset((*_NAMES, *_NUMBERS, *_OTHERS, *_TOLD))
"""All that have a meaning here."""

COLUMNS = READ | {"measured_at", "compared_at"}
"""Those, and what an export adds."""

_VALUES, _VOTES = ("model", "sample", "value"), {"model_a", "model_b"}
"""What rows of values must have, and what tells votes."""

VOTES_SAID = "model_a=YOURS,model_b=YOURS,outcome=YOURS"
"""What the user has to say of columns of votes."""

_TEXTS = (".csv", ".tsv", ".jsonl")
"""How the names of tables end that are texts; .gz may stand behind."""

_ENDS = ", ".join((".parquet", *_TEXTS))

_NONE = "NA"
"""How R writes a missing value; empty fields and NaN are missing anyway."""

_TWICE = "_duplicated_0"
"""What polars puts behind a name that a header has twice."""

_BATCH = 2**20
"""Rows of a Parquet file that are read at once."""


def frames(
    path: Path,
    by: str = "",
    columns: Mapping[str, str] | None = None,
    *,
    told: bool = False,
    spared: Sequence[str] = (),
    more: Sequence[str] = (),
) -> Iterator[pl.DataFrame]:
    """The rows of a file, in batches where its format allows that.

    by: a further column that is to be read. columns: what the file calls a column, by our name for it; names of
    text may be several columns joined by +. told: also the columns of what is imported. spared: of model, sample,
    value, those that may be absent. more: further columns that are to be read, as texts from CSV.

    Raises:
        LogError: there is no such file, or it is of no such format (both at once, before anything is read), or
            it cannot be read, or it holds neither values nor votes.
    """
    if path.is_dir():
        raise LogError(f"{path} is a folder: give the files in it that end in {_ENDS}")
    if not is_table(path):
        raise LogError(f"{path}: give a file that ends in {_ENDS}")
    if not path.exists():
        raise LogError(f"{path} cannot be read: there is no such file")
    if not path.is_file():
        raise LogError(f"{path} is no ordinary file: write what comes from it into one first")
    reader = {".parquet": _arrow if told else _parquet, ".jsonl": _jsonl}.get(suffix_of(path), _csv)
    return _read(path, _Names(path, (*(_TOLD if told else ()), by, *more), columns or {}, spared), reader)


def is_table(path: Path) -> bool:
    """Whether a file's name ends as that of a table."""
    return path.suffix.lower() == ".parquet" or suffix_of(path) in _TEXTS


def by_case(theirs: Collection[str], ours: Collection[str]) -> dict[str, str]:
    """The columns that are called as ours but for capital letters, by our name; none where two are, or one is
    called exactly so."""
    found: dict[str, list[str]] = {}
    for name in theirs:
        if name.lower() in ours and name.lower() not in theirs:
            found.setdefault(name.lower(), []).append(name)
    return {name: those[0] for name, those in found.items() if len(those) == 1}


class _Names:
    """What the columns of a file are called here."""

    def __init__(self, path: Path, more: Sequence[str], columns: Mapping[str, str], spared: Sequence[str]) -> None:
        self.used = {*_NAMES, *_NUMBERS, *_OTHERS, *more}
        self.text = {*_NAMES, *more}
        self._path, self._columns, self._spared = path, columns, spared
        for ours in columns:
            if ours not in self.used:
                known = ", ".join(name for name in (*_NAMES, *_NUMBERS, *_OTHERS, *more) if name)
                raise LogError(f"--columns {ours}={columns[ours]}: '{ours}' is none of ours, which are {known}")

    def ours(self, theirs: Sequence[str]) -> dict[str, list[str]]:
        """Their columns for each of ours: one, or several that make a name together. A column whose name another
        one was given is left out."""
        given: dict[str, list[str]] = {}
        for ours, name in self._columns.items():
            parts = [name] if name in theirs or ours not in self.text else name.split("+")
            for part in parts:
                if part not in theirs:
                    raise LogError(f"{self._path} has no column '{part}' for {ours}; it has {', '.join(theirs)}")
            given[ours] = parts
        taken = {*given, *(part for parts in given.values() for part in parts)}
        free = [name for name in theirs if name not in taken]
        alike = by_case(free, self.used - {*given})
        found = {name: [name] for name in free if name not in alike.values()}
        found = {**found, **{ours: [name] for ours, name in alike.items()}, **given}
        if not _VOTES & {*found}:
            absent = [name for name in _VALUES if name not in found and name not in self._spared]
            if absent:
                votes = f"; if its rows are votes, --columns {VOTES_SAID}" if "model" in absent else ""
                raise LogError(
                    f"{self._path} has no column {', '.join(absent)}; it has {', '.join(theirs)}: say which is "
                    f"which, as in --columns {','.join(f'{name}=YOURS' for name in absent)}{votes}"
                )
        return found


def _joined(parts: list[str]) -> pl.Expr:
    """A name from its parts."""
    if len(parts) == 1:
        return pl.col(parts[0])
    return pl.concat_str([pl.col(part).cast(pl.String) for part in parts], separator="/")


_Reader = Callable[[Path, _Names], Iterator[pl.DataFrame]]


def _read(path: Path, names: _Names, reader: _Reader) -> Iterator[pl.DataFrame]:
    try:
        yield from reader(path, names)
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        if "TapeError" in reason:
            reason = "it is not JSON line by line (NaN is none: write null for what is missing)"
        raise LogError(f"{path} cannot be read: {reason}") from error


def _parquet(path: Path, names: _Names) -> Iterator[pl.DataFrame]:
    """Columns that nobody reads, such as whole outputs, are there by name only."""
    rows = pl.scan_parquet(path, glob=False)
    ours = names.ours(rows.collect_schema().names())
    rows = rows.select(
        (_joined(theirs) if name in names.used else pl.lit(None)).alias(name) for name, theirs in ours.items()
    )
    empty = True
    for frame in rows.collect_batches(chunk_size=_BATCH, maintain_order=True):
        empty = False
        yield frame
    if empty:
        yield rows.collect()


def _arrow(path: Path, names: _Names) -> Iterator[pl.DataFrame]:
    """As `_parquet`, for files of others: slower, and with an error where polars would panic at damaged pages."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            ours = names.ours(file.schema_arrow.names)
            wanted = {part for name, parts in ours.items() if name in names.used for part in parts}
            for batch in file.iter_batches(_BATCH, columns=sorted(wanted)):
                batch.validate(full=True)
                frame = pl.from_arrow(batch)
                assert isinstance(frame, pl.DataFrame)
                yield frame.select(
                    (_joined(theirs) if name in names.used else pl.lit(None)).alias(name)
                    for name, theirs in ours.items()
                )
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise LogError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}") from None


def _csv(path: Path, names: _Names) -> Iterator[pl.DataFrame]:
    """Types are told from the whole file."""
    with open_text(path) as file:
        separator = separator_of(path, file.read(HEAD))
        # The file by its name, which is read faster, where its content is text as it is.
        text = file.getvalue() if isinstance(file, io.BytesIO) else path
    heads = pl.read_csv(text, n_rows=0, glob=False, separator=separator).columns
    for name in heads:
        if name.endswith(_TWICE):
            raise LogError(f"{path} has two columns '{name.removesuffix(_TWICE)}': rename one")
    ours = names.ours(heads)
    texts = {part for name, parts in ours.items() if name in names.text for part in parts}
    frame = pl.read_csv(
        text,
        separator=separator,
        columns=list(dict.fromkeys(part for parts in ours.values() for part in parts)),
        glob=False,  # results[1].csv is a name, not a pattern
        infer_schema_length=None,
        schema_overrides=dict.fromkeys(texts, pl.String),
        null_values={part: _NONE for name in _NUMBERS for part in ours.get(name, ())},
    ).select(_joined(theirs).alias(name) for name, theirs in ours.items())
    empty = [name for name in frame.columns if frame[name].null_count() == frame.height and name not in names.text]
    if separator != "," and "value" in frame.columns and frame["value"].dtype == pl.String:
        frame = frame.with_columns(with_points(frame["value"]).alias("value"))
    yield frame.with_columns(pl.col(empty).cast(pl.Null))


def _jsonl(path: Path, names: _Names) -> Iterator[pl.DataFrame]:
    with open_text(path) as file:
        check_keys(path, file)
        file.seek(0)
        frame = pl.read_ndjson(file, infer_schema_length=None)
    ours = names.ours(frame.columns)
    yield frame.select(_joined(theirs).alias(name) for name, theirs in ours.items())
