"""Which column of a data set is what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.source import SourceError

_OBVIOUS = {
    "prompt": ("question", "prompt", "input"),
    "reference": ("answer", "target", "label"),
    "choices": ("choices", "options"),
}
"""Names by which a column is known where no other one has such a name."""

_BRACES = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Names of columns; what stands behind a dot is a key within, as in `choices.text`."""

    there: tuple[str, ...]
    """All columns of the data set."""

    prompt: str
    """A column, or a text with columns in braces."""

    reference: str
    choices: tuple[str, ...]
    """One that holds lists, or one for each choice."""

    id: str
    image: tuple[str, ...]
    tags: tuple[str, ...]
    cluster: str
    licence: str
    """A column or what it would hold, as with `published_at`."""

    published_at: str

    @classmethod
    def of(cls, features: Mapping[str, Any], **given: Any) -> Columns:
        """What the user said, and what names tell where there is one obvious one.

        Raises:
            SourceError: a column is not there, or which one it is cannot be told.
        """
        there = tuple(features)
        given["prompt"] = given["prompt"].replace("\\n", "\n") or _obvious("prompt", there)
        given["reference"] = given["reference"] or _obvious("reference", there)
        given["choices"] = given["choices"] or tuple(filter(None, [_obvious("choices", there, needed=False)]))
        given["id"] = given["id"] or ("id" if "id" in there else "")
        given["image"] = given["image"] or tuple(name for name in there if shows_images(features[name]))
        found = cls(there=there, **given)
        for name in found._needed():
            if not found.has(name):
                raise SourceError(f"there is no column '{name}': there are {', '.join(there)}")
        return found

    def has(self, name: str) -> bool:
        """Whether a name is that of a column, or of something in one."""
        return self.column(name) in self.there

    def column(self, name: str) -> str:
        """The column of a name. Columns may have dots in their own names."""
        return name if name in self.there else name.partition(".")[0]

    def value(self, row: Mapping[str, Any], name: str) -> Any:
        """What a row has under a name; None where it has nothing."""
        column = self.column(name)
        value = row.get(column)
        for key in filter(None, name.removeprefix(column).split(".")):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def fill(self, text: Mapping[str, str]) -> str:
        """The prompt, with texts in the places of the columns that it asks for."""
        if self.has(self.prompt):
            return text[self.prompt]
        return _BRACES.sub(lambda found: text[found[1]], self.prompt)

    def in_prompt(self) -> list[str]:
        """The columns that the prompt asks for."""
        return [self.prompt] if self.has(self.prompt) else _BRACES.findall(self.prompt) or [self.prompt]

    def used(self) -> list[str]:
        """All columns that are looked at, in the order of the data set."""
        names = {self.column(name) for name in (*self._needed(), self.licence, self.published_at)}
        return [name for name in self.there if name in names]

    def _needed(self) -> list[str]:
        single = filter(None, (self.reference, self.id, self.cluster))
        return [*self.in_prompt(), *single, *self.choices, *self.image, *self.tags]


def shows_images(feature: Any) -> bool:
    """Whether a column holds images, or lists of them."""
    from datasets import Image

    return isinstance(getattr(feature, "feature", feature), Image)


def _obvious(what: str, there: tuple[str, ...], *, needed: bool = True) -> str:
    """The one column that has such a name."""
    found = [name for name in _OBVIOUS[what] if name in there]
    if len(found) == 1 or not (found or needed):
        return "".join(found)
    said = f"{' or '.join(found)}?" if found else f"none is named {' or '.join(_OBVIOUS[what])}."
    raise SourceError(
        f"which column is the {what}: {said} Say it with -o {what}=COLUMN; there are {', '.join(there)}"
    )
