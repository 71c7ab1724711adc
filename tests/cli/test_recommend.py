"""`evalhub recommend`: the best of those that may be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.cli.helpers import evalhub

RATES = {"large": (0.9, 0.8), "small": (0.7, 0.2), "other": (0.2, 0.7), "nameless": (0.95, 0.9)}


@pytest.fixture
def measured(hub_path: Path, tmp_path: Path) -> Path:
    """Four models on 80 samples with two tags, three of them of known size; and chance."""
    rng = np.random.default_rng(0)
    rows = [
        (model, f"s{sample}", float(rng.random() < rates[sample % 2]), ("algebra", "history")[sample % 2])
        for model, rates in RATES.items()
        for sample in range(80)
    ]
    table = tmp_path / "rows.parquet"
    pl.DataFrame(rows, schema=["model", "sample", "value", "tag"], orient="row").write_parquet(table)
    assert evalhub("import", table, "--source", "exam", "--hub", hub_path).code in (0, None)
    for model, size in (("large", "70B"), ("small", "7B"), ("other", "8B")):
        evalhub("model", "set", model, "--parameters", size, "--hub", hub_path)
    return hub_path


def test_the_best_that_is_small_enough(measured: Path) -> None:
    found = evalhub("recommend", "--json", "--hub", measured).json
    assert found["candidates"][0]["model"] == "nameless" and found["samples"] == 80
    found = evalhub("recommend", "--max-params", "8e9", "--json", "--hub", measured).json
    assert {one["model"] for one in found["candidates"]} == {"small", "other"}
    assert found["refused"] == {"large": "too large", "nameless": "its size is unknown"}
    assert found["parameters"] == {"small": 7 * 10**9, "other": 8 * 10**9}
    pair = found["pair"]
    assert {pair["first"], pair["second"]} == {"small", "other"} and pair["low"] > 0
    shown = evalhub("recommend", "--max-params", "8B", "--hub", measured).out
    assert "two together" in shown and "not used, too large: large" in shown


def test_the_need_is_what_samples_stand_for_it(measured: Path) -> None:
    call = ("recommend", "--max-params", "8B", "--json", "--hub", measured)
    assert evalhub(*call, "--where", "subject = 'history'").json["candidates"][0]["model"] == "other"
    assert evalhub(*call, "--where", "subject = 'algebra'").json["candidates"][0]["model"] == "small"


def test_unknown_costs_are_not_cheap(measured: Path) -> None:
    done = evalhub("recommend", "--max-cost", "1", "--hub", measured)
    assert done.code == 1 and "its cost is unknown" in done.err and done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--where", "subject = 'law'"), "no sample"),
        (("--bench", "none"), "none"),
        (("--max-params", "1M"), "no model is left"),
    ],
)
def test_nothing_to_choose_from_is_one_line(options: tuple[str, ...], said: str, measured: Path) -> None:
    done = evalhub("recommend", *options, "--hub", measured)
    assert done.code == 1 and said in done.err and done.err.count("\n") == 1
