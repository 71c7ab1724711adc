"""One request to an OpenAI-compatible server, and again until it is answered: limits, retries, time-outs, junk.

Promises: a request ends, well or badly, whatever the server does; and the key from OPENAI_API_KEY goes to the
server and nowhere else: what the server says is rid of it before anybody reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import aiohttp

from evalhub.backends.address import Address
from evalhub.backends.rate_limits import RateLimits
from evalhub.errors import EvalhubError
from evalhub.redact import SHORTEST_SECRET
from evalhub.wording import one_line

TRIES = 8
_TIMEOUTS = 2
"""A request that took too long once will probably do so again."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds: a pause is drawn from 0 to the first one doubled with every try (full jitter)."""

LARGEST = 8 << 20
"""Bytes of an answer; a larger one is no answer to these prompts."""

_CONNECT = 20.0
_LISTING = 10.0
"""Seconds that a server may take to list its models: the run can do without."""

_Read = TypeVar("_Read")


TOO_LONG = re.compile(
    r"context|too (long|large)|max\w* (\w+ )?length|exceed|max_new_tokens|reduce the (length|number)"
)
"""Words, in lower case, of servers that refuse a prompt for its length."""

_NEVER_FITS = re.compile(r"(prompt|input|request|messages)\b.*(context|too (long|large)|max\w* (\w+ )?length)")
"""The same from servers that call it a fault of their own. Not "context size exceeded" alone: llama.cpp says so
while its slots are full."""


class Refused(Exception):
    """The server will not answer this request, however often it is asked.

    Args:
        status: HTTP's.
        words: the server's own, in one line.
        names: what the server names in its error (its code, its type, a parameter).
    """

    def __init__(self, status: int, words: str, names: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.names = names


class GaveUp(Exception):
    """The server did not answer, in all tries.

    Args:
        why: in a few words.
        timed_out: it took too long.
        down: it has answered nobody since the first try.
    """

    def __init__(self, why: str, *, timed_out: bool = False, down: bool = False) -> None:
        super().__init__(why)
        self.timed_out = timed_out
        self.down = down


class _Again(Exception):
    """This try failed; another may not."""

    def __init__(
        self,
        why: str,
        *,
        timed_out: bool = False,
        down: bool = False,
        turned_away: bool = False,
        told: bool = False,
    ) -> None:
        super().__init__(why)
        self.timed_out = timed_out
        self.down = down
        """The server is not there: it is not this request's fault."""

        self.turned_away = turned_away
        """The server has no time now; that is no failure, as long as it answers others."""

        self.told = told
        """The server said how long to wait."""


class Client:
    """Asks one server. Everything happens in the event loop in which it was made.

    Args:
        address: of the server.
        connections: at most so many at once.
        timeout: seconds for one try, from its start to the last byte of the answer.
        tries: of a request at most, where nothing else is said.
    """

    def __init__(self, address: Address, connections: int, timeout: float, tries: int = TRIES) -> None:
        self.host = address.host
        self._url = address.url
        self._key = _key()
        self._timeout = timeout
        self._tries = tries
        self._limits = RateLimits(address.host)
        self._answered = -1.0
        """When anything was answered last."""

        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=min(_CONNECT, timeout)),
            connector=aiohttp.TCPConnector(limit=connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/json", **self._authorization()},
            proxy=_proxy(address),
        )

    async def close(self) -> None:
        """Hang up."""
        await self._session.close()

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        read: Callable[[dict[str, Any]], _Read],
        *,
        tokens: int = 0,
        tries: int | None = None,
    ) -> tuple[_Read, float]:
        """Ask until there is an answer.

        Args:
            path: from the base, like `/chat/completions`.
            body: goes out as JSON.
            read: makes of the answer what is wanted; its ValueError means that the answer is none.
            tokens: about what the request will use, for the server's limit on tokens.
            tries: at most. Being turned away (HTTP 429) is none: that goes on while anybody is answered, and for
                as long as a try may take when nobody is.

        Returns:
            what was read, and the seconds that the last try took.

        Raises:
            Refused: this request will never be answered.
            GaveUp: it was not answered.
            EvalhubError: no request will be answered (key, quota, address).
        """
        content = json.dumps(body).encode()
        first, failed, timeouts, pauses = time.monotonic(), 0, 0, 0
        while True:
            mark = await self._limits.turn(tokens)
            started = time.monotonic()
            try:
                found = read(await self._once(path, content, mark))
            except ValueError as error:
                again = _Again(f"it answers with something else than {path}: {error}")
            except _Again as error:
                again = error
            else:
                self._answered = time.monotonic()
                return found, self._answered - started
            failed += not again.turned_away
            timeouts += again.timed_out
            silent = time.monotonic() - max(first, self._answered)
            if (
                failed >= (tries or self._tries)
                or timeouts >= _TIMEOUTS
                or (again.turned_away and silent >= self._timeout)
            ):
                down = (again.down or again.turned_away) and self._answered < first
                raise GaveUp(str(again), timed_out=again.timed_out, down=down)
            if not again.told:
                longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(pauses, 30))
                await asyncio.sleep(random.uniform(0.0, longest))
            pauses += 1

    async def models(self) -> list[str]:
        """Names of the models that the server lists; none where it lists nothing."""
        try:
            async with self._session.get(
                f"{self._url}/models", allow_redirects=False, timeout=aiohttp.ClientTimeout(total=_LISTING)
            ) as response:
                listed = json.loads(self._clean(await self._content(response)))["data"]
            return [one_line(str(model["id"])) for model in listed]
        except (_Again, GaveUp, aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
            return []

    async def _once(self, path: str, content: bytes, mark: Mapping[str, float]) -> dict[str, Any]:
        try:
            async with self._session.post(f"{self._url}{path}", data=content, allow_redirects=False) as response:
                self._limits.told(response.headers, mark)
                answer = self._clean(await self._content(response))
        except aiohttp.ConnectionTimeoutError:
            raise _Again("it cannot be connected to", down=True) from None
        except TimeoutError:
            raise _Again(f"no whole answer within {self._timeout:g} s", timed_out=True) from None
        except aiohttp.ClientConnectorCertificateError:
            raise EvalhubError(f"{self.host} has a certificate that is not trusted here") from None
        except aiohttp.ClientConnectorError as error:
            number = error.os_error.errno or 0
            why = os.strerror(number) if number > 0 else "no such host"
            raise _Again(f"it cannot be connected to: {why}", down=True) from None
        except aiohttp.ServerDisconnectedError:
            raise _Again("it hung up") from None
        except aiohttp.ClientPayloadError:
            raise _Again("its answer broke off") from None
        except aiohttp.ClientError as error:
            raise _Again(f"its answer is not HTTP ({type(error).__name__})") from None
        if response.status == 200:
            return _object(answer)
        raise self._trouble(response, answer)

    async def _content(self, response: aiohttp.ClientResponse) -> bytes:
        content = bytearray()
        async for part in response.content.iter_any():
            content += part
            if len(content) > LARGEST:
                raise GaveUp(f"its answer is larger than {LARGEST >> 20} MB")
        return bytes(content)

    def _trouble(self, response: aiohttp.ClientResponse, answer: bytes) -> Exception:
        """What a status other than 200 means."""
        status = response.status
        words, names = _quote(answer)
        if status == 401:
            if self._key:
                return EvalhubError(f"{self.host} does not accept the key in OPENAI_API_KEY")
            return EvalhubError(f"{self.host} asks for a key: put it into the environment as OPENAI_API_KEY")
        if status == 402 or "insufficient_quota" in names:
            return EvalhubError(
                f"{self.host} asks for payment ({words}): then run the same command again, it goes on where it was"
            )
        if 300 <= status < 400:
            return EvalhubError(f"{self.host} sends requests elsewhere (HTTP {status}): give it the final address")
        fits = not (status == 500 and _NEVER_FITS.search(words.lower()))
        if status in (408, 409, 425, 429) or (status >= 500 and status != 501 and fits):
            told = status in (429, 503) and self._limits.pause(response.headers)
            return _Again(
                f"HTTP {status}: {words}",
                down=status in (502, 503, 504),
                turned_away=status == 429,
                told=told,
            )
        return Refused(status, f"HTTP {status}: {words}", names)

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def _clean(self, answer: bytes) -> bytes:
        """An answer without the key, should the server repeat it, also in JSON's escapes."""
        if len(self._key) < SHORTEST_SECRET:
            return answer
        answer = answer.replace(self._key.encode(), b"***")
        if b"\\u00" in answer or b"\\/" in answer:
            with contextlib.suppress(ValueError, RecursionError):
                plain = json.dumps(json.loads(answer))
                if self._key in plain:
                    return plain.replace(self._key, "***").encode()
        return answer


def _key() -> str:
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise EvalhubError("OPENAI_API_KEY holds characters that no key has")
    return key


def _proxy(address: Address) -> str | None:
    """The proxy that the environment names for this server. Asked once: aiohttp would ask for each request."""
    host = address.host.rpartition(":")[0] or address.host
    return None if address.own or proxy_bypass(host) else getproxies().get(address.url.partition(":")[0])


def _object(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        kind = "a web page" if answer.lstrip()[:1] == b"<" else "something else than JSON"
        raise _Again(f"it answers with {kind}") from None
    if not isinstance(found, dict):
        raise _Again("it answers with something else than a JSON object")
    if found.get("error") and not found.get("choices"):
        raise _Again(_quote(answer)[0])
    return found


def _quote(answer: bytes) -> tuple[str, str]:
    """The words of an error, in one line, and the names that it gives (code, type, parameter)."""
    words: Any = answer.decode("utf-8", "replace")
    names: list[str] = []
    try:
        found = json.loads(answer)
        if isinstance(found, dict):
            found = found.get("error") or found
        if isinstance(found, dict):
            names = [str(found[name]) for name in ("code", "type", "param") if found.get(name)]
            found = found.get("message") or found.get("detail") or found
        words = found if isinstance(found, str) else json.dumps(found)
    except (ValueError, RecursionError):
        if words.lstrip()[:1] == "<":
            words = "a web page"
    return one_line(words) or "no reason given", one_line(" ".join(names))
