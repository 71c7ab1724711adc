"""The blind filter with models that are loaded from weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalhub.backends.opening import open_backend
from evalhub.live.blind import blind
from evalhub.live.guesses import Rules
from ingest.questions.write import questions_of
from tests.backends.embedded import converted
from tests.engine.models import make
from tests.live.made import question
from tests.questions import papers


@pytest.mark.slow
def test_a_tiny_model_is_asked_by_likelihood(tmp_path: Path) -> None:
    """In words it would answer nothing that names an option. What it has no room for is missing."""
    made = [question(place, "red", "green", "blue", key="red") for place in range(3)]
    long = question(3, "red", "green", "blue", key="red", prompt="Which curve? " * 50)
    backend = open_backend(str(make(tmp_path / "tiny", "llama", chat=False)), dtype="float32")
    try:
        result = blind([*made, long], [backend], Rules(runs=3, fresh=1))
    finally:
        backend.close()
    (finding,) = result.findings
    assert (finding.tried, finding.undecided) == (4, 1)
    assert long in result.kept


@pytest.mark.slow
def test_the_embedded_model_answers_blind() -> None:
    """Every run counts, and no more goes than it prefers; a number that everybody knows goes, another stays."""
    converted("float32")
    table = papers.table(papers.FILTERS, caption="Filters.")
    made = questions_of(papers.paper(table), source="live:test").questions
    known = [
        question(0, key="7", prompt="How many days has a week?"),
        question(1, key="86.3", prompt="What is the F1 of the parser?"),
    ]
    rules = Rules(runs=3, fresh=1)
    backend = open_backend("smollm2-135m", dtype="float32")
    try:
        result = blind([*[one for one in made if one.sample.choices][:3], *known], [backend], rules)
    finally:
        backend.close()
    (finding,) = result.findings
    assert (finding.solver, finding.tried, finding.undecided) == ("smollm2-135m", 5, 0)
    assert known[0] in [gone.question for gone in result.removed] and known[1] in result.kept
    assert len(result.removed) <= finding.preferred
    assert [(one.kind, one.missing, one.chance) for one in result.standings] == [
        ("choice", 0, 0.25),
        ("numeric", 0, 0.1),
    ]
