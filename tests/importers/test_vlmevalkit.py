"""VLMEvalKit."""

from __future__ import annotations

import base64
import importlib.util
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from ingest.importer import LogError, Told
from ingest.importers.vlmevalkit import VLMEvalKit
from tests.importers.damaged import assert_any_json_will_do, assert_survives, claims, read

NAME = "qwen_chat_MMBench_DEV_EN_openai_result"
LEAST = {
    "index": 241,
    "question": "Which colour?",
    "A": "red",
    "B": "blue",
    "answer": "B",
    "category": "colours",
    "prediction": "It is B.",
    "hit": 1,
    "log": "Match Log: B. ",
}

needs_excel = pytest.mark.skipif(not importlib.util.find_spec("fastexcel"), reason="fastexcel is not installed")


def written(folder: Path, *rows: dict[str, Any], name: str = NAME, kind: str = "json", whole: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.{kind}"
    records = [{**LEAST, **row} if whole else row for row in rows]
    names = list(dict.fromkeys(name for record in records for name in record))
    table = [names, *([record.get(name) for name in names] for record in records)]
    if kind == "json":
        path.write_text(json.dumps(records, indent=4, ensure_ascii=False))
    elif kind == "tsv":
        cells = [["" if cell is None else str(cell).replace('"', '""') for cell in row] for row in table]
        path.write_text("".join("\t".join(f'"{cell}"' for cell in row) + "\n" for row in cells))
    else:
        excel(path, table)
    return path


def excel(path: Path, table: list[list[Any]]) -> None:
    """The least that is a workbook."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    rows = []
    for number, row in enumerate(table, start=1):
        cells = [
            f'<c r="{chr(65 + place)}{number}"><v>{cell}</v></c>'
            if isinstance(cell, int)
            else f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{escape(str(cell))}</t></is></c>'
            for place, cell in enumerate(row)
            if cell is not None
        ]
        rows.append(f'<row r="{number}">{"".join(cells)}</row>')
    sheets = f'<sheets><sheet name="Sheet1" sheetId="1" xmlns:r="{office}" r:id="rId1"/></sheets>'
    data = f"<sheetData>{''.join(rows)}</sheetData>"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": (
            f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": f'<workbook xmlns="{main}">{sheets}</workbook>',
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{office}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>'
        ),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">{data}</worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)


@pytest.mark.parametrize("kind", ["json", "tsv", pytest.param("xlsx", marks=needs_excel)])
def test_tables(tmp_path: Path, kind: str) -> None:
    """The three ways to write one say the same; numbers among the choices stay as they were."""
    log = read(VLMEvalKit(), written(tmp_path, {}, {"index": 242, "A": 3, "hit": 0}, kind=kind))
    assert log.results.select("model", "metric", "value").rows() == [
        ("qwen_chat", "hit", 1.0),
        ("qwen_chat", "hit", 0),
    ]
    first, second = (log.samples[sample] for sample in log.results["sample"])
    assert (first.source, first.source_id) == ("vlmevalkit:MMBench_DEV_EN", "241")
    assert (first.prompt, first.choices, first.tags) == ("Which colour?", ("red", "blue"), ("colours",))
    assert second.choices == ("3", "blue") and log.partial == ""


@pytest.mark.parametrize(
    ("more", "value", "reason"),
    [
        ({"hit": 0}, 0.0, ""),
        ({"hit": True}, 1.0, ""),
        ({"hit": "0.0"}, 0.0, ""),
        ({"hit": None}, None, "no value"),
        ({"hit": float("nan")}, None, "NaN"),
        ({"hit": ""}, None, "no value"),
        ({"hit": 0, "prediction": "Failed to obtain answer via API. "}, None, "error"),
        ({"log": "Match Log: Failed to predict, thus randomly generate one. . "}, None, "no verdict"),
        ({"hit": 0, "log": "Failed in Prefetch, no GPT-based answer matching under `exact_matching`"}, 0.0, ""),
        ({"prediction": None}, 1.0, ""),
    ],
)
def test_answers_that_never_came_and_verdicts_drawn_at_random(
    tmp_path: Path, more: dict[str, Any], value: float | None, reason: str
) -> None:
    """Are missing; an answer that exact matching cannot read is wrong by its rules."""
    log = read(VLMEvalKit(), written(tmp_path, more))
    assert log.results.select("value", "reason").rows() == [(value, reason)]


@pytest.mark.parametrize("kind", ["json", "tsv", pytest.param("xlsx", marks=needs_excel)])
def test_predictions_must_be_judged_first(tmp_path: Path, kind: str) -> None:
    row = {name: value for name, value in LEAST.items() if name != "hit"}
    key = written(tmp_path, row, name="qwen_MMStar", kind=kind, whole=False)
    with pytest.raises(LogError, match="judge"):
        read(VLMEvalKit(), key)


def test_a_judged_table_takes_its_predictions_with_it(tmp_path: Path) -> None:
    row = {name: value for name, value in LEAST.items() if name != "hit"}
    predictions = written(tmp_path, row, name="qwen_MMStar", kind="tsv", whole=False)
    other = written(tmp_path, row, name="qwen_MMStar_2", kind="tsv", whole=False)
    judged = written(tmp_path, {}, name="qwen_MMStar_exact_matching_result")
    assert VLMEvalKit().claim(judged, judged.read_bytes()) == (judged, predictions)
    assert VLMEvalKit().claim(other, other.read_bytes()) == (other,)


@pytest.mark.parametrize(
    ("name", "model", "data_set"),
    [
        ("m/m_MMMU_DEV_VAL_gpt-4o-mini_result", "m", "MMMU_DEV_VAL"),
        ("llava_v1.5_7b/T20240601_G1a2b/llava_v1.5_7b_Odd_Set", "llava_v1.5_7b", "Odd_Set"),
        ("out/GPT4o_20240806_SEEDBench_IMG", "GPT4o_20240806", "SEEDBench_IMG"),
        ("out/a_b_POPE_result", "a_b", "POPE"),
        ("out/a_b_Odd", "a_b", "Odd"),
        ("out/a_b_Odd_exact_matching_result", "a_b", "Odd"),
        ("out/a_MMBench_DEV_EN_V11_exact_matching_result", "a", "MMBench_DEV_EN_V11"),
    ],
)
def test_model_and_data_set_are_in_the_name(tmp_path: Path, name: str, model: str, data_set: str) -> None:
    """Told apart by the folder, which is the model's, or by how data sets are called: both hold underscores."""
    folder, _, stem = name.rpartition("/")
    log = read(VLMEvalKit(), written(tmp_path / folder, {}, name=stem))
    assert log.results["model"].to_list() == [model]
    assert next(iter(log.samples.values())).source == f"vlmevalkit:{data_set}"


def test_what_the_user_says_of_the_model(tmp_path: Path) -> None:
    log = read(VLMEvalKit(), written(tmp_path, {}, name="my_model_Odd_Set"), Told(model="my_model"))
    assert log.results["model"].to_list() == ["my_model"]
    assert next(iter(log.samples.values())).source == "vlmevalkit:Odd_Set"
    with pytest.raises(LogError, match="--model"):
        read(VLMEvalKit(), written(tmp_path, {}, name="results"))


def test_questions_of_equal_text_are_not_one_without_their_images(tmp_path: Path) -> None:
    log = read(VLMEvalKit(), written(tmp_path, {"index": 1}, {"index": 2}))
    assert log.results["sample"].n_unique() == 2
    again = read(
        VLMEvalKit(), written(tmp_path / "again", {"index": 1}, name="other_MMBench_DEV_EN_openai_result")
    )
    assert again.results["sample"][0] == log.results["sample"][0]


def test_images_in_the_table(tmp_path: Path) -> None:
    """In base64, in lists, or by the index of the row that has them."""
    cat, dog = (base64.b64encode(b"\x89PNG" + bytes([n]) * 80).decode() for n in range(2))
    rows = [
        {"index": "1", "image": cat},
        {"index": "2", "image": "1", "question": "Which animal?"},
        {"index": "3", "image": str([cat, dog])},
        {"index": "4", "image": "no image" * 20},
        {"index": "5", "image": None},
    ]
    log = read(VLMEvalKit(), written(tmp_path, *rows))
    found = [log.samples[sample] for sample in log.results["sample"]]
    assert [len(sample.images) for sample in found] == [1, 1, 2, 0, 0]
    assert found[0].images == found[1].images and found[0].cluster == found[1].cluster != ""
    assert found[0].reference == "blue" and isinstance(found[3].reference, dict)


def test_circular_evaluation_is_another_metric(tmp_path: Path) -> None:
    """There the same question had to be right under all rotations of its choices."""
    log = read(VLMEvalKit(), written(tmp_path, {"g_index": 241}))
    assert log.results["metric"].to_list() == ["circular_hit"]


def test_a_hint_belongs_to_the_question(tmp_path: Path) -> None:
    log = read(VLMEvalKit(), written(tmp_path, {"hint": "It is cold.", "answer": "free text"}))
    (sample,) = log.samples.values()
    assert sample.prompt == "It is cold.\nWhich colour?"
    assert isinstance(sample.reference, dict) and sample.reference["answer"] == "free text"


def test_what_is_no_row_is_refused(tmp_path: Path) -> None:
    key = written(tmp_path, {}, {"index": None}, {"hit": "yes"}, {"hit": 2}, {"hit": [1]})
    log = read(VLMEvalKit(), key)
    assert log.results.height == 1
    assert dict(log.refused) == {"not a row of VLMEvalKit": 1, "hit is no number": 2, "hit out of its range": 1}


def test_rows_between_tabs_that_do_not_fit(tmp_path: Path) -> None:
    """A row with other cells than columns is not guessed at, and what a cut row says is not believed."""
    key = written(tmp_path, {}, {"index": 242}, kind="tsv")
    content = key.read_text()
    key.write_text(content + '"243"\t"Which?"\n')
    log = read(VLMEvalKit(), key)
    assert (log.results.height, dict(log.refused), log.partial) == (2, {"not as many cells as columns": 1}, "")
    for cut in (content[:-1], content[:-4]):
        key.write_text(cut)
        log = read(VLMEvalKit(), key)
        assert (log.results.height, dict(log.refused)) == (1, {"damaged or cut short": 1})
        assert "cut short" in log.partial


def test_other_tables_are_not_claimed(tmp_path: Path) -> None:
    for kind, content in (
        ("tsv", "index\tquestion\n1\ta\n"),
        ("json", '[{"index": 1, "question": "a"}]'),
        ("xlsx", "a"),
    ):
        other = tmp_path / f"a_b.{kind}"
        other.write_text(content)
        assert not claims(VLMEvalKit(), other)
    with zipfile.ZipFile(tmp_path / "a_b.xlsx", "w") as file:
        file.writestr("header.json", "{}")
    assert not claims(VLMEvalKit(), tmp_path / "a_b.xlsx")


def test_a_workbook_without_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can look into it, but it is nobody else's either."""

    def missing(*_: Any, **__: Any) -> None:
        raise ModuleNotFoundError("required package 'fastexcel' not found")

    monkeypatch.setattr("polars.read_excel", missing)
    key = written(tmp_path, {}, kind="xlsx")
    with pytest.raises(LogError, match="pip install fastexcel"):
        read(VLMEvalKit(), key)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["json", "tsv", pytest.param("xlsx", marks=needs_excel)])
def test_damage(tmp_path: Path, kind: str) -> None:
    rows = [{"index": n * 16 + 3, "hit": n % 2, "question": f"Which “colour” {n}?"} for n in range(4)]
    key = written(tmp_path, *rows, kind=kind)
    assert_survives(VLMEvalKit(), key)
    if kind == "json":
        assert_any_json_will_do(VLMEvalKit(), key)
