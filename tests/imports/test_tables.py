"""Plain tables come in as they are, and what is wrong with them is told."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evalhub.store.hub import Hub
from tests.cli.helpers import Done, evalhub

SHARED = Path(__file__).parents[3] / "shared" / "data"

ROWS = {"model": ["a", "a", "b", "b"], "sample": ["1", "2", "1", "2"], "value": [1.0, 0.0, 1.0, 1.0]}


def imported(path: Path, hub: Path, *options: object) -> Done:
    return evalhub("import", path, *options, "--json", "--hub", hub)


def csv(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def values(hub: Path) -> list[tuple[object, ...]]:
    with Hub(hub) as opened:
        columns = "model_id, source_id, metric, value, reason"
        rows = f"SELECT {columns} FROM measurement JOIN sample USING (sample_id) ORDER BY ALL"
        return opened.database.execute(rows).fetchall()


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_every_format(suffix: str, tmp_path: Path, hub_path: Path) -> None:
    """The same rows, the same measurements."""
    path = tmp_path / f"rows.{suffix}"
    frame = pl.DataFrame(ROWS)
    {"parquet": frame.write_parquet, "csv": frame.write_csv, "jsonl": frame.write_ndjson}[suffix](path)
    done = imported(path, hub_path).json
    assert (done["format"], done["rows"], done["kept"], done["refused"]) == ("table", 4, 4, {})
    assert [row[:4] for row in values(hub_path)] == [
        ("a", "1", "value", 1.0),
        ("a", "2", "value", 0.0),
        ("b", "1", "value", 1.0),
        ("b", "2", "value", 1.0),
    ]


def test_missing_is_never_zero(tmp_path: Path, hub_path: Path) -> None:
    """Nothing, NaN, a timeout, a refusal: each on record with its reason; a failure of the model is a value."""
    path = csv(
        tmp_path / "rows.csv",
        "model,sample,value,status\na,1,,\na,2,NaN,\na,3,0,timeout\na,4,0,refused\na,5,0,ok\na,6,1,no answer\n",
    )
    done = imported(path, hub_path).json
    assert done["rows"] == 6 and done["kept"] == 2
    assert done["refused"] == {"missing: no value": 2, "missing: timeout": 1, "missing: refused": 1}
    found = {row[1]: row[3:] for row in values(hub_path)}
    assert found["1"] == found["2"] == (None, "no value")
    assert found["3"] == (None, "timeout") and found["5"] == (0.0, "")


def test_duplicates_are_dropped_and_contradictions_reported_by_row(tmp_path: Path, hub_path: Path) -> None:
    path = csv(tmp_path / "rows.csv", "model,sample,value\na,1,1\na,1,1\na,2,1\na,2,0\nb,1,0\na,3,\na,3,1\n")
    done = imported(path, hub_path).json
    assert done["kept"] == 3 and done["refused"] == {"contradicting duplicates": 2, "duplicate": 2}
    (detail,) = done["logs"][0]["details"]
    assert "a on 2 is 1.0, 0.0 in rows 3, 4" in detail
    assert [row[:2] for row in values(hub_path)] == [("a", "1"), ("a", "3"), ("b", "1")]


def test_the_column_that_tells_contradicting_rows_apart_is_named(tmp_path: Path, hub_path: Path) -> None:
    """With the --columns that keeps them: a number of the row, or what both rows share, tells nothing."""
    rows = [
        {"model": "a", "name": f"s{n}", "value": float(run == "new"), "id2": 2 * n + new, "run": run, "lang": "en",
         "parts": [run]}
        for n in range(30) for new, run in enumerate(("old", "new"))
    ]  # fmt: skip
    for suffix in ("parquet", "jsonl", "csv"):
        path = tmp_path / f"rows.{suffix}"
        frame = pl.DataFrame(rows).drop(["parts"] if suffix == "csv" else [])
        {"parquet": frame.write_parquet, "csv": frame.write_csv, "jsonl": frame.write_ndjson}[suffix](path)
        done = imported(path, hub_path, "--columns", "sample=name").json
        (told,) = (line for line in done["warnings"] if "apart" in line)
        assert "the column run tells contradicting duplicates apart" in told
        undo = f"evalhub import --undo {done['import']}, then import with --columns sample=name,condition=run"
        assert told.endswith(undo)
        evalhub("import", "--undo", done["import"], "--hub", hub_path)
        done = imported(path, hub_path, "--columns", "sample=name,condition=run").json
        assert done["kept"] == 60 and not any("apart" in line for line in done["warnings"])
        evalhub("import", "--undo", done["import"], "--hub", hub_path)
    done = imported(path, hub_path, "--columns", "sample=name,condition=lang").json
    assert "--columns sample=name,condition=lang+run" in str(done["warnings"])


def test_a_folder_of_tables_with_other_columns_is_told_with_them(tmp_path: Path, hub_path: Path) -> None:
    """One line that names files, columns and what to say; a file of votes hears of votes."""
    for name in ("v1", "v2"):
        csv(tmp_path / f"{name}.csv", "who,what,right\na,1,1\n")
    csv(tmp_path / "votes.csv", "left,right,winner\na,b,left\n")
    line = evalhub("import", tmp_path, "--hub", hub_path).line
    assert (
        "v1.csv, v2.csv with the columns who, what, right; votes.csv with the columns left, right, winner" in line
    )
    assert "--columns model=YOURS,sample=YOURS,value=YOURS, or for votes model_a=YOURS" in line
    line = evalhub("import", tmp_path / "votes.csv", "--hub", hub_path).line
    assert line.endswith("if its rows are votes, --columns model_a=YOURS,model_b=YOURS,outcome=YOURS")


def test_tables_that_are_passed_over_are_told_with_their_columns(tmp_path: Path, hub_path: Path) -> None:
    """Beside logs that came in, as where there are none."""
    folder = tmp_path / "logs"
    folder.mkdir()
    csv(folder / "good.csv", "model,sample,value\na,1,1\n")
    csv(folder / "other.csv", "who;what;right\na;1;1\n")
    csv(folder / "notes.txt", "nothing")
    out = " ".join(evalhub("import", folder, "--hub", hub_path).out.split())
    assert "2 other files passed over: notes.txt, other.csv" in out
    assert "can take tables: other.csv with the columns who, what, right. Say which column is which" in out
    (folder / "other.csv").unlink()
    assert "can take" not in evalhub("import", folder, "--hub", hub_path).out


def test_models_that_are_numbers_are_doubted(tmp_path: Path, hub_path: Path) -> None:
    """Where all of them are; also in votes."""
    numbers = csv(tmp_path / "numbers.csv", "model,sample,value\n0,1,1\n2,1,0\n10,1,0\n")
    votes = csv(tmp_path / "votes.csv", "model_a,model_b,outcome\n3,4,a\n")
    csv(tmp_path / "names.csv", "model,sample,value\n0,1,1\ntwo,1,0\n")
    said = imported(tmp_path, hub_path).json["warnings"]
    assert said == [
        f"{numbers}: the models are called by bare numbers, 0 to 10: if another column has their names, --columns "
        "model=YOURS takes it",
        f"{votes}: the models are called by bare numbers, 3 to 4: if another column has their names, --columns "
        "model=YOURS takes it",
    ]


def test_the_metrics_of_a_source_are_named_where_another_is_asked_for(tmp_path: Path, hub_path: Path) -> None:
    csv(tmp_path / "exam.csv", "model,sample,metric,value\na,1,acc,1\na,1,f1,0.5\n")
    csv(tmp_path / "talk.csv", "model,sample,metric,value\na,1,bleu,1\n")
    imported(tmp_path, hub_path, "--metric", "bleu=up")
    ask = ("rank", "--source", "table:exam", "--metric")
    line = evalhub(*ask, "bleu", "--hub", hub_path).line
    assert line == "nothing is measured by 'bleu' on table:exam; there are acc, f1"


def test_the_ledger_shows_no_gap_where_no_tool_is_known(tmp_path: Path, hub_path: Path) -> None:
    path = csv(tmp_path / "exam.csv", "model,sample,value\na,1,1\n")
    done = imported(path, hub_path).json
    shown = evalhub("import", "--show", done["import"], "--hub", hub_path).out
    assert f"{path}: sha256" in " ".join(shown.replace("\n", "").split())


def test_contradicting_rows_that_nothing_tells_apart(tmp_path: Path, hub_path: Path) -> None:
    path = csv(tmp_path / "rows.csv", "model,sample,value,run\na,1,1,x\na,1,0,x\na,2,1,y\na,2,0,\n")
    done = imported(path, hub_path).json
    assert done["refused"] == {"contradicting duplicates": 4} and "apart" not in str(done["warnings"])


def test_attempts_add_up(tmp_path: Path, hub_path: Path) -> None:
    """To passes of attempts; those that are missing count for nothing."""
    path = csv(
        tmp_path / "rows.csv", "model,sample,value,attempt\na,1,1,0\na,1,0,1\na,1,1,2\na,1,,3\na,2,0,0\na,2,0,1\n"
    )
    assert imported(path, hub_path).json["kept"] == 5
    with Hub(hub_path) as hub:
        rows = hub.database.execute(
            "SELECT value, passes, attempts, missing, low > 0, high < 1 FROM measurement ORDER BY passes"
        ).fetchall()
    assert rows == [(0.0, 0, 2, 0, False, True), (pytest.approx(2 / 3), 2, 3, 1, True, True)]


def test_counts_stand_for_a_value(tmp_path: Path, hub_path: Path) -> None:
    """And ones that cannot be are refused."""
    path = csv(tmp_path / "rows.csv", "sample,passes,attempts\n1,3,4\n2,0,4\n3,5,4\n4,0,0\n")
    done = imported(path, hub_path, "--model", "m").json
    assert done["refused"] == {"impossible counts": 1, "missing: no value": 1} and done["kept"] == 2
    assert {row[1]: row[3] for row in values(hub_path)} == {"1": 0.75, "2": 0.0, "4": None}


def test_a_metric_that_nobody_knows_is_asked_for(tmp_path: Path, hub_path: Path) -> None:
    path = csv(tmp_path / "rows.csv", "model,sample,metric,value\na,1,zing,3\nb,1,zing,2\n")
    assert "--metric 'zing=up'" in imported(path, hub_path).line
    assert not (hub_path / "hub.duckdb").exists() or not values(hub_path)
    done = imported(path, hub_path, "--metric", "zing=down:0:2.5").json
    assert done["kept"] == 1 and sum(done["refused"].values()) == 1
    with Hub(hub_path) as hub:
        assert hub.database.execute("SELECT kind, direction FROM measurement").fetchall() == [("numeric", "down")]


def test_judges_are_metrics_and_conditions_rows(tmp_path: Path, hub_path: Path) -> None:
    path = csv(
        tmp_path / "rows.csv",
        "model,sample,score,judge,version\na,1,3,x,old\na,1,4,y,old\na,1,5,x,new\nb,1,2,x,old\nb,1,2,y,old\n",
    )
    assert imported(path, hub_path, "--columns", "condition=version").json["kept"] == 5
    ranked = evalhub("rank", "--hub", hub_path, "--method", "bradley-terry", "--json").json
    assert {row["model"] for row in ranked["models"]} == {"a [old]", "a [new]", "b [old]"}
    assert {row[2] for row in values(hub_path)} == {"x/score", "y/score"}


def test_votes(tmp_path: Path, hub_path: Path) -> None:
    """Are ranked as they are from the file; a missing outcome is no vote."""
    path = csv(
        tmp_path / "votes.csv",
        "left,right,winner,prompt\na,b,left,1\na,b,tie,2\na,b,left,2\nb,c,left,1\na,c,left,1\na,c,,2\na,a,tie,2\n",
    )
    done = imported(path, hub_path, "--columns", "model_a=left,model_b=right,outcome=winner,sample=prompt").json
    assert done["kept"] == 5
    assert done["refused"] == {"a model against itself": 1, "missing: no outcome": 1}
    ranked = evalhub("rank", "--method", "bradley-terry", "--hub", hub_path, "--json").json
    assert [row["model"] for row in ranked["models"]] == ["a", "b", "c"]
    assert evalhub("rank", "--hub", hub_path, "--json").code == 0


def test_votes_that_count_by_themselves_are_told(tmp_path: Path, hub_path: Path) -> None:
    """Where a column may say what was voted on; a cluster needs a sample to be kept with."""
    path = csv(tmp_path / "votes.csv", "model_a,model_b,outcome,prompt\na,b,a,1\na,b,model_b,1\n")
    (_, own) = imported(path, hub_path).json["warnings"]
    assert "each vote counts as a sample of its own" in own and "--columns sample=YOURS" in own
    (lost,) = imported(path, hub_path, "--columns", "cluster=prompt").json["warnings"]
    assert "votes without a sample keep no cluster" in lost
    assert imported(path, hub_path, "--columns", "sample=prompt").json["warnings"] == []


def test_names_of_several_columns(tmp_path: Path, hub_path: Path) -> None:
    path = csv(tmp_path / "rows.csv", "model,part,question,correct\na,x,1,1\na,y,1,0\n")
    done = imported(path, hub_path, "--columns", "sample=part+question")
    assert done.json["kept"] == 2 and {row[1] for row in values(hub_path)} == {"x/1", "y/1"}


def test_the_same_name_of_the_same_source_is_one_sample(tmp_path: Path, hub_path: Path) -> None:
    """Of different sources two: nothing is merged by guess."""
    for model in "ab":
        path = csv(tmp_path / f"{model}.csv", f"model,sample,value\n{model},1,1\n")
        assert imported(path, hub_path, "--source", "exam").json["kept"] == 1
        other = csv(tmp_path / f"{model}-more.csv", f"model,sample,value\n{model},1,0\n")
        assert imported(other, hub_path).json["kept"] == 1
    assert len({row[:2] for row in values(hub_path)}) == 2
    with Hub(hub_path) as hub:
        assert hub.database.execute("SELECT count(*) FROM sample").fetchall() == [(3,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model,sample,value\na,1,good\n", "write numbers"),
        ("model,sample,value\na,1,inf\n", "infinite"),
        ("model,sample,value\n,1,1\n", "without a name"),
        ("model,sample,value,status\na,1,1,lost\n", "no status 'lost' (row 1)"),
        ("model,sample,value,attempt\na,0,1,0\na,1,1,x\n", "and row 2 has 'x'"),
        ("model,sample,passes,attempts\na,1,1,3\na,2,2.5,3\n", "and row 2 has '2.5'"),
        ("model,sample,passes,attempts\na,1,3,3000000000\n", "whole numbers"),
        ("model,sample,passes,attempts\na,1,1,2\na,2,1,two\n", "and row 2 has 'two'"),
        ("model,sample,passes,attempts,attempt\na,1,1,2,0\na,1,1,2,1\n", "one attempt or stands for several"),
        ("model,sample,value\n", "no rows"),
        ("model,sample,value,cluster\na,1,1,x\nb,1,1,y\n", "two sources, clusters or tags"),
        ("model_a,model_b,outcome\na,b,perhaps\n", "holds 'perhaps' (row 1)"),
        ("model_a,model_b,outcome\nA,B,A\nB,A,A\n", "the outcome 'A' in row 2 is the name of model_b"),
        ('model_a,model_b,outcome\na,b,a\n"",b,a\n', "the first is row 2"),
        ("model,sample,metric,value,direction\na,1,m,2,sideways\n", "up or down"),
    ],
)
def test_what_cannot_be_read(text: str, said: str, tmp_path: Path, hub_path: Path) -> None:
    """Is one line, and leaves nothing behind."""
    assert said in imported(csv(tmp_path / "rows.csv", text), hub_path).line
    with Hub(hub_path) as hub:
        for name in ("import", "import_log", "sample", "model", "measured", "series", "comparison"):
            assert hub.database.execute(f"SELECT count(*) FROM {name}").fetchall() == [(0,)], name


@pytest.mark.parametrize(
    ("file", "options", "rows"),
    [
        ("measurements/mmlu_pro_binary.parquet", (), 347_215),
        ("measurements/wildbench_scores.parquet", ("--columns", "condition=version"), 29_653),
        (
            "measurements/llmfao_pairwise_human.parquet",
            ("--columns", "model_a=left,model_b=right,outcome=winner,sample=prompt"),
            8_931,
        ),
        ("livexiv/vqa_v1.parquet", ("--columns", "model=model_row,sample=part+version+domain+question"), 124_576),
        ("scaling/humaneval_codegen16b_n100_outcomes.csv", ("--model", "codegen-16b"), 164),
    ],
)
def test_real_tables(file: str, options: tuple[str, ...], rows: int, hub_path: Path) -> None:
    """Come in whole."""
    if not SHARED.exists():
        pytest.skip("the shared data is not here")
    done = imported(SHARED / file, hub_path, *options).json
    assert (done["rows"], done["kept"]) == (rows, rows)


def test_published_accuracies_come_out(hub_path: Path) -> None:
    if not SHARED.exists():
        pytest.skip("the shared data is not here")
    assert imported(SHARED / "measurements" / "mmlu_pro_binary.parquet", hub_path).code == 0
    ranked = evalhub("rank", "--method", "mean", "--hub", hub_path, "--json").json
    scores = {row["model"]: round(100 * row["score"], 1) for row in ranked["models"]}
    assert scores["gemini-1.5-pro-002_5shots"] == 70.2
    assert scores["Meta-Llama-3_1-70B-Instruct_5shots"] == 62.8


def test_words_for_pass_and_fail(tmp_path: Path, hub_path: Path) -> None:
    path = csv(tmp_path / "rows.csv", "Model,Sample,Score\na,1,TRUE\na,2,fail\na,3,n/a\na,4,Yes\n")
    done = imported(path, hub_path).json
    assert done["kept"] == 3 and done["refused"] == {"missing: no value": 1}
    assert [row[3] for row in values(hub_path)] == [1.0, 0.0, None, 1.0]
    assert any("took Model for model" in warning for warning in done["warnings"])


def test_what_was_not_read_is_told(tmp_path: Path, hub_path: Path) -> None:
    path = csv(tmp_path / "rows.csv", "model,sample,value,version\na,1,1,x\n")
    (first, second) = imported(path, hub_path, "--metric", "zing=up").json["warnings"]
    assert "columns that were not read: version" in first and "no metric zing here" in second


def test_votes_come_in_once(tmp_path: Path, hub_path: Path) -> None:
    """The same votes in another file are no new ones."""
    text = "model_a,model_b,outcome,sample\na,b,a,1\na,b,a,1\nb,c,tie,2\n"
    assert imported(csv(tmp_path / "votes.csv", text), hub_path, "--source", "s").json["kept"] == 3
    again = imported(csv(tmp_path / "again.csv", text), hub_path, "--source", "s").json
    assert again["kept"] == 0 and again["refused"] == {"votes that are all there already": 3}
    more = imported(csv(tmp_path / "more.csv", text + "c,a,model_a,1\n"), hub_path, "--source", "s").json
    assert more["kept"] == 4
