"""Generated Python judged by unit tests, in the sandbox."""

from __future__ import annotations

from typing import Any

from evalhub.sandbox import Sandbox, SandboxUnavailable
from ingest.records import Sample, Verdict


class PythonTestsGrader:
    """Completes the sample's prompt with the output and runs the reference's tests on it.

    The reference holds `prompt` (source that the output continues), `entry_point` (the function under test)
    and `tests` (source that defines `check(candidate)`).
    """

    def __init__(self) -> None:
        self._sandbox: Sandbox | None = None

    def refuses(self) -> str:
        if self._sandbox is None:
            try:
                self._sandbox = Sandbox()
            except SandboxUnavailable as error:
                return str(error)
        return ""

    def grade(self, sample: Sample, text: str) -> Verdict:
        if self._sandbox is None:
            raise RuntimeError("no sandbox: ask refuses() first")
        reference: Any = sample.reference
        prompt = reference["prompt"]
        said = self._sandbox.judge(
            program=prompt + text,
            entry_point=reference["entry_point"],
            prompt=prompt,
            tests=reference["tests"],
        )
        return Verdict(said.status, None if said.passed is None else float(said.passed), said.detail)

    def close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
