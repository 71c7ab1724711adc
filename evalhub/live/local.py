"""A release from papers on this machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from evalhub.errors import EvalhubError
from evalhub.live.making import Making
from evalhub.live.release import Release
from evalhub.live.settings import Settings
from evalhub.live.steps import Steps
from evalhub.store.hub import Hub
from evalhub.store.releases import check_release_name, release, releases
from evalhub.store.wanted import EVERYTHING, count_samples
from evalhub.telling import Tell
from ingest.papers.read import PaperFiles
from ingest.papers.records import Paper
from ingest.records import content_hash

_NUMBERS = ("per_table", "per_figure", "private_days")
_LONGEST = 20
"""Characters of a number."""

_LISTS = ("writers", "verifiers", "solvers")
"""Options that are lines of `Settings`."""

_PAPERS = (".pdf", ".tar.gz", ".tgz", ".tar", ".zip", ".tex", ".tex.gz")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the user says of papers and of the release: the options of `evalhub ingest papers`."""

    release: str = ""
    """Its name; '' names it by the papers' content."""

    licence: str = ""
    """Of the papers, an SPDX name."""

    published_at: date | None = None
    """When they became public."""

    settings: Settings = field(default_factory=Settings)

    @classmethod
    def read(cls, options: Mapping[str, str]) -> Told:
        """The options as typed.

        Raises:
            EvalhubError: there is no such option, or it cannot be read.
        """
        known = ("release", "licence", "published_at", *_NUMBERS, *_LISTS)
        for name in options:
            if name not in known:
                raise EvalhubError(f"papers have no option '{name}'; there are {', '.join(known)}")
        settings: dict[str, Any] = {}
        for name, text in options.items():
            if name in _NUMBERS and not (text.isdecimal() and len(text) < _LONGEST):
                raise EvalhubError(f"{name} is a whole number from 0, not '{text[:_LONGEST]}'")
            if name in _NUMBERS:
                settings[name] = int(text)
            if name in _LISTS:
                settings[name] = tuple(part.strip() for part in text.split(",") if part.strip())
        day = options.get("published_at", "")
        try:
            published_at = date.fromisoformat(day) if day else None
        except ValueError:
            raise EvalhubError(f"published_at is a day as in 2026-11-24, not '{day}'") from None
        if re.fullmatch(r"\d{4}-\d{2}", name := options.get("release", "")):
            raise EvalhubError(f"{name} is what evalhub refresh calls the release of a month: choose another name")
        return cls(
            release=name,
            licence=_licence(options.get("licence", "")),
            published_at=published_at,
            settings=replace(Settings(), **settings),
        )


def paper_files(paths: Sequence[Path], told: Told) -> list[PaperFiles]:
    """The papers that paths name: a PDF, a source (an archive, a .tex file, a folder with one), or a folder of
    those. Files of one name, as paper.pdf and paper.tar.gz, are one paper.

    Raises:
        EvalhubError: there is no such path, or no paper in it.
    """
    named: dict[Path, list[Path]] = {}
    for path in paths:
        if not path.exists():
            raise EvalhubError(f"there is no {path}")
        found = _inside(path) if path.is_dir() else [path]
        if not found:
            raise EvalhubError(f"{path} holds no paper: PDFs, or sources as {', '.join(_PAPERS[1:])}")
        for one in found:
            named.setdefault(_stem(one), []).append(one.resolve())
    papers = [PaperFiles(tuple(dict.fromkeys(together)), _about(together, told)) for together in named.values()]
    return sorted({_identity(one): one for one in papers}.values(), key=_identity)


def release_papers(
    hub: Hub,
    files: Sequence[PaperFiles],
    told: Told,
    *,
    heard: Callable[[str, Mapping[str, Any] | None], None],
    tell: Tell,
) -> tuple[Release, int]:
    """Make a release of papers; also says how many of its samples are new to the pool. Stopped at any point, the
    same call goes on; made again when it is done, it finds the release.

    Raises:
        EvalhubError: the name is taken, or nothing comes of the papers.
    """
    name = told.release or f"papers-{content_hash(sorted(map(_identity, files)))[:8]}"
    asked = content_hash([sorted(map(_identity, files)), repr(told)])
    making, steps = Making(hub, name, told.settings, tell), Steps(hub, name, heard)
    there = {one.name: one for one in releases(hub)}.get(name)
    if there and there.recipe.get("asked") == asked:  # by this call made before
        making.clear()
        return there, 0
    check_release_name(hub, name)
    before = count_samples(hub, EVERYTHING)
    making.begin(asked)
    steps.run("extract", lambda: making.extract(files))
    steps.run("write", making.write)
    steps.run("filter", making.filter)
    steps.run("freeze", lambda: making.freeze(steps.counts, {"asked": asked}))
    making.clear()
    return release(hub, name), count_samples(hub, EVERYTHING) - before


def _licence(text: str) -> str:
    try:
        return canonicalize_license_expression(text) if text else ""
    except InvalidLicenseExpression:
        raise EvalhubError(f"licence is an SPDX name, as CC-BY-4.0 or LicenseRef-my-own, not '{text}'") from None


def _inside(folder: Path) -> list[Path]:
    """The papers in a folder; the folder itself where it is the source of one. The PDFs of a source are its
    figures, archives beside it are papers."""
    if any(folder.glob("*.tex")):
        archives = tuple(ending for ending in _PAPERS if ending not in (".pdf", ".tex", ".tex.gz"))
        return [folder, *sorted(one for one in folder.iterdir() if one.name.lower().endswith(archives))]
    return sorted(
        path
        for path in folder.iterdir()
        if (path.is_file() and path.name.lower().endswith(_PAPERS)) or (path.is_dir() and any(path.glob("*.tex")))
    )


def _stem(path: Path) -> Path:
    """What files of one paper have in common."""
    path = path.resolve()
    ending = next((one for one in sorted(_PAPERS, key=len, reverse=True) if path.name.lower().endswith(one)), "")
    return path.with_name(path.name[: len(path.name) - len(ending)]) if ending != path.name.lower() else path


def _identity(files: PaperFiles) -> str:
    assert files.about
    return files.about.paper_id


def _about(paths: Sequence[Path], told: Told) -> Paper:
    digest = hashlib.sha256()
    for path in sorted(paths):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                with file.open("rb") as opened:  # in pieces: nobody has looked yet how large it is
                    hashlib.file_digest(opened, lambda: digest)
    return Paper(paper_id=f"file:{digest.hexdigest()[:16]}", licence=told.licence, published_at=told.published_at)
