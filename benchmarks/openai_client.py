"""Requests a second to a server that answers in 50 ms: evalhub's backend beside the `openai` package, in one run.

python -m benchmarks.openai_client [--seconds 30] [--repeat 3]

The server, ours and theirs are each a process of its own. Both clients keep 64 chat requests in flight with the
same prompts and decoding: ours as the scoring loop does it, through `submit` and `collect`, theirs `AsyncOpenAI`
behind a semaphore of 64, as its users do it. Counted after two seconds of warming up; memory is the client's
resident set at the start and at the end of what is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import psutil

from benchmarks.serving import serving

DELAY = 0.05
FLYING = 64
WARM = 2.0
SAMPLES = 500
MODEL = "stub"


@dataclass
class Measured:
    """What one client reached."""

    rate: float
    """Requests a second."""

    slowest: float
    """In its slowest whole second."""

    start: float
    end: float
    """Resident memory in MiB."""

    effort: float
    """Processor time for one request, in ms."""


class Count:
    """Counts answers after warming up, second by second."""

    def __init__(self, seconds: float) -> None:
        self._process = psutil.Process()
        self.begin = time.perf_counter() + WARM
        self.end = self.begin + seconds
        self._seconds = [0] * int(seconds)
        self._memory = self._cpu = 0.0

    def add(self, number: int) -> bool:
        """Count answers that have just come. Returns whether to go on."""
        now = time.perf_counter()
        if now >= self.begin:
            if not self._cpu:
                self._memory, self._cpu = self._rss(), self._used()
            place = int(now - self.begin)
            if place < len(self._seconds):
                self._seconds[place] += number
        return now < self.end

    def result(self) -> Measured:
        """Once the time is over."""
        number = sum(self._seconds)
        return Measured(
            number / len(self._seconds),
            min(self._seconds),
            self._memory,
            self._rss(),
            1000 * (self._used() - self._cpu) / number,
        )

    def _rss(self) -> float:
        return float(self._process.memory_info().rss) / 2**20

    def _used(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def prompt(number: int) -> str:
    """One of the questions, some 600 characters."""
    return f"Question {number % SAMPLES}: " + "what is the sum of all numbers up to this one? " * 12


def ours(url: str, seconds: float) -> Measured:
    """As `evalhub.scoring` uses a backend."""
    from evalhub.backends.base import Request
    from evalhub.backends.openai import OpenAIBackend
    from ingest.records import Condition, Status

    backend = OpenAIBackend(f"openai:{MODEL}@{url}", capacity=FLYING)
    condition = backend.condition(Condition(stop=("\n\n",)))
    count, flying, number = Count(seconds), 0, 0
    going = True
    while going:
        wanted = FLYING - flying
        backend.submit(
            [
                Request(f"s{place % SAMPLES}", place // SAMPLES, 0, prompt(place), condition)
                for place in range(number, number + wanted)
            ]
        )
        number += wanted
        outputs = backend.collect(0.5)
        assert all(output.status is Status.OK for output in outputs)
        flying = FLYING - len(outputs)
        going = count.add(len(outputs))
    measured = count.result()
    backend.close()
    return measured


async def theirs(url: str, seconds: float) -> Measured:
    """As the package's users bound their concurrency."""
    import openai

    client = openai.AsyncOpenAI(base_url=url, api_key="none")
    semaphore = asyncio.Semaphore(FLYING)
    count = Count(seconds)
    tasks: set[asyncio.Task[None]] = set()
    going = True

    async def ask(number: int) -> None:
        nonlocal going
        try:
            answer = await client.chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": prompt(number)}],
                temperature=0.6,
                top_p=0.95,
                max_tokens=256,
                stop=["\n\n"],
                seed=number,
            )
            assert answer.choices[0].message.content
            going = count.add(1)
        finally:
            semaphore.release()

    number = 0
    while going:
        await semaphore.acquire()
        task = asyncio.create_task(ask(number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        number += 1
    measured = count.result()
    await asyncio.gather(*tasks)
    await client.close()
    return measured


def serve(port: int) -> None:
    """Answer every chat request after the delay."""
    from aiohttp import web

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(DELAY)
        text = f"The answer is {time.perf_counter_ns()}."
        content = {
            "id": "stub",
            "object": "chat.completion",
            "created": 0,
            "model": MODEL,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 150, "completion_tokens": 12, "total_tokens": 162},
        }
        return web.json_response(content)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def measured(client: str, url: str, seconds: float) -> Measured:
    """One client in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.openai_client", "--client", client, url, "--seconds", str(seconds)],
        check=True,
        capture_output=True,
        text=True,
    )
    return Measured(**json.loads(done.stdout))


def main() -> None:
    """Print both clients' rates, their ratio and their memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ.pop("OPENAI_API_KEY", None)
    if given.serve:
        serve(given.serve)
    elif given.client:
        client, url = given.client
        found = ours(url, given.seconds) if client == "ours" else asyncio.run(theirs(url, given.seconds))
        print(json.dumps(asdict(found)))
    else:
        _table(given.seconds, given.repeat)


def _table(seconds: float, repeat: int) -> None:
    runs: dict[str, list[Measured]] = {"ours": [], "theirs": []}
    with serving("benchmarks.openai_client") as url:
        for _ in range(repeat):
            for client, found in runs.items():
                found.append(measured(client, f"{url}/v1", seconds))
    print(f"{FLYING} in flight, answers after {DELAY * 1000:.0f} ms: at most {FLYING / DELAY:.0f} a second")
    print("| client | requests a second | slowest second | processor ms each | memory at start, end (MiB) |")
    print("|---" * 5 + "|")
    rates = {}
    for client, found in runs.items():
        middle = sorted(found, key=lambda one: one.rate)[len(found) // 2]
        rates[client] = statistics.median(one.rate for one in found)
        print(
            f"| {client} | {rates[client]:.0f} | {middle.slowest:.0f} | {middle.effort:.2f} "
            f"| {middle.start:.0f}, {middle.end:.0f} |"
        )
    print(f"ratio: {rates['ours'] / rates['theirs']:.1f}")


if __name__ == "__main__":
    main()
