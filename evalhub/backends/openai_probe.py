"""What an OpenAI-compatible server can do, found out before the first attempt.

So that the condition that is recorded is the one that is run: whether there is `/completions` at all, which fields
are refused, whether it gives several choices for one prompt, and what it calls the model that answers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from evalhub.backends.address import Address
from evalhub.backends.base import Request
from evalhub.backends.http_client import Client, GaveUp, Refused
from evalhub.backends.openai_wire import EXTRAS, OPTIONAL, PATHS, Answer, body, reader
from evalhub.errors import EvalhubError
from ingest.records import Condition

_TRIES = 4
_TEXT = "Here is a story that begins with five words chosen at random:"
_TOKENS, _MORE_TOKENS = 24, 2000
_OUT_OF_TOKENS = "output limit was reached"
_ABSENT = (404, 405, 501)
_SHOWN = 5
"""Names of other models."""

_TELLING = 8
"""Tokens of an answer that says something of sampling: a letter or a word may well be the same each time."""

_WARM, _HOT = 0.9, 1.5
"""Temperatures. What a model is very sure of stays the same at the first, hardly at the second."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Endpoint:
    """How one form of prompt is served."""

    omit: frozenset[str]
    """Fields that it refuses."""

    way: str
    """`n`: attempts of a sample are asked for together, without seeds. `seeds`: each for itself, with its seed.
    '': each for itself, seeds are refused."""

    revision: str
    """What answered, as the server names it."""


def revision_of(answer: Answer, address: Address) -> str:
    """The model as the server names what answered; with the fingerprint of its configuration where the server is
    one's own. (Behind a public address several configurations answer side by side: a run could not go on.)"""
    named = [answer.model, answer.fingerprint if address.own else ""]
    return "/".join(part for part in named if part)


async def probe(client: Client, address: Address, form: str) -> Endpoint | None:
    """Ask for a few tokens in one form. None where the server has no such form.

    Raises:
        EvalhubError: the server does not answer, or not this user, or has no such model.
    """
    omit: set[str] = set()
    limit = _TOKENS
    while True:
        fields = _fields(address, form, limit, 1, omit)
        try:
            answer, _ = await client.post(PATHS[form], fields, reader(form), tries=_TRIES)
            break
        except GaveUp as error:
            if error.down:
                raise EvalhubError(
                    f"no server answers at {address.url} ({error}): start it, or write its address behind the "
                    "model, like openai:MODEL@http://localhost:8000/v1"
                ) from None
            raise EvalhubError(f"{address.url}: {error}. Is it the right address? Most end in /v1") from None
        except Refused as error:
            if _OUT_OF_TOKENS in error.words and limit == _TOKENS:
                limit = _MORE_TOKENS
                continue
            unknown = _unknown(error, fields)
            if unknown:
                omit |= unknown
            elif _has_no(form, error):
                return None
            else:
                raise EvalhubError(f"{address.host} refuses {address.model}: {error.words}") from None
    for name in ("temperature", "top_p"):
        if name in omit:
            _log.warning("%s does not let %s be set: asked with its own", address.model_id, name)
    together = not address.own and "n" not in omit and len(answer.choices) > 1
    way = "n" if together else "" if "seed" in omit else "seeds"
    await _same_again(client, address, form, limit, omit, answer)
    return Endpoint(frozenset(omit), way, revision_of(answer, address))


async def check_model(client: Client, address: Address) -> None:
    """Refuse a name that a server of one's own does not list: many answer to any name, with another model. Public
    ones refuse it themselves, and do not list all names that they know.

    Raises:
        EvalhubError: with the names that it has, nearest first.
    """
    listed = await client.models() if address.own and not _is_file(address.model) else []
    if not listed or (len(listed) == 1 and _is_file(listed[0])):
        return  # llama.cpp lists its file, whatever the model is called
    if not any(_means(name, address.model) for name in listed):
        raise _absent(address, listed)


async def no_model(client: Client, address: Address) -> EvalhubError:
    """What to say where a server has neither form of prompt for a model."""
    listed = await client.models()
    if listed and address.model not in listed:
        return _absent(address, listed)
    return EvalhubError(
        f"{address.url} serves neither chat nor completions for '{address.model}': is the name right, and the "
        "address? Most end in /v1"
    )


def _absent(address: Address, listed: list[str]) -> EvalhubError:
    near = get_close_matches(address.model, listed, _SHOWN, 0.0)
    more = ", …" if len(listed) > len(near) else ""
    return EvalhubError(f"{address.host} has no model '{address.model}'; it has {', '.join(near)}{more}")


def _is_file(name: str) -> bool:
    """Whether a model is called by where it lies."""
    return name.startswith(("/", ".", "~")) or "\\" in name or name.endswith(".gguf")


def _means(listed: str, model: str) -> bool:
    """Whether a listed name is the model's, with a tag or a folder more or less."""
    return listed in (model, f"models/{model}") or listed.partition(":")[0] == model.removesuffix(":latest")


def _fields(
    address: Address, form: str, limit: int, attempt: int, omit: Collection[str], temperature: float = _WARM
) -> dict[str, Any]:
    condition = Condition(
        form="chat" if form == "chat" else "plain",
        temperature=temperature,
        top_p=0.95 if temperature == _WARM else 1.0,
        max_tokens=limit,
        stop=("\n###",),
    )
    request = Request("probe", attempt, 0, _TEXT, condition)
    return body(address.model, request, count=1 if address.own else 2, seeded=True, omit=omit)


def _unknown(error: Refused, fields: dict[str, Any]) -> set[str]:
    """Which fields a refusal is about."""
    if error.status not in (400, 422):
        return set()
    for words in (error.names, error.words):
        named = [name for name in OPTIONAL if name in fields and re.search(rf"\b{name}\b", words)]
        extras = {name for name in named if name in EXTRAS}
        if named:
            return extras or {named[0]}
    # It may have named nothing that it was given; these are what a server is most likely not to know.
    return {name for name in EXTRAS if name in fields}


def _has_no(form: str, error: Refused) -> bool:
    """Whether a refusal means that this form is not served. Servers say so in many ways where it is /completions,
    which fewer and fewer have."""
    if error.status in _ABSENT:
        return True
    return error.status in (400, 422) and (form == "plain" or "chat template" in error.words.lower())


async def _same_again(
    client: Client, address: Address, form: str, limit: int, omit: Collection[str], answer: Answer
) -> None:
    """Warn where a server does not sample, though it is told to: all attempts would be copies of one. Said only
    where long answers are the same to the last letter, also at a temperature at which next to nothing is sure."""
    texts = [choice.text for choice in answer.choices]
    if answer.tokens < _TELLING * len(texts):
        return
    heat = _WARM if "temperature" in omit else _HOT
    for attempt, temperature in enumerate((_WARM, _WARM, heat, heat), start=2):
        if len({*texts}) > 1:
            return
        fields = _fields(address, form, limit, attempt, omit, temperature)
        try:
            again, _ = await client.post(PATHS[form], fields, reader(form), tries=_TRIES)
        except (GaveUp, Refused):
            return
        texts += [choice.text for choice in again.choices]
    if len({*texts}) == 1:
        _log.warning(
            "%s gave the same answer %d times, up to temperature %g: the server seems not to sample, and then all "
            "attempts are copies of one",
            address.model_id,
            len(texts),
            heat,
        )
