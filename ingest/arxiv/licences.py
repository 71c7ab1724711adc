"""The licences that arXiv offers or offered, by their SPDX names."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.source import SourceError

_SPDX = {
    "creativecommons.org/licenses/by/4.0": "CC-BY-4.0",
    "creativecommons.org/licenses/by/3.0": "CC-BY-3.0",
    "creativecommons.org/licenses/by-sa/4.0": "CC-BY-SA-4.0",
    "creativecommons.org/licenses/by-nc-sa/4.0": "CC-BY-NC-SA-4.0",
    "creativecommons.org/licenses/by-nc-sa/3.0": "CC-BY-NC-SA-3.0",
    "creativecommons.org/licenses/by-nc-nd/4.0": "CC-BY-NC-ND-4.0",
    "creativecommons.org/publicdomain/zero/1.0": "CC0-1.0",
    "creativecommons.org/licenses/publicdomain": "CC-PDDC",
    "arxiv.org/licenses/nonexclusive-distrib/1.0": "LicenseRef-arXiv-nonexclusive-distrib-1.0",
    "arxiv.org/licenses/assumed-1991-2003": "LicenseRef-arXiv-assumed-1991-2003",
}
"""By address, without scheme. Those of arXiv's own have no name in SPDX's list, which has LicenseRef- for that."""

OPEN = frozenset(("CC-BY-4.0", "CC-BY-3.0", "CC-BY-SA-4.0", "CC0-1.0"))
"""Under which questions written from a paper may be passed on, with the figure they ask about."""


def spdx(address: str) -> str:
    """A licence's SPDX name; the address itself for one that is not known here, empty for none."""
    return _SPDX.get(address.strip().partition("://")[2].removeprefix("www.").rstrip("/"), address.strip())


def checked(names: Iterable[str]) -> frozenset[str]:
    """The same names, all of them ones that a paper of arXiv can have.

    Raises:
        SourceError: one is not.
    """
    names = frozenset(names)
    for name in sorted(names - {*_SPDX.values()}):
        raise SourceError(f"{name}: no licence on arXiv; there are {', '.join(sorted(_SPDX.values()))}")
    return names
