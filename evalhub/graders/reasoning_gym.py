"""reasoning-gym's own verifiers."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from evalhub.graders.base import judged
from ingest.records import Sample, Verdict


class ReasoningGymGrader:
    """Asks the generator that made the item; only its full score is a pass."""

    @property
    def version(self) -> str:
        """That of the library: its verifiers are mended now and then."""
        try:
            return f"reasoning-gym {version('reasoning-gym')}"
        except PackageNotFoundError:
            return "1"

    def refuses(self) -> str:
        try:
            import reasoning_gym  # noqa: F401
        except ImportError:
            return "install reasoning-gym to grade its items: pip install reasoning-gym"
        return ""

    def grade(self, sample: Sample, text: str) -> Verdict:
        entry: Any = sample.reference
        try:
            score = _score(text.strip(), entry)
        except Exception as error:  # many verifiers raise on what they cannot read, each in its own way
            if _score(entry["answer"], entry) < 1.0:
                raise
            return judged(False, f"unreadable to its verifier ({type(error).__name__})")
        return judged(score >= 1.0, "" if score in (0.0, 1.0) else f"partial score {score:.2f}")

    def close(self) -> None:
        pass


def _score(answer: str, entry: dict[str, Any]) -> float:
    return float(_verifier(entry["metadata"]["source_dataset"]).score_answer(answer, entry))


@cache
def _verifier(name: str) -> Any:
    import reasoning_gym

    return reasoning_gym.create_dataset(name, size=1, seed=0)
