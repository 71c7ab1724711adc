"""A sandbox of each kind that this machine has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evalhub.sandbox import Limits, Sandbox, SandboxUnavailable

LIMITS = Limits(cpu_seconds=1, wall_seconds=3, memory_bytes=256 * 2**20)


@pytest.fixture(scope="session", params=["bubblewrap", "namespaces"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of jail; skips, with the reason, where the machine lacks it."""
    try:
        Sandbox(jail=request.param).close()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    return str(request.param)


@pytest.fixture(scope="session")
def sandbox(kind: str) -> Iterator[Sandbox]:
    """One sandbox for many programs, so that what one leaves behind would show in the next."""
    with Sandbox(workers=2, limits=LIMITS, jail=kind) as made:  # type: ignore[arg-type]
        yield made
