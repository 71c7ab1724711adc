"""docs/bench.md: its commands and its Python run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalhub.benchmarks.benchmark import freeze
from evalhub.cli.bench import command
from evalhub.errors import EvalhubError
from evalhub.probes.encoder import MiniLM
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from tests.bench.found import found
from tests.docs.shell import output_here
from tests.exports.hubs import measure, questions

PAGE = (Path(__file__).parents[2] / "docs/bench.md").read_text()
LINES = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S)).splitlines()


@pytest.mark.slow
def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        MiniLM()
    except EvalhubError as error:
        pytest.skip(f"no text encoder here: {error}")
    for line in LINES:
        assert output_here(line, tmp_path, monkeypatch).strip(), line


def test_every_command_is_shown() -> None:
    for name in command.commands:
        assert any(line.startswith(f"evalhub bench {name}") for line in LINES), name


def test_the_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    samples = questions(6)
    with Hub(tmp_path / "my-hub") as hub:
        add_samples(hub, samples)
        measure(hub, "a", samples, 0)
        measure(hub, "b", samples, 0, draw=1)
        freeze(hub, "lists", found(samples))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(code, {})
    assert capsys.readouterr().out.startswith("lists@1 (")
