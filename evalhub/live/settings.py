"""What a hub's monthly refresh takes and does, from `live.toml` in its folder."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from evalhub.errors import EvalhubError
from evalhub.toml_files import read_toml
from ingest.nearest import nearest

FILE = "live.toml"

TRIES = 7
"""Days on which the refresh of a month is tried, from the day on which it is due: all of one month, since after it
another one is due."""

_BOUNDS = {
    "papers": (1, 100_000),
    "per_table": (0, 10_000),
    "per_figure": (0, 10_000),
    "attempts": (1, 1_000_000),
    "day": (1, 28 - TRIES + 1),
    "private_days": (0, 36_500),
}
"""From and to."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each field is a line of `live.toml`; what is not there is as here."""

    categories: tuple[str, ...] = ("cs.CL",)
    """arXiv's, as `cs.CL`; a paper that is cross-listed in one counts."""

    contact: str = ""
    """An e-mail or web address under which arXiv can reach whoever runs this."""

    papers: int = 25
    """At most so many of a category a month."""

    licences: tuple[str, ...] = ("CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0")
    """SPDX names of those that are taken."""

    per_table: int = 16
    """At most so many questions on a table."""

    per_figure: int = 6
    """At most so many on what a figure says in words."""

    writers: tuple[str, ...] = ()
    """Models that write questions besides the programs, as `openai:MODEL@URL`."""

    verifiers: tuple[str, ...] = ()
    """Models that answer what the writers wrote, without seeing the key."""

    solvers: tuple[str, ...] = ("smollm2-135m",)
    """Models that try every question without its picture; empty: no blind test."""

    models: tuple[str, ...] = ("ocr+smollm2-135m",)
    """Models that are scored on each release."""

    attempts: int = 4
    """Attempts of each sample by each model."""

    day: int = 3
    """Day of the next month on which a month is due."""

    private_days: int = 0
    """For so many days after it is frozen, a release's questions are not published."""

    def __post_init__(self) -> None:
        """Refuse what would fail later.

        Raises:
            EvalhubError: a number is out of its bounds, or a name is none.
        """
        for name, (low, high) in _BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise EvalhubError(f"{name} is from {low:,} to {high:,}")
        if not self.categories:
            raise EvalhubError('name at least one category, as in categories = ["cs.CL"]')
        if not self.contact.isprintable():
            raise EvalhubError(f"contact is one line of text, not {self.contact!r}")
        for one in fields(self):
            names = getattr(self, one.name)
            if isinstance(names, tuple):
                for name in names:
                    if not name or name != name.strip() or not name.isprintable():
                        raise EvalhubError(f"{one.name} has {name!r} in it, which is no name")


def read_settings(hub: Path) -> Settings:
    """The settings of the hub in a folder.

    Raises:
        EvalhubError: the file cannot be read, or a line of it says nothing that is known or possible.
    """
    path = hub / FILE
    given = read_toml(path)
    known = get_type_hints(Settings)
    values = {name: _value(path, name, value, known) for name, value in given.items()}
    try:
        return Settings(**values)
    except EvalhubError as error:
        raise EvalhubError(f"{path}: {error}") from error


def _value(path: Path, name: str, value: Any, known: dict[str, Any]) -> Any:
    if name not in known:
        near = nearest(name, known)
        there = (
            f"did you mean '{near[0]}'?"
            if near
            else f"there are {', '.join(one.name for one in fields(Settings))}"
        )
        raise EvalhubError(f"{path}: unknown setting '{name}': {there}")
    if known[name] is str:
        if not isinstance(value, str):
            raise EvalhubError(f"{path}: {name} is a text, not {value!r}")
        return value
    if known[name] is int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise EvalhubError(f"{path}: {name} is a whole number, not {value!r}")
        return value
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise EvalhubError(f'{path}: {name} is a list of texts, as in {name} = ["…"]')
    return tuple(value)
