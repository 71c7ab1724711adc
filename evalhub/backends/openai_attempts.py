"""Attempts in flight at a server, from requests to outputs. Runs in the server's event loop."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping

from evalhub.backends.address import Address
from evalhub.backends.base import Output, Request
from evalhub.backends.http_client import TOO_LONG, Client, GaveUp, Refused
from evalhub.backends.openai_probe import Endpoint, revision_of
from evalhub.backends.openai_wire import PATHS, SCHEMA, Answer, body, outcome, reader, shares, size_of
from evalhub.backends.prices import Price
from evalhub.errors import EvalhubError
from ingest.records import Status

_MOST_TOGETHER = 32
"""Choices in one request."""

_MOST_REFUSED = 8
"""So many refusals before the first answer are not the samples' fault."""

_PERHAPS_THE_SCHEMA = (400, 422, 501)
"""Statuses of a refusal that may be about it, whatever the words: without it the request is asked once more."""

_UNWELCOME = re.compile(r"content.?(filter|policy|management)|moderation|flagged|safety|invalid_prompt")
_OUT_OF_TOKENS = re.compile(r"output limit was reached")

_log = logging.getLogger(__name__)


class Attempts:
    """Puts requests to a server and outputs to whoever waits for them: one output for each request, or a failure.

    Args:
        client: asks the server.
        address: of the server.
        endpoints: how each form is served, by form.
        price: of the model's tokens, where known.
        put: takes an output.
        fail: takes the reason why no request will be answered any more.
    """

    def __init__(
        self,
        client: Client,
        address: Address,
        endpoints: Mapping[str, Endpoint | None],
        price: Price | None,
        put: Callable[[Output], None],
        fail: Callable[[EvalhubError], None],
    ) -> None:
        self._client = client
        self._address = address
        self._endpoints = endpoints
        self._price = price
        self._give = put
        self._fail = fail
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = 0
        """Requests that have no output yet."""

        self._answered = False
        self._held: list[Output] = []
        """Refused before anything was answered: whose fault that is will show."""

        self._refusals = 0
        self._apart: set[str] = set()
        """Forms in which the server gave fewer choices than it was asked for."""

        self._too_long: dict[tuple[str, str], str] = {}
        """What the server said of prompts that it has no room for, by sample and condition: asked once."""

        self._structured = True
        """Whether the server may be asked to hold outputs to a schema."""

        self._warned: set[str] = set()

    def start(self, requests: list[Request]) -> None:
        """Begin requests, attempts of a sample together where the server gives several choices."""
        self._open += len(requests)
        latest: dict[tuple[str, str], list[Request]] = {}
        groups: list[list[Request]] = []
        for request in requests:
            key = _kind(request)
            group = latest.get(key)
            if group is None or len(group) == _MOST_TOGETHER or not self._together(request):
                group = latest[key] = []
                groups.append(group)
            group.append(request)
        for group in groups:
            task = asyncio.get_running_loop().create_task(self._ask(group))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _endpoint(self, request: Request) -> Endpoint:
        endpoint = self._endpoints[request.condition.form]
        assert endpoint is not None
        return endpoint

    def _together(self, request: Request) -> bool:
        return self._endpoint(request).way == "n" and request.condition.form not in self._apart

    def _ended(self, task: asyncio.Task[None]) -> None:
        """The end of a task. No failure may pass unnoticed: the caller would wait for ever."""
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, EvalhubError):
            error = EvalhubError(f"asking {self._address.host} failed: {type(error).__name__}: {error}")
        self._fail(error)
        for other in self._tasks:
            other.cancel()

    async def _ask(self, group: list[Request], *, structured: bool = True) -> None:
        """Put attempts of one sample to the server, and put out what they come to.

        structured: held to their schema, where they have one and the server knows of schemas.
        """
        if words := self._too_long.get(_kind(group[0])):
            self._put_all(group, words, Status.ERROR)
            return
        form = group[0].condition.form
        endpoint = self._endpoint(group[0])
        count = len(group)
        omit = endpoint.omit if structured and self._structured else endpoint.omit | {SCHEMA}
        fields = body(self._address.model, group[0], count=count, seeded=endpoint.way == "seeds", omit=omit)
        try:
            answer, seconds = await self._client.post(
                PATHS[form], fields, reader(form), tokens=size_of(group[0], count)
            )
        except GaveUp as error:
            if error.down:
                raise EvalhubError(
                    f"{self._address.host} no longer answers ({error}): when it does, run the same command "
                    "again, it goes on where it was"
                ) from None
            self._put_all(group, str(error), Status.TIMEOUT if error.timed_out else Status.ERROR)
        except Refused as error:
            if SCHEMA in fields and error.status in _PERHAPS_THE_SCHEMA:
                await self._ask(group, structured=False)
            else:
                await self._refused(group, error)
        else:
            if not structured and self._structured:
                self._structured = False
                self._warn("schema", "refuses response_format: outputs are not held to their form")
            self._take_note(answer, endpoint)
            self._put_answer(group, answer, seconds)
            await self._ask_apart(group[len(answer.choices) :])

    async def _ask_apart(self, rest: list[Request]) -> None:
        """Ask again for choices that were not given, each for itself, and from now on always so."""
        if rest:
            self._apart.add(rest[0].condition.form)
            await asyncio.gather(*(self._ask([request]) for request in rest))

    async def _refused(self, group: list[Request], error: Refused) -> None:
        """Is it what was asked, how it was asked, or who asked?"""
        words = f"{error.words} {error.names}".lower()
        if _UNWELCOME.search(words):
            self._put_all(group, error.words, Status.REFUSED)
        elif _OUT_OF_TOKENS.search(words):
            self._put_all(group, "", Status.TRUNCATED)
        elif error.status == 413 or (error.status in (400, 422, 500) and TOO_LONG.search(words)):
            self._too_long[_kind(group[0])] = error.words
            self._put_all(group, error.words, Status.ERROR)
        elif error.status not in (400, 422):
            raise EvalhubError(f"{self._address.host} refuses {self._address.model}: {error.words}")
        elif len(group) > 1:
            await self._ask_apart(group)
        else:
            self._hold(Output(group[0], error.words, Status.ERROR, 0, 0.0))

    def _hold(self, output: Output) -> None:
        """Keep a refusal back until it is clear that others are answered; then it is the sample's fault."""
        self._warn("refusal", f"refuses some requests: {output.text}")
        self._held.append(output)
        self._refusals += 1
        if not self._answered and self._refusals >= _MOST_REFUSED:
            raise EvalhubError(f"{self._address.host} refuses what it is asked: {output.text}")
        self._let_go()

    def _let_go(self) -> None:
        if self._held and (self._answered or len(self._held) == self._open):
            held, self._held = self._held, []
            for output in held:
                self._put(output)

    def _take_note(self, answer: Answer, endpoint: Endpoint) -> None:
        self._answered = True
        self._let_go()
        if not answer.told:
            self._warn("tokens", "does not say how many tokens it used: they count as 0")
        if revision_of(answer, self._address) != endpoint.revision:
            self._warn("revision", "now answers with another model or configuration than at the start")

    def _warn(self, kind: str, words: str) -> None:
        """Once for each kind of trouble."""
        if kind not in self._warned:
            self._warned.add(kind)
            _log.warning("%s %s", self._address.host, words)

    def _put_answer(self, group: list[Request], answer: Answer, seconds: float) -> None:
        choices = answer.choices[: len(group)]
        tokens = shares(answer.tokens, [len(choice.text) for choice in choices])
        prompts = shares(answer.prompt_tokens, [1] * len(choices))
        for request, choice, own, prompt in zip(group, choices, tokens, prompts, strict=False):
            text, status = outcome(choice, request.condition)
            cost = self._price.cost(prompt, own) if self._price and answer.told else None
            self._put(Output(request, text, status, own, seconds, prompt, cost))

    def _put_all(self, group: list[Request], words: str, status: Status) -> None:
        for request in group:
            self._put(Output(request, words, status, 0, 0.0))

    def _put(self, output: Output) -> None:
        self._open -= 1
        self._give(output)
        self._let_go()


def _kind(request: Request) -> tuple[str, str]:
    """What attempts at one prompt have in common."""
    return request.sample_id, request.condition.condition_id
