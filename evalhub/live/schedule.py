"""When the monthly refresh is due, and what makes a machine run it. There is no daemon of our own."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from evalhub.errors import EvalhubError
from evalhub.live.months import Month
from evalhub.live.settings import TRIES, Settings, read_settings
from evalhub.store.hub import Hub
from evalhub.store.refresh_stages import STAGES, Stage, stages

_LATE = 2
"""Days after which a month that is due is overdue."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the refreshes of a hub stand."""

    last: str
    """The newest month that is whole; '' where none is."""

    ended_at: datetime | None
    """When it was published."""

    due: date
    """The day from which on the next refresh is due: it may be past."""

    month: str
    """Which month it is for."""

    missing: tuple[str, ...]
    """Months between the first whole one and the next that are overdue and not whole."""

    overdue: bool
    """Whether the next month is, or one is missing."""

    unfinished: tuple[Stage, ...]
    """Stages that failed or were killed, of months that are not whole."""

    def to_json(self) -> dict[str, Any]:
        """As `evalhub schedule status --json` prints it."""
        return {
            "last": self.last or None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "next": {"month": self.month, "due": self.due.isoformat()},
            "missing": list(self.missing),
            "overdue": self.overdue,
            "unfinished": [stage.to_json() for stage in self.unfinished],
        }


def due_month(today: date) -> Month:
    """The month that a refresh of today is for: the last one that is over."""
    return Month.of(today).before


def standing(hub: Hub, today: date) -> Standing:
    """Where the refreshes of a hub stand on a day (UTC).

    Raises:
        EvalhubError: `live.toml` cannot be read.
    """
    return standing_of(stages(hub), read_settings(hub.path), today)


def standing_of(there: Sequence[Stage], settings: Settings, today: date) -> Standing:
    """The same, of these stages."""
    whole = {one.release: one.ended_at for one in there if one.stage == STAGES[-1] and one.status == "done"}
    last = max(whole, default="")
    month = max(Month.read(last).next, due_month(today)) if last else due_month(today)
    first = Month.read(min(whole)) if whole else month
    missing = tuple(
        str(one) for one in _between(first, month) if str(one) not in whole and _overdue(one, settings, today)
    )
    return Standing(
        last=last,
        ended_at=whole.get(last),
        due=_due(month, settings),
        month=str(month),
        missing=missing,
        overdue=bool(missing) or _overdue(month, settings, today),
        unfinished=tuple(one for one in there if one.status != "done" and one.release not in whole),
    )


def _due(month: Month, settings: Settings) -> date:
    return month.next.first.replace(day=settings.day)


def _overdue(month: Month, settings: Settings, today: date) -> bool:
    return today > _due(month, settings) + timedelta(days=_LATE)


def _between(first: Month, last: Month) -> Iterator[Month]:
    """The months after one and before another."""
    while (first := first.next) < last:
        yield first


def unit(kind: str, hub: Path) -> str:
    """The text that makes cron, systemd or GitHub run the refresh of a hub each month.

    It is run on several days, since a month that is whole is left as it is, and one that was cut off, or found
    arXiv down (exit code 75), goes on where it was.

    Args:
        kind: `cron`, `systemd` or `github`.

    Raises:
        EvalhubError: `live.toml` cannot be read, or the hub's path cannot stand in a line.
    """
    if not str(hub.resolve()).isprintable():
        raise EvalhubError(
            f"the hub's path {str(hub.resolve())!a} has a line break or another sign that no schedule can hold: "
            "move the hub"
        )
    day = read_settings(hub).day
    command = [str(Path(sys.argv[0]).resolve()), "refresh", "--hub", str(hub.resolve())]
    if not os.access(command[0], os.X_OK):  # as where it runs by `python -m evalhub`
        command[:1] = [sys.executable, "-m", "evalhub"]
    return {"cron": _cron, "systemd": _systemd, "github": _github}[kind](day, command)


def _cron(day: int, command: list[str]) -> str:
    last = day + TRIES - 1
    line = shlex.join(command).replace("%", r"\%")  # to cron, % is the end of a line
    return f"""\
# evalhub's monthly refresh, at 04:17 on days {day} to {last}: add it by `crontab -e`.
17 4 {day}-{last} * * {line}
"""


def _systemd(day: int, command: list[str]) -> str:
    last = day + TRIES - 1
    words = " ".join(map(_systemd_word, command))
    return f"""\
# Both into ~/.config/systemd/user/, then: systemctl --user enable --now evalhub-refresh.timer

# evalhub-refresh.service
[Unit]
Description=evalhub's monthly refresh
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={words}
Nice=10

# evalhub-refresh.timer
[Unit]
Description=When evalhub's monthly refresh is tried

[Timer]
OnCalendar=*-*-{day:02}..{last:02} 04:17
Persistent=true
RandomizedDelaySec=30min

[Install]
WantedBy=timers.target
"""


def _systemd_word(word: str) -> str:
    return '"' + word.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%").replace("$", "$$") + '"'


def _github(day: int, command: list[str]) -> str:
    del command
    last = day + TRIES - 1
    return f"""\
# Into .github/workflows/refresh.yml, with live.toml in the repository's folder hub. The hub is kept in the cache.
name: evalhub refresh
on:
  schedule:
    - cron: "17 4 {day}-{last} * *"
  workflow_dispatch:
concurrency: evalhub-refresh
jobs:
  refresh:
    runs-on: ubuntu-latest
    timeout-minutes: 350
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - uses: actions/cache/restore@v4
        with:
          path: hub
          key: evalhub-hub-${{{{ github.run_id }}}}
          restore-keys: evalhub-hub-
      - run: git checkout -- hub/live.toml
      # Where no index of yours has evalhub: git+https://HOST/YOUR/evalhub, or a path.
      - run: pip install "evalhub[papers,ocr]"
      - run: evalhub refresh --hub hub
      - uses: actions/cache/save@v4
        if: always()
        with:
          path: hub
          key: evalhub-hub-${{{{ github.run_id }}}}
      - uses: actions/upload-artifact@v4
        with:
          name: snapshots
          path: hub/snapshots
"""
