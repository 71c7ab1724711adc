"""From the rows of a data set to samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ingest.records import Sample
from ingest.source import SourceError
from ingest.sources.hf_columns import Columns, shows_images
from ingest.sources.hf_data import Data
from ingest.sources.hf_references import Reading, Told, reading_of
from ingest.sources.items import condition_of, grader_of, is_image


class Rows:
    """The rows of a data set as samples.

    Args:
        after: only what follows this text in the reference.
        count_from: 0 or 1, where the user says from what places among choices are counted.
        answer: how the samples want to be answered.

    Raises:
        SourceError: how references name choices cannot be told.
    """

    def __init__(self, data: Data, columns: Columns, *, after: str, count_from: int | None, answer: str) -> None:
        self._data = data
        self._columns = columns
        self._after = after
        self._answer = answer
        kind = data.rows.features[columns.column(columns.reference)]
        self._classes: tuple[str, ...] = tuple(getattr(kind, "names", None) or ())
        """Where the reference is the number of a class."""

        rows = data.rows.select_columns(columns.used())
        for name, feature in rows.features.items():
            if shows_images(feature):
                rows = rows.cast_column(name, _undecoded(feature))
        self._rows = rows
        self._reading: Reading | None = None
        if columns.choices and self._classes:
            self._reading = Reading("place", 0)
        elif columns.choices:
            # All of them, whatever the limit, which must change no sample.
            pairs = rows.select_columns(
                list({columns.column(name) for name in (columns.reference, *columns.choices)})
            )
            told = [(self._told(row, n), *self._choices(row, n)) for n, row in enumerate(pairs)]
            self._reading = reading_of([one for one in told if one[1]], count_from, self._data.source)

    def samples(self, limit: int | None) -> Iterator[Sample]:
        """The first `limit` rows.

        Raises:
            SourceError: a row cannot be a sample; none is left out in silence.
        """
        for number, row in enumerate(self._rows):
            if number == limit:
                return
            yield self._sample(row, number)

    def _sample(self, row: Mapping[str, Any], number: int) -> Sample:
        columns = self._columns
        choices, labels = self._choices(row, number)
        reference = self._told(row, number)
        reading = self._reading
        if self._classes and not columns.choices:
            choices, reading = self._classes, Reading("place", 0)
        if reading and choices:
            place = reading.place(reference, choices, labels)
            if place is None:
                raise self._broken(
                    number, f"the reference {reference!r:.60} is none of its {len(choices)} choices"
                )
            reference = choices[place]
        texts = {name: self._text(row, name, number) for name in columns.in_prompt()}
        prompt = columns.fill(texts)
        if not prompt.strip():
            raise self._broken(number, "its prompt is empty")
        return Sample(
            source=self._data.source,
            source_id=self._data.place + (str(columns.value(row, columns.id)) if columns.id else str(number)),
            prompt=prompt,
            choices=choices,
            reference=reference,
            grader=grader_of(reference, choices=bool(choices)),
            images=tuple(self._images(row, number)),
            condition=condition_of(choices=bool(choices), answer=self._answer),
            cluster=str(columns.value(row, columns.cluster) or "") if columns.cluster else "",
            tags=tuple(str(tag) for name in columns.tags for tag in _listed(columns.value(row, name)) if tag),
            licence=self._licence(row),
            published_at=self._day(row, number),
        )

    def _text(self, row: Mapping[str, Any], name: str, number: int) -> str:
        value = self._columns.value(row, name)
        if not isinstance(value, str | int | float):
            raise self._broken(number, f"{name} is {value!r:.60}: a text is needed")
        return str(value)

    def _told(self, row: Mapping[str, Any], number: int) -> Told:
        """The reference as the row has it."""
        listed = _listed(self._columns.value(row, self._columns.reference))
        value = listed[0] if len(listed) == 1 else listed or None
        if not isinstance(value, str | int | float):
            raise self._broken(number, f"its reference is {value!r:.60}: one text or number is needed")
        if self._after:
            _, found, value = str(value).rpartition(self._after)
            if not found:
                raise self._broken(number, f"there is no {self._after} in its reference")
            value = value.strip()
        return value

    def _choices(self, row: Mapping[str, Any], number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Texts of the choices, and their labels where the data set has such. None where the answer is free."""
        names = self._columns.choices
        if not names:
            return (), ()
        found: Any = [self._columns.value(row, name) for name in names]
        labels: Any = ()
        if len(names) == 1:
            (found,) = found
            if isinstance(found, dict):
                lists = {key: value for key, value in found.items() if isinstance(value, list)}
                labels = next((lists.pop(key) for key in ("label", "labels") if key in lists), ())
                found = next(iter(lists.values())) if len(lists) == 1 else found
        found = [] if found is None else found
        if not isinstance(found, list) or not all(isinstance(one, str | int | float) for one in found):
            raise self._broken(number, f"its choices are {found!r:.60}: a list of texts is needed")
        return tuple(map(str, found)), tuple(map(str, labels))

    def _images(self, row: Mapping[str, Any], number: int) -> Iterator[bytes]:
        for name in self._columns.image:
            for one in _listed(self._columns.value(row, name)):
                stored = one if isinstance(one, Mapping) else {"bytes": one}
                content = stored.get("bytes")
                if content is None and stored.get("path"):
                    try:
                        content = Path(stored["path"]).read_bytes()
                    except OSError as error:
                        raise self._broken(number, f"{name}: {error.strerror or error}") from None
                if not isinstance(content, bytes) or not is_image(content):
                    raise self._broken(number, f"{name} is neither PNG, JPEG, GIF nor WebP")
                yield content

    def _licence(self, row: Mapping[str, Any]) -> str:
        said = self._columns.licence
        if self._columns.has(said):
            return str(self._columns.value(row, said) or "")
        return said or self._data.licence

    def _day(self, row: Mapping[str, Any], number: int) -> date | None:
        said: Any = self._columns.published_at
        if self._columns.has(said):
            said = self._columns.value(row, said)
        if isinstance(said, datetime):
            return said.date()
        if not said or isinstance(said, date):
            return said or None
        try:
            return date.fromisoformat(str(said)[:10])
        except ValueError:
            reason = f"published_at must be a column, or a day like 2026-11-24, not {said!r:.60}"
            raise self._broken(number, reason) from None

    def _broken(self, number: int, what: str) -> SourceError:
        return SourceError(f"{self._data.source}, row {number}: {what}")


def _listed(value: Any) -> list[Any]:
    """A value as a list: none where there is nothing."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _undecoded(feature: Any) -> Any:
    """The same feature, as the bytes that are stored."""
    from datasets import Image

    return Image(decode=False) if isinstance(feature, Image) else type(feature)(Image(decode=False))
