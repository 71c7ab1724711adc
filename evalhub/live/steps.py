"""Stages of a refresh, one after the other: each is recorded, and one that is done is not run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evalhub.store.hub import Hub
from evalhub.store.refresh_stages import begin, end, stages

Step = Callable[[], Mapping[str, Any]]
"""Does a stage, and returns what it did, in numbers."""


class Steps:
    """Runs stages of one release.

    Args:
        heard: is told of each stage as it begins, and with its counts as it ends.
    """

    def __init__(self, hub: Hub, release: str, heard: Callable[[str, Mapping[str, Any] | None], None]) -> None:
        self._hub = hub
        self._release = release
        self._heard = heard

    @property
    def counts(self) -> dict[str, Any]:
        """What the stages that are done did, by stage."""
        return {one.stage: dict(one.counts) for one in stages(self._hub, self._release) if one.status == "done"}

    def run(self, stage: str, step: Step) -> None:
        """Run a stage that is not done.

        Raises:
            Exception: whatever ended it, which is recorded as why it failed.
        """
        done = self.counts
        if stage in done:
            self._heard(stage, done[stage])
            return
        begin(self._hub, self._release, stage)
        self._heard(stage, None)
        try:
            counts = step()
        except Exception as error:
            end(self._hub, self._release, stage, "failed", {"why": " ".join(str(error).split())})
            raise
        end(self._hub, self._release, stage, "done", counts)
        self._heard(stage, counts)
