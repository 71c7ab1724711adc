"""`evalhub density`: files and the hub, the ladder and what is outside it, and calls that cannot be answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.cli.helpers import evalhub, written

RATES = {"ref-s": 0.1, "ref-m": 0.4, "ref-l": 0.7, "twin": 0.4, "top": 0.95}
SIZES = {"ref-s": "100M", "ref-m": "1B", "ref-l": "10B", "twin": "2B", "top": "20B"}


def rows(samples: int = 100) -> pl.DataFrame:
    """The twin is right where the ladder's middle model is."""
    places = np.random.default_rng(0).permutation(samples)
    return pl.DataFrame(
        [
            (model, f"s{sample}", float(places[sample] < rate * samples))
            for model, rate in RATES.items()
            for sample in range(samples)
        ],
        schema=["model", "sample", "value"],
        orient="row",
    )


def sized(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(parameters=pl.col("model").replace(SIZES))


def test_of_a_file(tmp_path: Path) -> None:
    path = written(sized(rows()), tmp_path / "rows.csv")
    found = evalhub("density", path, "--ladder", "ref-*", "--json").json
    assert [rung["model"] for rung in found["ladder"]] == ["ref-s", "ref-m", "ref-l"]
    twin, top = found["models"]
    assert twin["model"] == "twin" and twin["density"] == pytest.approx(0.5) and twin["low"] < 0.5 < twin["high"]
    assert (top["place"], top["density"], top["low"], top["high"]) == ("above", None, pytest.approx(0.5), None)
    shown = evalhub("density", path, "--ladder", "ref-*", "--plot", tmp_path / "out.svg").out
    lines = [line.removeprefix("· ").split()[0] for line in shown.splitlines()[3:8]]
    assert lines[:2] == ["top", "ref-l"] and {*lines[2:4]} == {"ref-m", "twin"} and lines[4] == "ref-s"
    assert (tmp_path / "out.svg").read_text().startswith("<svg")


def test_over_time_models_have_their_names_and_dates_their_years(tmp_path: Path) -> None:
    dated = sized(rows()).with_columns(released=pl.col("model").replace({"twin": "2023-05-01"}))
    others = [
        dated.filter(model="twin").with_columns(
            model=pl.lit(f"organization/A-Model-With-A-Long-Name-{month:02}"),
            released=pl.lit(f"2024-{month:02}-01"),
            parameters=pl.lit(f"{size}B"),
        )
        for month, size in enumerate([4, 1.5, *[4] * 10], 1)
    ]
    dates = pl.when(pl.col("model").is_in(["twin"]) | pl.col("model").str.starts_with("org")).then("released")
    some, many = (
        written(pl.concat([dated, *others[:count]]).with_columns(released=dates), tmp_path / f"{count}.csv")
        for count in (2, 12)
    )
    long = "organization/A-Model-With-A-Long-Name-01"
    shown = evalhub("density", some, "--ladder", "ref-*", "--plot", tmp_path / "some.svg").out
    assert any(line.startswith(long + " ") for line in shown.splitlines()) and "active" not in shown
    drawn = (tmp_path / "some.svg").read_text()
    assert long in drawn and ">twin<" in drawn and ">2024-0" in drawn
    evalhub("density", many, "--ladder", "ref-*", "--plot", tmp_path / "many.svg")
    drawn = (tmp_path / "many.svg").read_text()
    assert f">{long}<" not in drawn and f">{long[:-1]}2<" in drawn and "denser than all before" in drawn


def test_counts_sizes_in_words_and_means(tmp_path: Path) -> None:
    means = rows().group_by("model", maintain_order=True).agg(passes=pl.col("value").sum(), attempts=pl.len())
    sizes = ",".join(f"{model}={size}" for model, size in SIZES.items())
    path = written(means, tmp_path / "means.jsonl")
    found = evalhub("density", path, "--ladder", "ref-*", "--sizes", sizes, "--json").json
    assert found["samples"] == 0 and found["models"][0]["density"] == pytest.approx(0.5)
    assert found["models"][0]["low"] is None
    assert "without intervals" in evalhub("density", path, "--ladder", "ref-*", "--sizes", sizes).out


def test_of_the_hub(hub_path: Path, tmp_path: Path) -> None:
    """With sizes that it was told, and the ladder that it keeps."""
    evalhub("import", written(rows(), tmp_path / "r.parquet"), "--source", "exam", "--hub", hub_path)
    for model, size in SIZES.items():
        evalhub("model", "set", model, "--parameters", size, "--hub", hub_path)
    evalhub("model", "set", "twin", "--active", "500M", "--hub", hub_path)
    assert evalhub("density", "--hub", hub_path).code == 2, "no ladder is named"
    (hub_path / "efficiency.toml").write_text('ladder = ["ref-*"]\n')
    twin = evalhub("density", "--source", "exam", "--json", "--hub", hub_path).json["models"][0]
    assert (twin["density"], twin["active_density"]) == (pytest.approx(0.5), pytest.approx(2))
    (hub_path / "efficiency.toml").write_text("lader = []\n")
    assert "unknown setting 'lader'" in evalhub("density", "--hub", hub_path).line


@pytest.mark.parametrize(
    ("frame", "ladder", "said"),
    [
        (sized(rows()), "none-*", "names none of the models"),
        (sized(rows()), "*", "all models are of the ladder"),
        (sized(rows()), "ref-[sm]", "3 sizes"),
        (rows(), "ref-*", "size of each model"),
        (sized(rows()).with_columns(released=pl.lit("May")), "ref-*", "'May' in the column released is no date"),
        (sized(rows()).with_columns(value=pl.col("value") * 3), "ref-*", "between 0 and 1"),
        (sized(rows()).with_columns(active=pl.lit(0)), "ref-*", "0 in the column active is no number of weights"),
        (pl.concat([sized(rows()), sized(rows())]), "ref-*", "several rows"),
    ],
)
def test_what_cannot_be_answered_is_one_line(frame: pl.DataFrame, ladder: str, said: str, tmp_path: Path) -> None:
    assert said in evalhub("density", written(frame, tmp_path / "rows.parquet"), "--ladder", ladder).line


def test_a_size_of_no_model_is_refused(tmp_path: Path) -> None:
    path = written(sized(rows()), tmp_path / "rows.csv")
    done = evalhub("density", path, "--ladder", "ref-*", "--sizes", "nosuch=7B")
    assert done.code == 1 and "--sizes nosuch: no such model here" in done.err and done.err.count("\n") == 1
