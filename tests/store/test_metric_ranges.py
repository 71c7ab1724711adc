"""Between which ends a metric's values lie: as the import was told, or as is known of its name."""

from __future__ import annotations

from pathlib import Path

from evalhub.store.hub import Hub
from evalhub.store.metric_ranges import metric_ranges
from tests.cli.helpers import evalhub


def brought(hub_path: Path, tmp_path: Path, text: str, *metric: str) -> dict[str, tuple[float, float]]:
    (tmp_path / "t.csv").write_text(text)
    assert evalhub("import", tmp_path / "t.csv", *metric, "--hub", hub_path).code == 0
    with Hub(hub_path) as hub:
        return metric_ranges(hub)


def test_a_range_that_was_told(hub_path: Path, tmp_path: Path) -> None:
    text = "model,sample,marks\na,1,7\nb,1,9.5\n"
    told = ("--columns", "value=marks", "--metric", "up:0:10")
    assert brought(hub_path, tmp_path, text, *told) == {"marks": (0, 10)}


def test_one_end_may_be_known(hub_path: Path, tmp_path: Path) -> None:
    text = "model,sample,value,metric\na,1,7.5,perplexity\nb,1,90,perplexity\n"
    assert list(brought(hub_path, tmp_path, text).values()) == [(0, float("inf"))]
    ranking = evalhub("rank", "--method", "mean", "--json", "--hub", hub_path).json
    assert all(row["low"] is None or row["low"] >= 0 for row in ranking["models"])


def test_a_range_without_a_name_is_not_that_of_several_metrics(hub_path: Path, tmp_path: Path) -> None:
    text = "model,sample,value,metric\na,1,7.5,zing\nb,1,9,zing\na,1,700,zang\nb,1,90,zang\n"
    told = ("--metric", "up:0:1000", "--metric", "zing=up", "--metric", "zang=up")
    assert brought(hub_path, tmp_path, text, *told) == {}
