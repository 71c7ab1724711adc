"""An answer as it is read: within limits of size and time, whole, and of the kind that was asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from ingest.arxiv.errors import BadAnswer, Busy, NotThere
from ingest.source import SourceError

if TYPE_CHECKING:
    import requests

_BLOCK = 1 << 16

MOST_XML = 1 << 26
"""Bytes of a page of records, unpacked; one of 2,000 has about a tenth of that."""


def retry_after(text: str, now: float) -> float:
    """Seconds that a `Retry-After` asks for, as a number or a date (RFC 9110, 10.2.3); 0 where it is neither."""
    try:
        if text.strip().isdigit():
            return float(text)
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def blocks(answer: requests.Response, *, most: int, decoded: bool, seconds: float) -> Iterator[bytes]:
    """The body of an answer, block by block.

    Args:
        most: bytes.
        decoded: whether to undo its `Content-Encoding`. arXiv sends a source with one, and it is kept as it is.
        seconds: for the whole of it.

    Raises:
        NotThere: it is larger.
        BadAnswer: it is cut short, or its encoding is broken.
        Busy: the connection was lost, or the time is up.
    """
    import urllib3

    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) > most:
        raise NotThere(f"too large: {int(announced) >> 20} MiB")
    size, deadline = 0, time.monotonic() + seconds
    try:
        # What is there, and not a whole block: one that drips in must not outlast the deadline.
        while block := answer.raw.read1(_BLOCK, decode_content=decoded):
            size += len(block)
            if size > most:
                raise NotThere(f"too large: over {most >> 20} MiB")
            if time.monotonic() > deadline:
                raise Busy(f"takes longer than {seconds:.0f} s")
            yield block
    except (urllib3.exceptions.DecodeError, urllib3.exceptions.IncompleteRead) as error:
        raise BadAnswer("the answer is cut short or damaged") from error
    except urllib3.exceptions.ProtocolError as error:
        cut = isinstance(error.__cause__ or error.__context__, urllib3.exceptions.IncompleteRead)
        raise (BadAnswer("the answer is cut short") if cut else Busy("the connection was lost")) from error
    except urllib3.exceptions.HTTPError as error:
        raise Busy("no more came") from error


def read_xml(answer: requests.Response, *, seconds: float) -> Element:
    """The XML that an answer consists of.

    Raises:
        BadAnswer: it is no well-formed XML.
        SourceError: it is larger than `MOST_XML`, or has a document type, which could blow it up or read files.
        Busy: as `blocks`.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    kind = answer.headers.get("Content-Type", "").lower()
    if "xml" not in kind:
        raise BadAnswer(f"the answer is {kind.partition(';')[0] or 'of no kind'} instead of XML")
    try:
        body = b"".join(blocks(answer, most=MOST_XML, decoded=True, seconds=seconds))
        return fromstring(body, forbid_dtd=True)
    except NotThere as error:
        raise SourceError(f"{answer.url}: {error}; no page of records is as large as that") from None
    except DefusedXmlException:
        raise SourceError(f"{answer.url}: the XML declares a document type or entities; it is not read") from None
    except (ParseError, ValueError, LookupError) as error:
        raise BadAnswer(f"the XML is malformed ({error})") from None


def keep(answer: requests.Response, path: Path, *, most: int, decoded: bool, seconds: float) -> None:
    """Write the body of an answer to a file, and see it on the disk.

    Raises:
        OSError: it cannot be written; else as `blocks`.
    """
    with path.open("wb") as file:
        for block in blocks(answer, most=most, decoded=decoded, seconds=seconds):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
