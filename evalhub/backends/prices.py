"""What tokens cost, from a table that the user keeps: built-in prices would be out of date within weeks."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalhub.errors import EvalhubError
from evalhub.toml_files import read_toml

FILE = "prices.toml"


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float

    def cost(self, prompt_tokens: int, tokens: int) -> float:
        """US dollars for so many tokens in and out."""
        return (self.input * prompt_tokens + self.output * tokens) / 1e6


def price_of(model: str, hub: Path) -> Price | None:
    """The price of a model in the file EVALHUB_PRICES, else in `prices.toml` of the hub; None where there is no
    such file or it does not name the model.

        ["gpt-4o-mini"]
        input = 0.15
        output = 0.6

    Raises:
        EvalhubError: the file cannot be read, or the model's entry is not like this.
    """
    named = os.environ.get("EVALHUB_PRICES")
    path = Path(named).expanduser() if named else hub / FILE
    if named and not path.exists():
        raise EvalhubError(f"EVALHUB_PRICES names a file that is not there: {path}")
    table = read_toml(path)
    if model not in table:
        if _dotted(table, model):
            raise EvalhubError(f'{path}: a name with a dot needs quotes: ["{model}"]')
        return None
    return _price(path, model, table[model])


def check_prices(hub: Path) -> None:
    """Whether `prices.toml` of the hub has a price for every model that it names.

    Raises:
        EvalhubError: as above.
    """
    path = hub / FILE
    for model, entry in read_toml(path).items():
        _price(path, model, entry)


def _price(path: Path, model: str, entry: Any) -> Price:
    try:
        price = Price(entry["input"], entry["output"])
        if 0 <= price.input < math.inf and 0 <= price.output < math.inf:
            return price
    except (KeyError, TypeError):
        pass
    raise EvalhubError(
        f'{path}: ["{model}"], a name in quotes, needs input and output, US dollars per million tokens'
    )


def _dotted(table: dict[str, Any], model: str) -> bool:
    """Whether TOML read the name's dots as tables within tables."""
    found: Any = table
    for part in model.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return isinstance(found, dict)
