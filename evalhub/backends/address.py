"""Where an OpenAI-compatible server is and which of its models is meant, read from a model's name."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from evalhub.errors import EvalhubError

PREFIX = "openai:"
_PUBLIC = "https://api.openai.com/v1"
_EXAMPLE = "openai:MODEL@http://localhost:8000/v1"


@dataclass(frozen=True)
class Address:
    """A model of a server."""

    model: str
    """As the server calls it."""

    url: str
    """Base of the interface, without a slash at its end."""

    host: str
    """Host, with its port where that is not the scheme's own."""

    own: bool
    """Whether it is on this machine or network, where nobody sends a bill for prompts."""

    @property
    def model_id(self) -> str:
        """The name that rankings show. Some servers call a model by its file: then the file's name is enough."""
        name = self.model.rstrip("/")
        return PREFIX + (name.rpartition("/")[2] if name.startswith(("/", ".", "~")) else name)


def read_name(name: str) -> Address:
    """Read `openai:MODEL` or `openai:MODEL@URL`; without a URL the server is OPENAI_BASE_URL, else OpenAI's own.

    Raises:
        EvalhubError: there is no model in it, or the URL is none.
    """
    match = re.fullmatch(r"(.*?)(?:@(https?:/.*))?", name.removeprefix(PREFIX).strip(), re.DOTALL)
    assert match
    model, url = match.groups()
    if not model:
        raise EvalhubError(f"'{name}' names no model: write openai:MODEL or {_EXAMPLE}")
    if not url and re.search(r"@(localhost|[^@]*(:\d+|/))", model):
        # Without this, prompts and key would go to the default server.
        raise EvalhubError(f"'{name}' has an address without http:// or https://: write {_EXAMPLE}")
    if url:
        return _address(model, url, "the server's address")
    return _address(model, os.environ.get("OPENAI_BASE_URL", "").strip() or _PUBLIC, "OPENAI_BASE_URL")


def _address(model: str, url: str, what: str) -> Address:
    """Raises EvalhubError, which does not repeat the URL: there may be a password in it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = None, "", None
    if parts is None or parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise EvalhubError(f"{what} is not like http://localhost:8000/v1")
    if "@" in parts.netloc:
        raise EvalhubError(f"{what} must not hold a password: put the key into OPENAI_API_KEY")
    shown = f"[{host}]" if ":" in host else host
    if port not in (None, {"http": 80, "https": 443}[parts.scheme]):
        shown = f"{shown}:{port}"
    return Address(model, url.rstrip("/"), shown, _is_own(host))


def _is_own(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".lan", ".internal", ".home.arpa"))
