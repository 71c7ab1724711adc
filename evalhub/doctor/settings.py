"""The files that a user keeps in the hub's folder can be read, and say what is possible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evalhub.backends.prices import check_prices
from evalhub.efficiency import FILE, read_efficiency
from evalhub.errors import EvalhubError
from evalhub.live.settings import read_settings
from evalhub.runtime.in_hub import calibration_of, load_of
from evalhub.store.checkup.finding import Finding
from ingest.importer import LogError


def check_settings(hub: Path) -> Iterator[Finding]:
    """As the commands that read them would, which end with the same line."""
    for check in (read_settings, _check_efficiency, check_prices):
        try:
            check(hub)
        except (EvalhubError, LogError) as error:
            yield Finding(
                check="settings",
                fault=True,
                what=str(error),
                todo="mend this file, or move it out of the hub: the commands that read it do not go on",
            )


def _check_efficiency(hub: Path) -> None:
    settings = read_efficiency(hub)
    if settings.accelerator:
        try:
            load_of(settings)
        except EvalhubError as error:
            raise EvalhubError(f"{hub / FILE}: {error}") from error
    calibration_of(None, hub, settings)
