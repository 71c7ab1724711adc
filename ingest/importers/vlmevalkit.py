"""Tables of VLMEvalKit."""

from __future__ import annotations

import ast
import base64
import binascii
import re
import string
from pathlib import Path
from typing import Any

from ingest.importer import Log, LogError, Told
from ingest.importers.json_files import as_text, as_value, read_head, storable
from ingest.importers.vlmevalkit_tables import NoReaderError, columns, read_table
from ingest.metrics import PASS
from ingest.reading import Reading, imported_sample, named_sample
from ingest.records import Condition, Sample, bytes_hash
from ingest.untold import NOT_TOLD

_KEYS = {"index", "question", "prediction"}
_SUFFIXES = (".xlsx", ".tsv", ".json")

_JUDGED = re.compile(r"(_[a-z][^_]*(_matching)?)?_results?$")
"""What a judge's table has behind the name of the data set."""

_FAMILY = re.compile(
    r"A-Bench|AI2D|AMBER|BLINK|CCBench|COCO|CRPE|ChartQA|DUDE|DocVQA|GMAI|HRBench|HallusionBench|InfoVQA|"
    r"LLaVABench|LogicVista|MIA-Bench|MLVU|MMAlignBench|MMBench|MMDU|MME|MMLongBench|MMMB|MMMU|MMSci|MMStar|"
    r"MMT-Bench|MMVP|MMVet|MTL_MMBench|MTVQA|MVBench|MathVerse|MathVision|MathVista|NaturalBench|OCRBench|"
    r"OCRVQA|OlympiadBench|POPE|QBench|R-Bench|RealWorldQA|SEEDBench|SLIDEVQA|ScienceQA|SimpleVQA|"
    r"TableVQABench|TaskMeAnything|TextVQA|VCR|VStarBench|Video-MME|VisOnlyQA|VizWiz|WeMath|WorldMedQA"
)
"""How names of data sets begin. They hold underscores, and so do those of models."""

_ASKED = Condition(template="{prompt}\n{choices}", temperature=NOT_TOLD, top_p=1.0, max_tokens=0)
_NO_ANSWER = "Failed to obtain answer"
_NO_VERDICT = "Failed to predict"
_IMAGE_SIGNS = (b"\x89PNG", b"\xff\xd8\xff")


class VLMEvalKit:
    """`MODEL_DATASET*.xlsx`, `.tsv` or `.json` with a column `hit`, which judging adds.

    A row whose answer was never got, or whose verdict was drawn at random because the judge gave none, is missing.
    Where all rotations of the choices had to be right, the metric is `circular_hit`. Tables seldom hold the
    images: without, a question is known by its index in its data set too, as many images are asked the same.
    """

    summary = "VLMEvalKit: judged tables, MODEL_DATASET_…_result.xlsx, .tsv or .json"
    general = False

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        try:
            there = columns(path, head)
        except NoReaderError:
            return (path,)  # there it is told what is missing
        if not there >= _KEYS:
            return None
        return (path, *_unjudged(path)) if "hit" in there else (path,)

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        path = files[0]
        reading = Reading("vlmevalkit", told, tool="vlmevalkit")
        rows = read_table(path, reading)
        if not any("hit" in row for row in rows):
            raise LogError(
                f"{path} has no column 'hit': let VLMEvalKit judge the predictions, and import its result"
            )
        name, data_set = _names(path, told.model)
        model = reading.model(name)
        if not told.model:
            reading.warn(f"took the model '{model}' from the name of the file: --model NAME says another")
        metric = "circular_hit" if any("g_index" in row for row in rows) else "hit"
        reading.scale(metric, PASS)
        images = _Images(rows)
        source = told.source or f"vlmevalkit:{data_set}"
        for place, row in enumerate(rows, start=1):
            if not _cell(row, "index") or not row.keys() >= _KEYS:
                reading.refuse("not a row of VLMEvalKit", f"row {place}")
                continue
            reading.result(
                model,
                _sample(row, source, images),
                _ASKED,
                metric,
                _hit(row.get("hit")),
                row=place,
                reason=_reason(row),
            )
        return reading.done()


def _cell(row: dict[str, Any], name: str) -> str:
    """A cell as text; '' where it is empty, for which tables also have NaN."""
    value = row.get(name)
    return as_text(value).strip() if value == value else ""


def _hit(value: Any) -> Any:
    if not isinstance(value, str):
        return as_value(value)
    said = value.strip().lower()
    if said in ("", "true", "false"):
        return None if not said else said == "true"
    try:
        return float(said)
    except ValueError:
        return value


def _reason(row: dict[str, Any]) -> str:
    if _NO_ANSWER in _cell(row, "prediction"):
        return "error"
    return "no verdict" if _NO_VERDICT in _cell(row, "log") else ""


def _sample(row: dict[str, Any], source: str, images: _Images) -> Sample:
    index, answer = _cell(row, "index"), _cell(row, "answer")
    question = "\n".join(part for part in (_cell(row, "hint"), _cell(row, "question")) if part)
    letters = {letter: _cell(row, letter) for letter in string.ascii_uppercase if _cell(row, letter)}
    right = letters.get(answer, answer) or None
    tags = tuple(tag for name in ("category", "l2-category", "split") if (tag := _cell(row, name)))
    if not question:
        return named_sample(source, index, tags=tags)
    found = images.of(row)
    return imported_sample(
        source=source,
        source_id=index,
        prompt=question,
        choices=tuple(letters.values()),
        reference=right
        if found
        else {"answer": right, "its image is known by its name in": source, "name": index},
        images=found,
        cluster=bytes_hash(found[0])[:12] if found else _cell(row, "image_path"),
        tags=tags,
    )


class _Images:
    """The images of a table that holds them: in base64, several as a list, or by the index of another row."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._cells = {_cell(row, "index"): row.get("image") for row in rows if row.get("image")}

    def of(self, row: dict[str, Any]) -> tuple[bytes, ...]:
        """All of a row, or none where one cannot be read."""
        cell = row.get("image")
        if isinstance(cell, str) and len(cell) <= 64:
            cell = self._cells.get(cell.strip(), cell)
        if isinstance(cell, str) and cell.startswith("["):
            try:
                cell = ast.literal_eval(cell)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                return ()
        found = [_decoded(one) for one in (cell if isinstance(cell, list) else [cell])]
        return tuple(found) if all(image.startswith(_IMAGE_SIGNS) for image in found) else ()


def _decoded(cell: Any) -> bytes:
    try:
        return base64.b64decode(cell, validate=True) if isinstance(cell, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _names(path: Path, told: str) -> tuple[str, str]:
    """Model and data set: from what the user says, the folder, which is the model's, or names of data sets."""
    stem = storable(path.stem)
    known = [told, *(storable(folder.name) for folder in list(path.parents)[:2])]
    cut = next((len(name) for name in known if name and stem.startswith(f"{name}_")), 0)
    if not cut:
        places = [place for place, letter in enumerate(stem) if letter == "_"]
        begins = [place for place in places if _FAMILY.match(stem, place + 1)]
        plain = _JUDGED.sub("", stem)
        cut = begins[0] if begins else plain.rfind("_")
    if cut <= 0 and not told:
        raise LogError(f"{path.name} is not MODEL_DATASET: say whose answers they are with --model NAME")
    data_set = stem[cut + 1 :] if cut > 0 else stem
    return told or stem[:cut], _JUDGED.sub("", data_set) or data_set


def _unjudged(path: Path) -> tuple[Path, ...]:
    """The tables of predictions from which a judged one was made."""
    stem = path.stem
    starts = [stem[:place] for place, letter in enumerate(stem) if letter == "_"]
    beside = [path.with_name(start + suffix) for start in starts if start for suffix in _SUFFIXES]
    return tuple(one for one in beside if one.is_file() and _is_table(one))


def _is_table(path: Path) -> bool:
    try:
        return columns(path, read_head(path)) >= _KEYS
    except LogError as error:
        return isinstance(error, NoReaderError)
