"""The commands of docs/sources.md run one after the other, in a shell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.shell import output_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/sources.md").read_text()
DATA = ROOT.parent / "shared/data/samples"


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data/samples")
def test_commands_run(tmp_path: Path) -> None:
    """In an empty hub."""
    pytest.importorskip("lm_eval", reason='lm-eval is not installed: pip install "evalhub[lm-eval]"')
    script = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S))
    there = f"DATA=../{DATA.relative_to(ROOT.parent)}\n"
    assert script.startswith(there)
    hub, cache = tmp_path / "hub", tmp_path / "cache"
    said = output_of(script.removeprefix(there), tmp_path, EVALHUB_HOME=hub, DATA=DATA, HF_DATASETS_CACHE=cache)
    told = re.findall(r"([\d,]+) samples, ([\d,]+) added", said)
    assert told == [("1,319", "1,319"), ("20", "20"), ("20", "20")]


def test_all_options_are_explained() -> None:
    """Of both sources."""
    from typing import get_type_hints

    from ingest.sources.hf import HuggingFace
    from ingest.sources.lm_eval import LmEval

    for source in (HuggingFace, LmEval):
        for name in get_type_hints(source.samples).keys() - {"return", "path", "limit"}:
            assert f"`{name}`" in PAGE, name
