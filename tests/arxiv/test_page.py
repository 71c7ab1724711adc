"""docs/arxiv.md: its Python and its list run, its command is taken, its tables are the code's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from ingest.arxiv import collect
from ingest.arxiv.replay.__main__ import main
from ingest.arxiv.replay.faults import Kind, read_fault
from ingest.arxiv.replay.papers import LIST
from ingest.arxiv.replay.server import Replay
from tests.arxiv.replays import folder_of

PAGE = (Path(__file__).parents[2] / "docs/arxiv.md").read_text("utf-8")


def test_the_python_runs_on_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    (line,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    folder = folder_of(tmp_path / "papers")
    (folder / "source").rename(folder / "latex")
    (folder / LIST).write_text(line)
    monkeypatch.chdir(tmp_path)
    with Replay(folder) as replay:
        monkeypatch.setenv("EVALHUB_ARXIV", replay.url)
        exec(code, {})
    said = capsys.readouterr().out.splitlines()
    assert said == ["arXiv:2601.00001 v1 CC-BY-4.0 arxiv/replay/papers/2601.00001v1/source.tar.gz", "{}"]


def test_the_command_is_taken() -> None:
    (line,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    python, option, module, *words = shlex.split(line)
    assert (python, option, module) == ("python", "-m", "ingest.arxiv.replay")
    with main.make_context("replay", words) as context:
        assert [read_fault(text).kind for text in context.params["faults"]] == ["busy", "half"]


def test_every_reason_and_every_fault_is_explained() -> None:
    reasons = {value for name, value in vars(collect).items() if name.isupper() and isinstance(value, str)}
    assert len(reasons) == 9
    assert all(f"`{reason}`" in PAGE for reason in reasons)
    assert all(f"`{kind}`" in PAGE for kind in get_args(Kind))
