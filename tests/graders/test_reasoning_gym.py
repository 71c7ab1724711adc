"""reasoning-gym's own verifiers, for the generators of the starter pool."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalhub import plugins
from ingest.records import Sample
from ingest.sources.reasoning_gym import STARTER, ReasoningGym


@pytest.fixture(scope="module")
def items() -> dict[str, list[Sample]]:
    """Three items of each starter generator."""
    found: dict[str, list[Sample]] = {name: [] for name in STARTER}
    for sample in ReasoningGym().samples(size=3):
        found[sample.tags[0]].append(sample)
    return found


@pytest.mark.parametrize("name", STARTER)
def test_a_generators_own_answer_passes_and_others_fail(items: dict[str, list[Sample]], name: str) -> None:
    """Also with white space around it; an empty answer and a wrong one fail."""
    grader = plugins.make("grader", "reasoning-gym")
    assert grader.refuses() == ""
    for sample in items[name]:
        reference: Any = sample.reference
        answer = str(reference["answer"])
        wrong = f"{answer} × 7" if name == "prime_factorization" else str(int(answer) + 1)
        assert grader.grade(sample, answer).value == 1.0
        assert grader.grade(sample, f" {answer}\n").value == 1.0
        for text in (wrong, "", "I do not know", f"-{answer}1"):
            assert grader.grade(sample, text).value == 0.0, text
    grader.close()


def test_a_verifier_that_fails_on_its_own_answer_is_at_fault(items: dict[str, list[Sample]]) -> None:
    """Then the attempt is missing (the run records the error); an unreadable output alone is wrong."""
    sample = items["prime_factorization"][0]
    reference: Any = sample.reference
    grader = plugins.make("grader", "reasoning-gym")
    assert grader.grade(sample, "I do not know").detail == "unreadable to its verifier (ValueError)"
    broken = replace(sample, reference={**reference, "metadata": {"source_dataset": "nonsense"}})
    with pytest.raises(ValueError, match="nonsense"):
        grader.grade(broken, "7")
