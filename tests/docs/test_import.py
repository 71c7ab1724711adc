"""The commands of docs/import.md, on files of the names that it uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.shell import output_here
from tests.importers.lm_eval_logs import results, sum_row, written

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/import.md").read_text()
TABLES = {
    "results.parquet": None,
    "votes.csv": "left,right,winner\na,b,left\nb,a,tie\n",
    "one_model.csv": "sample,value\n1,1\n2,0\n",
    "percent.csv": "model,sample,accuracy\na,1,85\nb,1,40\n",
}


def lines() -> list[str]:
    blocks = re.findall(r"```text\n(.*?)```", PAGE, re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("evalhub ")]


def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder of lm-eval logs to a ranking, and tables of all kinds."""
    import polars as pl

    for model, passes in (("lab/one", 1.0), ("lab/two", 0.0)):
        rows = [sum_row(number, passes) for number in range(6)]
        counts = {"n-samples": {"sums": {"original": 9, "effective": 6}}}
        folder = model.replace("/", "__")
        about = results(model_name=model, model_name_sanitized=folder, **counts)
        about["results"]["sums"]["exact_match,none"] = passes
        (tmp_path / "lm-eval-logs").mkdir(exist_ok=True)
        written(tmp_path / "lm-eval-logs" / folder, rows, about)
    for name, text in TABLES.items():
        if text:
            (tmp_path / name).write_text(text)
    frame = {"model_name": ["a", "b"], "part": ["x", "x"], "question": [1, 1], "value": [1, 0], "correct": [1, 0]}
    pl.DataFrame(frame).write_parquet(tmp_path / "results.parquet")
    assert len(lines()) >= 5 and lines()[0] in (ROOT / "README.md").read_text()
    for line in lines():
        said = [output_here(command, tmp_path, monkeypatch) for command in line.split(" && ")][-1]
        if line.endswith("evalhub rank"):
            assert "lab/one" in said and "lab/two" in said
