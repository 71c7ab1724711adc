"""arXiv's names: identifiers old and new, categories, and the sets of OAI-PMH that hold a category."""

from __future__ import annotations

import re

from ingest.source import SourceError

_ID = re.compile(r"(?P<id>\d{4}\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Za-z-]+)?/\d{7})(?P<version>v[1-9]\d*)?")
_CATEGORY = re.compile(r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.(?P<subject>[A-Za-z-]+))?")

_WITHOUT_SUBJECTS = frozenset(
    ("gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph")
)
_OF_PHYSICS = _WITHOUT_SUBJECTS | {"astro-ph", "cond-mat", "nlin", "physics"}
_GROUPS = frozenset(("cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"))


def split_id(text: str) -> tuple[str, str]:
    """The identifier and the version (`v2`, or empty) in `2401.01234v2`, `hep-th/9901001` or an address that ends
    with one.

    Raises:
        ValueError: it is none of them.
    """
    found = _ID.fullmatch(text.strip().rpartition("/abs/")[2])
    if not found:
        raise ValueError(f"{text!r:.80} is no identifier of arXiv")
    return found["id"], found["version"] or ""


def oai_set(category: str) -> str:
    """The set that holds a category: `cs:cs:CL` for `cs.CL`, `physics:hep-th` for `hep-th`.

    Raises:
        SourceError: there is no such category, or an archive is named that has several.
    """
    found = _CATEGORY.fullmatch(category)
    archive, subject = (found["archive"], found["subject"]) if found else ("", "")
    if archive not in _OF_PHYSICS | _GROUPS or (archive in _WITHOUT_SUBJECTS) == bool(subject):
        raise SourceError(f"{category}: no category of arXiv; give one like cs.CL, stat.ML or hep-th")
    group = "physics" if archive in _OF_PHYSICS else archive
    return f"{group}:{archive}:{subject}" if subject else f"{group}:{archive}"
