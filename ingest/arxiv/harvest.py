"""The licences of papers, by OAI-PMH, which alone tells them (https://info.arxiv.org/help/oa/index.html).

A listing gives thousands of licences a request, but of all papers that changed since a day; a paper asked for by
name gives one. Which costs less depends on how old the window is and how many papers it has, and is not known
before. So pages are listed, set by set, as long as fewer were asked for than papers are still without a licence;
then the rest is asked for one by one. That takes at most about twice the requests of whichever was cheaper.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from xml.etree.ElementTree import Element

from ingest.arxiv.client import Client
from ingest.arxiv.errors import BadAnswer, SourceDown
from ingest.arxiv.ids import oai_set, split_id
from ingest.arxiv.licences import spdx
from ingest.arxiv.records import Window
from ingest.source import SourceError

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_META = "{http://arxiv.org/OAI/arXiv/}"
_PREFIX = "arXiv"

_RESTARTS = 5


@dataclass(frozen=True, kw_only=True)
class Licensed:
    """What OAI-PMH tells of a paper, in its latest version."""

    licence: str
    """SPDX name; empty where none was chosen or the record is deleted."""

    of: date | None
    """When the version that it speaks of was submitted; None for a first version."""

    deleted: bool = False
    """Whether arXiv has taken the paper out."""


def licences(
    client: Client,
    window: Window,
    wanted: Collection[str],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Licensed]:
    """The licence of each wanted paper; one that arXiv has no record of is not in it.

    Args:
        wanted: identifiers without version.
        progress: gets how many are known and how many are wanted.

    Raises:
        SourceDown, SourceError: as `Client.xml`.
    """
    known: dict[str, Licensed] = {}
    missing = set(wanted)

    def take(records: dict[str, Licensed]) -> None:
        for name in missing & records.keys():
            known[name] = records[name]
        missing.difference_update(known)
        if progress:
            progress(len(known), len(wanted))

    requests = 0
    for name in dict.fromkeys(oai_set(category) for category in window.categories):
        # A record's date is that of its last change, and no paper changed before it was submitted.
        listing = _listed(client, name, window.since)
        while requests + 1 < len(missing) and (records := next(listing, None)) is not None:
            requests += 1
            take(records)
    for name in sorted(missing):
        query = {"verb": "GetRecord", "metadataPrefix": _PREFIX, "identifier": f"oai:arXiv.org:{name}"}
        take(client.xml(client.at.oai, query, _page).records)
    return known


@dataclass(frozen=True)
class _Page:
    records: dict[str, Licensed]
    token: str
    last: str
    """The latest date of a record on it."""

    expired: bool = False


def _listed(client: Client, name: str, since: date) -> Iterator[dict[str, Licensed]]:
    """The records of a set that changed since a day: those of each request in turn."""
    start, token, restarts = since.isoformat(), "", 0
    while True:
        query = (
            {"verb": "ListRecords", "resumptionToken": token}
            if token
            else {"verb": "ListRecords", "metadataPrefix": _PREFIX, "set": name, "from": start}
        )
        page = client.xml(client.at.oai, query, _page)
        if page.expired:
            # Records come by date: what is left begins on the day of the last one.
            restarts += 1
            if restarts > _RESTARTS:
                raise SourceDown(f"arXiv's list of {name} breaks off again and again; try again later")
            token = ""
            yield {}
            continue
        yield page.records
        start, token = max(start, page.last), page.token
        if not token:
            return


def _page(answer: Element) -> _Page:
    """The records of an answer; none where arXiv says that there are none."""
    error = answer.find(f"{_OAI}error")
    if error is not None:
        code = error.get("code", "")
        if code in ("noRecordsMatch", "idDoesNotExist"):
            return _Page({}, "", "")
        if code == "badResumptionToken":
            return _Page({}, "", "", expired=True)
        raise SourceError(f"arXiv does not list its records ({code}): {' '.join((error.text or '').split())}")
    if answer.find(f"{_OAI}ListRecords") is None and answer.find(f"{_OAI}GetRecord") is None:
        raise BadAnswer("the answer has no records")
    records, last = {}, ""
    for record in answer.iter(f"{_OAI}record"):
        header = record.find(f"{_OAI}header")
        if header is None:
            raise BadAnswer("a record has no header")
        try:
            name, _ = split_id(header.findtext(f"{_OAI}identifier", "").rpartition(":")[2])
            records[name] = _licensed(record, deleted=header.get("status") == "deleted")
        except ValueError as error:
            raise BadAnswer(f"a record is broken ({error})") from None
        last = max(last, header.findtext(f"{_OAI}datestamp", "")[:10])
    return _Page(records, answer.findtext(f".//{_OAI}resumptionToken", "").strip(), last)


def _licensed(record: Element, *, deleted: bool) -> Licensed:
    told = record.find(f"{_OAI}metadata/{_META}arXiv")
    if told is None:
        return Licensed(licence="", of=None, deleted=deleted)
    day = told.findtext(f"{_META}updated", "").strip()
    return Licensed(
        licence=spdx(told.findtext(f"{_META}license", "")),
        of=date.fromisoformat(day[:10]) if day else None,
        deleted=deleted,
    )
