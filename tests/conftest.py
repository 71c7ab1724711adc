"""What the tests of the hub share: a hub in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evalhub.store.hub import Hub


@pytest.fixture(autouse=True)
def no_default_hub(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that forgets --hub writes to a temporary folder, never to the user's own hub."""
    monkeypatch.setenv("EVALHUB_HOME", str(tmp_path_factory.getbasetemp() / "default-hub"))


@pytest.fixture
def hub_path(tmp_path: Path) -> Path:
    """Where a test's hub is, or will be."""
    return tmp_path / "hub"


@pytest.fixture
def hub(hub_path: Path) -> Iterator[Hub]:
    """An open, empty hub."""
    with Hub(hub_path) as opened:
        yield opened
