"""Outcomes that were recorded in place of outputs."""

from __future__ import annotations

from evalhub.graders.base import judged
from ingest.recorded import FAIL, PASS, TIMEOUT
from ingest.records import Sample, Status, Verdict


class Outcome:
    """Reads a recorded outcome. What another model says to the name of a sample tells nothing of it: missing. Only
    a bare number, which is what baseline:random says, is a fail: nothing passes by chance."""

    def refuses(self) -> str:
        return ""

    def grade(self, sample: Sample, text: str) -> Verdict:
        del sample
        if text == TIMEOUT:
            return Verdict(Status.TIMEOUT, None, "it ran out of time when it was recorded")
        if text in (PASS, FAIL) or text.isdecimal():
            return judged(text == PASS)
        return Verdict(Status.ERROR, None, "no recorded outcome: only replay:FILE can be asked this sample")

    def close(self) -> None:
        pass
