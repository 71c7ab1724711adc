"""Generated answers to lm-eval's tasks, judged by lm-eval itself."""

from __future__ import annotations

import math
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from evalhub.graders.base import judged
from ingest.records import Sample, Status, Verdict
from ingest.sources.lm_eval_answers import judge


class LmEvalGrader:
    """Passes where the task's first metric, behind its first filter, is 1. The reference is what
    `ingest.sources.lm_eval_answers` writes."""

    @property
    def version(self) -> str:
        """That of lm-eval, whose filters and metrics change."""
        try:
            return f"lm-eval {version('lm-eval')}"
        except PackageNotFoundError:
            return "1"

    def refuses(self) -> str:
        if find_spec("lm_eval") is None:
            return 'install lm-eval to judge answers to its tasks: pip install "evalhub[lm-eval]"'
        return ""

    def grade(self, sample: Sample, text: str) -> Verdict:
        reference: Any = sample.reference
        found = judge(reference, text)
        if math.isnan(found.value):
            return Verdict(Status.ERROR, None, "lm-eval's metric is not a number")
        partial = "" if found.value in (0.0, 1.0) else f", partial score {found.value:.2f}"
        return judged(found.value >= 1.0, f"read as {found.answer[:60]}{partial}")

    def close(self) -> None:
        pass
