"""Models behind any OpenAI-compatible server: vLLM, SGLang, llama.cpp, `transformers serve`, hosted ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evalhub.backends.address import PREFIX, read_name
from evalhub.backends.base import Output, Request
from evalhub.backends.prices import Price, price_of
from evalhub.errors import EvalhubError
from ingest.records import Condition, Model, Sample

_CAPACITY = 64
_TIMEOUT = 600.0

_TRIES_AMONG = 4
"""Of a request, about two seconds in all, where other servers can take it."""


class OpenAIBackend:
    """`openai:MODEL`, or `openai:MODEL@http://localhost:8000/v1`.

    The server is the one in the name, else OPENAI_BASE_URL, else OpenAI's; the key comes from OPENAI_API_KEY
    alone. EVALHUB_OPENAI_CAPACITY (64) attempts are in flight at most, each try takes EVALHUB_OPENAI_TIMEOUT
    (600) seconds at most.

    What can be reproduced, and what the condition's `engine` says of it, is a matter of the server alone, so that
    a run can go on under the condition under which it began:

    - `openai/HOST/seeds`, on one's own machine or network: every attempt is a request of its own, with a seed of
      its own, so that it depends on nothing but itself. What a seed is worth is the server's business. Servers
      keep computed prompts, so little is lost by asking apart.
    - `openai/HOST/n`, behind a public address that gives several choices for one prompt: attempts of a sample
      that wait together are one request, since every prompt is paid for. No seeds are sent: they cannot be given
      for each choice, and a server that uses one seed for all choices would give copies. The attempts are draws
      from the same distribution; which draws they are cannot be had again.
    - `openai/HOST`: each for itself, the server refuses seeds.

    Tokens and costs are as the server counts them; those of a request for several choices are shared out, so
    that they add up: the prompt's equally, the answers' by length.
    """

    notes: tuple[str, ...] = ()

    @classmethod
    def handles(cls, name: str) -> bool:
        return name.startswith(PREFIX)

    @classmethod
    def price(cls, name: str, hub: Path) -> Price | None:
        return price_of(read_name(name).model, hub)

    def __init__(
        self,
        name: str,
        *,
        device: str = "auto",
        dtype: str = "auto",
        price: Price | None = None,
        capacity: int | None = None,
        timeout: float | None = None,
        among: str = "",
    ) -> None:
        """among: what the condition calls the servers, where this is one of several."""
        # It brings aiohttp, which whoever scores another model need not wait for.
        from evalhub.backends.openai_server import Server

        del device, dtype
        address = read_name(name)
        self.model = Model(model_id=address.model_id)
        self.capacity = capacity or int(_setting("EVALHUB_OPENAI_CAPACITY", _CAPACITY))
        self.host = address.host
        self._called = among or address.host
        self._server = Server(
            address,
            price,
            self.capacity,
            timeout or _setting("EVALHUB_OPENAI_TIMEOUT", _TIMEOUT),
            _TRIES_AMONG if among else None,
        )

    def refuses(self, sample: Sample, asked: Condition) -> str:
        if asked.answer == "likelihood":
            return "a server gives no log-probabilities of what it is asked"
        if not sample.images:
            return ""
        if self.condition(asked).form != "chat":
            return "a server can be shown images in chat form only"
        return self._server.blind(sample)

    def condition(self, asked: Condition) -> Condition:
        """With the form that is served, and without what the server does not let be set."""
        form, endpoint = self._server.endpoint(asked.form)
        engine = "/".join(part for part in ("openai", self._called, endpoint.way) if part)
        return replace(
            asked,
            form=form,
            temperature=1.0 if "temperature" in endpoint.omit else asked.temperature,
            top_p=1.0 if "top_p" in endpoint.omit else asked.top_p,
            top_k=0 if "top_k" in endpoint.omit else asked.top_k,
            engine=engine,
            revision=endpoint.revision,
        )

    def submit(self, requests: Sequence[Request]) -> None:
        self._server.submit(requests)

    def collect(self, seconds: float) -> list[Output]:
        return self._server.collect(seconds)

    def close(self) -> None:
        self._server.close()


def _setting(name: str, default: float) -> float:
    """A number of at least 1 from the environment."""
    text = os.environ.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = 0.0
    if not 1 <= value < 1e9:
        raise EvalhubError(f"{name} must be a number of at least 1, not '{text}'")
    return value
