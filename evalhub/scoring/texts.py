"""Long texts of a run: each is scored once, and neither passes nor fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evalhub.backends.base import Backend, Output
from evalhub.graders.likelihood import write_scores
from evalhub.scoring.likelihood import is_text
from evalhub.scoring.prompt import request
from evalhub.store.attempts import add_attempts, load_attempts
from evalhub.store.hub import Hub
from ingest.records import Attempt, Condition, Sample, Status, content_hash

_WAIT = 0.5
"""Seconds between looks at whether the user wants no more."""


def take_texts(samples: dict[str, Sample]) -> dict[str, Sample]:
    """Take the long texts out of a run's samples."""
    return {sample_id: samples.pop(sample_id) for sample_id in list(samples) if is_text(samples[sample_id])}


class Texts:
    """Scores texts that have not been scored.

    Args:
        samples: the texts, by id.
        conditions: of each, by id.

    Attributes:
        failed: why texts could not be scored, and how many.
    """

    def __init__(
        self,
        hub: Hub,
        backend: Backend,
        samples: Mapping[str, Sample],
        conditions: Mapping[str, Condition],
        seed: int,
    ) -> None:
        self.samples = samples
        self.failed: dict[str, int] = {}
        self._hub, self._backend, self._conditions, self._seed = hub, backend, conditions, seed

    def rule(self) -> dict[str, Any]:
        """What they add to a run's identity."""
        asked = sorted((sample_id, self._conditions[sample_id].condition_id) for sample_id in self.samples)
        return {"texts": content_hash(asked)} if asked else {}

    def until_done(self, stopped: Callable[[], bool]) -> bool:
        """Score them. Returns whether nobody stopped it."""
        model_id = self._backend.model.model_id
        known = {sample_id: self._conditions[sample_id].condition_id for sample_id in self.samples}
        there = {kept.sample_id for kept in load_attempts(self._hub, model_id, self._seed, known)}
        left = [sample for sample_id, sample in self.samples.items() if sample_id not in there]
        flying = 0
        while left or flying:
            if stopped():
                return False
            room = self._backend.capacity - flying
            asked, left = left[:room], left[room:]
            self._backend.submit(
                [request(sample, self._conditions[sample.sample_id], self._seed, 0) for sample in asked]
            )
            outputs = self._backend.collect(_WAIT)
            flying += len(asked) - len(outputs)
            for output in outputs:
                if output.status is not Status.OK:
                    self.failed[output.text] = self.failed.get(output.text, 0) + 1
            if outputs:
                add_attempts(self._hub, attempts_of(outputs, model_id, self._conditions, self._seed))
        return True


def attempts_of(
    outputs: Iterable[Output], model_id: str, conditions: Mapping[str, Condition], seed: int
) -> list[Attempt]:
    """Outputs as attempts to keep; scores are written down as their text.

    Args:
        conditions: of each sample, by id.
    """
    return [
        Attempt(
            model_id=model_id,
            condition_id=conditions[output.request.sample_id].condition_id,
            seed=seed,
            sample_id=output.request.sample_id,
            attempt=output.request.attempt,
            status=output.status,
            output=write_scores(output.scores) if output.scores else output.text,
            tokens=output.tokens,
            seconds=output.seconds,
            prompt_tokens=output.prompt_tokens,
            cost=output.cost,
        )
        for output in outputs
    ]
