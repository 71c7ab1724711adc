"""docs/questions.md: its example gives what it says, and its tables are the code's."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

from ingest.questions import checks, figure_program, program
from ingest.questions.checks import CHECKS
from ingest.questions.question import answer_of
from ingest.questions.write import questions_of
from tests.questions.papers import usual

PAGE = (Path(__file__).parents[2] / "docs/questions.md").read_text("utf-8")


def test_the_worked_example() -> None:
    content, ran = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.S))
    (given,) = re.findall(r"```text\n(.*?)\n```", PAGE, re.S)
    assert answer_of(ran, content).text == given


def test_the_code_at_the_top_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names = {"paper": usual()}
    exec(code, names)
    assert names["questions"] == checks.checked(questions_of(usual(), source="live").questions).kept


def test_every_operation_is_told_with_its_arguments() -> None:
    told = re.findall(r"^\| `([\w ]+)` \| ([^|]*)\| [^|]+ \|$", PAGE, re.M)
    operations = {**program.OPERATIONS, **figure_program.OPERATIONS}
    found = {name: re.findall(r"`(\w+)`", arguments) for name, arguments in told if name in operations}
    assert found == {name: [*inspect.signature(one).parameters][1:] for name, one in operations.items()}


def test_every_filter_is_told() -> None:
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", PAGE, re.M)
    assert [name for name in told if hasattr(checks, name)] == [check.__name__ for check in CHECKS]
