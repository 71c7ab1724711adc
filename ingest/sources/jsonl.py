"""A file of one's own: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ingest.importer import IMPORTED
from ingest.records import Sample
from ingest.source import SourceError
from ingest.sources.items import ANSWERS, WHOLE, condition_of, fault_of, grader_of, is_image

_FIELDS = frozenset(
    ("id", "prompt", "reference", "choices", "image", "tags", "cluster", "published_at", "licence")
)


class JsonLines:
    """`evalhub ingest jsonl:FILE`. Fields: id, prompt, reference; optional choices, image, tags, cluster,
    published_at, licence. With choices the answer must be one of them, a number is compared as a number,
    anything else as text. A line with id and text, without prompt and reference, is a long text, whose perplexity
    is measured. Reference null: a sample to be found, and ranked by results from elsewhere; it is not scored here.
    A line that stands there twice is one sample."""

    summary = "your own samples: jsonl:FILE with id, prompt, reference, optional choices, image, tags, …"

    def samples(self, *, path: str = "", answer: str = "generate", limit: int | None = None) -> Iterator[Sample]:
        """Yield the file's samples in order.

        Args:
            path: the file; `evalhub ingest jsonl:FILE` sets it.
            answer: `likelihood` asks how likely each choice, or the reference, is behind the prompt as it stands.
            limit: only the first so many lines.
        """
        if not path:
            raise SourceError("name the file: evalhub ingest jsonl:FILE")
        if answer not in ANSWERS:
            raise SourceError(f"answer={answer}: give generate or likelihood")
        file = Path(path).expanduser()
        try:
            # Not splitlines(), which also ends a line at separators that may stand within a JSON text.
            lines = file.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
        # All lines are read before the first sample leaves: a broken file adds nothing.
        samples: dict[str, tuple[int, Sample]] = {}
        for number, line in enumerate(lines[:limit], start=1):
            if line.strip():
                sample = _sample(line, file, number, answer)
                first, same = samples.setdefault(sample.source_id, (number, sample))
                if sample != same:
                    raise SourceError(
                        f"{file}, line {number}: line {first} has the id {sample.source_id!r}, too, and says "
                        "something else: give each an id of its own"
                    )
        if not samples:
            raise SourceError(f"{path} holds no samples")
        yield from (sample for _, sample in samples.values())


def _sample(line: str, file: Path, number: int, answer: str) -> Sample:
    where = f"{file}, line {number}"
    try:
        fields = json.loads(line, parse_constant=_no_constant)
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise SourceError(f"{where}: not Unicode (half of a surrogate pair stands alone)") from None
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where}: not JSON ({error})") from None
    long = isinstance(fields, dict) and fields.keys() & {"id", "prompt", "reference", "text"} == {"id", "text"}
    if not isinstance(fields, dict) or not (long or {"id", "prompt", "reference"} <= fields.keys()):
        raise SourceError(f"{where}: needs an object with at least id, prompt and reference")
    for name in fields.keys() - _FIELDS:
        # Other fields are the user's own affair, but a misspelt one would be lost without a word.
        if close := get_close_matches(name, _FIELDS, 1, 0.8):
            raise SourceError(f"{where}: there is no field '{name}': did you mean '{close[0]}'?")
    prompt = fields["text" if long else "prompt"]
    if not isinstance(prompt, str) or not prompt.strip():
        raise SourceError(f"{where}: the {'text' if long else 'prompt'} must be a text")
    choices = tuple(map(str, _list(fields, "choices", where)))
    if long and choices:
        raise SourceError(f"{where}: a long text has no choices")
    if fault := fault_of(choices, answer=answer):
        raise SourceError(f"{where}: {fault}")
    reference = fields.get("reference")
    unjudged = not long and reference is None
    if not (long or unjudged) and not isinstance(reference, str | int | float):  # true and false are ints
        raise SourceError(f"{where}: the reference must be a text, a number, true or false, or null (not judged)")
    if choices and not unjudged and str(reference) not in choices:
        raise SourceError(f"{where}: the reference {reference!r} is not among the choices")
    published = fields.get("published_at")
    try:
        day = date.fromisoformat(published) if published else None
    except (TypeError, ValueError):
        raise SourceError(f"{where}: published_at must be a date like 2026-11-24, not {published!r}") from None
    images: tuple[bytes, ...] = ()
    if fields.get("image"):
        try:
            images = ((file.parent / str(fields["image"])).read_bytes(),)
        except (OSError, ValueError) as error:  # ValueError: no name that a file can have
            reason = getattr(error, "strerror", None) or error
            raise SourceError(f"{where}: image {fields['image']}: {reason}") from None
        if not is_image(images[0]):
            raise SourceError(f"{where}: image {fields['image']}: neither PNG, JPEG, GIF nor WebP")
    return Sample(
        source=f"jsonl:{file.name}",
        source_id=str(fields["id"]),
        prompt=prompt,
        choices=choices,
        reference=reference,
        grader=_grader(reference, long=long, choices=bool(choices)),
        images=images,
        condition=WHOLE if long else condition_of(choices=bool(choices), answer=answer),
        cluster=str(fields.get("cluster") or ""),
        tags=tuple(map(str, _list(fields, "tags", where))),
        licence=str(fields.get("licence") or ""),
        published_at=day,
    )


def _grader(reference: Any, *, long: bool, choices: bool) -> str:
    if long:
        return "perplexity"
    return IMPORTED if reference is None else grader_of(reference, choices=choices)


def _list(fields: dict[str, Any], name: str, where: str) -> list[Any]:
    value = fields.get(name) or []
    if not isinstance(value, list):
        raise SourceError(f"{where}: {name} must be a list")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
