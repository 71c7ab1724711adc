"""Outcomes that were recorded in place of outputs."""

from __future__ import annotations

from evalhub.graders.base import judged
from ingest.recorded import FAIL, PASS
from ingest.records import Sample, Status, Verdict


class Outcome:
    """Reads a recorded outcome. Anything else is the output of a model that was asked the name of a sample, which
    says nothing of it: missing."""

    def refuses(self) -> str:
        return ""

    def grade(self, sample: Sample, text: str) -> Verdict:
        del sample
        if text not in (PASS, FAIL):
            return Verdict(Status.ERROR, None, "no recorded outcome: only replay:FILE can be asked this sample")
        return judged(text == PASS)

    def close(self) -> None:
        pass
