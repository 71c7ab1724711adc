"""What was asked: lm-eval's row of a data set and its requests, taken apart into question, choices and the rest.

The question is the same whatever stood around it, so that logs of several tools meet; where it cannot be told
from the prompt with certainty, the whole prompt is the question, or the whole row of the data set.
"""

from __future__ import annotations

import json
import string
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.importers.lm_eval_results import Task
from ingest.records import JSON

_QUESTIONS = (
    *("question", "problem", "prompt", "input", "query", "text", "goal", "instruction", "question_text"),
    *("question_stem", "stem", "inputs", "user_prompt", "Question", "Problem", "Prompt", "Input"),
)
"""Fields that hold a question where their text is in the prompt."""

_CHOICES = ("choices", "options", "endings", "answer_choices", "mc1_targets")
"""Fields that hold choices, the likeliest first; any other list will do whose texts were sent."""

_COUNTED = frozenset(("", "op", "option", "option_", "choice", "choice_", "ending", "answer_", "sol"))
"""What stands before the number in names of fields that hold one choice each."""

_CONTEXTS = frozenset(
    ("context", "passage", "article", "story", "document", "premise", "background", "table", "paragraph", "facts")
)
"""Fields without which a question is not whole, however short they are."""

_NUMBERINGS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.digits[1:])

_LABELS = (string.ascii_uppercase, string.ascii_lowercase, string.digits, string.digits[1:])

_WORDS = 3
"""A text of so many words in the prompt, beside the question, is more than a label."""


@dataclass(frozen=True)
class Request:
    """What the model was given: a prompt, and a continuation or how to generate."""

    prompt: str
    rest: Any
    more: bool
    """Whether an image or a sound went with it."""


@dataclass(frozen=True)
class Item:
    """A question, and what stood around it."""

    question: str
    """'' where the text is not all of it."""

    choices: tuple[str, ...]
    reference: JSON

    around: tuple[str, str] | None
    """Text before and behind the question in the prompt; None where they cannot be told apart from it."""

    chat: bool
    """Whether the prompt was a list of messages."""


def requests_of(arguments: Any) -> list[Request]:
    """The requests of a row, in order; empty where they are not understood."""
    if isinstance(arguments, dict):
        keyed = [arguments.get(f"gen_args_{place}") for place in range(len(arguments))]
        found = [
            [one[f"arg_{place}"] for place in range(len(one))]
            for one in keyed
            if isinstance(one, dict) and all(f"arg_{place}" in one for place in range(len(one)))
        ]
    elif isinstance(arguments, list):  # before 0.4.3
        found = [one for one in arguments if isinstance(one, list)]
    else:
        return []
    requests = []
    for one in found:
        prompt = one[0] if one else None
        if isinstance(prompt, list) and len(prompt) == 1:  # messages for a server, as a named tuple of one text
            prompt = prompt[0]
        if not isinstance(prompt, str):
            return []
        requests.append(Request(prompt, one[1] if len(one) > 1 else None, len(one) > 2))
    return requests if len(requests) == len(arguments) else []


def item_of(doc: Mapping[str, Any], requests: Sequence[Request], target: str, task: Task, *, chat: bool) -> Item:
    """Take a row apart.

    chat: whether the model's chat template was applied, so that prompts hold its marks.
    """
    before, prompt, is_messages = _own_part(requests[0].prompt)
    if any(request.more for request in requests):
        return Item("", (), target, None, is_messages)
    several = _several_prompts(requests)
    choices, letters = ((), False) if several else _choices(doc, requests, prompt)
    if letters:
        choices = tuple(_letter(place) for place in range(len(choices)))
    reference = _reference(target, choices, generated=not isinstance(requests[0].rest, str))
    question = "" if several or letters else _question(doc, prompt, choices)
    if question:
        at = prompt.rfind(question)
        behind = _without(prompt[at + len(question) :], choices)
        around: tuple[str, str] | None = (sys.intern(before + prompt[:at]), behind)  # long, and mostly the same
    elif task.shots == 0 and not several and (is_messages or not chat) and prompt.strip():
        start = len(task.description) if prompt.startswith(task.description) else 0
        question, around = prompt[start:], (before + prompt[:start], "")
    else:
        question, around = canonical(doc), None
    return Item(question.strip(), choices, reference, around, is_messages)


def disagree(requests: Sequence[Request]) -> bool:
    """Whether requests differ both in their prompts and in what follows: no task of a usual kind has such."""
    return _several_prompts(requests) and len({repr(request.rest) for request in requests}) > 1


def canonical(value: Any) -> str:
    """JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _letter(place: int) -> str:
    """A, B, …, Z, AA, BB, …"""
    return string.ascii_uppercase[place % 26] * (1 + place // 26)


def _several_prompts(requests: Sequence[Request]) -> bool:
    """Whether choices stand in prompts. One that is empty asks for the likelihood of a choice by itself."""
    return any(request.prompt not in ("", requests[0].prompt) for request in requests)


def _own_part(prompt: str) -> tuple[str, str, bool]:
    """What stands before the last message, that message, and whether the prompt is a list of messages at all."""
    if not prompt.startswith('[{"'):
        return "", prompt, False
    try:
        messages = json.loads(prompt)
        texts = [(message["role"], message["content"]) for message in messages]
    except (ValueError, RecursionError, TypeError, KeyError):
        return "", prompt, False
    asked = [place for place, (role, text) in enumerate(texts) if role == "user" and isinstance(text, str)]
    if not asked:
        return "", prompt, False
    rest = texts[: asked[-1]] + texts[asked[-1] + 1 :]  # behind it may stand how the answer is to begin
    if [role for role, _ in rest] == ["system"] and isinstance(rest[0][1], str):
        return rest[0][1] + "\n\n", texts[asked[-1]][1], True
    return (canonical(rest) + "\n\n") if rest else "", texts[asked[-1]][1], True


def _choices(doc: Mapping[str, Any], requests: Sequence[Request], prompt: str) -> tuple[tuple[str, ...], bool]:
    """Texts of the choices, and whether only their letters are known. The doc's own texts go before those that
    were sent, which a task may have cut or bent, and which no hash vouches for."""
    if len(requests) < 2:
        if isinstance(requests[0].rest, str):
            return (), False
        shown = [found for found in _told(doc) if all(choice in prompt for choice in found)]
        return (shown[0] if shown else ()), False
    sent = tuple(
        request.rest.strip()
        for request in requests
        # Those without a prompt are asked for the choice's own likelihood.
        if isinstance(request.rest, str) and (request.prompt or not requests[0].prompt)
    )
    told = [found for found in _told(doc) if len(found) == len(sent)]
    shown = [found for found in told if all(choice in prompt for choice in found)]
    if shown or _are_labels(sent):
        return (*shown, *told, sent)[0], not told
    lists = [found for _, found in (*_lists(doc), *_numbered(doc)) if len(found) == len(sent)]
    alike = max(lists, key=lambda found: _matches(found, sent), default=())
    return (alike if _matches(alike, sent) >= max(1, len(sent) - 1) else sent), False


def _told(doc: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Texts of choices by the names of their fields; letters alone are none."""
    lists = [found for name, found in _lists(doc) if name.partition(".")[0] in _CHOICES]
    counted = [found for name, found in _numbered(doc) if name in _COUNTED]
    return [found for found in (*lists, *counted) if not _are_labels(found)]


def _lists(doc: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Lists of texts in a doc, by field, those with the likeliest names first."""
    found = []
    for name, value in doc.items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        for key, texts in inner:
            if isinstance(texts, list) and len(texts) > 1 and all(isinstance(t, str) and t.strip() for t in texts):
                found.append((f"{name}.{key}".rstrip("."), tuple(text.strip() for text in texts)))
    rank = {name: place for place, name in enumerate(_CHOICES)}
    return sorted(found, key=lambda one: rank.get(one[0].partition(".")[0], len(rank)))


def _numbered(doc: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Texts in fields whose names count, with what stands before the number: opa, opb, …; sol1, sol2."""
    for name in doc:
        for numbering in _NUMBERINGS:
            if name.endswith(numbering[0]):
                texts = []
                for sign in numbering:
                    text = doc.get(name[:-1] + sign)
                    if not isinstance(text, str) or not text.strip():
                        break
                    texts.append(text.strip())
                if len(texts) > 1:
                    yield name[:-1], tuple(texts)


def _matches(found: Sequence[str], sent: Sequence[str]) -> int:
    return sum(a.casefold() == b.casefold() for a, b in zip(found, sent, strict=False))


def _are_labels(texts: Sequence[str]) -> bool:
    """Whether texts are A, B, C or 1, 2, 3, with or without brackets."""
    bare = "".join(text.strip("(). ") for text in texts)
    return len(bare) == len(texts) and any(labels.startswith(bare) for labels in _LABELS)


def _reference(target: str, choices: tuple[str, ...], *, generated: bool) -> JSON:
    """The text of the right choice, where the target tells it by text, index or letter; else the target."""
    target = target.strip()
    if not choices:
        return target
    if target.startswith("["):
        try:
            places = json.loads(target)
        except ValueError:
            return target
        if isinstance(places, list) and places and all(type(p) is int and 0 <= p < len(choices) for p in places):
            return [choices[place] for place in places]
        return target
    # lm-eval itself reads digits as an index where it asks for likelihoods, and as a text where it generates.
    if target.isdigit() and target.isascii() and len(target) < 4:
        if not generated and int(target) < len(choices):
            return choices[int(target)]
        if target not in choices and int(target) < len(choices):
            return choices[int(target)]
    if target in choices:
        return target
    letter = target.strip("(). ")
    place = string.ascii_uppercase.find(letter) if len(letter) == 1 else -1
    return choices[place] if 0 <= place < len(choices) else target


def _question(doc: Mapping[str, Any], prompt: str, choices: tuple[str, ...]) -> str:
    """The text of the one field that is the question, and all of it; '' where that is not certain."""
    fields = {doc[name].strip() for name in _QUESTIONS if isinstance(doc.get(name), str)}
    found = [text for text in fields if text and text in prompt]
    found = [text for text in found if not any(text != other and text in other for other in found)]
    if len(found) != 1:
        return ""
    (question,) = found
    at = prompt.rfind(question)
    beside = (prompt[:at], prompt[at + len(question) :])
    for name, text in _texts(doc):
        text = text.strip()
        long = name in _CONTEXTS or len(text.split()) >= _WORDS
        if text and long and text not in question and text not in choices and any(text in part for part in beside):
            return ""
    return question


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """All texts in a value, each with the field that holds it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, name or key)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, name)


def _without(behind: str, choices: tuple[str, ...]) -> str:
    """The text behind a question without the choices that stand in it: how they are numbered remains."""
    ends = []
    at = 0
    for choice in choices:
        start = behind.find(choice, at)
        if start < 0:
            return behind
        at = start + len(choice)
        ends.append((start, at))
    if len(ends) < 2:
        return behind
    return f"{behind[: ends[0][0]]}{{choices}}{behind[ends[0][1] : ends[1][0]]}…{behind[at:]}"
