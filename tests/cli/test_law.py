"""`evalhub law fit`, on files and on the hub."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.aggregate.laws.families import SIZES, simulated
from tests.cli.helpers import evalhub


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Six models on 30 samples."""
    family, _ = simulated(1, samples=30)
    rows = [
        (model, size, f"s{sample}", int(family.passes[sample, place]), int(family.attempts[sample, place]))
        for place, (model, size) in enumerate(zip(family.models, family.parameters, strict=True))
        for sample in range(len(family.passes))
    ]
    path = tmp_path / "family.parquet"
    pl.DataFrame(rows, schema=["model", "parameters", "sample", "passes", "attempts"], orient="row").write_parquet(
        path
    )
    return path


def means(path: Path, **columns: list[object]) -> Path:
    pl.DataFrame(columns).write_csv(path)
    return path


def test_a_file_of_samples(table: Path, tmp_path: Path) -> None:
    call = ("law", "fit", table, "--predict", "10B", "--resamples", 100)
    (law,) = evalhub(*call, "--json").json["laws"]
    assert law["samples"] == 30 and law["verdict"] == "not rejected" and law["held_out"]["inside"]
    assert law["parameters"] == list(SIZES) and law["alpha_low"] < law["alpha"] < law["alpha_high"]
    (outlook,) = law["outlooks"]
    assert outlook["parameters"] == 1e10 and law["rates"][-1] < outlook["low"] < outlook["high"] < 1
    said = evalhub(*call, "--plot", tmp_path / "law.svg")
    assert "verdict: not rejected" in said.out and "at 10B parameters" in said.out
    assert "10B" in (tmp_path / "law.svg").read_text()


def test_sizes_may_come_from_the_command_line_and_columns_have_other_names(table: Path, tmp_path: Path) -> None:
    frame = pl.read_parquet(table)
    path = tmp_path / "other.csv"
    frame.drop("parameters").rename({"sample": "question"}).write_csv(path)
    lacking = evalhub("law", "fit", path, "--columns", "sample=question")
    assert lacking.code == 1 and "--sizes" in lacking.err
    sizes = ",".join(f"{model}={size:.0f}" for model, size in frame.select("model", "parameters").unique().rows())
    call = ("--columns", "sample=question", "--sizes", sizes, "--resamples", 100, "--json")
    assert (
        evalhub("law", "fit", path, *call).json == evalhub("law", "fit", table, "--resamples", 100, "--json").json
    )


def test_families_of_means_each_have_a_law_and_those_without_say_why(tmp_path: Path) -> None:
    path = means(
        tmp_path / "means.csv",
        model=["a1", "a2", "a3", "a4", "b1", "b2"],
        parameters=[1e8, 1e9, 1e10, 1e11, 1e8, 1e9],
        value=[0.05, 0.2, 0.4, 0.6, 0.1, 0.2],
        family=["a"] * 4 + ["b"] * 2,
    )
    found = evalhub("law", "fit", path, "--json").json
    assert [law["family"] for law in found["laws"]] == ["a"] and "not 2" in found["refused"]["b"]
    law = found["laws"][0]
    assert law["verdict"] == "not tested" and law["samples"] == 0
    assert law["held_out"]["forecasts"][0]["way"] == "law of the mean"
    shown = evalhub("law", "fit", path)
    assert "b: no law" in shown.err and "only means are known" in shown.out


def test_a_cell_without_passes_is_missing_and_sizes_may_be_words(table: Path, tmp_path: Path) -> None:
    """The same law as without these rows; `10M`, or 10 with --unit M, is 10,000,000."""
    frame = pl.read_parquet(table).with_row_index("row")
    gone = frame["row"] % 3 == 1
    kept, holes = tmp_path / "kept.parquet", tmp_path / "holes.csv"
    frame.filter(~gone).write_parquet(kept)
    words = pl.format("{}M", (pl.col("parameters") / 1e6).cast(pl.Int64))
    frame.with_columns(passes=pl.when(gone).then(None).otherwise("passes"), parameters=words).write_csv(holes)
    numbers = tmp_path / "numbers.csv"
    frame.filter(~gone).with_columns(pl.col("parameters") / 1e6).write_csv(numbers)
    laws = [
        evalhub("law", "fit", path, *options, "--resamples", 100, "--json").json["laws"][0]
        for path, options in ((kept, ()), (holes, ()), (numbers, ("--unit", "M")))
    ]
    assert laws[0]["rates"] == laws[1]["rates"] == laws[2]["rates"]
    assert laws[0]["alpha"] == pytest.approx(laws[1]["alpha"]) == pytest.approx(laws[2]["alpha"])


def test_a_family_of_the_hub(table: Path, hub_path: Path) -> None:
    frame = pl.read_parquet(table).with_columns(value=pl.col("passes") / pl.col("attempts"))
    rows = table.with_name("rows.parquet")
    frame.drop("parameters").write_parquet(rows)
    assert evalhub("import", rows, "--source", "exam", "--hub", hub_path).code in (0, None)
    refused = evalhub("law", "fit", "--source", "exam", "--hub", hub_path)
    assert refused.code == 1 and "unknown for" in refused.err and refused.err.count("\n") == 1
    for model, size in frame.select("model", "parameters").unique().rows():
        evalhub("model", "set", model, "--parameters", f"{size:.0f}", "--hub", hub_path)
    call = ("--resamples", 100, "--json", "--hub", hub_path)
    (law,) = evalhub("law", "fit", "--source", "exam", *call).json["laws"]
    (same,) = evalhub("law", "fit", table, *call).json["laws"]
    assert law["alpha"] == pytest.approx(same["alpha"], rel=1e-3) and law["rates"] == pytest.approx(same["rates"])
    (four,) = evalhub("law", "fit", "--models", "parameters < 1e9", *call).json["laws"]
    assert len(four["models"]) == 4


def test_the_hub_knows_what_a_guess_passes(table: Path, hub_path: Path) -> None:
    """Of samples with four choices; the same law as of the file with a chance of a quarter."""
    frame = pl.read_parquet(table)
    exam, rows = table.with_name("exam.jsonl"), table.with_name("rows.parquet")
    choices = list("abcd")
    exam.write_text(
        "\n".join(
            json.dumps({"id": name, "prompt": f"Question {name}?", "reference": "a", "choices": choices})
            for name in frame["sample"].unique()
        )
    )
    evalhub("ingest", f"jsonl:{exam}", "--hub", hub_path)
    frame.with_columns(value=pl.col("passes") / pl.col("attempts")).drop("parameters").write_parquet(rows)
    evalhub("import", rows, "--source", "jsonl:exam.jsonl", "--hub", hub_path)
    sizes = ",".join(f"{model}={size:.0f}" for model, size in frame.select("model", "parameters").unique().rows())
    call = ("--sizes", sizes, "--resamples", 100, "--json", "--hub", hub_path)
    (law,) = evalhub("law", "fit", *call).json["laws"]
    (same,) = evalhub("law", "fit", table, "--chance", 0.25, "--resamples", 100, "--json").json["laws"]
    assert law["chance"] == 0.25 and law["alpha"] == pytest.approx(same["alpha"], rel=1e-3)


def test_pass_at_k_of_files_and_of_the_hub(table: Path, hub_path: Path) -> None:
    rows = table.with_name("rows.parquet")
    two = pl.read_parquet(table).filter(pl.col("model").is_in(["m1e+07", "m3e+09"])).drop("parameters")
    two.with_columns(value=pl.col("passes") / pl.col("attempts")).write_parquet(rows)
    call = ("law", "pass-at", rows, "--k", 1, "--k", 10000)
    found = evalhub(*call, "--json").json
    assert [row["model"] for row in found["models"]] == ["m1e+07", "m3e+09"]
    for row in found["models"]:
        assert row["attempts"] == [100, 100] and row["samples"] == 30
        for one in row["pass_at"]:
            assert one["low"] <= one["rate"] <= one["high"]
    assert "the attempts do not tell" in evalhub(*call).out
    evalhub("import", rows, "--source", "exam", "--hub", hub_path)
    same = evalhub("law", "pass-at", "--k", 1, "--k", 10000, "--json", "--hub", hub_path).json
    assert same["models"] == found["models"]
    values = rows.with_name("values.csv")
    two.drop("passes", "attempts").with_columns(value=0.5).write_csv(values)
    refused = evalhub("law", "pass-at", values)
    assert refused.code == 1 and refused.err.count("\n") == 1


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        ({"model": ["a"], "parameters": [1], "sample": ["x"]}, [], "neither value nor passes and attempts"),
        ({"model": ["a"], "parameters": ["big"], "value": [1]}, [], "'big' in the column parameters is no number"),
        ({"model": ["a"], "parameters": [1000], "value": [1]}, [], "3 sizes or more, not 1"),
        ({"model": list("abc"), "parameters": [1000, 2000, 3000], "value": [0.1, 0.2, 7]}, [], "between 0 and 1"),
        (
            {
                "model": list("abc"),
                "parameters": [1000, 2000, 3000],
                "value": [0.1, 0.2, 0.3],
                "sample": list("xxx"),
            },
            [],
            "need passes and attempts",
        ),
        ({"model": list("abc"), "parameters": [0.5, 7, 70], "value": [0.1] * 3}, [], "are these billions?"),
        ({"model": [], "parameters": [], "value": []}, [], "there are no rows"),
        (
            {"model": list("abc"), "parameters": [1000, 2000, 3000], "value": [0.1] * 3, "chance": [1.0] * 3},
            [],
            "chance lies from 0 to below 1",
        ),
        ({"model": list("aab"), "parameters": [1000, 2000, 3000], "value": [1, 1, 1]}, [], "a has two sizes"),
        (
            {"model": list("abc"), "parameters": [1000, 2000, 3000], "value": [0.1] * 3},
            ["--chance", "0.25"],
            "a guess",
        ),
    ],
)
def test_what_is_no_family_is_one_line(
    columns: dict[str, list[object]], options: list[str], said: str, tmp_path: Path
) -> None:
    done = evalhub("law", "fit", means(tmp_path / "rows.csv", **columns), *options)
    assert done.code == 1 and said in done.err and done.err.count("\n") == 1


def test_options_that_do_not_go_together_are_refused(table: Path, hub_path: Path) -> None:
    assert evalhub("law", "fit", table, "--source", "x").code == 2
    assert evalhub("law", "fit", "--chance", "0.5", "--hub", hub_path).code == 2
    assert evalhub("law", "fit", table, "--plot", table.with_suffix(".gif")).code == 1
    assert evalhub("law", "fit", table, "--sizes", "a=huge").code == 2
