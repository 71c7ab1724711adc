"""Asks arXiv, politely: paced, over one connection, with retries that back off, and saying who asks.

By `requests`, which is there with Streamlit and knows proxies and certificates. Its own retries and redirects are
off, because each of them is a request that has to wait for its turn.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element

from ingest.arxiv.addresses import ARXIV, Addresses, addresses
from ingest.arxiv.answers import keep, read_xml, retry_after
from ingest.arxiv.errors import BadAnswer, Busy, NotThere, SourceDown
from ingest.arxiv.pace import SECONDS, Clock, Pace
from ingest.source import SourceError

if TYPE_CHECKING:
    import requests

Kept = TypeVar("Kept")

_TRIES = 6
_TRIES_BAD = 4
"""Of an answer that comes and is not right: what is wrong with it passes less often."""

_FIRST_WAIT = 5 / 3
"""Turns before the second try, 5 s with arXiv; doubled for each that follows, give or take a quarter."""

_HOPS = 5
_AFTER_REFUSAL = 3600.0
"""Seconds without a request once arXiv has denied access: it takes more for an attack (its page help/robots)."""

_MOST_FILE = 100 << 20
"""Bytes of a source or a PDF."""

_BUSY = frozenset((408, 425, 429, 502, 503, 504))


class Client:
    """One for each folder; several, also in other processes, keep the pace together."""

    def __init__(
        self,
        folder: Path,
        *,
        at: Addresses | None = None,
        contact: str = "",
        seconds: float | None = None,
        clock: Clock | None = None,
        patience: tuple[float, float] = (120.0, 900.0),
        most: int = _MOST_FILE,
    ) -> None:
        """
        Args:
            folder: of what was fetched, and of the pace; what does not come from arXiv has one below it.
            at: whom to ask; None: as `addresses()` says.
            contact: an e-mail or web address under which arXiv can reach whoever runs this; empty: none.
            seconds: from request to request, by which retries are paced, too; None: as arXiv wants it, and 0 for a
                server on this machine.
            clock: of pace and retries.
            patience: seconds without a byte, and for a whole answer. OAI-PMH can take 90 s to begin.
            most: bytes of a file.

        Raises:
            SourceError: the contact does not fit into a header, the address of the environment is none, or the
                folder cannot be made.
        """
        self.at = at or addresses()
        self.folder = folder if self.at == ARXIV else folder / "replay"
        self.clock = clock or Clock()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SourceError(f"{self.folder} cannot be made: {error.strerror or error}") from error
        if seconds is None:
            seconds = 0.0 if self.at.local else SECONDS
        self._seconds = seconds
        self._pace = Pace(self.folder, seconds=seconds, clock=self.clock)
        self._agent = _agent(contact)
        self._idle, self._whole = patience
        self._most = most

    def xml(self, address: str, query: Mapping[str, str | int], understand: Callable[[Element], Kept]) -> Kept:
        """Ask for XML.

        Args:
            understand: makes of it what is wanted; BadAnswer from it leads to another try.

        Raises:
            SourceDown: no usable answer after all retries.
            SourceError: it will not answer this, or its answer is not to be read.
        """
        whole = f"{address}?{urlencode(query)}"
        try:
            return self._asked(whole, lambda answer: understand(read_xml(answer, seconds=self._whole)))
        except BadAnswer as error:
            raise SourceDown(f"{address}: {error}, again and again; try again later") from error
        except NotThere as error:
            raise SourceError(f"{whole}: {error}") from error

    def file(self, path: str, target: Path, check: Callable[[Path], Kept], *, decoded: bool = False) -> Kept:
        """Fetch a file.

        Args:
            path: below the address of files.
            target: where it is written while it comes, over what is there.
            check: looks at what came; BadAnswer from it leads to another try.
            decoded: see `answers.blocks`.

        Raises:
            NotThere: there is none, or it is too large.
            BadAnswer: no try gave a whole one of the right kind.
            SourceDown: no answer after all retries.
        """

        def kept(answer: requests.Response) -> Kept:
            keep(answer, target, most=self._most, decoded=decoded, seconds=self._whole)
            return check(target)

        return self._asked(f"{self.at.files}{path}", kept)

    def _asked(self, address: str, read: Callable[[requests.Response], Kept]) -> Kept:
        """One answer, after as many tries as it takes."""
        for number in range(1, _TRIES + 1):
            asked_for = 0.0
            try:
                return self._followed(address, read)
            except Busy as error:
                failure, asked_for = error, error.wait
            except BadAnswer:
                if number >= _TRIES_BAD:
                    raise
            wait = self._seconds * _FIRST_WAIT * 2 ** (number - 1) * random.uniform(0.75, 1.25)
            self._pace.hold(max(wait, asked_for))
        raise SourceDown(f"{urlsplit(address).netloc}: {failure}, again and again; try again later")

    def _followed(self, address: str, read: Callable[[requests.Response], Kept]) -> Kept:
        """One answer, along redirects, each of which has a turn of its own."""
        import requests

        for _ in range(_HOPS + 1):
            # A session for each turn, so that no connection is open between them.
            with self._pace.turn(), requests.Session() as session:
                try:
                    answer = session.get(
                        address,
                        headers={"User-Agent": self._agent},
                        stream=True,
                        allow_redirects=False,
                        timeout=(min(30.0, self._idle), self._idle),
                    )
                except requests.RequestException as error:
                    raise Busy(f"no answer ({type(error).__name__})") from error
                with answer:
                    if not answer.is_redirect:
                        self._refused(answer)
                        return read(answer)
                    address = self._next(address, answer.headers["Location"])
        raise SourceError(f"{address}: redirected more than {_HOPS} times")

    def _next(self, address: str, location: str) -> str:
        """Where a redirect leads.

        Raises:
            SourceError: to where no answer of arXiv can come from.
        """
        target = urljoin(address, location)
        old, new = urlsplit(address), urlsplit(target)
        if new.netloc not in self.at.hosts or (old.scheme, new.scheme) not in (
            ("http", "http"),
            ("http", "https"),
            ("https", "https"),
        ):
            raise SourceError(f"{address}: redirected to {target:.200}, which is not arXiv; not followed")
        return target

    def _refused(self, answer: requests.Response) -> None:
        """Raise what a status that is not 200 means."""
        status = answer.status_code
        if status in _BUSY:
            wait = retry_after(answer.headers.get("Retry-After", ""), self.clock.now())
            raise Busy(f"answers {status} ({answer.reason})", wait)
        if status == 403:
            self._pace.hold(_AFTER_REFUSAL)
            raise SourceDown(f"{answer.url}: access denied (403); see https://info.arxiv.org/help/robots.html")
        if status >= 500:
            raise BadAnswer(f"answers {status} ({answer.reason})")
        if status in (404, 410):
            raise NotThere(f"answers {status} ({answer.reason})")
        if status != 200:
            raise SourceError(f"{answer.url}: answers {status} ({answer.reason})")


def _agent(contact: str) -> str:
    """The project, and how to reach who runs it."""
    if not contact.isascii() or not all(sign.isprintable() and sign not in "()" for sign in contact):
        raise SourceError(f"{contact!r:.80}: give an e-mail or web address as contact")
    try:
        name = f"evalhub/{version('evalhub')}"
    except PackageNotFoundError:  # run from its folder
        name = "evalhub"
    return f"{name} ({contact})" if contact else name
