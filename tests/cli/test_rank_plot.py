"""`evalhub rank --plot OUT`."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from aggregate.measurements import Measurements
from aggregate.methods.mean import Mean
from aggregate.win_rates import win_rates
from evalhub.ranking_plot import ranking_plot
from tests.cli.helpers import evalhub, written

HOSTILE = "</script><script>alert('x')</script>\x1b[31m"
FRAME = pl.DataFrame(
    [
        {"model": model, "sample": f"s{i}", "value": float(i % 10 < passed)}
        for model, passed, seen in (("good", 8, 40), (HOSTILE, 5, 40), ("rare", 5, 8))
        for i in range(seen)
    ]
)


def test_a_picture_of_every_format(tmp_path: Path) -> None:
    """Whole, with every model in it, beside what is printed anyway."""
    path = written(FRAME, tmp_path / "t.parquet")
    for suffix in (".svg", ".png", ".html", ".SVG"):
        done = evalhub("rank", path, "--method", "mean", "--plot", tmp_path / f"out{suffix}", "--json")
        assert done.code == 0 and done.json["models"], done.err
    shown = "".join(ElementTree.parse(tmp_path / "out.svg").getroot().itertext())
    assert "good" in shown and "rare" in shown and "alert('x')" in shown and "\x1b" not in shown
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob(".plot-*"))


def test_a_page_needs_no_network_and_runs_no_name(tmp_path: Path) -> None:
    path = written(FRAME, tmp_path / "t.parquet")
    evalhub("rank", path, "--method", "mean", "--plot", tmp_path / "out.html")
    page = (tmp_path / "out.html").read_text("utf-8")
    assert "<script>alert" not in page and "<script src" not in page and 'src="http' not in page


def test_rank_ranges_ties_thin_coverage_and_shared_samples_are_drawn() -> None:
    m = Measurements.from_frame(FRAME.with_columns(pl.col("model").replace(HOSTILE, "fair")))
    chart = ranking_plot(Mean()(m), m.models, win_rates(m)).to_dict()
    intervals, heat = chart["hconcat"]
    rows = {row["model"]: row for layer in intervals["layer"] for row in layer["data"]["values"] if "ranks" in row}
    assert rows["rare"]["note"] == "20% of samples" and rows["good"]["note"] == ""
    assert rows["good"]["ranks"].startswith("1")
    cells = {(cell["row"], cell["column"]): cell for cell in heat["data"]["values"]}
    assert len(cells) == 6
    assert (cells["good", "fair"]["rate"], cells["good", "fair"]["shared"]) == (0.65, 40)
    assert cells["good", "rare"]["thin"] and not cells["fair", "good"]["thin"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.pdf", "give a file that ends in .svg, .png, .html"),
        ("absent/out.svg", "there is no folder"),
        ("folder.svg", "is a folder"),
        ("/proc/out.svg", "cannot be written"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path: Path, name: str, message: str) -> None:
    """Even before the input is looked at."""
    (tmp_path / "folder.svg").mkdir()
    done = evalhub("rank", tmp_path / "absent.csv", "--plot", tmp_path / name)
    assert message in done.line and "--plot" in done.line
