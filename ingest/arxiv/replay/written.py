"""Pages as arXiv writes them: Atom for a search, OAI-PMH for records."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from ingest.arxiv.ids import oai_set
from ingest.arxiv.replay.papers import ReplayPaper

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
    'xmlns:arxiv="http://arxiv.org/schemas/atom">'
)
_OAI = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'


def feed(papers: Sequence[ReplayPaper], query: Mapping[str, str], *, empty: bool = False) -> bytes:
    """The answer to a search by category and date of submission.

    Args:
        empty: leave out the papers of the page, not their number.
    """
    asked = query.get("search_query", "")
    categories = set(re.findall(r"\bcat:([\w.-]+)", asked))
    dates = re.search(r"submittedDate:\[(\d{12}) TO (\d{12})\]", asked)
    start, most = int(query.get("start", 0)), min(int(query.get("max_results", 10)), 2000)
    if not categories or not dates:
        return _feed(1, start, _fault("a replay answers to cat: and submittedDate:[… TO …] only"))
    found = [
        paper
        for paper in papers
        if categories & set(paper.categories) and dates[1] <= f"{paper.first:%Y%m%d%H%M}" <= dates[2]
    ]
    found.sort(key=lambda paper: (paper.first, paper.id), reverse=query.get("sortOrder") == "descending")
    page = [] if empty else found[start : start + most]
    return _feed(len(found), start, "".join(map(_entry, page)))


def _feed(total: int, start: int, entries: str) -> bytes:
    return (
        f"{_HEAD}{_ATOM}<title>arXiv Query</title><opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"
    ).encode()


def _fault(text: str) -> str:
    return (
        f"<entry><id>https://arxiv.org/api/errors#search</id><title>Error</title><summary>{text}</summary></entry>"
    )


def _entry(paper: ReplayPaper) -> str:
    comment = f"<arxiv:comment>{escape(paper.comment)}</arxiv:comment>" if paper.comment else ""
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.id}v{paper.version}</id><title>{escape(paper.title)}</title>"
        f"<updated>{paper.latest:%Y-%m-%dT%H:%M:%SZ}</updated><summary>{escape(paper.abstract)}</summary>"
        + "".join(
            f'<category term={quoteattr(name)} scheme="http://arxiv.org/schemas/atom"/>'
            for name in sorted(paper.categories)
        )
        + f"<published>{paper.first:%Y-%m-%dT%H:%M:%SZ}</published>{comment}"
        f"<arxiv:primary_category term={quoteattr(paper.categories[0])}/></entry>"
    )


def records(papers: Sequence[ReplayPaper], query: Mapping[str, str], *, page: int, expired: bool = False) -> bytes:
    """The answer to ListRecords or GetRecord with the prefix arXiv.

    Args:
        page: records of a list that come at once.
        expired: say that the token is not good any more.
    """
    verb, token = query.get("verb", ""), query.get("resumptionToken", "")
    if expired:
        return _error("badResumptionToken", "the token has expired")
    if not token and query.get("metadataPrefix") != "arXiv":
        return _error("cannotDisseminateFormat", "a replay knows the format arXiv")
    if verb == "GetRecord":
        one = [paper for paper in papers if query.get("identifier") == f"oai:arXiv.org:{paper.id}"]
        if not one:
            return _error("idDoesNotExist", "no such paper")
        return _oai(f"<GetRecord>{_record(one[0])}</GetRecord>")
    if verb != "ListRecords":
        return _error("badVerb", "a replay knows ListRecords and GetRecord")
    # As arXiv's own, the token says all that the list depends on.
    name, since, skip = token.split("|") if token else (query.get("set", ""), query.get("from", ""), "0")
    listed = [paper for paper in papers if paper.changed >= since and _within(paper, name)]
    listed.sort(key=lambda paper: (paper.changed, paper.id))
    end = int(skip) + page
    if not listed:
        return _error("noRecordsMatch", "nothing has changed since")
    left = f"<resumptionToken>{escape(f'{name}|{since}|{end}')}</resumptionToken>" if end < len(listed) else ""
    return _oai(f"<ListRecords>{''.join(map(_record, listed[int(skip) : end]))}{left}</ListRecords>")


def _within(paper: ReplayPaper, name: str) -> bool:
    return any(f"{oai_set(category)}:".startswith(f"{name}:") for category in paper.categories)


def _record(paper: ReplayPaper) -> str:
    gone = ' status="deleted"' if paper.deleted else ""
    sets = "".join(f"<setSpec>{oai_set(category)}</setSpec>" for category in paper.categories)
    header = (
        f"<header{gone}><identifier>oai:arXiv.org:{paper.id}</identifier>"
        f"<datestamp>{paper.changed}</datestamp>{sets}</header>"
    )
    if paper.deleted:
        return f"<record>{header}</record>"
    updated = f"<updated>{paper.latest:%Y-%m-%d}</updated>" if paper.version > 1 else ""
    licence = f"<license>{escape(paper.licence)}</license>" if paper.licence else ""
    return (
        f'<record>{header}<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{paper.id}</id>'
        f"<created>{paper.first:%Y-%m-%d}</created>{updated}<title>{escape(paper.title)}</title>"
        f"<categories>{' '.join(paper.categories)}</categories>{licence}"
        f"<abstract>{escape(paper.abstract)}</abstract></arXiv></metadata></record>"
    )


def _error(code: str, text: str) -> bytes:
    return _oai(f'<error code="{code}">{text}</error>')


def _oai(inside: str) -> bytes:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{_HEAD}{_OAI}<responseDate>{now}</responseDate>{inside}</OAI-PMH>".encode()
