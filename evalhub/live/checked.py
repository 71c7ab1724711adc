"""A frozen release, checked: its programs give its answers again, and its hash is that of what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalhub.live.release import Proven, release_id
from evalhub.store.hub import Hub
from evalhub.store.releases import proofs, release
from evalhub.store.samples import known_by_id, load_samples
from ingest.questions.question import WRITTEN, answer_of
from ingest.records import Sample


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found."""

    frozen_id: str
    """The hash under which the release was frozen."""

    release_id: str
    """The hash of what is there now."""

    programs: int
    """Programs that were run again."""

    faults: Mapping[str, str]
    """What is no longer as it was frozen, by sample id."""

    @property
    def same_hash(self) -> bool:
        """Whether nothing has changed."""
        return self.frozen_id == self.release_id

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "hash": self.release_id,
            "frozen_hash": self.frozen_id,
            "programs": self.programs,
            "faults": dict(self.faults),
        }


def check(hub: Hub, name: str) -> Checked:
    """Compare the samples of a release with their ids, which are hashes of their content, and run its programs
    again.

    Raises:
        EvalhubError: there is no such release.
    """
    frozen, proven = release(hub, name), proofs(hub, name)
    there = list(known_by_id(hub, [one.sample_id for one in proven]))
    samples = dict(zip(there, load_samples(hub, there), strict=True))
    faults = {one.sample_id: fault for one in proven if (fault := _fault(one, samples.get(one.sample_id)))}
    programs = sum(_program(one) is not None for one in proven)
    return Checked(frozen_id=frozen.release_id, release_id=release_id(proven), programs=programs, faults=faults)


def _program(one: Proven) -> dict[str, Any] | None:
    """The program behind a question; None where a model wrote it: then there is nothing to run."""
    program = one.proof.get("program") if isinstance(one.proof, dict) else None
    return None if isinstance(program, dict) and program.get("op") == WRITTEN else program or {}


def _fault(one: Proven, sample: Sample | None) -> str:
    """What is wrong with a question; '' where nothing is."""
    if sample is None:
        return "it is no longer in the pool"
    if sample.sample_id != one.sample_id:
        return "its question, pictures, options, answer or grader is not what was frozen"
    if (program := _program(one)) is None:
        return ""
    try:
        answer = answer_of(program, one.proof["content"]).text
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        return f"its program does not run: {type(error).__name__}: {error}"
    return "" if answer == sample.reference else f"its program gives {answer}, frozen is {sample.reference}"
