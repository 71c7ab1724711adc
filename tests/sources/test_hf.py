"""Data sets that Hugging Face's library can read."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

from evalhub.exports.hugging_face import export_data_set
from evalhub.pool import ingest
from evalhub.store.hub import Hub
from evalhub.store.origins import sources
from evalhub.store.samples import Added, choose_samples
from ingest.records import Sample
from ingest.source import SourceError
from ingest.sources import hf
from ingest.sources.hf import HuggingFace

datasets = pytest.importorskip("datasets", reason='datasets is not installed: pip install "evalhub[hf]"')

DATA = Path(__file__).parents[3] / "shared/data/samples"

ROWS = [
    {"question": "2 + 2?", "options": ["3", "4", "5", "6"], "answer": 1, "level": "easy"},
    {"question": "2 + 1?", "options": ["3", "4", "5", "6"], "answer": 0, "level": "hard"},
]


def drawn(path: Path | str, **options: Any) -> list[Sample]:
    return list(HuggingFace().samples(path=str(path), **options))


def written(folder: Path, rows: list[dict[str, Any]], name: str = "mine.jsonl") -> Path:
    """A file of these rows, in the format of its name."""
    path = folder / name
    if path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row, default=str) for row in rows))
    else:
        kept = datasets.Dataset.from_list(rows)
        {".parquet": kept.to_parquet, ".csv": kept.to_csv}[path.suffix](str(path))
    return path


def picture(colour: str) -> bytes:
    stream = io.BytesIO()
    Pictures.new("RGB", (3, 3), colour).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data/samples")
def test_real_files_come_in_whole(hub: Hub) -> None:
    """GSM8K, whose answers end behind ####, and a task of BIG-Bench Hard, whose rows are within an object."""
    gsm8k = drawn(DATA / "gsm8k_test.jsonl", reference_after="####")
    assert len(gsm8k) == 1319 and {sample.grader for sample in gsm8k} == {"numeric"}
    assert gsm8k[0].reference == "18" and gsm8k[0].source == "hf:gsm8k_test.jsonl"
    dates = drawn(DATA / "bbh_date_understanding.json")
    assert len(dates) == 250 and dates[0].reference == "(B)" and dates[0].source_id == "0"
    assert dates[0].prompt.startswith("Today is Christmas Eve of 1937.") and dates[0].grader == "exact"
    added = ingest(hub, f"hf:{DATA / 'gsm8k_test.jsonl'}", {"reference_after": "####"})
    assert added == Added(1319, 1319)


@pytest.mark.parametrize("name", ["mine.jsonl", "mine.parquet"])
def test_a_file_with_obvious_names_needs_no_options(tmp_path: Path, name: str) -> None:
    """Question, options, and the place of the right one."""
    first, second = drawn(written(tmp_path, ROWS, name))
    assert (first.prompt, first.choices, first.reference) == ("2 + 2?", ("3", "4", "5", "6"), "4")
    assert (first.grader, first.source, first.source_id) == ("choice", f"hf:{name}", "0")
    assert second.reference == "3" and "{choices}" in first.condition.template
    (asked,) = drawn(written(tmp_path, ROWS, name), answer="likelihood", limit=1)
    assert asked.condition.answer == "likelihood" and asked.sample_id == first.sample_id


def test_all_columns(tmp_path: Path) -> None:
    """By name, by template, and within a column."""
    row = {
        "context": "A dog.",
        "q": {"text": "What is it?"},
        "a": "b",
        "options": ["a cat", "a dog"],
        "name": "x1",
        "subject": "zoology",
        "skills": ["reading", ""],
        "paper": "P7",
        "terms": "CC0-1.0",
        "when": datetime(2026, 11, 24, 8),
    }
    (sample,) = drawn(
        written(tmp_path, [row], "mine.parquet"),
        prompt="{context}\\n{q.text} {",
        reference="a",
        id="name",
        tags=("subject", "skills"),
        cluster="paper",
        licence="terms",
        published_at="when",
    )
    assert (sample.prompt, sample.reference) == ("A dog.\nWhat is it? {", "a dog")
    assert (sample.source_id, sample.tags, sample.cluster) == ("x1", ("zoology", "reading"), "P7")
    assert (sample.licence, sample.published_at) == ("CC0-1.0", date(2026, 11, 24))
    path = written(tmp_path, ROWS)
    for told in drawn(path, licence="MIT", published_at="2026-01-02", tags=("level",)):
        assert (told.licence, told.published_at) == ("MIT", date(2026, 1, 2)) and told.tags[0] in ("easy", "hard")


@pytest.mark.parametrize(
    ("references", "choices", "right"),
    [
        (["b", "a"], [["a", "b", "c"]] * 2, "ba"),
        (["B", "(c)"], [["x", "y", "z"]] * 2, "yz"),
        ([0, 2], [["x", "y", "z"]] * 2, "xz"),
        (["1", "3"], [["x", "y", "z"]] * 2, "xz"),
        ([2, 0], [["2", "3", "4"], ["5", "6", "7"]], "45"),
        (["3", "1"], [["1", "2", "3"]] * 2, "31"),
        ([["b"], ["a"]], [["a", "b"]] * 2, "ba"),
    ],
)
def test_references_are_read_in_one_way(
    tmp_path: Path, references: list[Any], choices: list[list[str]], right: str
) -> None:
    """As texts where all are texts, else as letters, else as places, counted from 0 or 1 as they tell."""
    rows = [
        {"question": f"{place}?", "answer": told, "choices": texts}
        for place, (told, texts) in enumerate(zip(references, choices, strict=True))
    ]
    samples = drawn(written(tmp_path, rows))
    assert "".join(str(sample.reference) for sample in samples) == right
    assert drawn(written(tmp_path, rows), limit=1) == samples[:1]


def test_places_that_do_not_tell_from_where_they_are_counted(tmp_path: Path) -> None:
    """The user is asked."""
    rows = [{**row, "answer": answer} for row, answer in zip(ROWS, (1, 2), strict=True)]
    path = written(tmp_path, rows)
    with pytest.raises(SourceError, match=r"counted from 0 or from 1\? Say -o count_from=0 or 1"):
        drawn(path)
    assert [sample.reference for sample in drawn(path, count_from=0)] == ["4", "5"]
    assert [sample.reference for sample in drawn(path, count_from=1)] == ["3", "4"]


def test_labels_classes_and_a_column_for_each_choice(tmp_path: Path) -> None:
    """Choices come in three more ways."""
    labelled = [
        {"question": "?", "answer": "2", "choices": {"text": ["x", "y"], "label": ["1", "2"]}},
        {"question": "!", "answer": "D", "choices": {"text": ["v", "w"], "label": ["C", "D"]}},
    ]
    assert [sample.reference for sample in drawn(written(tmp_path, labelled))] == ["y", "w"]
    columns = [{"question": "?", "answer": "2", "one": "x", "two": "y"}, {**ROWS[0], "answer": "1"}]
    columns[1] |= {"one": "v", "two": "w"}
    found = drawn(
        written(tmp_path, [{k: v for k, v in row.items() if k != "options"} for row in columns]),
        choices=("one", "two"),
    )
    assert [(sample.choices, sample.reference) for sample in found] == [(("x", "y"), "y"), (("v", "w"), "v")]
    classes = datasets.Features(
        {"input": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])}
    )
    kept = datasets.Dataset.from_dict({"input": ["it is", "it is not"], "label": [1, 0]}, features=classes)
    kept.to_parquet(str(tmp_path / "classes.parquet"))
    found = drawn(tmp_path / "classes.parquet")
    assert [(sample.choices, sample.reference) for sample in found] == [
        (("no", "yes"), "yes"),
        (("no", "yes"), "no"),
    ]


def test_a_question_without_choices_among_those_with(tmp_path: Path) -> None:
    """Is free."""
    free: list[dict[str, Any]] = [{**ROWS[0], "options": []}, {**ROWS[1], "options": None, "answer": 3}]
    samples = drawn(written(tmp_path, [*ROWS, *free]))
    assert [(len(sample.choices), sample.reference) for sample in samples] == [(4, "4"), (4, "3"), (0, 1), (0, 3)]
    assert samples[2].grader == "numeric"


def test_an_exported_data_set_comes_in_again(hub: Hub, tmp_path: Path) -> None:
    """As the same samples, images and all."""
    ingest(hub, "easy-vqa", {"limit": "30"})
    export_data_set(hub, tmp_path / "out", source="", limit=None, force=False, tell=lambda _: None)
    options = {"image": "images", "tags": "tags", "cluster": "cluster", "licence": "licence"}
    added = ingest(hub, f"hf:{tmp_path / 'out'}", {**options, "reference": "reference"})
    assert added == Added(len(choose_samples(hub)), 0)


@pytest.mark.parametrize(
    ("reference", "grader"),
    [(4, "numeric"), ("#### 70,000", "numeric"), ("#### Paris", "exact"), (True, "exact"), (2.5, "numeric")],
)
def test_the_reference_chooses_the_grader(tmp_path: Path, reference: Any, grader: str) -> None:
    after = "####" if isinstance(reference, str) else ""
    (sample,) = drawn(written(tmp_path, [{"input": "?", "target": reference}]), reference_after=after)
    assert sample.grader == grader and "#" not in str(sample.reference) and not sample.choices


def test_images_are_bytes(tmp_path: Path) -> None:
    """As they are stored; all columns of images unless some are named; None is no image."""
    rows = {
        "question": ["which?", "and?"],
        "answer": ["red", "blue"],
        "image": [picture("red"), None],
        "others": [[picture("blue"), picture("green")], []],
    }
    features = datasets.Features(
        {
            "question": datasets.Value("string"),
            "answer": datasets.Value("string"),
            "image": datasets.Image(),
            "others": datasets.List(datasets.Image()),
        }
    )
    kept = datasets.Dataset.from_dict(rows, features=features)
    kept.save_to_disk(str(tmp_path / "saved"))
    kept.to_parquet(str(tmp_path / "saved.parquet"))
    for path in (tmp_path / "saved", tmp_path / "saved.parquet"):
        first, second = drawn(path)
        assert first.images == (picture("red"), picture("blue"), picture("green")) and second.images == ()
        assert drawn(path, image=("image",))[0].images == (picture("red"),)
    with pytest.raises(SourceError, match="row 0: question is neither PNG, JPEG, GIF nor WebP"):
        drawn(tmp_path / "saved", image=("question",))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.png").write_bytes(picture("red"))
    written(folder, [{"file_name": "a.png", "question": "which?", "answer": "red"}], "metadata.jsonl")
    (sample,) = drawn(folder)
    assert sample.images == (picture("red"),) and sample.source_id == "train/0"


def test_folders_and_splits(tmp_path: Path) -> None:
    """The test split where there is one; else the user says which."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("train", "validation"):
        written(folder, [{**row, "question": f"{name}: {row['question']}"} for row in ROWS], f"{name}.parquet")
    with pytest.raises(SourceError, match="has several splits: name one with -o split=train or validation"):
        drawn(folder)
    with pytest.raises(SourceError, match="has no split 'tests': name one"):
        drawn(folder, split="tests")
    assert [sample.source_id for sample in drawn(folder, split="validation")] == ["validation/0", "validation/1"]
    written(folder, ROWS, "test.parquet")
    assert [sample.prompt for sample in drawn(folder)] == ["2 + 2?", "2 + 1?"]
    datasets.DatasetDict({"test": datasets.Dataset.from_list(ROWS)}).save_to_disk(str(tmp_path / "saved"))
    assert len(drawn(tmp_path / "saved")) == 2
    (tmp_path / "two.json").write_text(json.dumps({"canary": "x", "dev": ROWS[:1], "test": ROWS}))
    assert len(drawn(tmp_path / "two.json", split="test")) == 2
    with pytest.raises(SourceError, match="several lists of rows: name one with -o split=dev or test"):
        drawn(tmp_path / "two.json")
    (tmp_path / "list.json").write_text(json.dumps(ROWS))
    assert len(drawn(tmp_path / "list.json")) == 2


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (ROWS, {"prompt": "text"}, "there is no column 'text': there are question, options, answer, level"),
        (ROWS, {"prompt": "{question} {text}"}, "there is no column 'text'"),
        (ROWS, {"tags": ("lvl",)}, "there is no column 'lvl'"),
        (ROWS, {"answer": "maybe"}, "answer=maybe: give generate or likelihood"),
        (ROWS, {"count_from": 2}, "places are counted from 0 or 1"),
        (
            ROWS,
            {"published_at": "soon"},
            "row 0: published_at must be a column, or a day like 2026-11-24, not 'soon'",
        ),
        (
            [{"text": "?", "answer": "x"}],
            {},
            "which column is the prompt: none is named question or prompt or input.",
        ),
        ([{"question": "?", "input": "?", "answer": "x"}], {}, "which column is the prompt: question or input?"),
        (
            [{"question": "?", "answer": None}, {"question": "?", "answer": "x"}],
            {},
            "row 0: its reference is None",
        ),
        ([{"question": "?", "answer": ["x", "y"]}], {}, "row 0: its reference is ['x', 'y']: one text or number"),
        ([{"question": " ", "answer": "x"}], {}, "row 0: its prompt is empty"),
        ([{"question": "?", "answer": "x"}], {"reference_after": "##"}, "row 0: there is no ## in its reference"),
        ([{**ROWS[0], "answer": -1}, ROWS[1]], {}, "row 0: the reference -1 is none of its 4 choices"),
        ([*ROWS, {**ROWS[0], "answer": 9}], {}, "row 2: the reference 9 is none of its 4 choices"),
        ([{**ROWS[0], "options": [["3"]]}], {}, "row 0: its choices are [['3']]: a list of texts is needed"),
        ([{**ROWS[0], "options": "3 4"}], {}, "row 0: its choices are '3 4': a list of texts is needed"),
    ],
)
def test_what_cannot_be_told_is_one_clear_line(
    hub: Hub, tmp_path: Path, rows: list[dict[str, Any]], options: dict[str, Any], message: str
) -> None:
    """And adds nothing."""
    typed = {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in options.items()}
    with pytest.raises(SourceError) as caught:
        ingest(hub, f"hf:{written(tmp_path, rows)}", typed)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert sources(hub) == {}


def test_a_broken_row_at_the_end_adds_nothing(hub: Hub, tmp_path: Path) -> None:
    """Also after thousands of good ones."""
    rows = [{"question": f"{number}?", "answer": "x"} for number in range(2100)]
    with pytest.raises(SourceError, match="row 2100: its reference is None"):
        ingest(hub, f"hf:{written(tmp_path, [*rows, {'question': '?', 'answer': None}])}", {})
    assert sources(hub) == {}


def test_what_is_not_there_or_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without a file, a file without data, a hub out of reach."""
    (tmp_path / "broken.jsonl").write_text('{"question": "?"\n[1')
    (tmp_path / "notes.txt").write_text("x")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    for path, message in (
        ("", "name the data set: evalhub ingest hf:REPO"),
        ("absent.parquet", "absent.parquet: no such file or folder"),
        ("./absent", "./absent: no such file or folder"),
        (str(tmp_path / "notes.txt"), "the name of a data file ends in .parquet"),
        (str(tmp_path / "broken.jsonl"), "broken.jsonl cannot be loaded: "),
        ("no-such-owner/no-such-data", "is not on this machine, and the Hugging Face hub is out of reach"),
    ):
        with pytest.raises(SourceError) as caught:
            drawn(path)
        assert message in str(caught.value) and "\n" not in str(caught.value)


def test_without_datasets_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hf, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match=r"pip install \"evalhub\[hf\]\""):
        drawn("x/y")
