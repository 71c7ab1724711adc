"""A frozen release, checked: its programs give its answers again, and its hash is that of what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalhub.live.release import release_id
from evalhub.store.hub import Hub
from evalhub.store.releases import proofs, release
from evalhub.store.samples import load_samples
from ingest.questions.question import WRITTEN, answer_of


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
    """Why an answer is not the one that was frozen, by sample id."""

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
    """Run the programs of a release again.

    Raises:
        EvalhubError: there is no such release.
    """
    frozen, proven = release(hub, name), proofs(hub, name)
    references = {
        one.sample_id: one.reference for one in load_samples(hub, [sample_id for sample_id, _ in proven])
    }
    faults: dict[str, str] = {}
    programs = 0
    for sample_id, proof in proven:
        if proof["program"]["op"] == WRITTEN:
            continue  # by a model: there is nothing to run
        programs += 1
        try:
            answer = answer_of(proof["program"], proof["content"]).text
        except ValueError as error:
            faults[sample_id] = f"its program does not run: {error}"
            continue
        if answer != references[sample_id]:
            faults[sample_id] = f"its program gives {answer}, frozen is {references[sample_id]}"
    return Checked(frozen_id=frozen.release_id, release_id=release_id(proven), programs=programs, faults=faults)
