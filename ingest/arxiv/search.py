"""The papers of a window, by arXiv's search (https://info.arxiv.org/help/api/user-manual.html)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from xml.etree.ElementTree import Element

from ingest.arxiv.client import Client
from ingest.arxiv.errors import BadAnswer, SourceDown
from ingest.arxiv.ids import split_id
from ingest.arxiv.records import Found, Window
from ingest.source import SourceError

PAGE = 2000
"""Papers a page, the most that arXiv gives."""

_MOST = 30_000
"""Papers of a search, the most that arXiv gives on all its pages together."""

_ROUNDS = 3

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"

_WORK = r"(?:paper|article|submission|manuscript|work|preprint|version)"
_WITHDRAWN_COMMENT = re.compile(rf"\b{_WORK} (?:has been |is |was )?withdrawn\b|^\W*withdrawn\b", re.I)
_WITHDRAWN_ABSTRACT = re.compile(rf"^\W*(?:this|the) {_WORK} (?:has been|is|was) withdrawn\b", re.I)


def query_of(window: Window) -> str:
    """The search, in arXiv's words. Both ends of its range of minutes are within."""
    last = window.until - timedelta(days=1)
    categories = " OR ".join(f"cat:{category}" for category in window.categories)
    return f"({categories}) AND submittedDate:[{window.since:%Y%m%d}0000 TO {last:%Y%m%d}2359]"


def search(
    client: Client, window: Window, *, page: int = PAGE, progress: Callable[[int, int], None] | None = None
) -> list[Found]:
    """Every paper of the window, once, by date of submission and identifier.

    Args:
        page: papers a request.
        progress: gets how many were found and how many there are.

    Raises:
        SourceDown: arXiv does not answer, or its pages do not add up to what it says is there.
        SourceError: it does not take the search, or there are too many papers for one.
    """
    for _ in range(_ROUNDS):
        found: dict[str, Found] = {}
        start, total = 0, 1
        while start < total:
            query: dict[str, str | int] = {
                "search_query": query_of(window),
                "start": start,
                "max_results": page,
                # The oldest first: what is added meanwhile goes to the end and moves no page.
                "sortBy": "submittedDate",
                "sortOrder": "ascending",
            }
            papers, total = client.xml(client.at.search, query, partial(_page, start=start))
            if total > _MOST:
                raise SourceError(f"{total} papers in the window, and arXiv lists {_MOST} of a search: narrow it")
            start += len(papers)
            found.update((paper.arxiv_id, paper) for paper in papers)
            if progress:
                progress(len(found), total)
        if len(found) >= total:
            inside = [one for one in found.values() if window.since <= one.first_published_at < window.until]
            return sorted(inside, key=lambda one: (one.first_published_at, one.arxiv_id))
    raise SourceDown(f"arXiv says there are {total} papers and lists {len(found)}, {_ROUNDS} times in a row")


def _page(feed: Element, start: int) -> tuple[list[Found], int]:
    """The papers of a page, and how many there are on all."""
    entries = feed.findall(f"{_ATOM}entry")
    for entry in entries:
        if "/api/errors" in _text(entry, "id"):
            raise SourceError(f"arXiv does not take the search: {_text(entry, 'summary')}")
    try:
        total = int(feed.findtext(_TOTAL, ""))
        papers = [_paper(entry) for entry in entries]
    except ValueError as error:
        raise BadAnswer(f"the page is no list of papers ({error})") from None
    if not papers and start < total:
        raise BadAnswer(f"the page is empty, {total - start} papers before the end")
    return papers, total


def _paper(entry: Element) -> Found:
    arxiv_id, version = split_id(_text(entry, "id"))
    primary = entry.find(f"{_ARXIV}primary_category")
    terms = [primary.get("term", "")] if primary is not None else []
    # ACM and MSC classes stand among them as well.
    terms += [one.get("term", "") for one in entry.findall(f"{_ATOM}category") if "arxiv" in one.get("scheme", "")]
    comment = " ".join(entry.findtext(f"{_ARXIV}comment", "").split())
    return Found(
        arxiv_id=arxiv_id,
        version=version or "v1",
        title=_text(entry, "title"),
        first_published_at=_day(_text(entry, "published")),
        published_at=_day(_text(entry, "updated")),
        categories=tuple(dict.fromkeys(filter(None, terms))),
        withdrawn=bool(_WITHDRAWN_COMMENT.search(comment) or _WITHDRAWN_ABSTRACT.search(_text(entry, "summary"))),
    )


def _text(entry: Element, name: str) -> str:
    return " ".join(entry.findtext(f"{_ATOM}{name}", "").split())


def _day(text: str) -> date:
    """In UTC; arXiv once wrote its own zone."""
    return datetime.fromisoformat(text).astimezone(UTC).date()
