"""Opening a data set: of the hub, or of files and folders here."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.source import SourceError
from ingest.sources.hub import quietly, why

_KINDS = {
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".arrow": "arrow",
}

_PARTS = re.compile(r"[Aa]vailable(?: configs)?: \[(.*?)\]")
"""What the library says where a part is to be named, or is not there."""


@dataclass(frozen=True)
class Data:
    """A split, and how its rows are named."""

    rows: Any
    """A `datasets.Dataset`."""

    source: str
    """Name of the source of its samples."""

    place: str
    """Put before the names of rows: a data set has several splits."""

    licence: str


@contextmanager
def opened(path: str, config: str, split: str) -> Iterator[Data]:
    """The split of a data set; what had to be converted to read it is gone afterwards.

    Raises:
        SourceError: there is none, or it cannot be loaded.
    """
    local = Path(path).expanduser()
    with ExitStack() as stack:
        if local.exists():
            cache = stack.enter_context(tempfile.TemporaryDirectory(prefix="evalhub-hf-"))
            with quietly():
                splits = _local(local, path, config, split, cache)
        elif path.startswith((".", "/", "~")) or local.suffix in _KINDS:
            raise SourceError(f"{path}: no such file or folder")
        else:
            with quietly():
                splits = _loaded(path, f"the data set {path}", name=config or None)
        name = _split(path, splits, split)
        rows = splits[name]
        yield Data(
            rows,
            source=f"hf:{local.resolve().name if local.exists() else path}",
            place="" if local.is_file() else "/".join(filter(None, (config, name))) + "/",
            licence=str(rows.info.license or ""),
        )


def _local(path: Path, typed: str, config: str, split: str, cache: str) -> Any:
    import datasets

    what = f"the data set {typed}"
    if path.is_dir():
        if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
            try:
                found = datasets.load_from_disk(str(path))
            except Exception as error:  # of any of the libraries beneath
                raise SourceError(why(error, what)) from error
            return found if isinstance(found, datasets.DatasetDict) else {"train": found}
        return _loaded(str(path), what, name=config or None, cache_dir=cache)
    if path.suffix not in _KINDS:
        raise SourceError(f"{typed}: the name of a data file ends in {', '.join(_KINDS)}")
    more: dict[str, Any] = {"delimiter": "\t"} if path.suffix == ".tsv" else {}
    if path.suffix == ".json" and (name := _list_in(path, typed, split)):
        return {name: _loaded("json", what, data_files=str(path), field=name, cache_dir=cache)["train"]}
    return _loaded(_KINDS[path.suffix], what, data_files=str(path), cache_dir=cache, **more)


def _loaded(path: str, what: str, **how: Any) -> Any:
    import datasets

    try:
        return datasets.load_dataset(path, **how)
    except Exception as error:  # as above
        if isinstance(error, ValueError) and (names := _PARTS.search(str(error))):
            raise SourceError(f"{what} has several parts: name one with -o config=, of {names[1]}") from error
        raise SourceError(why(error, what)) from error


def _list_in(path: Path, typed: str, split: str) -> str:
    """The field of a JSON object that holds the rows; '' where the file is their list, or has one a line."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return ""  # one a line, or broken, which the library will say
    if not isinstance(content, dict):
        return ""
    lists = [
        name
        for name, value in content.items()
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
    ]
    if split in lists:
        return split
    if len(lists) > 1:
        raise SourceError(f"{typed} holds several lists of rows: name one with -o split={' or '.join(lists)}")
    return lists[0] if lists else ""


def _split(path: str, splits: Any, asked: str) -> str:
    """The split that is asked for, the only one, or that for tests."""
    names = list(splits)
    if asked in names or (not asked and len(names) == 1):
        return asked or str(names[0])
    if not asked and "test" in names:
        return "test"
    said = f"has no split '{asked}'" if asked else "has several splits"
    raise SourceError(f"{path} {said}: name one with -o split={' or '.join(names)}")
