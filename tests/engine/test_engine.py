"""The engine: greedy output is transformers' own, and an output does not depend on its company."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers

from evalhub.backends.base import Output, Request
from evalhub.engine.engine import Engine
from evalhub.engine.fallback import Fallback
from evalhub.errors import EvalhubError
from ingest.records import Condition, Status
from tests.engine.models import CONFIGS, make

PLAIN = Condition(form="plain", temperature=0.9, top_p=0.9, max_tokens=20)
PROMPTS = [
    "the quick",
    "brown fox jumps over",
    "a",
    "1 + 1 =",
    "the the the the the the the the the the fox",
    "x" * 70,
]


def load(folder: Path, slots: int = 8, dtype: torch.dtype = torch.float32) -> Engine:
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
    return Engine(model, transformers.AutoTokenizer.from_pretrained(folder), slots)


def run(engine: Engine | Fallback, requests: list[Request]) -> dict[tuple[str, int], Output]:
    engine.add(requests)
    outputs = []
    while not engine.idle:
        outputs += engine.step()
    assert len(outputs) == len(requests)
    return {(output.request.sample_id, output.request.attempt): output for output in outputs}


def requests(condition: Condition, attempts: int) -> list[Request]:
    return [Request(text, attempt, 3, text, condition) for attempt in range(attempts) for text in PROMPTS]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("llama"), "llama")


@pytest.mark.parametrize("kind", CONFIGS)
def test_greedy_output_is_that_of_transformers(kind: str, tmp_path: Path) -> None:
    engine = load(make(tmp_path, kind))
    found = run(engine, requests(replace(PLAIN, temperature=0.0), 1))
    own = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    for text in PROMPTS:
        ids = torch.tensor([engine.text.tokenizer(text)["input_ids"]])
        expected = own.generate(ids, max_new_tokens=20, do_sample=False)[0, ids.shape[1] :]
        ended = 0 in expected
        kept = expected[: expected.tolist().index(0)] if ended else expected
        output = found[text, 0]
        assert output.text == engine.text.tokenizer.decode(kept)
        assert (output.status is Status.TRUNCATED) == (not ended)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_output_does_not_depend_on_its_company(llama: Path, dtype: torch.dtype) -> None:
    alone = {}
    for slots, attempts in ((8, 5), (16, 5), (40, 5), (8, 2)):
        wanted = requests(PLAIN, attempts)
        random.Random(slots).shuffle(wanted)
        found = run(load(llama, slots, dtype), wanted)
        for key, output in found.items():
            assert output.text == alone.setdefault(key, output.text), f"differs with {slots} slots"
    texts = {alone[PROMPTS[0], attempt] for attempt in range(5)}
    assert len(texts) > 1, "attempts must have random streams of their own"


def test_stop_strings_are_cut_on_generated_text_only(llama: Path) -> None:
    engine = load(llama)
    whole = run(engine, requests(replace(PLAIN, temperature=0.0), 1))
    prompt, text, stop = next(
        (prompt, output.text, output.text[place : place + 2])
        for (prompt, _), output in whole.items()
        for place in range(3, len(output.text) - 2)
        if output.text.index(output.text[place : place + 2]) == place and output.text[:place].strip()
    )
    cut = run(engine, requests(replace(PLAIN, temperature=0.0, stop=(stop, "never there")), 1))[prompt, 0]
    assert (cut.text, cut.status) == (text[: text.index(stop)], Status.OK)
    # The prompt is full of "the", which must not end anything.
    condition = replace(PLAIN, temperature=0.0, stop=("the the",))
    assert run(engine, requests(condition, 1))[PROMPTS[4], 0].text == whole[PROMPTS[4], 0].text


def test_a_stop_at_once_is_no_answer(llama: Path) -> None:
    engine = load(llama)
    first = run(engine, requests(replace(PLAIN, temperature=0.0), 1))[PROMPTS[0], 0].text[0]
    output = run(engine, requests(replace(PLAIN, temperature=0.0, stop=(first,)), 1))[PROMPTS[0], 0]
    assert (output.text, output.status) == ("", Status.NO_ANSWER)


def test_a_prompt_that_fills_the_context_is_an_error_not_a_wrong_answer(llama: Path) -> None:
    long = Request("long", 0, 0, "é" * 400, PLAIN)
    output = run(load(llama), [long])["long", 0]
    assert output.status is Status.ERROR


def test_chat_goes_through_the_template(llama: Path) -> None:
    engine = load(llama)
    request = Request("s", 0, 0, "hi", Condition(form="chat", preamble="be brief"))
    assert engine.text.tokenizer.decode(engine.text.encode(request)) == "<system>be brief<user>hi<assistant>"


def test_a_model_that_the_slots_would_run_wrongly_is_refused(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(llama)
    monkeypatch.setattr("evalhub.engine.slots.squeeze", lambda scores, *_: scores.float() * 0)
    with pytest.raises(EvalhubError, match="other logits"):
        Engine(model, transformers.AutoTokenizer.from_pretrained(llama), 8)


def test_logits_that_are_not_finite_end_the_attempt_as_an_error(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(llama)
    feed = engine._feed

    def broken_once() -> torch.Tensor:
        logits = feed()
        logits[0] = float("nan")
        return logits

    monkeypatch.setattr(engine, "_feed", broken_once)
    statuses = [output.status for output in run(engine, requests(PLAIN, 1)).values()]
    assert Status.ERROR in statuses


def test_worked_examples_are_computed_once_and_change_nothing(llama: Path) -> None:
    preamble = "Question: the quick brown fox? Answer: over. " * 2
    condition = replace(PLAIN, preamble=preamble)
    engine = load(llama)
    fed: list[int] = []
    hook = engine.model.get_input_embeddings().register_forward_hook(
        lambda _, given, __: fed.append(given[0].numel())
    )
    found = run(engine, requests(condition, 2))
    hook.remove()
    tokens = {text: len(engine.text.encode(Request(text, 0, 0, text, condition))) for text in PROMPTS}
    assert sum(count for count in fed if count > 8) < sum(tokens.values()) - 3 * 32, "shared tokens were fed again"
    # A model of the same weights that is given the whole text as one prompt.
    for text in PROMPTS:
        whole = Request(text, 0, 3, preamble + text, replace(PLAIN, temperature=0.0))
        apart = replace(condition, temperature=0.0)
        assert (
            run(load(llama), [whole])[text, 0].text
            == run(engine, [Request(text, 0, 3, text, apart)])[text, 0].text
        )
    assert len(found) == 2 * len(PROMPTS)


def test_fewer_attempts_run_together_where_memory_is_short(llama: Path) -> None:
    small = transformers.AutoModelForCausalLM.from_pretrained(llama).eval()
    # Room for three attempts of twenty tokens: keys and values of two layers, two heads, width 12, float32.
    engine = Engine(
        small, transformers.AutoTokenizer.from_pretrained(llama), 8, int(3.5 * 20 * 2 * 2 * 2 * 12 * 4 / 0.75)
    )
    engine.add(requests(PLAIN, 2))
    together = []
    outputs = []
    while not engine.idle:
        outputs += engine.step()
        together.append(len(engine._running))
    assert max(together) == 3
    expected = run(load(llama), requests(PLAIN, 2))
    assert {(o.request.sample_id, o.request.attempt): o.text for o in outputs} == {
        key: output.text for key, output in expected.items()
    }
