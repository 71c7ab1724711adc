"""What is said between a backend and its workers, but for requests and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evalhub.runtime.roofline import Architecture


@dataclass(frozen=True)
class Job:
    """What the workers are to load."""

    folder: Path
    device: str
    dtype: str
    slots: int
    """Attempts decoded together, at most, by each worker."""

    memory: int
    """Bytes that each may take for keys and values."""


@dataclass(frozen=True)
class Ready:
    """What a worker says when its model is loaded."""

    parameters: int
    chat: bool
    """Whether there is a chat template."""

    engine: str
    """What runs the model: `transformers`, or `transformers-generate` where that is its own `generate`."""

    eyes: bool
    """Whether it takes images."""

    likelihood: bool
    """Whether it can say how likely a text is."""

    notes: tuple[str, ...]
    """What the user should know about how it runs."""

    architecture: Architecture | None
    """What the model is made of; None where its configuration does not say it as others do."""


@dataclass(frozen=True)
class Remark:
    """What the user should hear while a worker runs."""

    words: str
