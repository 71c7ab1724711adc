"""Samples as a data set of Hugging Face's `datasets`."""

from __future__ import annotations

import html
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evalhub.exports.data_card import data_card
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Sample
from tests.cli.helpers import evalhub
from tests.exports.hubs import done, questions

datasets = pytest.importorskip("datasets", reason='needs datasets: pip install "evalhub[lm-eval]"')
Image = pytest.importorskip("PIL.Image")


def picture(colour: tuple[int, int, int]) -> bytes:
    """A small PNG."""
    file = io.BytesIO()
    Image.new("RGB", (5, 3), colour).save(file, "PNG")
    return file.getvalue()


SEEN = Sample(
    prompt="Which colours?",
    images=(picture((255, 0, 0)), picture((0, 0, 255))),
    choices=("red | blue", "green"),
    reference="red | blue",
    grader="choice",
    source="pictures|mine",
    source_id="1",
    licence="My own licence",
)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A hub with questions, one with images, and one of which only the name is known."""
    with Hub(tmp_path / "hub") as hub:
        add_samples(hub, [*questions(), SEEN])
    (tmp_path / "t.csv").write_text("model,sample,value\na,1,0\nb,1,1\n")
    done(evalhub("import", tmp_path / "t.csv", "--hub", tmp_path / "hub", "--source", "theirs"))
    return tmp_path / "hub"


def loaded(folder: Path, cache: Path) -> Any:
    return datasets.load_dataset(str(folder), split="test", cache_dir=str(cache))


def test_the_folder_loads_with_its_images(full: Path, tmp_path: Path) -> None:
    """All fields are there, images as images with the bytes that they had."""
    out = tmp_path / "set"
    said = done(evalhub("export", out, "--to", "hugging-face", "--hub", full, "--json")).json
    assert said == {
        "path": str(out),
        "rows": 13,
        "samples": 13,
        "models": 0,
        "left_out": {"only the sample's name is known": 1},
    }
    rows = loaded(out, tmp_path / "cache")
    assert rows.num_rows == 13
    (row,) = (row for row in rows if row["source"] == SEEN.source)
    assert [image.getpixel((0, 0)) for image in row["images"]] == [(255, 0, 0), (0, 0, 255)]
    raw = rows.cast_column("images", datasets.Sequence(datasets.Image(decode=False)))
    assert [image["bytes"] for image in raw[rows["id"].index(SEEN.sample_id)]["images"]] == list(SEEN.images)
    assert row["choices"] == list(SEEN.choices) and row["reference"] == SEEN.reference
    asked = {sample.sample_id: sample for sample in questions()}
    for row in rows:
        if row["id"] in asked:
            sample = asked[row["id"]]
            assert (row["prompt"], row["choices"], row["tags"]) == (
                sample.prompt,
                list(sample.choices),
                list(sample.tags),
            )
            assert row["reference"] == str(sample.reference) and row["cluster"] == sample.cluster
            assert row["published_at"] == sample.published_at and row["template"] == sample.condition.template
            assert isinstance(row["published_at"], date | None)


def test_the_card_says_where_samples_come_from(full: Path, tmp_path: Path) -> None:
    """With their licences, also as the hub of data sets reads them."""
    done(evalhub("export", tmp_path / "set", "--to", "hugging-face", "--hub", full))
    card = (tmp_path / "set/README.md").read_text()
    assert "license: [cc-by-4.0, other, unknown]" in card
    assert "| sums | 12 | not stated (6), CC-BY-4.0 (6) |" in card
    assert "| pictures&#124;mine | 1 | My own licence |" in card


def test_names_are_text_in_the_card_and_nothing_else() -> None:
    source = "a|b\n| c | <script>x</script> [l](http://e) `co\\de` *b* _i_ my_data \x1b[31m"
    card = data_card({(source, "<b>"): 2}, {}, "data.parquet")
    (row,) = [line for line in card.splitlines() if line.startswith("| a")]
    assert row.count("|") == 4 and not set("<>[]`*\\\x1b") & set(row) and "my_data" in row
    told = html.unescape(row.strip("| ").partition(" | ")[0])
    assert told == "a|b | c | <script>x</script> [l](http://e) `co\\de` *b* _i_ my_data"
    assert "&#60;b&#62;" in row


def test_a_source_and_a_number_of_samples(full: Path, tmp_path: Path) -> None:
    """The first ones, spread over tags."""
    out = tmp_path / "set"
    said = done(
        evalhub("export", out, "--to", "hugging-face", "--hub", full, "--source", "sums", "--limit", 4, "--json")
    ).json
    assert said["rows"] == 4 and said["left_out"] == {}
    tags = loaded(out, tmp_path / "cache")["tags"]
    assert sorted(map(len, tags)) == [0, 0, 2, 2]


def test_nothing_of_the_users_is_replaced(full: Path, tmp_path: Path) -> None:
    """Only an earlier export, and that only when it is said."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("x")
    arguments = ("--to", "hugging-face", "--hub", full, "--force")
    assert "holds other files" in evalhub("export", mine, *arguments).line
    assert "is a file" in evalhub("export", mine / "thesis.tex", *arguments).line
    out = tmp_path / "set"
    done(evalhub("export", out, *arguments))
    assert "--force replaces it" in evalhub("export", out, *arguments[:-1]).line
    (out / "data/test.parquet").unlink()
    done(evalhub("export", out, *arguments))
    assert (out / "data/test.parquet").exists()
    assert "of 1 samples only the names are known" in evalhub("export", out, *arguments, "--source", "theirs").line
    assert (out / "data/test.parquet").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hub", "mine", "set", "t.csv"]
