"""Logs of Inspect: `.eval` archives, and the same as one JSON object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from ingest.importer import Log, LogError, Told
from ingest.importers.inspect_archive import Archive
from ingest.importers.inspect_entries import Content, Entry, NoEntry, content_of, entry_of
from ingest.importers.inspect_scores import take
from ingest.importers.inspect_stream import JsonStream
from ingest.importers.json_files import as_count, as_list, as_object, as_text
from ingest.reading import Reading

_JSON = re.compile(rb'\s*\{\s*"version"\s*:\s*\d+\s*,\s*"status"\s*:')
_ZIP = b"PK\x03\x04"
_FIRST = re.compile(_ZIP + rb"[\s\S]{26}(?:_journal/start|header)\.json")
_SUMMARIES = "summaries.json"
_PIECE = re.compile(r"_journal/summaries/(\d{1,9})\.json")
_FIELDS = ("input", "target", "choices", "attachments")


class Inspect:
    """The summaries of an Inspect log, not its transcripts; a sample's own file only where its summary is cut.

    Epochs are attempts. Of a score C counts 1, P a half, I nothing; N, no answer, counts nothing too, for a model
    that does not answer is wrong. Samples that ended in an error or at a limit are missing, even where Inspect
    scored them, and so are refusals and failures of the grader. A dictionary of scores makes a metric of each;
    lists are left out and counted. A run that did not finish, or was invalidated, is partial.
    """

    summary = "Inspect: .eval archives, and .json logs"
    general = False

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        """An archive that begins with Inspect's journal, or an object with version, status and eval."""
        if _FIRST.match(head) or (_JSON.match(head) and b'"eval"' in head):
            return (path,)
        if head.startswith(_ZIP):
            try:
                names = Archive(path).names()
            except LogError:
                return None
            return (path,) if {"header.json", "_journal/start.json"} & {*names} else None
        return None

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        """Read one log."""
        (path,) = files
        try:
            with path.open("rb") as file:
                packed = file.read(4) == _ZIP
        except OSError as error:
            raise LogError(f"{path} cannot be read: {error.strerror or error}") from error
        reading = Reading("inspect", told, tool="inspect")
        header, entries = (_archived if packed else _plain)(path, reading)
        task = as_object(header.get("eval"))
        try:
            json.dumps(header, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            raise LogError(f"{path} has a header that is no Unicode or nested too deeply: it is damaged") from None
        if not as_text(task.get("task")):
            raise LogError(f"{path} names no task: it is damaged or no log of Inspect")
        reading.log.tool_version = as_text(as_object(task.get("packages")).get("inspect_ai"))
        _state(header, entries, reading)
        entries = _planned(header, entries, reading)
        take(header, entries, reading, path)
        return reading.done()


def _archived(path: Path, reading: Reading) -> tuple[dict[str, Any], list[Entry]]:
    archive = Archive(path)
    name = "header.json" if "header.json" in archive else "_journal/start.json"
    if name not in archive:
        raise LogError(f"{path} is a zip file without the header of an Inspect log")
    header = as_object(archive.json(name))
    found: dict[tuple[str, int], Entry] = {}
    pieces = [piece for piece in map(_PIECE.fullmatch, archive.names()) if piece]
    ordered = [piece[0] for piece in sorted(pieces, key=lambda piece: int(piece[1]))]
    summaries = [_SUMMARIES] if _SUMMARIES in archive else ordered
    _take_all(chain.from_iterable(_summaries(archive, name) for name in summaries), found, reading)
    entries = list(found.values())
    _complete(archive, entries)
    return header, entries


def _summaries(archive: Archive, name: str) -> Iterator[Any]:
    stream = JsonStream(archive.blocks(name))
    try:
        yield from stream.elements()
        stream.end()
    except (ValueError, RecursionError):
        raise LogError(f"{archive.path} is damaged in {name}: copy it again from where it was written") from None


def _take_all(elements: Iterable[Any], found: dict[tuple[str, int], Entry], reading: Reading) -> None:
    """A later entry takes the place of one of the same sample and epoch: it was run again."""
    for number, fields in enumerate(elements, start=1):
        try:
            entry = entry_of(number, fields)
        except NoEntry as error:
            reading.refuse("not understood", f"sample {number}: {error}")
            continue
        found[entry.name, entry.epoch] = entry


def _complete(archive: Archive, entries: list[Entry]) -> None:
    """Read what summaries cut off. Some versions of Inspect do so without a sign: the longest one that looks whole
    is compared with the sample's own file."""
    held = [entry for entry in entries if entry.whole and _member(entry) in archive]
    longest = max(held, key=lambda entry: len(entry.content.prompt) if entry.content else 0, default=None)
    honest = longest is None or _whole(archive, _member(longest)) in (None, longest.content)
    for entry in entries:
        if not entry.whole or not honest:
            entry.content = _whole(archive, _member(entry)) if _member(entry) in archive else None


def _member(entry: Entry) -> str:
    return f"samples/{entry.name}_epoch_{entry.epoch}.json"


def _whole(archive: Archive, name: str) -> Content | None:
    """What was asked, from a sample's own file; None where it is not understood."""
    stream = JsonStream(archive.blocks(name))
    fields: dict[str, Any] = {}
    try:
        for key in stream.members():
            if key == "messages" and "attachment://" not in json.dumps(fields):
                break  # all that follows is transcript
            value = stream.value()
            if key in _FIELDS:
                fields[key] = value
        stream.skip_rest()
        return content_of(fields)
    except (ValueError, RecursionError, NoEntry):
        return None


def _plain(path: Path, reading: Reading) -> tuple[dict[str, Any], list[Entry]]:
    header: dict[str, Any] = {}
    found: dict[tuple[str, int], Entry] = {}
    try:
        with path.open("rb") as file:
            stream = JsonStream(iter(lambda: file.read(2**20), b""))
            for key in stream.members():
                if key == "samples" and stream.is_list():
                    _take_all(stream.elements(), found, reading)
                else:
                    header[key] = stream.value()
            stream.end()
    except OSError as error:
        raise LogError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError):
        if "eval" not in header:
            raise LogError(f"{path} is no whole JSON: copy it again from where it was written") from None
        reading.log.partial = "the file is cut short or damaged"
    return header, list(found.values())


def _planned(header: dict[str, Any], entries: list[Entry], reading: Reading) -> list[Entry]:
    """Entries of the epochs that there were to be."""
    epochs = as_count(as_object(as_object(header.get("eval")).get("config")).get("epochs"))
    for entry in entries:
        if epochs and entry.epoch > epochs:
            reading.refuse("an epoch beyond the last", f"sample {entry.number}: epoch {entry.epoch} of {epochs}")
    return [entry for entry in entries if not epochs or entry.epoch <= epochs]


def _state(header: dict[str, Any], entries: list[Entry], reading: Reading) -> None:
    """Whether this is all that the log was to hold."""
    status = as_text(header.get("status")) or "started"
    task = as_object(header.get("eval"))
    config = as_object(task.get("config"))
    ids = len(as_list(as_object(task.get("dataset")).get("sample_ids")))
    expected = as_count(as_object(header.get("results")).get("total_samples")) or ids * (
        as_count(config.get("epochs")) or 1
    )
    why = [reading.log.partial]
    if status == "started":
        why.append("the run did not finish")
    elif status != "success":
        why.append(f"the run ended with {status}")
    if header.get("invalidated"):
        why.append("its authors invalidated it")
    if len(entries) < expected:
        why.append(f"{len(entries):,} of {expected:,} samples")
    reading.log.partial = "; ".join(filter(None, why))
