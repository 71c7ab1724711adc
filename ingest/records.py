"""The records that come in from the world: samples, how to ask them, models, attempts.

Sources and importers yield these; the hub stores them. Nothing here knows a database or a model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


def content_hash(content: Any) -> str:
    """32 hex digits (128 bits of SHA-256) of a JSON-like value, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def bytes_hash(content: bytes) -> str:
    """SHA-256 of bytes, 64 hex digits: the name under which a blob is kept."""
    return hashlib.sha256(content).hexdigest()


class Status(StrEnum):
    """How an attempt ended. Only `ok` and `no answer` can count as wrong; the others are missing."""

    OK = "ok"
    NO_ANSWER = "no answer"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ERROR = "error"

    @property
    def counts(self) -> bool:
        """Whether the attempt enters a pass rate at all."""
        return self in (Status.OK, Status.NO_ANSWER)


_LATER = {"top_k": 0, "answer": "generate", "separator": None}
"""Fields of `Condition` that the first release did not have, as they were then."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How a sample is put to a model: prompt form and decoding. Two conditions, two measurements."""

    form: Literal["chat", "plain"] = "chat"
    """`chat` goes through the model's chat template, `plain` is continued as it stands."""

    template: str = "{prompt}"
    """The text around the sample's prompt; `{prompt}` and `{choices}` are filled in, nothing else is."""

    preamble: str = ""
    """What stands before: worked examples (plain) or the system message (chat)."""

    temperature: float = 0.6
    """Softmax temperature; 0 takes the likeliest token (then every attempt is the same)."""

    top_p: float = 0.95
    """Nucleus: the smallest set of tokens with this much probability; 1 keeps all."""

    top_k: int = 0
    """Only so many of the likeliest tokens; 0 keeps all."""

    answer: Literal["generate", "likelihood"] = "generate"
    """`generate` lets the model write its answer; `likelihood` asks how likely it finds each choice, or the
    reference, behind the prompt."""

    separator: str | None = None
    """What stands between a prompt and an answer whose likelihood is asked. None: a space in plain text, unless
    white space stands there already."""

    max_tokens: int = 256
    """An output that reaches this many tokens without a stop is truncated, which is missing, not wrong."""

    stop: tuple[str, ...] = ()
    """Strings that end the output, searched in generated text only and cut off."""

    engine: str = ""
    """What computed the output and in which arithmetic, e.g. `transformers/bfloat16`. Set by the backend."""

    revision: str = ""
    """Which weights answered: a content hash or a hub commit. Set by the backend."""

    variant: str = ""
    """The user's own overrides in words, e.g. `temperature=0.0`; empty as the source asks."""

    @cached_property
    def condition_id(self) -> str:
        """Hash of everything above: whatever could change an output changes it."""
        spec = asdict(self)
        # Fields that came later do not change the ids of conditions that do without them.
        return content_hash({name: value for name, value in spec.items() if spec[name] != _LATER.get(name)})

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Condition:
        """The inverse of `to_json`."""
        return cls(**{**fields, "stop": tuple(fields["stop"])})

    def changed(self, **overrides: Any) -> Condition:
        """The same condition with the user's overrides, which its `variant` then names."""
        given = {name: value for name, value in overrides.items() if value is not None}
        variant = ",".join(f"{name}={value}" for name, value in sorted(given.items()))
        return replace(self, **given, variant=variant)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One test item."""

    prompt: str
    """The question, without worked examples or instructions on form: those belong to the condition."""

    grader: str
    """Name of the grader that judges an output, an entry point of the group `evalhub.graders`."""

    reference: JSON
    """What the grader needs: the right answer, or tests."""

    source: str
    """Name of the source."""

    source_id: str
    """The item's name within its source."""

    choices: tuple[str, ...] = ()
    """Options of a multiple-choice item, in order."""

    images: tuple[bytes, ...] = field(default=(), repr=False)
    """Encoded images (PNG, JPEG), in order."""

    condition: Condition = Condition()
    """How its source wants it asked. Not part of its identity."""

    cluster: str = ""
    """What it shares with other samples (a paper, an image): the unit of resampling. Empty: itself."""

    tags: tuple[str, ...] = ()
    """Subjects and skills."""

    licence: str = ""
    """SPDX name where known."""

    published_at: date | None = None
    """When the item became public; None where unknown."""

    @cached_property
    def image_hashes(self) -> tuple[str, ...]:
        """Blob names of the images, in order."""
        return tuple(bytes_hash(image) for image in self.images)

    @cached_property
    def sample_id(self) -> str:
        """Hash of the content (prompt, images, choices, reference, grader), so equal items are one sample."""
        return content_hash(
            {
                "prompt": self.prompt,
                "images": self.image_hashes,
                "choices": self.choices,
                "reference": self.reference,
                "grader": self.grader,
            }
        )

    @property
    def modality(self) -> Literal["text", "image"]:
        """`image` where at least one image belongs to the question."""
        return "image" if self.images else "text"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that was or can be measured."""

    model_id: str
    """Canonical name, the one shown in rankings."""

    parameters: int | None = None
    """Number of weights; None where unknown."""

    licence: str = ""
    """SPDX name where known."""

    released: date | None = None
    """Release date; None where unknown."""

    cutoff: date | None = None
    """Last date of its training data; None where unknown."""

    open_weights: bool | None = None
    """Whether anyone can have its weights; None where unknown."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One output of a model for a sample under a condition."""

    model_id: str
    condition_id: str
    seed: int
    """Seed of the random streams; each attempt has its own, keyed (seed, sample id, attempt)."""

    sample_id: str
    attempt: int
    """Place in the order of submission, from 0. Tallies count in this order, never by completion."""

    status: Status
    output: str
    """The text as generated, cut at the stop string; empty where there is none."""

    tokens: int
    """Generated tokens, the stop's included."""

    seconds: float
    """Wall time from the first token asked to the last got, shared with the rest of the batch."""

    prompt_tokens: int = 0
    """Tokens of the prompt, as the model counts them; 0 where unknown."""

    cost: float | None = None
    """US dollars, prompt included; None where no price is known."""


@dataclass(frozen=True)
class Verdict:
    """What a grader said of an output to a sample. It depends on these two alone, whoever wrote the output."""

    status: Status
    """ok or no answer: it counts; timeout or error: missing."""

    value: float | None
    """1 pass, 0 fail; None where missing."""

    detail: str
    """Why, in a few words."""
