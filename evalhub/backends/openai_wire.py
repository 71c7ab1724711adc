"""What goes to an OpenAI-compatible server and comes back: conditions to fields, choices to outputs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalhub.backends.base import Request
from evalhub.wording import one_line
from ingest.records import Condition, Status
from kernels.sampling import stream_key

PATHS = {"chat": "/chat/completions", "plain": "/completions"}
"""By a condition's form."""

EXTRAS = ("top_k", "min_p", "repetition_penalty")
"""Not OpenAI's own. Servers that know them have defaults other than none (llama.cpp, vLLM by the model's file), so
they are always sent, unless the server refuses them."""

OPTIONAL = (*EXTRAS, "seed", "n", "stop", "max_tokens", "top_p", "temperature")
"""Fields that a server may refuse, in the order in which they are best given up."""

SCHEMA = "response_format"
"""The field that holds an output to a request's schema. Refused by servers that know of none."""

_STOPS = 4
"""Stop strings that the interface allows; the others are cut here."""

_MOST_TOKENS = 2**31 - 1
"""More is no count of tokens."""

_ENDED = {None, "", "stop", "eos", "eos_token", "stop_sequence", "end_turn", "tool_calls", "function_call"}
_CUT_OFF = {"length", "max_tokens", "max_output_tokens"}
_REFUSED = {"content_filter", "refusal", "safety"}

_KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


@dataclass(frozen=True)
class Choice:
    """One answer of a server to a prompt."""

    text: str
    reason: str | None
    """Why it ended, in the server's word."""

    refused: bool = False


@dataclass(frozen=True)
class Answer:
    """All answers to a prompt, in order."""

    choices: list[Choice]
    prompt_tokens: int
    tokens: int
    """Of all choices together."""

    model: str
    """As the server names what answered."""

    fingerprint: str
    """Of the server's configuration; '' where it gives none."""

    @property
    def told(self) -> bool:
        """Whether the server said what it used. (An empty answer may take no token; a prompt takes some.)"""
        return self.prompt_tokens > 0 or self.tokens > 0


def body(
    model: str, request: Request, *, count: int = 1, seeded: bool, omit: Collection[str] = ()
) -> dict[str, Any]:
    """The fields that put a request to a server.

    Args:
        count: so many answers at once.
        seeded: with the seed of this attempt.
        omit: names of `OPTIONAL`, or `SCHEMA`, that the server refuses.
    """
    condition = request.condition
    fields: dict[str, Any] = {
        "model": model,
        "max_tokens": condition.max_tokens,
        "temperature": condition.temperature,
        "top_p": condition.top_p,
        # -1 is none for all servers that know it; 0 is for some.
        "top_k": condition.top_k or -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
    }
    if condition.form == "chat":
        fields["messages"] = _messages(request)
    else:
        fields["prompt"] = condition.preamble + request.text
    if condition.stop:
        fields["stop"] = list(condition.stop[:_STOPS])
    if seeded:
        fields["seed"] = seed_of(request)
    if count > 1:
        fields["n"] = count
    if request.schema is not None:
        fields[SCHEMA] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": dict(request.schema)},
        }
    if "max_tokens" in omit:
        fields["max_completion_tokens"] = condition.max_tokens
    return {name: value for name, value in fields.items() if name not in omit}


def seed_of(request: Request) -> int:
    """The stream key of an attempt folded to 31 bits, which every server takes."""
    return stream_key(request.seed, request.sample_id, request.attempt) & 0x7FFFFFFF


def size_of(request: Request, count: int) -> int:
    """About the tokens that a request for so many answers uses, as limits on tokens count them."""
    prompt = (len(request.condition.preamble) + len(request.text)) // 4 + 1000 * len(request.images)
    return prompt + count * request.condition.max_tokens


def reader(form: str) -> Callable[[dict[str, Any]], Answer]:
    """Reads what `/chat/completions` (chat) or `/completions` (plain) answers.

    The reader raises ValueError: it is no such answer, or the server broke a choice off.
    """

    def read(content: dict[str, Any]) -> Answer:
        listed = content.get("choices")
        if not isinstance(listed, list) or not listed or not all(isinstance(choice, dict) for choice in listed):
            raise ValueError("no choices")
        if all(isinstance(choice.get("index"), int) for choice in listed):
            listed = sorted(listed, key=lambda choice: choice["index"])
        usage = content.get("usage")
        return Answer(
            [_choice(choice, form) for choice in listed],
            _count(usage, "prompt_tokens"),
            _count(usage, "completion_tokens"),
            one_line(str(content.get("model") or "")),
            one_line(str(content.get("system_fingerprint") or "")),
        )

    return read


def outcome(choice: Choice, condition: Condition) -> tuple[str, Status]:
    """An attempt's text, cut at its first stop string, and its status."""
    ends = [place for stop in condition.stop if (place := choice.text.find(stop)) >= 0]
    text = choice.text[: min(ends)] if ends else choice.text
    if choice.refused:
        return text, Status.REFUSED
    if choice.reason in _CUT_OFF and not ends:
        return text, Status.TRUNCATED
    return text, Status.OK if text.strip() else Status.NO_ANSWER


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """A number shared out in whole parts by weight (equally where all are 0); the parts add up to it."""
    weights = weights if any(weights) else [1] * len(weights)
    whole = sum(weights)
    parts, sofar, given = [], 0, 0
    for weight in weights:
        sofar += weight
        parts.append(total * sofar // whole - given)
        given += parts[-1]
    return parts


def _messages(request: Request) -> list[dict[str, Any]]:
    content: str | list[dict[str, Any]] = request.text
    if request.images:
        pictures = [{"type": "image_url", "image_url": {"url": _data_url(image)}} for image in request.images]
        content = [*pictures, {"type": "text", "text": request.text}]
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if request.condition.preamble:
        messages.insert(0, {"role": "system", "content": request.condition.preamble})
    return messages


def _data_url(image: bytes) -> str:
    kind = next((kind for start, kind in _KINDS.items() if image.startswith(start)), "png")
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def _choice(choice: Mapping[str, Any], form: str) -> Choice:
    reason = choice.get("finish_reason")
    reason = reason.lower() if isinstance(reason, str) else None
    message = choice.get("message") if form == "chat" else choice
    if not isinstance(message, dict):
        raise ValueError("a choice without a message")
    text = message.get("content") if form == "chat" else message.get("text")
    if isinstance(text, list):  # parts, as some servers give them
        text = "".join(str(part.get("text") or "") for part in text if isinstance(part, dict))
    if text is not None and not isinstance(text, str):
        raise ValueError("a choice whose text is none")
    refused = reason in _REFUSED or bool(message.get("refusal"))
    if not refused and reason not in _ENDED | _CUT_OFF:
        raise ValueError(f"a choice that ended by '{one_line(str(reason))}'")
    return Choice(text or "", reason, refused)


def _count(usage: Any, name: str) -> int:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if type(count) is int and 0 < count <= _MOST_TOKENS else 0
