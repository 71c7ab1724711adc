"""Where arXiv is: the real one, or a server that stands in for it."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from ingest.source import SourceError

VARIABLE = "EVALHUB_ARXIV"
"""Of the environment: the base address of a server to ask instead of arXiv, such as a replay."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The interfaces, and the hosts that an answer may come from."""

    search: str
    """Of the Atom search."""

    oai: str
    """Of OAI-PMH."""

    files: str
    """What `/e-print/…` and `/pdf/…` are appended to."""

    hosts: tuple[str, ...]
    """Where redirects may lead, as `name` or `name:port`."""

    @property
    def local(self) -> bool:
        """Whether it is on this machine, where nobody has to be spared."""
        name = urlsplit(self.search).hostname or ""
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return name == "localhost"


ARXIV = Addresses(
    # The host that arXiv sets aside for programs; OAI-PMH has had one of its own since March 2025.
    search="https://export.arxiv.org/api/query",
    oai="https://oaipmh.arxiv.org/oai",
    files="https://export.arxiv.org",
    hosts=("export.arxiv.org", "oaipmh.arxiv.org", "arxiv.org", "www.arxiv.org"),
)


def addresses(base: str = "") -> Addresses:
    """Those under a base address; without one what the environment says, else arXiv's own.

    Raises:
        SourceError: it is no address.
    """
    base = (base or os.environ.get(VARIABLE, "")).rstrip("/")
    if not base:
        return ARXIV
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(f"{base}: no address of a server; give one like http://127.0.0.1:8000 ({VARIABLE})")
    return Addresses(search=f"{base}/api/query", oai=f"{base}/oai", files=base, hosts=(parts.netloc,))
