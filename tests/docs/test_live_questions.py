"""docs/live-questions.md: its code runs, its settings are read, its figures are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scipy import stats

from evalhub.live.blind import false_alarm
from evalhub.live.guesses import Rules, least
from evalhub.live.settings import FILE, read_settings
from evalhub.live.structured import LONGEST
from evalhub.live.verifier import Quorum
from ingest.questions.write import questions_of
from tests.questions.papers import MODELS, paper, table

PAGE = (Path(__file__).parents[2] / "docs/live-questions.md").read_text("utf-8")


def test_the_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """With the solver that needs no weights in the embedded one's place."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names = {"questions": questions_of(paper(table(MODELS)), source="live").questions}
    exec(code.replace("smollm2-135m", "baseline:random"), names)
    assert "'solver': 'baseline:random'" in capsys.readouterr().out


def test_the_settings_are_read(tmp_path: Path) -> None:
    (lines,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    (tmp_path / FILE).write_text(lines)
    settings = read_settings(tmp_path)
    assert settings.writers == settings.verifiers and len(settings.writers) == 2
    assert settings.solvers == ("smollm2-135m",)


def test_rates_and_limits_are_the_codes() -> None:
    rules, quorum = Rules(), Quorum()
    bound, numbers = (least(rules.runs, chance, rules.level) for chance in (0.25, rules.numeric_chance))

    def seen(share: float) -> float:
        return float(stats.binom.sf(bound - 1, rules.runs, share))

    told = (
        f"up to {rules.runs} times",
        f"at {rules.level:.2f}, so {bound} of {rules.runs} with",
        f"of a question with probability {false_alarm(0.25, rules):.3f}",
        f"is seen with probability {seen(0.9):.2f}, three of four {seen(0.75):.2f}",
        f"which is given {rules.numeric_chance:.2f}, allows ({numbers} of {rules.runs})",
        f"from {rules.fresh} fresh runs",
        f"longer than {LONGEST:,} characters",
        f"in each of {quorum.runs} runs",
        f"where {quorum.need} runs give the key",
        f"agrees with probability {quorum.by_luck(4):.3f} (3 of 3: {Quorum(need=3).by_luck(4):.3f},",
    )
    for words in told:
        assert words.replace(" 0.", " .") in PAGE
