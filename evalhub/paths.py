"""Where things live on disk, and how a folder or file appears there whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def default_hub() -> Path:
    """EVALHUB_HOME, or the platform's folder for a user's data."""
    import platformdirs

    return Path(os.environ.get("EVALHUB_HOME") or platformdirs.user_data_dir("evalhub"))


def cache_folder() -> Path:
    """EVALHUB_CACHE, or the platform's folder for what can be fetched or computed again."""
    import platformdirs

    return Path(os.environ.get("EVALHUB_CACHE") or platformdirs.user_cache_dir("evalhub"))


@contextmanager
def replace_folder(target: Path) -> Iterator[Path]:
    """A fresh folder to fill, which takes the target's name when the block ends well and vanishes otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield fresh
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
