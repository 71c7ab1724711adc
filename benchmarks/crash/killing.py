"""SIGKILL at random moments, and what is there afterwards."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.crash.content import Content, attempts, content, differing
from benchmarks.crash.trials import Trial
from evalhub.doctor.doctor import check_up
from evalhub.errors import EvalhubError
from evalhub.telling import quiet

_CHAIN = 4
"""Kills one after the other before the command is left alone."""

_GRACE = 10.0
"""Seconds in which what a killed command has started must have ended."""


@dataclass
class Outcome:
    """What came of killing a command."""

    kills: int = 0
    runs: int = 0
    """Times that it was left alone afterwards, to its end."""
    notes: Counter[str] = field(default_factory=Counter)
    """What doctor told of, by check, that was no fault."""
    told: int = 0
    """Kills after which doctor found a fault that said what to do, and that the next command mended."""
    faults: list[str] = field(default_factory=list)
    """Everything that should not be."""
    seconds: float = 0.0

    @property
    def cycle(self) -> float:
        """Seconds for a kill and all that belongs to it."""
        return self.seconds / max(self.kills, 1)


def kill(trial: Trial, kills: int, place: Path, dice: random.Random) -> Outcome:
    """Kill a command so many times; after each time ask the doctor, and after some let it end and compare."""
    found, began = Outcome(), time.monotonic()
    hub, length = _undisturbed(trial, place / "whole")
    expected = content(hub)
    before = content(trial.base) if trial.base and trial.whole else {}
    while found.kills < kills:
        torn = place / "torn"
        shutil.rmtree(torn, ignore_errors=True)
        torn.mkdir(parents=True)
        hub = trial.begin(torn)
        kept = attempts(hub)
        for _ in range(min(_CHAIN, kills - found.kills)):
            killed, group = _killed(trial, hub, dice.uniform(0, length))
            found.faults += [f"{trial.name}: {fault}" for fault in _outlived(group)]
            if not killed:
                break
            found.kills += 1
            _look(trial, hub, found)
            now = attempts(hub)
            if trial.name != "restore" and not kept <= now:
                found.faults.append(f"{trial.name}: {len(kept - now)} attempts were lost")
            kept = now
            if trial.whole and all(differing(content(hub), one) for one in (before, expected)):
                found.faults.append(f"{trial.name}: the hub is neither the one before nor the one after")
        _finish(trial, hub, expected, found)
    found.seconds = time.monotonic() - began
    return found


def _undisturbed(trial: Trial, place: Path) -> tuple[Path, float]:
    """A hub on which the command ran to its end, and for how long it held it."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    hub = trial.begin(place)
    run = trial.run(hub, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _until_held(hub, run)
    began = time.monotonic()
    while (hub / "lock.json").exists():
        time.sleep(0.001)
    held = time.monotonic() - began
    _, err = run.communicate()
    if run.returncode:
        raise SystemExit(f"{trial.name} fails without being killed: {err}")
    return hub, held


def _killed(trial: Trial, hub: Path, seconds: float) -> tuple[bool, int]:
    """Start the command and kill it so long after it has taken the hub. Whether it was still there, and its
    session."""
    run = trial.run(hub, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _until_held(hub, run)
    try:
        run.wait(seconds)
    except subprocess.TimeoutExpired:
        run.send_signal(
            signal.SIGKILL
        )  # itself alone: what it has started must go by itself, or be in no one's way
    return run.wait() == -signal.SIGKILL, run.pid


def _until_held(hub: Path, run: subprocess.Popen[str]) -> None:
    # An earlier call that was killed has left its note.
    note = hub / "lock.json"
    old = note.stat().st_mtime_ns if note.exists() else 0
    while run.poll() is None:
        if note.exists() and note.stat().st_mtime_ns != old:
            return
        time.sleep(0.001)


def _outlived(group: int) -> list[str]:
    """Processes of a session that are still there some seconds after its first one was killed; they are ended."""
    until = time.monotonic() + _GRACE
    try:
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.02)
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return []
    return [f"what it has started is still there after {_GRACE:.0f} s"]


def _look(trial: Trial, hub: Path, found: Outcome) -> None:
    """Ask the doctor after a kill."""
    try:
        checkup = check_up(hub, quiet)
    except EvalhubError as error:
        if (hub / "hub.duckdb").exists():
            found.faults.append(f"{trial.name}: {error}")
        return
    found.notes.update(one.check for one in checkup.findings if not one.fault)
    faults = [one for one in checkup.findings if one.fault]
    if trial.name == "migrate" and [one.check for one in faults] == ["version"]:
        found.told += 1
    else:
        found.faults += [f"{trial.name}: after a kill: {one.what}" for one in faults]


def _finish(trial: Trial, hub: Path, expected: Content, found: Outcome) -> None:
    """Let the command end, and compare what is there with what an undisturbed one has left."""
    run = trial.run(hub, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, err = run.communicate()
    found.runs += 1
    if run.returncode:
        found.faults.append(f"{trial.name}: the next command fails: {err.strip().splitlines()[-1:]}")
        return
    found.faults += [f"{trial.name}: other rows in {name}" for name in differing(content(hub), expected)]
    found.faults += [f"{trial.name}: no {name}" for name in trial.makes if not (hub / name).exists()]
    mended = check_up(hub, quiet, mend=True)
    again = check_up(hub, quiet)
    if not mended.sound or not again.sound:
        left = [one.what for one in (*mended.findings, *again.findings) if one.fault]
        found.faults.append(f"{trial.name}: not sound at the end: {left}")
    found.faults += [f"{trial.name}: left over: {one.what}" for one in again.findings if one.check == "leftovers"]
