"""reasoning-gym: generators of reasoning problems with verifiers, fresh ones for every seed.

Stojanovski et al. 2025, "Reasoning Gym: Reasoning Environments for Reinforcement Learning with Verifiable
Rewards" (arXiv 2505.24760).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ingest.records import Condition, Sample
from ingest.source import SourceError

STARTER = (
    "basic_arithmetic",
    "chain_sum",
    "gcd",
    "lcm",
    "leg_counting",
    "number_sequence",
    "prime_factorization",
    "products",
)
"""The starter mix: generators on which a model of 135M parameters passes sometimes, and by no guess."""

_EASY: dict[str, dict[str, Any]] = {
    "basic_arithmetic": {"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1},
    "chain_sum": {"min_terms": 2, "max_terms": 3, "min_digits": 1, "max_digits": 2},
    "gcd": {"min_value": 1, "max_value": 100},
    "lcm": {"min_value": 1, "max_value": 20},
    "leg_counting": {"min_animals": 1, "max_animals": 2, "min_instances": 1, "max_instances": 6},
    "number_sequence": {"max_complexity": 1},
    "prime_factorization": {"min_value": 2, "max_value": 100},
    "products": {"min_digits": 1, "max_digits": 2},
}
"""Settings of the starter mix: easy, yet with far more items than are drawn. Others keep their defaults."""

_EXAMPLES = 4
_EXAMPLE_SEED = 1_000_003
"""Worked examples come from a stream of their own and never appear as samples."""

_TRIES = 50
"""A generator that gives nothing new this many times over has run dry."""


class ReasoningGym:
    """Problems by named generators; the same seed gives the same problems, a new seed a fresh slice."""

    summary = "generated reasoning problems, a fresh slice for every seed (Stojanovski et al. 2025)"

    def samples(
        self,
        *,
        seed: int = 0,
        size: int = 12,
        generators: tuple[str, ...] = STARTER,
        limit: int | None = None,
    ) -> Iterator[Sample]:
        """Yield `size` distinct problems of each generator.

        Args:
            seed: names the slice.
            size: problems of each generator.
            generators: reasoning-gym's names for them.
            limit: at most so many in all.
        """
        if size < 1:
            raise SourceError("size must be 1 or more")
        try:
            import reasoning_gym
        except ImportError as error:
            raise SourceError("reasoning-gym is not installed: pip install reasoning-gym") from error
        for name in generators:
            if name not in reasoning_gym.factory.DATASETS:
                raise SourceError(
                    f"reasoning-gym has no generator '{name}'; some that it has: {', '.join(STARTER)}"
                )
        count = 0
        for name in generators:
            examples = _entries(name, _EXAMPLE_SEED, _EXAMPLES, set())
            condition = _condition(examples)
            for entry in _entries(name, _apart(seed), size, {_question(example) for example in examples}):
                if count == limit:
                    return
                count += 1
                yield Sample(
                    source="reasoning-gym",
                    source_id=f"{name}/{seed}/{entry['metadata']['source_index']}",
                    prompt=_question(entry),
                    reference=_reference(entry),
                    grader="reasoning-gym",
                    condition=condition,
                    tags=(name,),
                    licence="Apache-2.0",
                )


def _apart(seed: int) -> int:
    """A seed for reasoning-gym, far from that of the next one (multiplicative hashing; 0 stays 0).

    Its item i of seed s is item i - 1 of seed s + 1, so neighbouring seeds would share all items but one.
    """
    return seed * 1_327_217_885 % 2**31


def _entries(name: str, seed: int, size: int, taken: set[str]) -> list[dict[str, Any]]:
    """The first `size` distinct entries of a generator whose questions are not taken."""
    import reasoning_gym

    dataset = reasoning_gym.create_dataset(name, seed=seed, size=size * _TRIES, **_EASY.get(name, {}))
    entries: dict[str, dict[str, Any]] = {}
    for index in range(size * _TRIES):
        entry = dataset[index]
        if _question(entry) not in taken:
            entries.setdefault(_question(entry), entry)
        if len(entries) == size:
            break
    return list(entries.values())


def _question(entry: dict[str, Any]) -> str:
    return str(entry["question"]).strip()


def _reference(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry as its verifier needs it, without its place in the slice: equal items are one sample."""
    plain: dict[str, Any] = json.loads(json.dumps(entry, default=str))
    del plain["metadata"]["source_index"]
    return plain


def _condition(examples: list[dict[str, Any]]) -> Condition:
    """Worked examples in plain Question/Answer form; asked for the bare answer a small model gives none."""
    worked = "".join(f"Question: {_question(example)}\nAnswer: {example['answer']}\n\n" for example in examples)
    return Condition(
        form="plain",
        preamble=worked,
        template="Question: {prompt}\nAnswer:",
        temperature=0.6,
        top_p=0.95,
        max_tokens=48,
        stop=("\n",),
    )
