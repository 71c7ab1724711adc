"""An OpenAI-compatible server made for tests: it answers as it is told to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Body = dict[str, Any]
Handler = Callable[["Stub", web.Request, Body], Awaitable[web.StreamResponse]]


class Stub:
    """A server in a thread of its own, on a free port of this machine. A context manager.

    `answers` decides what a request gets, once the client has found out what the server can do: a handler for each
    request in turn, the last one for all that follow. Probes are answered well, except where `probes` says how.
    `models` are the names that it lists, or else what stands in their place; None: it lists nothing.
    """

    def __init__(
        self, *answers: Handler, probes: Handler | None = None, plain: bool = True, models: object = ("tiny",)
    ) -> None:
        self._answers = list(answers)
        self._listed = models
        self._probes = probes
        self._plain = plain
        self.asked: list[Body] = []
        """Bodies of requests that were no probes, in order."""

        self.probed: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.at: list[float] = []
        """When each of `asked` came in, by the loop's clock."""

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def name(self) -> str:
        return f"openai:tiny@{self.url}"

    def __enter__(self) -> Stub:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer nobody any more."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _open(self) -> None:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/chat/completions", self._handle)
        if self._plain:
            app.router.add_post("/v1/completions", self._handle)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _models(self, request: web.Request) -> web.StreamResponse:
        del request
        if self._listed is None:
            raise web.HTTPNotFound
        named = isinstance(self._listed, tuple)
        return web.json_response({"data": [{"id": name} for name in self._listed] if named else self._listed})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.headers.append(dict(request.headers))
        if "five words chosen at random" in json.dumps(body):
            self.probed.append(body)
            return await (self._probes or well)(self, request, body)
        self.asked.append(body)
        self.at.append(self._loop.time())
        answer = self._answers[min(len(self.asked), len(self._answers)) - 1] if self._answers else well
        return await answer(self, request, body)


def said(body: Body, *texts: str, reason: str | None = "stop", **more: Any) -> Body:
    """A good answer of these choices."""
    chat = "messages" in body
    return {
        "model": "tiny-2026-01-01",
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": place,
                "finish_reason": reason,
                **({"message": {"role": "assistant", "content": text}} if chat else {"text": text}),
            }
            for place, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 4 * len(texts)},
        **more,
    }


async def well(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
    """Says what depends on the seed, or `n` different things."""
    del stub, request
    return web.json_response(said(body, *(f"say {body.get('seed')} {place}" for place in range(body.get("n", 1)))))


def says(*texts: str, **more: Any) -> Handler:
    """Says this."""

    async def handler(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request
        return web.json_response(said(body, *texts, **more))

    return handler


def fails(status: int, message: str = "no", *, headers: dict[str, str] | None = None, **more: str) -> Handler:
    """Refuses in OpenAI's form."""

    async def handler(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request, body
        return web.json_response({"error": {"message": message, **more}}, status=status, headers=headers)

    return handler


def sends(text: str, kind: str = "application/json") -> Handler:
    """Sends this, whatever it is."""

    async def handler(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request, body
        return web.Response(text=text, content_type=kind)

    return handler


async def hangs_up(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
    """Closes the connection without a word."""
    del stub, body
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def breaks_off(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
    """Announces more than it sends."""
    del stub
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(json.dumps(said(body, "half"))[:40].encode())
    assert request.transport is not None
    request.transport.close()
    return response


async def stalls(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
    """Says nothing for a long time."""
    del stub, request, body
    await asyncio.sleep(60)
    return web.Response()


async def drips(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
    """Sends a little now and then, for ever."""
    del stub, body
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def floods(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
    """Sends without end, as fast as it can."""
    del stub, body
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * (1 << 16))
