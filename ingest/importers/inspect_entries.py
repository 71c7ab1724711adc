"""One entry of an Inspect log, a sample in one epoch: its question and its scores."""

from __future__ import annotations

import base64
import binascii
import json
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.importers.json_files import as_list, as_object, as_reference, as_text
from ingest.reading import imported_sample, named_sample
from ingest.records import Sample

NOT_SCORED = "not scored"

_CUT = "(content truncated)"
_CUT_OF_OLD = range(1000, 1025)
"""How long a text is that an older Inspect shortened; it then ends in three dots."""

_FAILED = frozenset(("refusal", "grader_failed", "scoring_failed"))
"""Reasons of a score that is none, whatever its value."""

_WORDS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}

_SUBJECTS = ("subject", "category", "subcategory", "topic", "domain")


class NoEntry(Exception):
    """It is not understood, and why."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was asked."""

    prompt: str
    images: tuple[bytes, ...]
    system: str
    choices: tuple[str, ...]
    targets: tuple[str, ...]

    def sample(self, source: str, name: str, tags: tuple[str, ...]) -> Sample:
        """The sample of this content."""
        targets = tuple(_chosen(target, self.choices) for target in self.targets)
        return imported_sample(
            source=source,
            source_id=name,
            prompt=self.prompt,
            images=self.images,
            choices=self.choices,
            reference=as_reference(targets),
            tags=tags,
        )


@dataclass(slots=True)
class Entry:
    """A sample in one epoch."""

    number: int
    """Where in the log, from 1."""

    name: str
    epoch: int
    content: Content | None
    """None where the log does not hold all of it."""

    whole: bool
    """Whether nothing of the content is cut off."""

    tags: tuple[str, ...]
    scores: dict[str, tuple[Any, str]]
    """Value, and why it does not count, by scorer."""

    reason: str
    """Why nothing in it counts; '' where it does."""

    def sample(self, source: str) -> Sample:
        """What was asked; known by its name alone where the log does not hold all of it."""
        if self.content is None:
            return named_sample(source, self.name, tags=self.tags)
        return self.content.sample(source, self.name, self.tags)


def entry_of(number: int, fields: Any) -> Entry:
    """What a summary, or a whole sample, says.

    Raises:
        NoEntry: it is not understood.
    """
    if not isinstance(fields, dict):
        raise NoEntry("not an object")
    name, epoch = fields.get("id"), fields.get("epoch")
    if type(name) not in (str, int) or type(epoch) is not int or not 0 < epoch < 2**31:
        raise NoEntry("no id or epoch")
    metadata = as_object(fields.get("metadata"))
    found = [metadata[key] for key in _SUBJECTS if key in metadata]
    tags = tuple(tag for value in found for tag in (value if isinstance(value, list) else [value]))
    scores = fields.get("scores")
    if not isinstance(scores, dict | None):
        raise NoEntry("scores are no object")
    try:
        whole = _is_whole(fields)
        entry = Entry(
            number=number,
            name=str(name),
            epoch=epoch,
            content=_content(fields, whole),
            whole=whole,
            tags=tuple(dict.fromkeys(tag.strip() for tag in tags if isinstance(tag, str) and tag.strip())),
            scores={scorer: _score(score) for scorer, score in (scores or {}).items()},
            reason=_reason(fields),
        )
        _must_be_unicode([entry.name, entry.tags, [*entry.scores], entry.reason])
    except RecursionError:
        raise NoEntry("nested too deeply") from None
    return entry


def _content(fields: Mapping[str, Any], whole: bool) -> Content | None:
    """None where a summary left out what cannot be done without."""
    try:
        return content_of(fields)
    except NoEntry:
        if whole:
            raise
        return None


def content_of(fields: Mapping[str, Any]) -> Content:
    """What was asked, in a summary or a whole sample.

    Raises:
        NoEntry: it is not understood.
    """
    attachments = as_object(fields.get("attachments"))
    asked: Any = fields.get("input")
    images: tuple[bytes, ...] = ()
    system = ""
    if isinstance(asked, list):
        asked, images, system = _messages(asked, attachments)
    target: Any = fields.get("target")
    targets = target if isinstance(target, list) else [target]
    choices = as_list(fields.get("choices"))
    if not isinstance(asked, str) or not all(isinstance(text, str) for text in (*targets, *choices)):
        raise NoEntry("no input, target or choices")
    content = Content(
        prompt=_resolved(asked, attachments),
        images=images,
        system=system,
        choices=tuple(choice.strip() for choice in choices),
        targets=tuple(text.strip() for text in targets),
    )
    _must_be_unicode([content.prompt, content.system, content.choices, content.targets])
    return content


def number_of(value: Any) -> Any:
    """A score as Inspect counts it: C and yes are 1, P is a half, I, no and N (no answer) are 0; the text of a
    number is that number; any other is returned as it is."""
    if not isinstance(value, str):
        return value
    known = _WORDS.get(value, _WORDS.get(value.lower()) if len(value) > 1 else None)
    if known is not None:
        return known
    try:
        return float(value)
    except ValueError:
        return value


def is_verdict(value: Any) -> bool:
    """Whether a score says by itself that higher is better."""
    return isinstance(value, str) and value in ("C", "P", "I", "N")


def _must_be_unicode(texts: Any) -> None:
    try:
        json.dumps(texts, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NoEntry("not Unicode: half of a surrogate pair stands alone") from None


def _score(score: Any) -> tuple[Any, str]:
    if not isinstance(score, dict) or "value" not in score:
        raise NoEntry("a score has no value")
    reason = as_text(score.get("reason"))
    return score["value"], reason if reason in _FAILED else ""


def _reason(fields: Mapping[str, Any]) -> str:
    if fields.get("error"):
        return "error"
    limit = fields.get("limit")
    if limit:
        kind = limit.get("type") if isinstance(limit, dict) else limit
        return f"limit: {as_text(kind) or 'unknown'}"
    return ""


def _is_whole(fields: Mapping[str, Any]) -> bool:
    asked, target = fields.get("input"), fields.get("target")
    texts = [asked, *(target if isinstance(target, list) else [target]), *as_list(fields.get("choices"))]
    for message in as_list(asked):
        texts.append(as_object(message).get("content"))
    # A list is what a message with images holds, which a summary leaves out.
    return not any(isinstance(text, str) and _is_cut(text) for text in texts) and not any(
        isinstance(text, list) for text in texts[1:]
    )


def _is_cut(text: str) -> bool:
    return text.endswith(_CUT) or (text.endswith("...") and len(text) in _CUT_OF_OLD)


def _messages(messages: list[Any], attachments: Mapping[str, Any]) -> tuple[str, tuple[bytes, ...], str]:
    """The only question in a list of messages, else all of them with their roles; images; the system message."""
    said: list[tuple[str, str]] = []
    images: list[bytes] = []
    for message in messages:
        role, content = as_object(message).get("role"), as_object(message).get("content")
        if not isinstance(role, str) or not isinstance(content, str | list):
            raise NoEntry("a message without role or content")
        parts = [content] if isinstance(content, str) else content
        said.append((role, "\n".join(filter(None, (_part(part, images, attachments) for part in parts)))))
    system = "\n\n".join(text for role, text in said if role == "system")
    others = [(role, text) for role, text in said if role != "system"]
    if [role for role, _ in others] == ["user"]:
        return others[0][1], tuple(images), system
    return "\n\n".join(f"{role}: {text}" for role, text in others), tuple(images), system


def _part(part: Any, images: list[bytes], attachments: Mapping[str, Any]) -> str:
    """The text of one part of a message; an image that the log holds goes to the images."""
    if isinstance(part, str):
        return _resolved(part, attachments)
    fields = as_object(part)
    kind = as_text(fields.get("type"))
    if kind == "text":
        return _resolved(as_text(fields.get("text")), attachments)
    held = fields.get(kind)
    if not isinstance(held, str):
        raise NoEntry(f"a part of a message is not understood: {kind:.30}")
    held = _resolved(held, attachments)
    if kind == "image" and held.startswith("data:"):
        try:
            images.append(base64.b64decode(held.partition(",")[2], validate=True))
        except (binascii.Error, ValueError):
            raise NoEntry("an image is not whole") from None
        return ""
    return f"[{kind}: {held}]"


def _resolved(text: str, attachments: Mapping[str, Any]) -> str:
    """A text, or what it refers to among the attachments.

    Raises:
        NoEntry: it is not there.
    """
    if not text.startswith("attachment://"):
        return text
    held = attachments.get(text.removeprefix("attachment://"))
    if not isinstance(held, str):
        raise NoEntry("an attachment is not there")
    return held


def _chosen(target: str, choices: tuple[str, ...]) -> str:
    """The text of the choice that a letter means."""
    place = string.ascii_uppercase.find(target) if len(target) == 1 else -1
    return choices[place] if 0 <= place < len(choices) else target
