"""An hour of scoring against a server of this machine: does memory grow, does it leak, does it slow down?

    python -m benchmarks.long_run [--minutes 60] [--requests-in-flight 50] [--latency 4] [--hub DIR]

The server, in a process of its own, answers after a random time (exponential, of the latency's mean); one request
in fifty it turns away (HTTP 429), one in a hundred fails (HTTP 500), one in five hundred finds it hanging up.
`evalhub score` asks it for attempts at 200 samples until the time is over, as a user would, and is looked at from
outside. The first sixth of the time is compared with the last. A run knows all of its attempts, so its memory
grows with their number, and may grow with nothing else. Exit code 1: it grew by more than 1 KiB for each attempt,
descriptors or threads were left open, the rate fell, or the hub does not hold every attempt that was answered.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import duckdb
import psutil

from benchmarks.serving import serving

SAMPLES = 200
TURNED_AWAY, FAILED, HUNG_UP = 0.02, 0.01, 0.002
MOST_GROWTH = 1.0
"""KiB of resident memory for each attempt."""

_WARMING = 16.0
"""MiB by which any process grows in its first minutes, so that a short run is no fault."""

_STEADY = 0.1
"""Share by which the rate may fall."""

_LOOKS = 720
"""How often the run is looked at, whatever its length: every five seconds of an hour."""

_PARTS = 6
_NEVER = 10**9


@dataclass(frozen=True)
class Look:
    """The scoring process at one moment."""

    at: float
    """Seconds since it asked for its first attempt."""

    memory: float
    """Resident, in MiB."""

    descriptors: int
    threads: int
    answered: int
    """Attempts so far."""


@dataclass(frozen=True)
class Part:
    """A part of the run: medians of its looks, and its rate."""

    memory: float
    descriptors: float
    threads: float
    rate: float
    """Attempts a second."""

    answered: float
    """Attempts so far."""


def part(looks: Sequence[Look]) -> Part:
    """Sum up some looks in a row, two or more."""
    first, last = looks[0], looks[-1]
    return Part(
        statistics.median(look.memory for look in looks),
        statistics.median(look.descriptors for look in looks),
        statistics.median(look.threads for look in looks),
        (last.answered - first.answered) / (last.at - first.at),
        statistics.median(look.answered for look in looks),
    )


def growth(first: Part, last: Part) -> float:
    """KiB of memory for each attempt between two parts."""
    return (last.memory - first.memory) * 1024 / max(1.0, last.answered - first.answered)


def faults(first: Part, last: Part) -> list[str]:
    """What is wrong with a run, by its first and last part."""
    found = []
    if growth(first, last) > MOST_GROWTH and last.memory - first.memory > _WARMING:
        found.append(f"memory grows by {growth(first, last):.1f} KiB for each attempt")
    if last.descriptors > first.descriptors + 2:
        found.append(f"{last.descriptors - first.descriptors:.0f} more descriptors are open at the end")
    if last.threads > first.threads:
        found.append(f"{last.threads - first.threads:.0f} more threads run at the end")
    if last.rate < (1 - _STEADY) * first.rate:
        found.append(f"the rate falls from {first.rate:.1f} to {last.rate:.1f} attempts a second")
    return found


def serve(port: int, latency: float) -> None:
    """Answer chat requests late, and some badly; `/answered` tells how many well."""
    from aiohttp import web

    answered = 0
    dice = random.Random(port)

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal answered
        asked = await request.json()
        probe = "answer" not in asked["messages"][-1]["content"]
        await asyncio.sleep(0 if probe else dice.expovariate(1 / latency))
        fate = 1.0 if probe else dice.random()
        if fate < TURNED_AWAY:
            return web.json_response({"error": {"message": "slow down"}}, status=429)
        if fate < TURNED_AWAY + FAILED:
            return web.json_response({"error": {"message": "out of luck"}}, status=500)
        if fate < TURNED_AWAY + FAILED + HUNG_UP and request.transport is not None:
            request.transport.close()
            return web.Response()
        answered += not probe
        text = "yes" if dice.random() < 0.5 else f"no, for {dice.random()} is larger"
        return web.json_response(
            {
                "model": "stub",
                "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
                ],
                "usage": {"prompt_tokens": 40, "completion_tokens": 16},
            }
        )

    async def count(_: web.Request) -> web.Response:
        return web.json_response(answered)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_get("/answered", count)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def server(latency: float) -> AbstractContextManager[str]:
    """The server that stumbles, once it can be reached; its address."""
    return serving("benchmarks.long_run", "--latency", str(latency))


def watched(url: str, hub: Path, minutes: float, flying: int) -> list[Look]:
    """Score for so long, and look at it. The looks, first to last."""
    file = hub.parent / "samples.jsonl"
    rows = (
        {"id": str(number), "prompt": f"Is {number} prime? Say: the answer is yes, or no.", "reference": "yes"}
        for number in range(SAMPLES)
    )
    file.write_text("\n".join(map(json.dumps, rows)))
    evalhub = [sys.executable, "-m", "evalhub"]
    subprocess.run([*evalhub, "ingest", "jsonl", "-o", f"path={file}", "--hub", hub], check=True)
    line = [*evalhub, "score", f"openai:stub@{url}/v1", "--passes", str(_NEVER), "--max-attempts", str(_NEVER)]
    environment = {**os.environ, "EVALHUB_OPENAI_CAPACITY": str(flying)}
    process = psutil.Popen(
        [*line, "--budget", f"{minutes}min", "--hub", str(hub)], env=environment, stdout=subprocess.DEVNULL
    )
    looks: list[Look] = []
    try:
        while not _answered(url):
            assert process.poll() is None, "scoring ended before it began"
            time.sleep(0.05)
        began = time.monotonic()
        for number in itertools.count():
            time.sleep(max(0.0, began + number * minutes * 60 / _LOOKS - time.monotonic()))
            at = time.monotonic() - began
            if at >= minutes * 60 - 1 or process.poll() is not None:
                break
            with process.oneshot():
                memory, threads = process.memory_info().rss / 2**20, process.num_threads()
                looks.append(Look(at, memory, process.num_fds(), threads, _answered(url)))
            if number % (_LOOKS // 60) == 0:
                print(looks[-1], file=sys.stderr, flush=True)
        assert process.wait() == 0, "scoring failed"
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    return looks


def kept(hub: Path) -> int:
    """Attempts in the hub."""
    with closing(duckdb.connect(str(hub / "hub.duckdb"), read_only=True)) as database:
        row = database.execute("SELECT count(*) FROM attempt WHERE model_id LIKE 'openai:%'").fetchone()
        assert row
        return int(row[0])


def _answered(url: str) -> int:
    with urlopen(f"{url}/answered", timeout=10) as answer:
        return int(json.load(answer))


def main() -> None:
    """Print a table and what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--requests-in-flight", type=int, default=50)
    parser.add_argument("--latency", type=float, default=4.0, help="Seconds that an answer takes, on average.")
    parser.add_argument("--hub", type=Path, help="A folder for the hub; a temporary one by itself.")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, given.latency)
        return
    os.environ.pop("OPENAI_API_KEY", None)
    with tempfile.TemporaryDirectory(prefix="evalhub-long-run-") as name, server(given.latency) as url:
        hub = given.hub or Path(name) / "hub"
        hub.parent.mkdir(parents=True, exist_ok=True)
        looks = watched(url, hub, given.minutes, given.requests_in_flight)
        answered, stored = _answered(url), kept(hub)
    raise SystemExit(report(looks, answered, stored, given.requests_in_flight))


def report(looks: Sequence[Look], answered: int, stored: int, flying: int) -> int:
    """Print how a run went. Returns the exit code."""
    size = max(2, len(looks) // _PARTS)
    parts = [part(looks[start : start + size]) for start in range(0, len(looks) - size + 1, size)]
    print("| until minute | memory (MiB) | descriptors | threads | attempts a second |")
    print("|---|---|---|---|---|")
    for number, one in enumerate(parts):
        ends = looks[min((number + 1) * size, len(looks)) - 1].at / 60
        print(f"| {ends:.1f} | {one.memory:.1f} | {one.descriptors:g} | {one.threads:g} | {one.rate:.1f} |")
    first, last = parts[0], parts[-1]
    hours = (looks[-1].at - looks[0].at) * (len(parts) - 1) / len(parts) / 3600
    wrong = faults(first, last)
    # What is in flight when the time is over is dropped.
    if not answered - flying <= stored <= answered:
        wrong.append(f"{answered} attempts were answered, {stored} are kept")
    print(
        f"{answered} attempts answered, {stored} kept; memory grew by {(last.memory - first.memory) / hours:.1f} "
        f"MiB an hour, {growth(first, last):.1f} KiB for each attempt: {'; '.join(wrong) or 'steady'}"
    )
    return bool(wrong)


if __name__ == "__main__":
    main()
