"""Judging beside generation: each distinct output once, code in the background."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterable
from dataclasses import replace
from multiprocessing.pool import ThreadPool
from typing import NamedTuple

from evalhub import plugins
from evalhub.graders.base import Grader, version_of
from evalhub.scoring.clock import WRITING, Clock
from evalhub.store.attempts import Kept, add_verdicts, load_verdicts
from evalhub.store.hub import Hub
from evalhub.wording import one_line
from ingest.records import Sample, Status, Verdict

_TOGETHER = 256
_SOON = 1.0
"""Verdicts are written so many together, or after so many seconds. One that is lost is given again."""


class Judged(NamedTuple):
    """An attempt and how it ended."""

    kept: Kept
    passed: bool | None
    """None where it is missing."""

    detail: str = ""
    """What the grader said."""


class Grading:
    """Verdicts for the outputs of some samples: from the store where they are known, else from the graders.

    Args:
        hub: where verdicts are kept.
        samples: by id; each names its grader.
        clock: told how long writing takes.
        keep: put new verdicts into the store.

    Attributes:
        verdicts: by (sample id, output hash).
    """

    def __init__(
        self, hub: Hub, samples: dict[str, Sample], clock: Clock | None = None, *, keep: bool = True
    ) -> None:
        self._hub = hub
        self._keep = keep
        self._clock = clock or Clock()
        self._samples = samples
        self._graders: dict[str, Grader] = {}
        self.verdicts: dict[tuple[str, str], Verdict] = {}
        self._waiting: dict[tuple[str, str], list[Kept]] = {}
        self._given: queue.SimpleQueue[tuple[tuple[str, str], Verdict]] = queue.SimpleQueue()
        # Its threads do not keep the process from ending.
        self._pool = ThreadPool(os.cpu_count())
        self._over = self._abandoned = False
        self._unwritten: list[tuple[str, str, Verdict, str]] = []
        self._written = time.monotonic()

    def __enter__(self) -> Grading:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._over = True
        self._pool.close()
        # A program that is being judged may take a minute on a busy machine: whoever interrupts does not wait.
        if not self._abandoned and (kind is None or issubclass(kind, Exception)):
            self._pool.join()
            for grader in self._graders.values():
                grader.close()
        self.collect(0)
        self._write()

    def abandon(self) -> None:
        """Wait for no verdict any more: the process ends, and what was not judged is judged by the next run."""
        self._abandoned = True

    def refusals(self) -> dict[str, str]:
        """Why samples cannot be judged here: {grader: one line}, for the graders that the samples need.

        Raises:
            EvalhubError: a sample names a grader that does not exist.
        """
        refused = {}
        for name in sorted({sample.grader for sample in self._samples.values()}):
            self._graders[name] = plugins.make("grader", name)
            reason = self._graders[name].refuses()
            if reason:
                refused[name] = reason
        return refused

    def recall(self) -> None:
        """Take the verdicts that the store has of these versions of the graders."""
        self.verdicts = load_verdicts(self._hub, self.versions())

    def versions(self) -> dict[str, str]:
        """The version of each sample's grader, by sample id."""
        of = {name: version_of(grader) for name, grader in self._graders.items()}
        return {sample_id: of[sample.grader] for sample_id, sample in self._samples.items()}

    @property
    def pending(self) -> int:
        """Attempts that wait for a verdict."""
        return sum(map(len, self._waiting.values()))

    def submit(self, attempts: Iterable[Kept]) -> list[Judged]:
        """Judge kept attempts. Returns those whose outcome is known at once; `collect` gives the others."""
        known: list[Judged] = []
        fresh: list[tuple[str, str]] = []
        for kept in attempts:
            key = (kept.sample_id, kept.output)
            if kept.status is not Status.OK or key in self.verdicts:
                known.append(_judged(kept, self.verdicts.get(key)))
            elif key in self._waiting:
                self._waiting[key].append(kept)
            else:
                self._waiting[key] = [kept]
                fresh.append(key)
        texts = self._hub.blobs.get(output for _, output in fresh)
        for sample, output in fresh:
            text = texts[output].decode("utf-8", "surrogatepass")
            self._pool.apply_async(self._judge, [(sample, output), text])
        return known

    def collect(self, seconds: float) -> list[Judged]:
        """Outcomes that are there; waits up to `seconds` for the first."""
        known: list[Judged] = []
        while self._waiting:
            try:
                key, verdict = self._given.get(timeout=0 if known else seconds)
            except queue.Empty:
                break
            self.verdicts[key] = verdict
            grader = self._graders[self._samples[key[0]].grader]
            self._unwritten.append((*key, verdict, version_of(grader)))
            known.extend(_judged(kept, verdict) for kept in self._waiting.pop(key))
        if len(self._unwritten) >= _TOGETHER or time.monotonic() - self._written >= _SOON:
            self._write()
        return known

    def _write(self) -> None:
        fresh, self._unwritten = self._unwritten, []
        self._written = time.monotonic()
        if fresh and self._keep:
            with self._clock.spent(WRITING):
                add_verdicts(self._hub, fresh)

    def _judge(self, key: tuple[str, str], text: str) -> None:
        if self._over:
            return
        sample = self._samples[key[0]]
        try:
            verdict = self._graders[sample.grader].grade(sample, text)
            verdict = replace(verdict, detail=one_line(verdict.detail))
        except Exception as error:  # a grader's own fault is a missing measurement, never a fail
            verdict = Verdict(
                Status.ERROR, None, one_line(f"the grader failed: {type(error).__name__}: {error}", 200)
            )
        self._given.put((key, verdict))


def passed(kept: Kept, verdict: Verdict | None) -> bool | None:
    """How an attempt ended, given what was said of its output; None where it is missing."""
    if kept.status is Status.NO_ANSWER:
        return False
    if kept.status is not Status.OK or verdict is None or verdict.value is None:
        return None
    return verdict.value >= 1.0


def _judged(kept: Kept, verdict: Verdict | None) -> Judged:
    return Judged(kept, passed(kept, verdict), verdict.detail if verdict else "")
