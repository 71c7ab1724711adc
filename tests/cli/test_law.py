"""`evalhub law fit`, on files and on the hub."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.aggregate.laws.families import SIZES, simulated
from tests.cli.helpers import evalhub


def rounded(content: Any) -> Any:
    """JSON without the digits in which the order of a sum shows."""
    return json.loads(json.dumps(content), parse_float=lambda digits: round(float(digits), 9))


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


def test_levels_are_said_and_the_forecast_of_a_rejected_law_is_marked(table: Path, tmp_path: Path) -> None:
    """With the side on which it is wrong."""
    call = ("--predict", "10B", "--resamples", 100, "--level", 0.8)
    follows = evalhub("law", "fit", table, *call).out
    assert re.search(r"alpha 0\.\d+ \(80% interval ", follows)
    assert re.search(r"at 10B parameters: 0\.\d+ \(80% interval 0\.\d+ to 0\.\d+\)\n", follows)
    rows = [
        (f"m{place}", size, f"s{n}", round(500 * min(1, rate * (1 + n / 60))), 500)
        for place, (size, rate) in enumerate(zip(SIZES, (0.01, 0.011, 0.013, 0.02, 0.1, 0.5), strict=False))
        for n in range(30)
    ]
    path = tmp_path / "bent.parquet"
    pl.DataFrame(rows, schema=["model", "parameters", "sample", "passes", "attempts"], orient="row").write_parquet(
        path
    )
    bent = evalhub("law", "fit", path, *call).out
    assert "F bends down" in bent
    (line,) = (line for line in bent.splitlines() if line.startswith("at 10B parameters"))
    assert line.endswith("); do not rely on it: the law is rejected, and this is likely too low")


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


def test_a_family_of_the_hub(table: Path, hub_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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
    assert "does not know whether 30 samples had choices" in caplog.text
    caplog.clear()
    told = evalhub("law", "fit", "--source", "exam", "--chance", 0.01, *call).json["laws"][0]
    assert not caplog.text
    assert told["chance"] == pytest.approx(0.01) and told["alpha"] != law["alpha"]
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
    (law,) = evalhub("law", "fit", "--chance", 0.5, *call).json["laws"]  # --chance is of unknown choices alone
    (same,) = evalhub("law", "fit", table, "--chance", 0.25, "--resamples", 100, "--json").json["laws"]
    assert law["chance"] == 0.25 and law["alpha"] == pytest.approx(same["alpha"], rel=1e-3)


def test_pass_at_k_of_files_and_of_the_hub(table: Path, hub_path: Path) -> None:
    rows = table.with_name("rows.parquet")
    two = pl.read_parquet(table).filter(pl.col("model").is_in(["m1e+07", "m3e+09"])).drop("parameters")
    two.select("model", "sample", "passes", "attempts").write_parquet(rows)
    call = ("law", "pass-at", rows, "--k", 1, "--k", 10000)
    found = evalhub(*call, "--json").json
    assert [row["model"] for row in found["models"]] == ["m1e+07", "m3e+09"]
    for row in found["models"]:
        assert row["attempts"] == [100, 100] and row["samples"] == 30
        for one in row["pass_at"]:
            assert one["low"] <= one["rate"] <= one["high"]
        once, often = row["pass_at"]
        mean = two.filter(model=row["model"]).select((pl.col("passes") / pl.col("attempts")).mean()).item()
        assert once["unbiased"] == pytest.approx(mean) and often["unbiased"] is None
    shown = evalhub(*call).out
    (line,) = [line for line in shown.splitlines() if "10,000" in line and "do not tell" in line]
    assert "–" in line and "the attempts do not tell: the bounds" in shown
    every = evalhub("law", "pass-at", rows, "--k", 1, "--k", 3, "--all", "--json").json
    for row, other in zip(every["models"], found["models"], strict=True):
        first, third = (one["rate"] for one in row["pass_all"])
        assert third < first == pytest.approx(other["pass_at"][0]["rate"], abs=0.01)
    evalhub("import", rows, "--source", "exam", "--hub", hub_path)
    same = evalhub("law", "pass-at", "--k", 1, "--k", 10000, "--json", "--hub", hub_path).json
    assert rounded(same["models"]) == rounded(found["models"])
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
        (
            {
                "model": list("abc") * 2,
                "parameters": [1000, 2000, 3000] * 2,
                "sample": list("xxxyyy"),
                "value": [0, 0, 1, 0, 1, 0],
            },
            ["--chance", "0.5"],
            "more than a guess",
        ),
        (
            {"model": list("abc"), "parameters": [1000, 2000, 2000], "value": [0.1] * 3},
            [],
            "leave one out (--models)",
        ),
        (
            {"model": list("abc"), "parameters": [1000, 2000, 2000], "value": [0.1] * 3},
            ["--models", "z*"],
            "z* names no model",
        ),
        ({"who": list("abc"), "value": [0.1] * 3}, [], "has no column model; it has who, value"),
        (
            {"model": list("abc"), "parameters": [1000, 2000, 3000], "value": [1.0] * 3},
            [],
            "every model always passes",
        ),
        (
            {"model": [None, "b", "c"], "parameters": [1000, 2000, 3000], "value": [0.1] * 3},
            [],
            "the column model has 1 rows without a name",
        ),
        (
            {"model": list("abc"), "parameters": [1000, 2000, 3000], "value": [0.1] * 3},
            ["--sizes", "nosuch=7B"],
            "--sizes nosuch: no such model here; there are a, b, c",
        ),
        (
            {
                "model": list("abc"),
                "parameters": [1000, 2000, 3000],
                "sample": list("xxx"),
                "passes": [1, 2, 3],
                "attempts": [10**17] * 3,
            },
            [],
            "1e+17 attempts: counts are 9,007,199,254,740,992 at most",
        ),
    ],
)
def test_what_is_no_family_is_one_line(
    columns: dict[str, list[object]], options: list[str], said: str, tmp_path: Path
) -> None:
    done = evalhub("law", "fit", means(tmp_path / "rows.csv", **columns), *options)
    assert done.code == 1 and said in done.err and done.err.count("\n") == 1


def test_lists_and_counts_beyond_all_measure_are_one_line(tmp_path: Path) -> None:
    rows = [
        {"model": model, "parameters": size, "sample": "x", "passes": 1, "attempts": 10**19}
        for model, size in (("a", 10**7), ("b", 10**8), ("c", 10**9))
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    for command in ("fit", "pass-at"):
        refused = evalhub("law", command, path)
        assert refused.code == 1 and "counts are 9,007,199,254,740,992 at most" in refused.err
    for column in ("model", "sample", "parameters"):
        path.write_text("\n".join(json.dumps({**row, column: [row[column]]}) for row in rows))
        refused = evalhub("law", "fit", path)
        assert refused.code == 1 and f"the column {column} is List" in refused.err
        assert refused.err.count("\n") == 1


def test_options_that_do_not_go_together_are_refused(table: Path, hub_path: Path) -> None:
    assert evalhub("law", "fit", table, "--source", "x").code == 2
    assert evalhub("law", "fit", "--unit", "B", "--hub", hub_path).code == 2
    assert "are they billions (10B)?" in evalhub("law", "fit", table, "--predict", "10").err
    assert evalhub("law", "fit", table, "--plot", table.with_suffix(".gif")).code == 1
    assert evalhub("law", "fit", table, "--sizes", "a=huge").code == 2


@pytest.mark.parametrize(
    ("rates", "hardly"),
    [([0.44, 0.54, 0.7], False), ([0.25, 0.28, 0.57, 0.7], True), ([0.25, 0.26, 0.25, 0.27], True)],
)
def test_a_floor_is_told_by_its_rates(rates: list[float], hardly: bool, tmp_path: Path) -> None:
    sizes = [1e9, 7e9, 4e10, 1.8e11] if len(rates) > 3 else [7e9, 1.3e10, 7e10]
    path = means(tmp_path / "rows.csv", model=list("abcd")[: len(rates)], parameters=sizes, value=rates)
    assert ("hardly rise from a floor" in evalhub("law", "fit", path).out) is hardly


def test_a_floor_is_told_of_samples_too(tmp_path: Path) -> None:
    """Unless the chance is."""
    counts = {"a": (1e9, 5), "b": (7e9, 6), "c": (4e10, 12), "d": (1.8e11, 15)}
    rows = [(name, size, f"s{s}", x + s % 3 - 1, 20) for name, (size, x) in counts.items() for s in range(12)]
    path = tmp_path / "rows.csv"
    pl.DataFrame(rows, ["model", "parameters", "sample", "passes", "attempts"], orient="row").write_csv(path)
    call = ("law", "fit", path, "--resamples", 100)
    assert "hardly rise from a floor" in evalhub(*call).out
    told = evalhub(*call, "--chance", 0.27).out
    assert "hardly rise" not in told and "note: a: below chance" in told


def test_models_below_chance_are_named(tmp_path: Path) -> None:
    path = means(
        tmp_path / "rows.csv", model=list("abcd"), parameters=[1e7, 1e8, 1e9, 1e10], value=[0.1, 0.2, 0.4, 0.6]
    )
    call = ("law", "fit", path, "--chance")
    assert "a, b: below chance" in evalhub(*call, 0.25).out
    lost = evalhub(*call, 0.5).out
    assert "do not foretell the largest one" in lost and "a, b, c: below chance" in lost


def test_the_printed_law_can_be_reckoned_again(tmp_path: Path) -> None:
    sizes = [1e7, 1e8, 1e9, 1e10]
    rates = [0.25 + 0.75 * math.exp(-math.exp(6 - 0.3 * math.log(size))) for size in sizes]
    path = means(tmp_path / "rows.csv", model=list("abcd"), parameters=sizes, value=rates)
    (law,) = evalhub("law", "fit", path, "--chance", 0.25, "--json").json["laws"]
    assert (law["log_c"], law["alpha"]) == (pytest.approx(6, abs=0.01), pytest.approx(0.3, abs=1e-3))
    assert "ln c 6.0" in evalhub("law", "fit", path, "--chance", 0.25).out


def test_models_of_a_file_are_chosen_by_name_or_family(tmp_path: Path) -> None:
    names = ["a1", "a2", "a3", "a3-chat", "b1", "b2", "b3"]
    path = means(
        tmp_path / "rows.csv",
        model=names,
        parameters=[1e8, 1e9, 1e10, 1e10, 1e8, 1e9, 1e10],
        value=[0.05, 0.2, 0.4, 0.5, 0.1, 0.2, 0.3],
        family=["a"] * 4 + ["b"] * 3,
    )
    assert "leave one out (--models)" in evalhub("law", "fit", path).err
    both = evalhub("law", "fit", path, "--models", "a1, a2, a3, b", "--plot", tmp_path / "law.svg")
    assert "drew a into" in both.out and "of 2 families only the first is drawn" in both.out
    (law,) = evalhub("law", "fit", path, "--models", "b*", "--json").json["laws"]
    assert law["models"] == ["b1", "b2", "b3"]
    one = evalhub("law", "fit", path, "--models", "b", "--chance", 0.05, "--plot", tmp_path / "b.svg")
    assert "only the first" not in one.out and "(pass rate − 0.05)" in (tmp_path / "b.svg").read_text()
