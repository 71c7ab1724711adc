"""Where things live on disk, and how a folder or file appears there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """A fresh folder to fill, which takes the target's name when the block ends well and vanishes otherwise.

    What a killed call left, the next one of the same target clears; two at once are the caller's to keep apart.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (target.with_name(f".{target.name}.{word}") for word in ("tmp", "old"))
    if old.exists():
        with suppress(OSError):  # an empty folder that somebody made after a kill is not what the old one lost to
            target.rmdir()
    _clear(target, fresh, old)
    fresh.mkdir()
    try:
        yield fresh
        # Renamed before it is removed: half of the old one never stands under the name.
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    finally:
        _clear(target, fresh, old)


def _clear(target: Path, fresh: Path, old: Path) -> None:
    """Remove what is beside the target; the old one takes its name back where it lost it to none."""
    if old.exists() and not target.exists():
        old.rename(target)
    for left in (fresh, old):
        if left.is_symlink():
            left.unlink()
        shutil.rmtree(left, ignore_errors=True)
