"""What a hub sets against scores besides what was measured, from `efficiency.toml` in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalhub.errors import EvalhubError
from evalhub.runtime.accelerators import ACCELERATORS, BYTES, MOST_PRICE, MOST_TOGETHER, Accelerator
from evalhub.toml_files import read_toml

FILE = "efficiency.toml"

RUNS = "runtimes.csv"
"""File of measured runs in the hub's folder, which rooflines are calibrated by where it is there."""


@dataclass(frozen=True, kw_only=True)
class Efficiency:
    """Each field is a line of `efficiency.toml`; what is not there is as here."""

    ladder: tuple[str, ...] = ()
    """Patterns of the models, as `pythia-*`, against which density is told; empty: it is not told."""

    accelerator: str = ""
    """On which runtimes and costs are idealized; '': they are not told."""

    count: int | None = None
    """Accelerators; None: as few as hold a model."""

    dtype: str = "bf16"
    """Of weights."""

    batch: int = 1
    """Attempts side by side."""

    price: float | None = None
    """US dollars an hour of one accelerator; None: as in the table of accelerators."""

    accelerators: Mapping[str, Accelerator] = field(default_factory=lambda: ACCELERATORS)
    """Those of the table, and the hub's own."""


def read_efficiency(hub: Path) -> Efficiency:
    """The settings of the hub in a folder.

    Raises:
        EvalhubError: the file cannot be read, or a line of it says nothing that is known or possible.
    """
    path = hub / FILE
    given = read_toml(path)
    known = Efficiency.__dataclass_fields__
    if strange := sorted(given.keys() - known.keys()):
        raise EvalhubError(f"{path}: unknown setting '{strange[0]}': there are {', '.join(known)}")
    return Efficiency(**{name: _value(path, name, value) for name, value in given.items()})


def _value(path: Path, name: str, value: Any) -> Any:
    right, made = {
        "ladder": ('a list of patterns, as in ladder = ["pythia-*"]', _patterns),
        "accelerator": ("a name", _text),
        "count": (f"a number from 1 to {MOST_TOGETHER:,}", _count),
        "dtype": (f"one of {', '.join(BYTES)}", _dtype),
        "batch": (f"a number from 1 to {MOST_TOGETHER:,}", _count),
        "price": (f"US dollars an hour, up to {MOST_PRICE:,.0f}", _price),
        "accelerators": (
            "a table of cards with memory and bandwidth (bytes, bytes a second), operations a second as bf16 and "
            "other dtypes, and a price",
            _cards,
        ),
    }[name]
    try:
        return made(value)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise EvalhubError(f"{path}: {name} is {right}") from None


def _patterns(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(one) for one in value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _dtype(value: Any) -> str:
    if value not in BYTES:
        raise ValueError
    return str(value)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_TOGETHER:
        raise ValueError
    return value


def _price(value: Any) -> float:
    return _within(value, 0, MOST_PRICE)


def _figure(value: Any) -> float:
    """Bytes, or what is done in a second."""
    return _within(value, 1, 1e30)


def _within(value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError
    return float(value)


def _cards(value: Any) -> dict[str, Accelerator]:
    found = dict(ACCELERATORS)
    for name, card in value.items():
        if set(card) - {"memory", "bandwidth", "price", *BYTES}:
            raise KeyError
        found[name] = Accelerator(
            name=name,
            memory=_figure(card["memory"]),
            bandwidth=_figure(card["bandwidth"]),
            flops={"bf16": _figure(card["bf16"]), **{one: _figure(card[one]) for one in BYTES if one in card}},
            price=_price(card["price"]) if "price" in card else None,
            priced=FILE,
        )
    return found
