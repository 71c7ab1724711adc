"""`evalhub score --answer likelihood`, and long texts, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import evalhub
from tests.engine.models import make

LINES = [
    {"id": "1", "prompt": "The sky is", "reference": "blue", "choices": ["red", "blue"]},
    {"id": "2", "prompt": "Once upon a", "reference": "time"},
    {"id": "3", "text": "It was the best of times, it was the worst of times."},
]


@pytest.fixture
def pool(hub_path: Path, tmp_path: Path) -> Path:
    """A hub with a question, a word that is to come, and a text."""
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)))
    assert evalhub("ingest", f"jsonl:{path}", "--hub", hub_path).code == 0
    return hub_path


def test_choices_words_and_texts_are_scored(pool: Path, tmp_path: Path) -> None:
    """The model is asked once for each; the metrics stand beside the pass rate, in JSON and for people."""
    folder = make(tmp_path / "tiny", "llama", chat=False)
    call = ("score", folder, "--answer", "likelihood", "--device", "cpu", "--hub", pool)
    done = evalhub(*call, "--json")
    assert done.code == 0, done.err
    (part,) = done.json["sources"]
    assert (part["samples"], part["attempts"], part["missing"]) == (2, 2, 0)
    figures = {entry["metric"]: entry for entry in done.json["metrics"]}
    assert set(figures) == {
        "acc_norm",
        "acc_bytes",
        "loglikelihood",
        "bits_per_byte",
        "byte_perplexity",
        "word_perplexity",
    }
    assert figures["loglikelihood"]["samples"] == 2 and figures["bits_per_byte"]["samples"] == 1
    assert figures["bits_per_byte"]["low"] is None, "one text says nothing of others"
    assert {row["model"] for row in done.json["ranking"]["models"]} == {
        "tiny [answer=likelihood]",
        "baseline:random",
    }
    again = evalhub(*call)
    assert again.code == 0 and "bits_per_byte" in again.out and "acc_norm" in again.out
    assert "going on with 2 attempts" in again.err


def test_a_text_alone_has_no_pass_rate_and_no_rank(hub_path: Path, tmp_path: Path) -> None:
    """Its bits per byte are all there is to say."""
    path = tmp_path / "texts.jsonl"
    path.write_text(json.dumps(LINES[2]))
    evalhub("ingest", f"jsonl:{path}", "--hub", hub_path)
    folder = make(tmp_path / "tiny", "llama", chat=False)
    done = evalhub("score", folder, "--device", "cpu", "--json", "--hub", hub_path)
    assert done.code == 0, done.err
    assert (done.json["sources"], done.json["ranking"]) == ([], None)
    assert done.json["metrics"][0]["metric"] == "bits_per_byte"
    people = evalhub("score", folder, "--device", "cpu", "--hub", hub_path)
    assert people.code == 0 and "bits_per_byte" in people.out
    skipped = evalhub("score", "baseline:random", "--json", "--hub", hub_path)
    assert skipped.line == "nothing can be scored: a long text is scored by likelihood only"


def test_options_of_decoding_have_no_part_in_it(pool: Path) -> None:
    for option in ("--temperature", "--top-p", "--max-tokens"):
        done = evalhub("score", "baseline:random", "--answer", "likelihood", option, 1, "--hub", pool)
        assert done.code == 2 and "generates nothing" in done.err
