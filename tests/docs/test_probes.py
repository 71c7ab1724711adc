"""docs/probes.md: its commands and its Python run."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from evalhub.errors import EvalhubError
from evalhub.probes.encoder import MiniLM
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from tests.docs.shell import output_here
from tests.probes.conftest import topic_samples

PAGE = (Path(__file__).parents[2] / "docs/probes.md").read_text()


@pytest.fixture(scope="module", autouse=True)
def there() -> None:
    """The text encoder, which needs a network once."""
    try:
        MiniLM()
    except EvalhubError as error:
        pytest.skip(f"no text encoder here: {error}")


@pytest.mark.slow
def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S)).splitlines()
    assert len(lines) == 4
    for line in lines:
        output_here(line, tmp_path, monkeypatch)


@pytest.mark.slow
def test_the_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Hub(tmp_path / "my-hub") as hub:
        add_samples(hub, topic_samples(10))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(code, {})
    precision = float(capsys.readouterr().out)
    assert math.isnan(precision) or 0.9 <= precision <= 1
