"""Several servers of one model, as one backend."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from evalhub.backends.address import PREFIX, read_name
from evalhub.backends.base import Output
from evalhub.backends.openai import OpenAIBackend
from evalhub.backends.prices import Price
from evalhub.backends.spread import Spread
from evalhub.errors import EvalhubError

_log = logging.getLogger(__name__)


def open_servers(name: str, urls: Sequence[str], price: Price | None) -> Spread:
    """Spread the load of `openai:MODEL` over servers. Each takes as much at once as one alone would.

    The condition names all of them, in whatever order they are given, also one that does not answer: it is left
    out, and the run can go on under the same condition once it is back.

    Raises:
        EvalhubError: the name is no model of a server or has an address of its own, an address is none or is
            given twice, or no server answers.
    """
    if not name.startswith(PREFIX):
        raise EvalhubError(f"--base-url is about models of servers, as in openai:MODEL; {name} is none")
    model = read_name(name).model
    if f"{PREFIX}{model}" != name.strip():
        raise EvalhubError("--base-url and MODEL both say where the server is: give one of them")
    like = "--base-url takes addresses like http://localhost:8000/v1"
    if not all(url.strip().startswith(("http://", "https://")) for url in urls):
        raise EvalhubError(like)
    addresses = [read_name(f"{PREFIX}{model}@{url.strip()}") for url in urls]
    if any(address.model != model for address in addresses):
        raise EvalhubError(like)
    if len({address.url for address in addresses}) < len(addresses):
        raise EvalhubError("--base-url: a server is given twice")
    among = "+".join(sorted(address.host for address in addresses))
    with ThreadPoolExecutor(len(addresses)) as pool:
        opened = list(pool.map(lambda one: _opened(f"{PREFIX}{model}@{one.url}", price, among), addresses))
    servers = [one for one in opened if isinstance(one, _Server)]
    errors = [one for one in opened if isinstance(one, EvalhubError)]
    if not servers:
        raise EvalhubError("; ".join(dict.fromkeys(map(str, errors))))
    for error in errors:
        _log.warning("a server is left out: %s", error)
    return Spread(servers[0].backend.model, servers)


def _opened(name: str, price: Price | None, among: str) -> _Server | EvalhubError:
    try:
        return _Server(OpenAIBackend(name, price=price, among=among))
    except EvalhubError as error:
        return error


class _Server:
    """One of them."""

    def __init__(self, backend: OpenAIBackend) -> None:
        self.backend = backend
        self.name, self.capacity = backend.host, backend.capacity
        self.condition, self.refuses = backend.condition, backend.refuses
        self.submit, self.close = backend.submit, backend.close

    def collect(self) -> list[Output]:
        return self.backend.collect(0)

    def again(self) -> _Server | None:
        """What has gone is not waited for: the next run asks it again."""
        return None
