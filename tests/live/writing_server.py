"""Servers that write and verify questions, well and badly, for tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.backends.stub_server import Body, Handler, Stub, said

Say = Callable[[str, int], str | Handler]
"""From the text of a request, and how often this text was asked for before, to what is said."""


def choice(question: str = "Which curve is on top?", **fields: Any) -> dict[str, Any]:
    """A good question of choice."""
    return {"question": question, "answer": "ours", "wrong": ["theirs", "random", "oracle"], **fields}


def number(question: str = "At which epoch do the curves cross?", **fields: Any) -> dict[str, Any]:
    """A good question with a number."""
    return {"question": question, "answer": "12", **fields}


def written(choices: list[Any] | None = None, numbers: list[Any] | None = None) -> str:
    """Questions as they are asked for."""
    return json.dumps(
        {
            "choice": [choice()] if choices is None else choices,
            "numeric": [number()] if numbers is None else numbers,
        }
    )


def serving(describe: Say, write: Say) -> Stub:
    """A server that describes and writes."""
    before: dict[str, int] = {}

    async def answer(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        parts = body["messages"][-1]["content"]
        if body.get("max_tokens") == 8:  # it is found out whether it sees
            return web.json_response(said(body, "yes"))
        text = parts[-1]["text"]
        count = before[text] = before.get(text, -1) + 1
        answered = (write if "A description of it" in text else describe)(text, count)
        if callable(answered):
            return await answered(stub, request, body)
        return web.json_response(said(body, answered))

    return Stub(answer)


def verifying(answer: Callable[[str, dict[str, str]], str]) -> Stub:
    """A server that verifies: from a question's text and its options by letter to what is said."""

    async def handle(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request
        parts = body["messages"][-1]["content"]
        text = parts if isinstance(parts, str) else parts[-1]["text"]
        options = dict(re.findall(r"^([A-Z])\. (.+)$", text, re.M))
        return web.json_response(said(body, answer(text, options)))

    return Stub(handle)


def letter_of(options: dict[str, str], wanted: str) -> str:
    """The letter of an option, as JSON."""
    return json.dumps({"answer": next(letter for letter, option in options.items() if option == wanted)})
