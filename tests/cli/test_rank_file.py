"""`evalhub rank FILE`: a table from anywhere, without a hub."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from tests.cli.helpers import evalhub, written

ROWS = [
    {"model": model, "sample": f"s{sample}", "value": float(sample < passed)}
    for model, passed in (("good", 30), ("bad", 10))
    for sample in range(40)
]
FIELDS = {"model", "score", "low", "high", "rank", "rank_low", "rank_high", "samples", "coverage"}


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl", ".CSV"])
@pytest.mark.parametrize("method", ["mean", "bradley-terry"])
def test_every_format_gives_the_same_ranking(tmp_path: Path, suffix: str, method: str) -> None:
    """With the fields that scripts rely on."""
    done = evalhub("rank", written(pl.DataFrame(ROWS), tmp_path / f"t{suffix}"), "--method", method, "--json")
    assert (done.code, done.err) == (0, "")
    ranking = done.json
    assert ranking.keys() >= {"method", "models", "warnings"} and ranking["method"] == method
    assert all(row.keys() >= FIELDS for row in ranking["models"])
    assert [(row["model"], row["rank"], row["samples"]) for row in ranking["models"]] == [
        ("good", 1, 40),
        ("bad", 2, 40),
    ]


def test_missing_as_r_writes_it(tmp_path: Path) -> None:
    """NA is missing as a value, and a name as a name."""
    path = tmp_path / "r.csv"
    path.write_text("model,sample,value\nNA,a,1\nNA,b,NA\nx,a,0\nx,b,1\n")
    ranking = evalhub("rank", path, "--method", "bradley-terry", "--json").json
    assert {row["model"]: row["samples"] for row in ranking["models"]} == {"NA": 1, "x": 1}
    assert any("1 of 4" in warning for warning in ranking["warnings"])
    assert any("only one model was measured" in warning for warning in ranking["warnings"])


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_a_name_is_no_pattern(tmp_path: Path, suffix: str) -> None:
    """results[1].csv is that file and not results1.csv."""
    written(pl.DataFrame(ROWS), tmp_path / f"r1{suffix}")
    other = written(pl.DataFrame(ROWS).with_columns(pl.col("model") + "!"), tmp_path / f"r[1]{suffix}")
    assert {row["model"] for row in evalhub("rank", other, "--json").json["models"]} == {"good!", "bad!"}


def test_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Neither escapes nor markup."""
    rows = pl.DataFrame(ROWS).with_columns(pl.col("model") + "\x1b[31m[red]")
    out = evalhub("rank", written(rows, tmp_path / "t.csv")).out
    assert "\x1b" not in out and "[red]" in out


def test_a_ranking_for_people(tmp_path: Path) -> None:
    """A table, best first."""
    done = evalhub("rank", written(pl.DataFrame(ROWS), tmp_path / "t.csv"))
    assert done.code == 0 and done.out.index("good") < done.out.index("bad")


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_missing_values_are_left_out(tmp_path: Path, suffix: str) -> None:
    """Null and NaN are never 0, and the JSON holds no NaN."""
    holes = [None if place % 5 == 0 else float("nan") if place % 7 == 0 else 1.0 for place in range(40)]
    if suffix == ".jsonl":
        holes = [None if hole != hole else hole for hole in holes]
    rows = [*ROWS, *({"model": "holes", "sample": f"s{place}", "value": hole} for place, hole in enumerate(holes))]
    done = evalhub("rank", written(pl.DataFrame(rows), tmp_path / f"t{suffix}"), "--method", "mean", "--json")
    assert done.code == 0, done.err
    best = done.json["models"][0]
    assert (best["model"], best["score"]) == ("holes", 1.0)
    assert best["samples"] == sum(hole == 1.0 for hole in holes) < 40


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_types_are_told_from_the_whole_file(tmp_path: Path, suffix: str) -> None:
    """The first hundreds of values are whole, a later one is not; names may look like numbers."""
    frame = pl.DataFrame(
        {
            "model": ["7"] * 1500 + ["x"] * 1500,
            "sample": [str(place) for place in range(1500)] * 2,
            "value": [0.0] * 1499 + [0.5] + [1.0] * 1500,
        }
    )
    path = written(frame, tmp_path / f"t{suffix}")
    path.write_text(path.read_text().replace("0.0", "0").replace("1.0", "1"))
    done = evalhub("rank", path, "--method", "mean", "--json")
    assert done.code == 0, done.err
    rows = {row["model"]: row["score"] for row in done.json["models"]}
    assert rows == {"x": 1.0, "7": pytest.approx(0.5 / 1500)}


def test_names_keep_their_zeros(tmp_path: Path) -> None:
    """007 is not 7."""
    path = tmp_path / "t.csv"
    path.write_text("model,sample,value\na,7,1\na,007,0\nb,7,0\nb,007,0\n")
    done = evalhub("rank", path, "--method", "mean", "--json")
    assert [row["samples"] for row in done.json["models"]] == [2, 2], done.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "t.csv",
            "model,sample\na,1\n",
            "it has model, sample: say which is which, as in --columns value=YOURS",
        ),
        ("t.csv", "model,sample,value\n", "no measurements: the input has no rows"),
        ("t.csv", "", "t.csv cannot be read"),
        ("t.csv", "model,sample,value\na,1,\n", "all 1 rows are missing a value"),
        ("t.csv", "model,sample,value\na,1,often\n", "column 'value' holds 'often' (row 1)"),
        ("t.csv", "model,sample,value\na,1,nan\na,2,often\n", "column 'value' holds 'often' (row 2)"),
        ("t.csv", 'model,sample,value\na,1,"1,234"\n', "1.234, or 1234 where it parts thousands"),
        ("t.csv", 'model,sample,value\na,1,"0,91"\n', "it has a decimal comma: write a point, 0.91"),
        ("t.csv", "model,sample,value\na,1,1\na,2,-Infinity\n", "infinite values"),
        (
            "t.csv",
            "model_a,model_b,outcome\nA,B,A\nB,A,A\n",
            "t.csv: the outcome 'A' in row 2 is the name of model_b",
        ),
        ("t.csv", "model_a,model_b,outcome\n1,2,0.5\n2,1,1\n", "the outcome '1' in row 2 is the name of model_b"),
        ("t.csv", "model_a,model_b,outcome\nx,A, a \n", "in row 1 is the name of model_b"),
        (
            "t.csv",
            "model_a,model_b,outcome\nRight,Left,left\n",
            "the outcome 'left' in row 1 is the name of model_b",
        ),
        ("t.csv", "model_a,model_b,outcome\nx,y,x\n", "the name of model_a and as an outcome says no side"),
        ("t.csv", "model,sample,value\na,1,1\na,1,0\n", "1 repeated measurements"),
        ("t.csv", "model,sample,value\na,1,inf\n", "infinite values"),
        ("t.csv", "model,sample,value,value\na,1,1,0\n", "two columns 'value': rename one"),
        ("t.jsonl", '{"model": "", "sample": "s", "value": 1}\n', "column 'model' has rows with an empty name"),
        ("t.csv", "model,sample,value\n,1,1\n", "without a name"),
        ("t.jsonl", "{broken\n", "t.jsonl cannot be read"),
        ("t.parquet", "no parquet", "t.parquet cannot be read"),
        ("t.txt", "x", "give a file that ends in .parquet, .csv, .tsv, .jsonl"),
    ],
)
def test_what_cannot_be_ranked(tmp_path: Path, name: str, content: str, message: str) -> None:
    """One line that says what is wrong."""
    (tmp_path / name).write_text(content)
    done = evalhub("rank", tmp_path / name, "--json")
    assert done.code == 1 and message in done.line and "Error" not in done.line


def test_no_such_file_method_or_combination(tmp_path: Path) -> None:
    """Each is said."""
    assert "absent.csv cannot be read" in evalhub("rank", tmp_path / "absent.csv").line
    path = written(pl.DataFrame(ROWS), tmp_path / "t.csv")
    done = evalhub("rank", path, "--method", "glicko")
    assert done.code == 1 and done.line.startswith("unknown method 'glicko': there are ")
    assert {"bradley-terry", "mean"} <= set(done.line.partition("there are ")[2].split(", "))
    assert evalhub("rank", path, "--source", "x").code == 2
    assert "is a folder: give the files in it that end in .parquet" in evalhub("rank", tmp_path).line


@pytest.mark.parametrize("models", [1, 2])
@pytest.mark.parametrize("samples", [1, 2])
def test_tiny_tables_have_valid_json(tmp_path: Path, models: int, samples: int) -> None:
    """No NaN and no infinity where there is next to nothing to say."""
    frame = pl.DataFrame(
        [{"model": f"m{m}", "sample": f"s{s}", "value": 1.0} for m in range(models) for s in range(samples)]
    )
    for method in ("mean", "bradley-terry"):
        done = evalhub("rank", written(frame, tmp_path / "t.parquet"), "--method", method, "--json")
        assert done.code == 0, done.err
        assert len(done.json["models"]) == models


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    """It would wait for ever where nobody writes."""
    os.mkfifo(tmp_path / "t.csv")
    assert "is no ordinary file" in evalhub("rank", tmp_path / "t.csv").line


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_columns_under_other_names(tmp_path: Path, suffix: str) -> None:
    """Theirs stand for ours, numbers as names stay as written, and a column of our name gives way."""
    rows = [
        {"sys": m, "sample": "x", "question": f"0{s}", "ok": (s + m) % 3 % 2} for m in (7, 8) for s in range(9)
    ]
    path = written(pl.DataFrame(rows).with_columns(pl.col("sys").cast(pl.String)), tmp_path / f"t{suffix}")
    done = evalhub("rank", path, "--columns", "model=sys, sample=question,value=ok", "--json", "--method", "mean")
    assert {(row["model"], row["samples"]) for row in done.json["models"]} == {("7", 9), ("8", 9)}
    wrong = evalhub("rank", path, "--columns", "model=system,sample=question,value=ok", "--json")
    assert wrong.line.endswith("has no column 'system' for model; it has sys, sample, question, ok")
    typo = evalhub("rank", path, "--columns", "modle=sys,sample=question,value=ok", "--json")
    assert "'modle' is none of ours, which are model, sample" in typo.line
    for nonsense in ("model", "value=ok,value=sample", "model=sys,sample=sys"):
        assert evalhub("rank", path, "--columns", nonsense).code == 2


def test_counts_may_stand_for_the_value(tmp_path: Path) -> None:
    """No attempts are a missing value, not a failed one."""
    counts = [
        {"model": m, "sample": f"s{s}", "passes": (s + m) % 5 if s else 0, "attempts": 4 if s else 0}
        for m in (0, 1)
        for s in range(20)
    ]
    frame = pl.DataFrame(counts).with_columns(passes=pl.min_horizontal("passes", "attempts"))
    values = frame.with_columns(value=pl.when(pl.col("attempts") > 0).then(pl.col("passes") / pl.col("attempts")))
    found, same = (
        evalhub("rank", written(one, tmp_path / f"{name}.csv"), "--json")
        for name, one in (("counts", frame), ("values", values))
    )
    assert found.json == same.json and {row["samples"] for row in found.json["models"]} == {19}
    lacking = evalhub("rank", written(frame.drop("attempts"), tmp_path / "no.csv"))
    assert "no column value, nor passes and attempts" in lacking.line
    words = evalhub("rank", written(frame.with_columns(passes=pl.lit("two")), tmp_path / "words.csv"))
    assert "the column passes is String" in words.line
