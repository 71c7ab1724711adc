"""Annotations of AlpacaEval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingest.importer import Log, LogError, Told
from ingest.importers.json_files import as_number, as_text, beginning, read_records
from ingest.reading import Reading, imported_sample, key_of
from ingest.records import Sample

_KEYS = {"instruction", "output_1", "output_2", "preference"}
_TIES = (0.0, 1.5)
"""The first releases wrote 0."""


class AlpacaEval:
    """`annotations.json`, a list or one a line. A preference says by its side of 1.5 which output a judge prefers;
    how strongly it does, a vote cannot say."""

    summary = "AlpacaEval: annotations.json with generator_1, generator_2 and preference"
    general = False

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        opening, keys = beginning(head)
        return (path,) if opening and keys >= _KEYS else None

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        reading = Reading("alpaca-eval", told, tool="alpaca_eval")
        weighted = nameless = 0
        for row, record in read_records(files[0], reading):
            models = [as_text(record.get(name)).strip() for name in ("generator_1", "generator_2")]
            question = as_text(record.get("instruction"))
            if not all(models):
                nameless += 1
                reading.refuse("no generator", f"row {row}")
            elif not question.strip() or "preference" not in record:
                reading.refuse("not an annotation", f"row {row}")
            else:
                preference = record["preference"]
                outcome = _outcome(preference)
                if outcome == "":
                    reading.refuse("preference is no number from 1 to 2", f"row {row}")
                    continue
                weighted += outcome is not None and preference not in (*_TIES, 1, 2)
                first, second = (reading.model(name) for name in models)
                judge = as_text(record.get("annotator"))
                reading.vote(first, second, _sample(record, question, told), outcome, judge=judge, row=row)
        if nameless and nameless == reading.log.rows:
            raise LogError(
                f"{files[0]} does not say whose outputs are compared: add generator_1 and generator_2 to each row"
            )
        if weighted:
            reading.warn(f"{weighted} preferences lie between 1 and 2: of these only the side of 1.5 is kept")
        return reading.done()


def _outcome(preference: Any) -> str | None:
    """a, b or tie; None where it is missing, '' where it is no preference."""
    if preference is None or preference != preference:
        return None
    number = as_number(preference, -1.0)
    if number in _TIES:
        return "tie"
    if not 1.0 <= number <= 2.0:
        return ""
    return "a" if number < 1.5 else "b"


def _sample(record: dict[str, Any], question: str, told: Told) -> Sample:
    if more := as_text(record.get("input")):
        question = f"{question}\n\n{more}"
    data_set = as_text(record.get("dataset"))
    return imported_sample(
        source=told.source or "alpaca-eval",
        source_id=key_of({"instruction": question}),
        prompt=question,
        tags=(data_set,) if data_set else (),
    )
