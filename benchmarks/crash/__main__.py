"""Commands that are killed at random moments, and what is lost: nothing, or it is listed.

    python -m benchmarks.crash [--kills 200] [--trials score,import,…] [--seed 0]

Each of score, import, ingest, refresh, rank, publish, migrate, backup and restore is killed by SIGKILL at a moment
that is drawn uniformly from the time for which it holds the hub. After each kill nothing that it has started may
go on, and `evalhub doctor` looks at all of the hub. After four kills in a row the same command runs to its end; it
must end well, and every row (samples, attempts that count, verdicts, measurements, votes, rankings, releases) must
be the one that an undisturbed run leaves. Exit code 1: something was lost, doubled or not sound.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from pathlib import Path

from benchmarks.crash.killing import kill
from benchmarks.crash.trials import papers, trials
from ingest.arxiv.replay.server import Replay


def main() -> None:
    """Print a table, and every fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="Of all commands together.")
    parser.add_argument("--trials", default="", help="Only these, with commas between.")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    os.nice(19)
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="evalhub-crash-") as name:
        place = Path(name)
        with Replay(papers(place / "arxiv")) as arxiv:
            every = trials(place, arxiv.url)
            chosen = given.trials.split(",") if given.trials else list(every)
            print("| command | kills | runs to the end | s a kill | notes of doctor | faults |")
            print("|---|---|---|---|---|---|", flush=True)
            total = 0
            for number, one in enumerate(chosen):
                share = given.kills // len(chosen) + (number < given.kills % len(chosen))
                found = kill(every[one], share, place / "work", random.Random(f"{given.seed} {one}"))
                notes = ", ".join(f"{check} {count}" for check, count in sorted(found.notes.items()))
                told = f"version {found.told}" if found.told else ""
                print(
                    f"| {one} | {found.kills} | {found.runs} | {found.cycle:.1f} "
                    f"| {', '.join(filter(None, (told, notes)))} | {len(found.faults)} |",
                    flush=True,
                )
                total += found.kills
                for fault in found.faults:
                    print(f"  {fault}", flush=True)
                faults += found.faults
    print(f"{total} kills, {len(faults)} faults")
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
