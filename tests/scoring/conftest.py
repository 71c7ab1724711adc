"""Graders made for a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evalhub import plugins
from tests.scoring.fakes import Judge


@pytest.fixture
def graders(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts graders in the place of the registered ones, by name."""

    def replace(**judges: Judge) -> None:
        real = plugins.make
        monkeypatch.setattr(
            plugins,
            "make",
            lambda kind, name: judges[name] if kind == "grader" and name in judges else real(kind, name),
        )

    return replace
