"""A server and the thread in which it is asked: calls come in from the scoring loop, outputs go back to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, Literal, TypeVar

from evalhub.backends.address import Address
from evalhub.backends.base import Output, Request
from evalhub.backends.http_client import TRIES, Client, GaveUp, Refused
from evalhub.backends.openai_attempts import Attempts
from evalhub.backends.openai_probe import Endpoint, check_model, no_model, probe
from evalhub.backends.openai_wire import PATHS, body, reader
from evalhub.backends.prices import Price
from evalhub.errors import EvalhubError
from ingest.records import Condition, Sample

_CLOSING = 5.0
"""Seconds that closing takes at most."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
Form = Literal["chat", "plain"]


class Server:
    """One model of one server.

    Args:
        address: of the server.
        price: of the model's tokens, where known.
        capacity: requests at once.
        timeout: seconds for one try of a request.
        tries: of a request, at most; None: as many as usual.

    Raises:
        EvalhubError: there is no such server or model, or it cannot be asked by this user.
    """

    def __init__(
        self, address: Address, price: Price | None, capacity: int, timeout: float, tries: int | None
    ) -> None:
        self._address = address
        self._endpoints: dict[str, Endpoint | None] = {}
        self._blind: str | None = None
        self._outputs: queue.SimpleQueue[Output | None] = queue.SimpleQueue()
        """None wakes whoever waits, after a failure."""

        self._failure: EvalhubError | None = None
        self._flying = 0
        """Requests that were submitted and not collected."""

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="evalhub-openai", daemon=True)
        self._thread.start()
        try:
            self._client = self._wait(self._connect(capacity, timeout, tries))
            self._wait(check_model(self._client, address))
            if self._probed("chat") is None and self._probed("plain") is None:
                raise self._wait(no_model(self._client, address))
        except BaseException:  # Ctrl-C while the server thinks, too
            self.close()
            raise
        self._attempts = Attempts(self._client, address, self._endpoints, price, self._outputs.put, self._fail)

    def endpoint(self, form: Form) -> tuple[Form, Endpoint]:
        """The form in which prompts of this form are asked (the other one, where it is not served), and how."""
        found = self._probed(form)
        if found is None:
            form = "plain" if form == "chat" else "chat"
            found = self._probed(form)
        assert found is not None
        return form, found

    def blind(self, sample: Sample) -> str:
        """Why the model cannot be shown images, or ''. Found out with the first sample that has any."""
        if self._blind is None:
            self._blind = self._wait(self._show(sample))
        return self._blind

    def submit(self, requests: Sequence[Request]) -> None:
        """Take requests; returns at once."""
        self._flying += len(requests)
        self._loop.call_soon_threadsafe(self._attempts.start, list(requests))

    def collect(self, seconds: float) -> list[Output]:
        """Outputs that are there; waits up to `seconds` for the first, not at all where none can come.

        Raises:
            EvalhubError: no request will be answered any more.
        """
        outputs: list[Output] = []
        while len(outputs) < self._flying:
            try:
                output = self._outputs.get(not outputs and self._failure is None, seconds)
            except queue.Empty:
                break
            if output is not None:
                outputs.append(output)
        self._flying -= len(outputs)
        if self._failure is not None and not outputs:
            raise self._failure
        return outputs

    def close(self) -> None:
        """Drop what is in flight, and end the thread."""
        if not self._thread.is_alive():
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(_CLOSING)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSING)
        if not self._thread.is_alive():
            self._loop.close()

    def _fail(self, error: EvalhubError) -> None:
        """Remember the first failure, and wake the caller."""
        if self._failure is None:
            self._failure = error
            self._outputs.put(None)

    def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """What a coroutine comes to in the loop's thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _connect(self, capacity: int, timeout: float, tries: int | None) -> Client:
        return Client(self._address, capacity, timeout, tries or TRIES)

    async def _shut(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if hasattr(self, "_client"):
            await self._client.close()

    def _probed(self, form: Form) -> Endpoint | None:
        """How a form is served; found out when it is first asked for."""
        if form not in self._endpoints:
            self._endpoints[form] = self._wait(probe(self._client, self._address, form))
            if self._endpoints[form] is None and form == "plain" and self._endpoints.get("chat"):
                _log.info("%s has no /completions: plain prompts are asked as chat", self._address.host)
        return self._endpoints[form]

    async def _show(self, sample: Sample) -> str:
        endpoint = self._endpoints["chat"]
        assert endpoint is not None
        request = Request("probe", 0, 0, sample.prompt, Condition(max_tokens=8), images=sample.images)
        fields = body(self._address.model, request, seeded=False, omit=endpoint.omit)
        try:
            await self._client.post(PATHS["chat"], fields, reader("chat"), tries=2)
        except Refused as error:
            return f"the server takes no images ({error.words})"
        except GaveUp as error:
            if "image" not in str(error):
                raise EvalhubError(f"{self._address.host}: {error}") from None
            return f"the server takes no images ({error})"
        return ""
