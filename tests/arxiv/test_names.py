"""Identifiers, categories and licences."""

from __future__ import annotations

from datetime import date

import pytest

from ingest.arxiv.ids import oai_set, split_id
from ingest.arxiv.licences import OPEN, checked, spdx
from ingest.arxiv.records import Window
from ingest.source import SourceError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("2401.01234v12", ("2401.01234", "v12")),
        ("http://arxiv.org/abs/0704.0001", ("0704.0001", "")),
        ("http://arxiv.org/abs/hep-th/9901001v2", ("hep-th/9901001", "v2")),
        ("math.GT/0309136", ("math.GT/0309136", "")),
        ("cond-mat.str-el/0702661v1", ("cond-mat.str-el/0702661", "v1")),
    ],
)
def test_identifiers_old_and_new(text: str, parts: tuple[str, str]) -> None:
    assert split_id(text) == parts


@pytest.mark.parametrize("text", ["", "2401.01234v0", "2401.1", "../../2401.01234", "hep-th/99", "2401.01234v1/x"])
def test_no_identifiers(text: str) -> None:
    with pytest.raises(ValueError, match="no identifier"):
        split_id(text)


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.CL", "cs:cs:CL"),
        ("hep-th", "physics:hep-th"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("cond-mat.str-el", "physics:cond-mat:str-el"),
        ("physics.acc-ph", "physics:physics:acc-ph"),
        ("q-bio.BM", "q-bio:q-bio:BM"),
    ],
)
def test_sets(category: str, name: str) -> None:
    assert oai_set(category) == name


@pytest.mark.parametrize("category", ["cs", "cs.CL OR all:x", "hep-th.X", "biology.X", "", "CS.CL"])
def test_no_categories(category: str) -> None:
    with pytest.raises(SourceError, match="no category of arXiv"):
        Window(categories=(category,), since=date(2026, 1, 1), until=date(2026, 2, 1))


def test_a_window_has_days() -> None:
    with pytest.raises(SourceError, match="no day lies between"):
        Window(categories=("cs.CL",), since=date(2026, 1, 1), until=date(2026, 1, 1))
    with pytest.raises(SourceError, match="at least one category"):
        Window(categories=(), since=date(2026, 1, 1), until=date(2026, 2, 1))


def test_licences_by_their_spdx_names() -> None:
    assert spdx("http://creativecommons.org/licenses/by/4.0/") == "CC-BY-4.0"
    assert spdx(" https://www.creativecommons.org/publicdomain/zero/1.0") == "CC0-1.0"
    assert spdx("http://arxiv.org/licenses/nonexclusive-distrib/1.0/").startswith("LicenseRef-arXiv")
    assert spdx("https://creativecommons.org/licenses/by-nc-nd/4.0/") not in OPEN
    assert spdx("https://example.org/mine") == "https://example.org/mine"
    assert spdx("") == ""
    with pytest.raises(SourceError, match="CC-BY: no licence on arXiv; there are CC-BY"):
        checked(["CC-BY"])
