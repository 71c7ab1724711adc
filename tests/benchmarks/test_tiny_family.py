"""Tiny models for scaling laws: the task they are trained on, and a family of two."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks import tiny_family
from benchmarks.tiny_task import KINDS, LONGEST, held_out, tokenizer, training, write_samples
from ingest.sources.jsonl import JsonLines


def exchanged(prompt: str) -> str:
    sign = "+" if "+" in prompt else "*"
    first, second = prompt.rstrip("=").split(sign)
    return f"{second}{sign}{first}="


def test_problems_that_are_held_out_are_never_trained_on() -> None:
    """Nor with their numbers exchanged; the seed settles both."""
    kept = held_out(3)
    assert kept == held_out(3) != held_out(4)
    prompts = {problem.prompt for problem in kept}
    assert len(prompts) == len(kept) == 4 * 40 + 12
    batches = list(islice(training(3, 50), 60))
    assert batches == list(islice(training(3, 50), 60))
    seen = {problem.prompt for batch in batches for problem in batch}
    assert not prompts & seen and not {exchanged(prompt) for prompt in prompts} & seen
    assert {problem.kind for batch in batches for problem in batch} == set(KINDS)


def test_a_letter_is_a_token() -> None:
    """Back and forth without a space, and nothing is longer than the longest."""
    letters = tokenizer()
    for problem in held_out(0):
        assert letters(problem.prompt)["input_ids"] == problem.tokens[: len(problem.prompt)]
        assert letters.decode(problem.tokens, skip_special_tokens=True) == problem.prompt + problem.answer
        assert len(problem.tokens) <= LONGEST
        assert eval(problem.prompt.rstrip("=")) == int(problem.answer)


def test_the_samples_are_ones_that_evalhub_reads(tmp_path: Path) -> None:
    write_samples(held_out(0), tmp_path / "samples.jsonl")
    samples = list(JsonLines().samples(path=str(tmp_path / "samples.jsonl")))
    assert [sample.tags for sample in samples] == [(problem.kind,) for problem in held_out(0)]
    assert {sample.grader for sample in samples} == {"numeric"}


@pytest.mark.slow
def test_a_family_is_built_scored_and_not_built_twice(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What PassUntil finds is what the models' probabilities say; a model that was broken off is made anew."""
    monkeypatch.setenv("EVALHUB_HOME", str(tmp_path / "hub"))
    scored: list[Any] = []

    def score(*given: Any) -> Any:
        scored.append(real(*given))
        return scored[-1]

    real = tiny_family.score
    monkeypatch.setattr(tiny_family, "score", score)
    tiny_family.main([str(tmp_path / "out"), "--quick"])
    said = capfd.readouterr().out
    assert "tiny-100k: step 15 of 60" in said and "tiny-250k: done" in said and "| tiny-250k |" in said
    true = pl.read_csv(tmp_path / "out/rates.csv")
    found = pl.read_csv(tmp_path / "out/passes.csv")
    assert set(found["model"]) == {"tiny-100k", "tiny-250k"} and found.height == true.height == 2 * 172
    both = true.join(found, on=["model", "parameters", "sample", "tag"])
    expected = (both["rate"] * both["attempts"]).sum()
    assert both.height == true.height and expected > 4
    assert abs(both["passes"].sum() - expected) < 4 * expected**0.5
    weights = tmp_path / "out/tiny-100k/model.safetensors"
    before = weights.read_bytes()
    facts = tmp_path / "out/tiny-100k.json"
    rates = json.loads(facts.read_text())["rates"]
    facts.unlink()
    monkeypatch.setattr(tiny_family, "score", lambda *_: scored[-1])  # the models are the same
    tiny_family.main([str(tmp_path / "out"), "--quick"])
    said = capfd.readouterr().out
    assert "tiny-250k: there already" in said and "tiny-100k: done" in said
    assert weights.read_bytes() == before and json.loads(facts.read_text())["rates"] == rates
