"""The embedded model's weights, made ready by one test at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from evalhub.backends import weights
from evalhub.errors import EvalhubError
from evalhub.paths import cache_folder


def converted(dtype: str) -> Path:
    """Their folder in the user's cache: two workers that convert them at once would take each other's away."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with FileLock(cache_folder() / "tests.lock"):
        try:
            return weights.resolve(weights.EMBEDDED).folder(dtype)
        except EvalhubError as error:
            pytest.skip(f"no embedded model here: {error}")
