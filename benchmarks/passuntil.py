"""PassUntil end to end beside the engine alone: tokens a second of `score` on the starter pool, and of the same
attempts merely generated.

python -m benchmarks.passuntil [--passes 5] [--max-attempts 16]

`score` chooses attempts as verdicts come in, keeps each before it is judged, and runs generated programs in the
sandbox, on the cores that generate. The engine alone gets the same requests at once, in the order in which they
were made. Loading is on neither side.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from evalhub import pool
from evalhub.backends.base import Backend, Request
from evalhub.backends.opening import open_backend
from evalhub.scoring.clock import Clock
from evalhub.scoring.plan import Plan
from evalhub.scoring.prompt import request
from evalhub.scoring.score import conditions_of, score
from evalhub.store.hub import Hub
from evalhub.store.samples import choose_samples, load_samples

MODEL = "smollm2-135m"


class Silent:
    """Hears a run and says nothing."""

    def begin(self, *_: object) -> None:
        """As `evalhub.scoring.score.Watcher`."""

    def advance(self, *_: object) -> None:
        """As `evalhub.scoring.score.Watcher`."""


def main() -> None:
    """Print both rates and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--max-attempts", type=int, default=16)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Hub(Path(folder)) as hub:
        pool.fill_starter(hub)
        backend = open_backend(MODEL)
        clock = Clock()
        started = time.perf_counter()
        plan = Plan(passes=given.passes, max_attempts=given.max_attempts)
        score(hub, backend, choose_samples(hub, (), None), plan, Silent(), clock=clock)
        seconds = time.perf_counter() - started
        backend.close()
        spent = ", ".join(f"{name} {value:.1f} s" for name, value in clock.to_json().items() if name in KINDS)
        requests, tokens = _made(hub)
    whole = tokens / seconds
    print(f"score: {len(requests):,} attempts, {tokens:,} tokens, {whole:.0f} tokens/s ({spent})", flush=True)
    backend = open_backend(MODEL)
    alone = tokens / _generate(backend, requests)
    backend.close()
    print(f"engine alone: {alone:.0f} tokens/s; score reaches {whole / alone:.0%}")


KINDS = ("generating", "verdicts", "writing", "other")


def _made(hub: Hub) -> tuple[list[Request], int]:
    """The attempts in a hub as requests, in the order in which they were made, and their tokens."""
    rows = hub.database.execute(
        "SELECT sample_id, attempt, tokens FROM attempt ORDER BY made_at, attempt"
    ).fetchall()
    samples = {sample.sample_id: sample for sample in load_samples(hub, list({row[0] for row in rows}))}
    backend = open_backend(MODEL)
    conditions = conditions_of(backend, samples.values(), {})
    backend.close()
    requests = [request(samples[sample], conditions[sample], 0, attempt) for sample, attempt, _ in rows]
    return requests, sum(row[2] for row in rows)


def _generate(backend: Backend, requests: list[Request]) -> float:
    """Seconds until all outputs are there."""
    started = time.perf_counter()
    backend.submit(requests)
    left = len(requests)
    while left:
        left -= len(backend.collect(10))
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
