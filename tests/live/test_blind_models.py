"""The blind filter with models that are loaded from weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evalhub.backends.opening import open_backend
from evalhub.live.blind import blind
from evalhub.live.guesses import Rules
from ingest.questions.write import questions_of
from tests.backends.embedded import converted
from tests.engine.models import make
from tests.questions import papers


@pytest.mark.slow
def test_a_tiny_model_is_asked_by_likelihood(tmp_path: Path) -> None:
    """The options stand in the prompt, each is scored; half of the questions suffice here."""
    made = [one for one in questions_of(papers.usual(), source="live:test").questions if one.sample.choices][:6]
    short = [replace(one, content={}) for one in made]
    backend = open_backend(str(make(tmp_path / "tiny", "llama", chat=False)), dtype="float32")
    try:
        result = blind(short, [backend], Rules(runs=3, fresh=1, level=0.2))
    finally:
        backend.close()
    assert result.findings[0].tried == 6 and result.findings[0].undecided < 6
    assert len(result.kept) + len(result.removed) == 6


@pytest.mark.slow
def test_the_embedded_model_answers_blind() -> None:
    """All that it is asked, by likelihood and in words; at most as many go as it prefers."""
    converted("float32")
    made = questions_of(papers.paper(papers.table(papers.FILTERS)), source="live:test").questions
    chosen = [one for one in made if one.sample.choices][:3] + [one for one in made if not one.sample.choices][:1]
    backend = open_backend("smollm2-135m", dtype="float32")
    try:
        result = blind(chosen, [backend], Rules(runs=4, fresh=1, level=0.1))
    finally:
        backend.close()
    finding = result.findings[0]
    assert (finding.solver, finding.tried) == ("smollm2-135m", 4)
    assert len(result.removed) <= finding.preferred
    assert all(0 <= one.low <= one.accuracy <= one.high <= 1 and not one.missing for one in result.standings[:1])
