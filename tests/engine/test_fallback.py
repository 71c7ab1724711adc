"""What the engine refuses runs through transformers' own generate: outputs alike, each from its request alone."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from evalhub.backends.base import Output, Request
from evalhub.backends.baseline import BaselineBackend
from evalhub.backends.transformers import TransformersBackend
from evalhub.engine.engine import Engine
from evalhub.engine.fallback import Fallback
from evalhub.engine.plain_likelihood import PlainLikelihood
from evalhub.engine.seam import Refused
from evalhub.errors import EvalhubError
from ingest.records import Sample, Status
from tests.cli.helpers import evalhub
from tests.engine.models import REFUSED, make
from tests.engine.test_engine import PLAIN, PROMPTS, load, requests, run

GREEDY = replace(PLAIN, temperature=0.0)


def own(folder: Path, kind: str) -> Any:
    auto = transformers.AutoModelForSeq2SeqLM if kind == "t5" else transformers.AutoModelForCausalLM
    return auto.from_pretrained(folder, dtype=torch.float32).eval()


def fallback(folder: Path, kind: str, slots: int = 8) -> Fallback:
    return Fallback(own(folder, kind), transformers.AutoTokenizer.from_pretrained(folder), slots)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_the_engine_refuses_gives_the_greedy_output_of_generate(kind: str, tmp_path: Path) -> None:
    make(tmp_path, kind)
    if kind != "t5":
        with pytest.raises(Refused):
            load(tmp_path)
    engine, model = fallback(tmp_path, kind), own(tmp_path, kind)
    found = run(engine, requests(GREEDY, 1))
    for text in PROMPTS:
        ids = torch.tensor([engine.text.tokenizer(text)["input_ids"]])
        whole = model.generate(ids, max_new_tokens=20, do_sample=False, pad_token_id=0, eos_token_id=0)[0].tolist()
        expected = whole[1 if kind == "t5" else ids.shape[1] :]
        ended = 0 in expected
        output = found[text, 0]
        assert output.text == engine.text.tokenizer.decode(expected[: expected.index(0)] if ended else expected)
        assert (output.status is Status.TRUNCATED) == (not ended)


@pytest.mark.parametrize("kind", ["mamba", "gpt-oss"])
def test_an_output_does_not_depend_on_its_company(kind: str, tmp_path: Path) -> None:
    make(tmp_path, kind)
    alone: dict[tuple[str, int], str] = {}
    for slots in (8, 3):
        wanted = requests(PLAIN, 3)
        random.Random(slots).shuffle(wanted)
        for key, output in run(fallback(tmp_path, kind, slots), wanted).items():
            assert output.text == alone.setdefault(key, output.text), f"differs with {slots} slots"
    assert len({alone[PROMPTS[0], attempt] for attempt in range(3)}) > 1


def test_attempts_draw_from_the_same_streams_as_in_the_engine(tmp_path: Path) -> None:
    make(tmp_path, "llama")
    ours = run(load(tmp_path), requests(PLAIN, 2))
    theirs = run(fallback(tmp_path, "llama"), requests(PLAIN, 2))
    assert {key: output.text for key, output in ours.items()} == {
        key: output.text for key, output in theirs.items()
    }


def test_stop_strings_limits_and_prompts_too_long_end_as_in_the_engine(tmp_path: Path) -> None:
    make(tmp_path, "llama")
    engines: list[Engine | Fallback] = [load(tmp_path), fallback(tmp_path, "llama")]
    whole = run(engines[0], requests(GREEDY, 1))
    stop = next(output.text[3:5] for output in whole.values() if len(output.text) > 5)
    asked = [
        *requests(replace(GREEDY, stop=(stop,)), 1),
        Request("short", 0, 0, "the quick", replace(GREEDY, max_tokens=2)),
        Request("long", 0, 0, "é" * 400, GREEDY),
    ]

    def said(output: Output) -> tuple[str, Status, int, int]:
        return output.text, output.status, output.tokens, output.prompt_tokens

    ours, theirs = (
        {key: said(output) for key, output in run(engine, asked).items()}
        for engine in engines  # type: ignore
    )
    assert ours == theirs
    assert ours["long", 0][1] is Status.ERROR
    assert any(stop in whole[text, 0].text and stop not in ours[text, 0][0] for text in PROMPTS)


def test_a_model_s_own_settings_for_generate_do_not_change_what_it_says(tmp_path: Path) -> None:
    make(tmp_path, "mamba")
    before = run(fallback(tmp_path, "mamba"), requests(PLAIN, 1))
    transformers.GenerationConfig(
        eos_token_id=0, do_sample=True, temperature=0.1, top_k=1, repetition_penalty=5.0, num_beams=2
    ).save_pretrained(tmp_path)
    after = run(fallback(tmp_path, "mamba"), requests(PLAIN, 1))
    assert {key: output.text for key, output in before.items()} == {
        key: output.text for key, output in after.items()
    }


def test_rows_that_a_model_mixes_up_are_run_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "llama")
    expected = run(fallback(tmp_path, "llama"), requests(GREEDY, 1))
    forward = transformers.LlamaForCausalLM.forward

    def mixing(self: Any, *args: Any, **more: Any) -> Any:
        output = forward(self, *args, **more)
        output.logits = output.logits.mean(0, keepdim=True).expand_as(output.logits)
        return output

    monkeypatch.setattr(transformers.LlamaForCausalLM, "forward", mixing)
    found = run(fallback(tmp_path, "llama"), requests(GREEDY, 1))
    assert {key: output.text for key, output in found.items()} == {
        key: output.text for key, output in expected.items()
    }


def test_logits_that_are_not_finite_end_the_attempt_as_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "llama")
    engine = fallback(tmp_path, "llama")
    forward = transformers.LlamaForCausalLM.forward

    def broken(self: Any, *args: Any, **more: Any) -> Any:
        output = forward(self, *args, **more)
        output.logits[0] = float("nan")
        return output

    monkeypatch.setattr(transformers.LlamaForCausalLM, "forward", broken)
    statuses = [output.status for output in run(engine, requests(PLAIN, 1)).values()]
    assert Status.ERROR in statuses and len(set(statuses)) > 1


def test_continuations_are_as_likely_as_a_plain_forward_says(tmp_path: Path) -> None:
    make(tmp_path, "mamba")
    engine = fallback(tmp_path, "mamba")
    scorer = PlainLikelihood(engine.model, engine.text)
    scorer.add([Request("s", 0, 0, "the quick", PLAIN, continuations=(" brown fox", " 1"))])
    output = scorer.step()[0]
    assert scorer.idle
    for score, continuation in zip(output.scores, (" brown fox", " 1"), strict=True):
        known = len(engine.text.tokenizer("the quick")["input_ids"])
        ids = engine.text.tokenizer("the quick" + continuation)["input_ids"]
        logprobs = torch.log_softmax(engine.model(torch.tensor([ids])).logits[0].detach(), -1)
        expected = sum(float(logprobs[place - 1, ids[place]]) for place in range(known, len(ids)))
        assert score.logprob == pytest.approx(expected, abs=1e-4)
        assert score.tokens == len(ids) - known


def test_the_backend_says_what_runs_a_model_and_why(tmp_path: Path) -> None:
    backend = TransformersBackend(str(make(tmp_path, "t5")), device="cpu", dtype="float32")
    try:
        condition = backend.condition(PLAIN)
        assert condition.engine == "transformers-generate/float32"
        assert len(backend.notes) == 1 and "generate" in backend.notes[0] and "encoder" in backend.notes[0]
        backend.submit([Request("s", attempt, 0, "the quick", condition) for attempt in range(3)])
        outputs: list[Output] = []
        while len(outputs) < 3:
            outputs += backend.collect(5)
        assert {output.request.attempt for output in outputs} == {0, 1, 2}
        sample = Sample(prompt="?", grader="exact", reference="a", source="s", source_id="1")
        assert backend.refuses(sample, sample.condition) == ""
        assert backend.refuses(sample, replace(sample.condition, answer="likelihood"))
    finally:
        backend.close()


def test_the_user_is_told_what_a_backend_has_to_say(hub_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = "it runs through transformers' own generate"
    monkeypatch.setattr(BaselineBackend, "notes", (note,))
    options = ["-o", "generators=gcd", "-o", "size=2"]
    assert evalhub("ingest", "reasoning-gym", *options, "--hub", hub_path).code == 0
    assert note in evalhub("score", "baseline:empty", "--json", "--hub", hub_path).json["warnings"]


def test_a_model_that_cannot_generate_is_refused_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "mamba")

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no kernel\nfor this")

    monkeypatch.setattr(transformers.MambaForCausalLM, "forward", broken)
    with pytest.raises(EvalhubError, match="MambaForCausalLM cannot generate: no kernel for this"):
        fallback(tmp_path, "mamba")
