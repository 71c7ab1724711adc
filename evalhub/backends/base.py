"""What a backend is: something that turns requests into outputs, many at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from evalhub.backends.prices import Price
from evalhub.runtime.roofline import Architecture
from ingest.records import Condition, Model, Sample, Status


@dataclass(frozen=True)
class Request:
    """One attempt of one sample, ready to be put to a model."""

    sample_id: str
    attempt: int
    seed: int
    text: str
    """The rendered prompt: the user's message (chat), or the text to continue (plain)."""

    condition: Condition
    choices: tuple[str, ...] = ()
    images: tuple[bytes, ...] = ()

    continuations: tuple[str, ...] = ()
    """What is to be scored behind the text instead of generating; only under a condition that says so."""

    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    """A JSON schema that the output should fit. A backend that cannot hold its model to one goes without, so the
    text has to say it, too, and whoever reads the output has to check."""


@dataclass(frozen=True)
class Score:
    """How likely a model finds one continuation of a text."""

    logprob: float
    """Natural logarithm of the continuation's probability given the text, summed over its tokens."""

    tokens: int
    """Tokens of the continuation."""

    greedy: bool
    """Whether each of its tokens is the likeliest one."""


@dataclass(frozen=True)
class Output:
    """What came back for a request."""

    request: Request
    text: str
    status: Status

    tokens: int
    """Generated tokens, the stop's included."""

    seconds: float

    prompt_tokens: int = 0
    """Tokens of the prompt, as the model counts them; 0 where unknown."""

    cost: float | None = None
    """What the attempt cost in US dollars, prompt included; None where no price is known."""

    scores: tuple[Score, ...] = ()
    """One for each of the request's continuations, in order."""


class Backend(Protocol):
    """Runs a model.

    The caller keeps up to `capacity` requests in flight: `submit` never blocks, `collect` waits until at
    least one output is there (or `seconds` have passed). Outputs come in any order; each depends only on
    its own request, never on its company.
    """

    model: Model
    notes: tuple[str, ...]
    """What the user should know about how the model runs."""

    @property
    def capacity(self) -> int:
        """Requests that keep it busy."""
        ...

    def refuses(self, sample: Sample, asked: Condition) -> str:
        """Why the model cannot be asked this sample in this way (no eyes for an image, no log-probabilities),
        or '' where it can."""
        ...

    def condition(self, asked: Condition) -> Condition:
        """The condition under which the model will really run: with engine, revision and possible form."""
        ...

    def submit(self, requests: Sequence[Request]) -> None:
        """Take requests; at most `capacity` in flight."""
        ...

    def collect(self, seconds: float) -> list[Output]:
        """Outputs that are there; waits up to `seconds` for the first.

        Raises:
            EvalhubError: the model died.
        """
        ...

    def close(self) -> None:
        """Stop the model and free what it held."""
        ...


class Registered(Backend, Protocol):
    """A backend that is found by a model's name, through the entry-point group `evalhub.backends`."""

    @classmethod
    def handles(cls, name: str) -> bool:
        """Whether `evalhub score NAME` means this backend."""
        ...

    def __init__(self, name: str, *, device: str = "auto", dtype: str = "auto") -> None:
        """Start the model.

        Raises:
            EvalhubError: there is no such model, or it cannot be run here.
        """
        ...


class Open(Backend, Protocol):
    """A backend that sees what its model is made of."""

    architecture: Architecture | None
    """None where that is of no form known here."""


class Billed(Registered, Protocol):
    """A backend whose attempts may cost money."""

    @classmethod
    def price(cls, name: str, hub: Path) -> Price | None:
        """What the tokens of a model cost by the user's table in the hub's folder; None where it does not say.
        Asked before the model is started, which is then given it."""
        ...

    def __init__(
        self, name: str, *, device: str = "auto", dtype: str = "auto", price: Price | None = None
    ) -> None: ...
