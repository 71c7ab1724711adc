"""The same commands where the disk fills, nothing can be written, the clock goes back, or two are begun at once.

    python -m benchmarks.crash.troubles [--only disk,read-only,clock,twice] [--trials score,import,…]

disk: the hub lies on a disk with 0, 1/4, 1/2, 1, 2, … MiB left, until the command ends well. Before, it must end
with one line that names the disk, and leave a sound hub of which nothing is lost; with room again the same command
ends as on any disk. read-only: one line, and nothing is changed. clock: twenty days back in the middle of the
command (libfaketime), and another run by that clock. twice: five times two of a command at once; one is told to
wait, or both end well. Needs root, for small disks, and the Debian package faketime. Exit code 1: a fault.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.crash.content import Content, attempts, content, differing
from benchmarks.crash.trials import Trial, papers, trials
from evalhub.doctor.doctor import check_up
from evalhub.telling import quiet
from ingest.arxiv.replay.server import Replay

_BACK = "-20d"
_TWICE = 5


@contextmanager
def disk(place: Path) -> Iterator[Path]:
    """A disk in memory, large at first."""
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
        place.rmdir()


def remount(place: Path, options: str) -> None:
    """Change a disk."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def ended(trial: Trial, hub: Path, *before: str) -> tuple[int, str]:
    """Run a command. Its exit code, and what it said on stderr."""
    run = trial.run(hub, *before, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, err = run.communicate()
    return run.returncode, err


def told(code: int, err: str, *words: str) -> list[str]:
    """Faults of how a failure was told: it takes one line with one of these words, and exit code 1."""
    last = (err.strip().splitlines() or [""])[-1]
    if code == 1 and last.startswith("evalhub: ") and any(word in last for word in words) and "Trace" not in err:
        return []
    return [f"exit code {code}, {last!r}"]


def unsound(hub: Path) -> list[str]:
    """Faults that the doctor finds."""
    if not (hub / "hub.duckdb").exists():
        return []
    return [
        one.what for one in check_up(hub, quiet).findings if one.fault and one.check not in ("room", "version")
    ]


def whole(trial: Trial, hub: Path, expected: Content) -> list[str]:
    """Run a command to its end, and say what is not as an undisturbed one leaves it."""
    code, err = ended(trial, hub)
    if code:
        return [f"the next command fails: {err.strip()[-300:]}"]
    return [f"other rows in {name}" for name in differing(content(hub), expected)] + unsound(hub)


def full_disk(trial: Trial, place: Path, expected: Content) -> tuple[str, list[str]]:
    """See the module."""
    faults: list[str] = []
    fillings, code = 0, 1
    for free in (0, *(2**power for power in range(18, 28))):
        if not code:
            break
        with disk(place / "disk") as small:
            hub = trial.begin(small)
            used = shutil.disk_usage(small).used
            remount(small, f"size={max(used + free, 4096)}")
            kept = attempts(hub)
            code, err = ended(trial, hub)
            if code:
                fillings += 1
                faults += told(code, err, "disk")
                remount(small, "size=400m")
                now = attempts(hub)
                faults += [f"{len(kept - now)} attempts were lost"] if kept - now else []
                faults += unsound(hub)
                left = [path.name for path in small.iterdir() if path.name not in ("hub", "out")]
                faults += [f"left beside the hub: {left}"] if left else []
                faults += whole(trial, hub, expected)
    return f"{fillings} full disks", faults


def read_only(trial: Trial, place: Path, expected: Content) -> tuple[str, list[str]]:
    """See the module."""
    with disk(place / "disk") as shut:
        hub = trial.begin(shut)
        before = {path: path.read_bytes() for path in shut.rglob("*") if path.is_file()}
        remount(shut, "ro")
        code, err = ended(trial, hub)
        faults = told(code, err, "cannot be")
        remount(shut, "rw")
        after = {path: path.read_bytes() for path in shut.rglob("*") if path.is_file()}
        faults += [] if before == after else ["something was changed"]
        return "1 disk that was shut", faults + whole(trial, hub, expected)


def clock_back(trial: Trial, place: Path, expected: Content) -> tuple[str, list[str]]:
    """See the module."""
    hub = trial.begin(place)
    clock = place / "clock"
    clock.write_text("+0")
    moved = replace(
        trial,
        environment={
            **trial.environment,
            "LD_PRELOAD": str(next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        },
    )
    run = moved.run(hub, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while run.poll() is None and not (hub / "lock.json").exists():
        time.sleep(0.001)
    time.sleep(0.3)
    clock.write_text(_BACK)
    _, err = run.communicate()
    faults = [f"exit code {run.returncode}: {err.strip()[-300:]}"] if run.returncode else []
    faults += [f"other rows in {name}" for name in differing(content(hub), expected)]
    faults += whole(moved, hub, content(hub))
    return "2 runs", faults + whole(trial, hub, content(hub))


def two_at_once(trial: Trial, place: Path, expected: Content) -> tuple[str, list[str]]:
    """See the module."""
    faults, waited, dice = [], 0, random.Random(1)
    for number in range(_TWICE):
        hub = trial.begin(place / str(number))
        first = trial.run(hub, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(dice.uniform(0, 0.5))
        second = trial.run(hub, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        codes = []
        for run in (first, second):
            _, err = run.communicate()
            codes.append(run.returncode)
            if run.returncode == 75 and "is being written by" in err and "Trace" not in err:
                waited += 1
            elif run.returncode:
                faults.append(f"exit code {run.returncode}: {err.strip()[-300:]}")
        faults += [] if 0 in codes else [f"neither ended well: {codes}"]
        faults += [f"other rows in {name}" for name in differing(content(hub), expected)] + unsound(hub)
        faults += whole(trial, hub, expected)
    return f"{_TWICE} pairs, {waited} told to wait", faults


TROUBLES: dict[str, Callable[[Trial, Path, Content], tuple[str, list[str]]]] = {
    "disk": full_disk,
    "read-only": read_only,
    "clock": clock_back,
    "twice": two_at_once,
}


def main() -> None:
    """Print a table, and every fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(TROUBLES))
    parser.add_argument("--trials", default="", help="Only these, with commas between.")
    given = parser.parse_args()
    os.nice(19)
    found = 0
    with tempfile.TemporaryDirectory(prefix="evalhub-troubles-") as name:
        place = Path(name)
        with Replay(papers(place / "arxiv")) as arxiv:
            every = trials(place, arxiv.url)
            print("| trouble | command | tried | faults |\n|---|---|---|---|", flush=True)
            for one in given.trials.split(",") if given.trials else every:
                (place / "undisturbed").mkdir()
                hub = every[one].begin(place / "undisturbed")
                code, err = ended(every[one], hub)
                assert code == 0, err
                expected = content(hub)
                for trouble in given.only.split(","):
                    work = place / "work"
                    work.mkdir()
                    said, faults = TROUBLES[trouble](every[one], work, expected)
                    print(f"| {trouble} | {one} | {said} | {len(faults)} |", flush=True)
                    for fault in faults:
                        print(f"  {fault}", flush=True)
                    found += len(faults)
                    shutil.rmtree(work)
                shutil.rmtree(place / "undisturbed")
    print(f"{found} faults")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
