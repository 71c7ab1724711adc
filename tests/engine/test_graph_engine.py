"""The engine with slots of fixed size, on a CPU: each step is called there, where a GPU plays a recording."""

from __future__ import annotations

import gc
import io
import random
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers

from evalhub.backends.base import Output, Request
from evalhub.engine.engine import Engine
from evalhub.engine.eyes import Eyes
from evalhub.engine.fixed_slots import FixedSlots
from evalhub.engine.graph_engine import GraphEngine
from evalhub.errors import EvalhubError
from ingest.records import Status
from kernels.device import Shortage
from tests.engine.models import make
from tests.engine.test_engine import PLAIN, PROMPTS, requests, run

KINDS = ("llama", "qwen2-window", "qwen3-moe", "gemma2", "gemma3n", "gpt-neox", "granite", "phi")
"""Windows, caps, experts, layers that look at what others keep, scales and positions of their own."""


def load(folder: Path, slots: int = 16, memory: int = 1 << 32) -> GraphEngine:
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return GraphEngine(model, transformers.AutoTokenizer.from_pretrained(folder), slots, memory)


def texts(found: dict[tuple[str, int], Output]) -> dict[tuple[str, int], tuple[str, Status, int]]:
    return {key: (output.text, output.status, output.tokens) for key, output in found.items()}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("llama"), "llama")


@pytest.mark.parametrize("kind", KINDS)
def test_greedy_output_is_that_of_transformers(kind: str, tmp_path: Path) -> None:
    engine = load(make(tmp_path, kind), slots=8)
    found = run(engine, requests(replace(PLAIN, temperature=0.0), 1))
    own = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    for text in PROMPTS:
        ids = torch.tensor([engine.text.tokenizer(text)["input_ids"]])
        expected = own.generate(ids, max_new_tokens=20, do_sample=False)[0, ids.shape[1] :]
        kept = expected[: expected.tolist().index(0)] if 0 in expected else expected
        assert found[text, 0].text == engine.text.tokenizer.decode(kept)
        assert (found[text, 0].status is Status.TRUNCATED) == (0 not in expected)


def test_an_output_does_not_depend_on_its_company(llama: Path) -> None:
    """Slots, order, company, and prompts that have to make room for each other in the pool."""
    alone: dict[tuple[str, int], tuple[str, Status, int]] = {}
    for slots, attempts in ((8, 5), (16, 5), (40, 5), (8, 2)):
        wanted = requests(PLAIN, attempts)
        random.Random(slots).shuffle(wanted)
        for key, said in texts(run(load(llama, slots), wanted)).items():
            assert said == alone.setdefault(key, said), f"differs with {slots} slots"
    assert len({alone[PROMPTS[0], attempt] for attempt in range(5)}) > 1
    narrow = load(llama, 16)
    narrow._pooled = 80  # the longest has 70 tokens
    assert texts(run(narrow, requests(PLAIN, 5))) == alone


def test_an_image_is_looked_at_once_for_all_attempts() -> None:
    """Its keys and values lie in the pool once, and outputs are those of the engine for CPUs."""
    eyes_of = pytest.importorskip("tests.engine.seeing", reason="its images need Pillow")
    image = io.BytesIO()
    pytest.importorskip("PIL.Image").new("RGB", (40, 30), "red").save(image, "PNG")
    for kind in ("idefics3", "qwen2-vl"):
        model, processor = eyes_of.seeing(kind)
        given = model, processor.tokenizer, 8
        asked = [
            Request(
                "s", attempt, 0, "What?", replace(PLAIN, temperature=0.0, form="chat"), images=(image.getvalue(),)
            )
            for attempt in range(3)
        ]
        expected = run(Engine(*given, eyes=Eyes(model, processor)), asked)
        engine = GraphEngine(*given, eyes=Eyes(model, processor))
        assert texts(run(engine, asked)) == texts(expected)
        assert len(engine._fixed.pool._lodgers) == 1


def test_slots_are_refilled_and_grow(llama: Path) -> None:
    """Outputs of other lengths, stop strings, and a limit that the first slots have no room for."""
    engine = load(llama, 8)
    limits = [1, 2, 3, 40, 64, 65, 100]
    wanted = [
        Request(f"s{limit}", attempt, 3, PROMPTS[attempt % 5], replace(PLAIN, max_tokens=limit))
        for limit in limits
        for attempt in range(6)
    ]
    found = run(engine, wanted)
    assert engine._capacity == 128
    for (name, _), output in found.items():
        assert output.tokens <= int(name[1:])
        assert output.status is not Status.TRUNCATED or output.tokens == int(name[1:])
    short = {key: output for key, output in found.items() if key[0] == "s64"}
    again = run(load(llama, 16), [output.request for output in short.values()])
    assert texts(again) == texts(short)


def test_stop_strings_are_cut(llama: Path) -> None:
    greedy = replace(PLAIN, temperature=0.0)
    whole = run(load(llama), requests(greedy, 1))
    text = whole[PROMPTS[0], 0].text
    found = run(load(llama), requests(replace(greedy, stop=(text[4:6],)), 1))[PROMPTS[0], 0]
    assert found.text == text[: text.index(text[4:6])] and found.tokens <= whole[PROMPTS[0], 0].tokens


def test_slots_that_are_made_anew_leave_nothing_of_the_old_ones(llama: Path) -> None:
    """On a GPU both would not fit; so it must not take the collector of circles."""
    engine = load(llama, 8)
    gc.disable()
    try:
        run(engine, requests(replace(PLAIN, max_tokens=10), 1))
        old = weakref.ref(engine._fixed), weakref.ref(engine._fixed.layers[0].keys)
        assert all(one() is not None for one in old)
        run(engine, requests(replace(PLAIN, max_tokens=100), 1))
        assert engine._capacity == 128 and not any(one() for one in old)
    finally:
        gc.enable()


def test_a_prompt_that_nobody_holds_leaves_no_memory_behind(llama: Path) -> None:
    engine = load(llama)
    run(engine, requests(PLAIN, 1))
    lodgers = engine._fixed.pool._lodgers
    assert len(lodgers) == len(PROMPTS)
    engine.prompts._kept.clear()
    gc.collect()
    assert not any(lodger.prompt() for lodger in lodgers)
    assert texts(run(engine, requests(PLAIN, 1))) == texts(run(load(llama), requests(PLAIN, 1)))


def test_a_prompt_longer_than_the_pool_is_an_error(llama: Path) -> None:
    engine = load(llama)
    engine._pooled = 10
    found = run(engine, requests(PLAIN, 1))
    assert found[PROMPTS[5], 0].status is Status.ERROR and "GPU's memory" in found[PROMPTS[5], 0].text
    assert found[PROMPTS[2], 0].status is not Status.ERROR


def test_out_of_memory_halves_the_slots(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In mid-run, too: what was running begins anew, and outputs are the same."""
    expected = texts(run(load(llama, 32), requests(PLAIN, 6)))
    engine, steps = load(llama, 32), 0
    fits = FixedSlots.stand

    def stand(slots: FixedSlots, *given: object) -> None:
        nonlocal steps
        steps += 1
        if slots.count == 32 or (slots.count == 16 and steps > 12):
            raise torch.OutOfMemoryError
        fits(slots, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(FixedSlots, "stand", stand)
    with pytest.warns(Shortage, match="going on with"):
        assert texts(run(engine, requests(PLAIN, 6))) == expected
    assert len(engine._slotted) == 8


def test_memory_that_holds_nothing_is_said_in_a_line(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stand(*_: object) -> None:
        raise torch.OutOfMemoryError

    engine = load(llama, 16)
    monkeypatch.setattr(FixedSlots, "stand", stand)
    with pytest.warns(Shortage, match="8 slots"), pytest.raises(EvalhubError, match="larger GPU"):
        run(engine, requests(PLAIN, 1))


def test_a_model_that_the_slots_would_run_wrongly_is_refused(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalhub.engine.fixed_slots.attend_shared", lambda query, *_, **__: query * 0)
    with pytest.raises(EvalhubError, match="other logits"):
        load(llama)
