"""What the tests of the client of servers share."""

from __future__ import annotations

import pytest

from evalhub.backends import http_client
from tests.backends.asking import KEY


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, no other setting, and no time lost between tries."""
    for name in ("OPENAI_BASE_URL", "EVALHUB_PRICES", "EVALHUB_OPENAI_CAPACITY", "EVALHUB_OPENAI_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.001)
