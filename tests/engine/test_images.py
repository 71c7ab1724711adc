"""Models that look at images: what transformers says of them, an image looked at once for all attempts."""

import copy
import io
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalhub.backends.base import Output, Request
from evalhub.engine.engine import Engine
from evalhub.engine.eyes import Eyes
from evalhub.engine.fallback import Fallback
from evalhub.engine.job import Job
from evalhub.engine.loading import load
from ingest.records import Condition, Sample, Status
from ingest.sources.easy_vqa import EasyVQA
from tests.cli.helpers import evalhub
from tests.engine.models import make
from tests.engine.seeing import KINDS, make_seeing, seeing
from tests.engine.test_engine import run

Image = pytest.importorskip("PIL.Image", reason="Pillow reads the images")
pytest.importorskip("easy_vqa", reason="the images come from its wheel")

GREEDY = Condition(form="chat", temperature=0.0, max_tokens=24)
SAMPLED = replace(GREEDY, temperature=1.0, top_p=0.9, max_tokens=12)


@pytest.fixture(scope="module")
def questions() -> list[Sample]:
    """On several images, and with the same words on different ones."""
    samples = {sample.images: sample for sample in EasyVQA().samples(limit=40)}
    first, *others = samples.values()
    return [first, *others[:3], replace(others[0], prompt=first.prompt, source_id="again")]


def asked(samples: Sequence[Sample], condition: Condition, attempts: int = 1) -> list[Request]:
    return [
        Request(sample.sample_id, attempt, 0, sample.prompt, condition, images=sample.images)
        for attempt in range(attempts)
        for sample in samples
    ]


def engine_of(kind: str, slots: int = 8) -> Engine:
    model, processor = seeing(kind)
    return Engine(model, processor.tokenizer, slots, eyes=Eyes(model, processor))


def texts(found: dict[tuple[str, int], Output]) -> dict[tuple[str, int], str]:
    return {key: output.text for key, output in found.items()}


def said_by_transformers(model: Any, processor: Any, requests: Sequence[Request]) -> dict[tuple[str, int], str]:
    """Greedy outputs of its own `generate`."""
    found = {}
    for request in requests:
        images = [Image.open(io.BytesIO(image)).convert("RGB") for image in request.images]
        if request.condition.form == "plain":
            text = processor.image_token * len(images) + request.text
        else:
            content = [{"type": "image"} for _ in images] + [{"type": "text", "text": request.text}]
            text = processor.apply_chat_template(
                [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
            )
        given = processor(text=[text], images=[images] if images else None, return_tensors="pt")
        given.pop("token_type_ids", None) if "gemma3" not in type(model).__name__.lower() else None
        whole = model.generate(
            **given, do_sample=False, max_new_tokens=request.condition.max_tokens, pad_token_id=0, eos_token_id=0
        )
        tokens = whole[0, given["input_ids"].shape[1] :].tolist()
        kept = tokens[: tokens.index(0)] if 0 in tokens else tokens
        found[request.sample_id, request.attempt] = processor.tokenizer.decode(kept)
    return found


@pytest.mark.parametrize("form", ["chat", "plain"])
@pytest.mark.parametrize("kind", KINDS)
def test_greedy_output_is_that_of_transformers(kind: str, form: Any, questions: list[Sample]) -> None:
    model, processor = seeing(kind)
    condition = replace(GREEDY, form=form)
    requests = [*asked(questions, condition), Request("text", 0, 0, "the quick brown fox", condition)]
    expected = said_by_transformers(copy.deepcopy(model), processor, requests)
    found = run(Engine(model, processor.tokenizer, 8, eyes=Eyes(model, processor)), requests)
    assert texts(found) == expected
    assert len(set(expected.values())) > 1


def test_an_image_is_looked_at_once_for_all_attempts(questions: list[Sample]) -> None:
    engine = engine_of("llava")
    looks: list[int] = []
    engine.model.model.vision_tower.register_forward_hook(lambda *_: looks.append(1))
    found = run(engine, asked(questions, SAMPLED, attempts=9))
    assert len(looks) == len(questions)
    first = {found[questions[0].sample_id, attempt].text for attempt in range(9)}
    assert len(first) > 1, "attempts must have random streams of their own"


@pytest.mark.parametrize("kind", KINDS)
def test_an_output_does_not_depend_on_its_company(kind: str, questions: list[Sample]) -> None:
    alone: dict[tuple[str, int], str] = {}
    for slots, attempts in ((8, 3), (16, 2)):
        requests = asked(questions, SAMPLED, attempts)
        requests += [Request("text", attempt, 0, "the quick", SAMPLED) for attempt in range(attempts)]
        random.Random(slots).shuffle(requests)
        for key, output in run(engine_of(kind, slots), requests).items():
            assert output.text == alone.setdefault(key, output.text)


@pytest.mark.parametrize("kind", ["llava", "qwen2-vl"])
def test_the_fallback_sees_the_same(kind: str, questions: list[Sample]) -> None:
    requests = [*asked(questions, SAMPLED, attempts=2), Request("text", 0, 0, "the quick", SAMPLED)]
    model, processor = seeing(kind)
    found = run(Fallback(model, processor.tokenizer, 4, eyes=Eyes(model, processor)), requests)
    assert texts(found) == texts(run(engine_of(kind), requests))


def test_what_is_no_image_is_an_error_not_a_wrong_answer(questions: list[Sample]) -> None:
    requests = [*asked(questions[:1], GREEDY), Request("broken", 0, 0, "what?", GREEDY, images=(b"no image",))]
    found = run(engine_of("llava"), requests)
    assert found["broken", 0].status is Status.ERROR
    assert found[questions[0].sample_id, 0].status is not Status.ERROR


def test_several_images_stand_in_front_of_the_text(questions: list[Sample]) -> None:
    model, processor = seeing("llava")
    images = questions[0].images + questions[1].images
    request = Request("two", 0, 0, "which?", GREEDY, images=images)
    expected = said_by_transformers(copy.deepcopy(model), processor, [request])
    assert texts(run(Engine(model, processor.tokenizer, 8, eyes=Eyes(model, processor)), [request])) == expected


def test_a_model_whose_processor_is_broken_answers_texts_and_says_so(tmp_path: Path) -> None:
    make_seeing(tmp_path, "llava")
    (tmp_path / "processor_config.json").write_text('{"processor_class": "NoSuchProcessor"}')
    generator, _, ready = load(Job(tmp_path, "cpu", "float32", 8, 1 << 28))
    assert not ready.eyes and "without any" in ready.notes[0]
    assert ready.chat and generator.text.render(Request("s", 0, 0, "hello", GREEDY)) == "<user>hello<assistant>"
    output = run(generator, [Request("s", 0, 0, "the quick brown fox", GREEDY)])["s", 0]
    assert output.status is not Status.ERROR and output.tokens


def test_a_model_of_texts_has_no_eyes(tmp_path: Path) -> None:
    assert not load(Job(make(tmp_path, "llama"), "cpu", "float32", 8, 1 << 28))[2].eyes


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_folder_is_scored_on_images_and_texts(dtype: str, tmp_path: Path, hub_path: Path) -> None:
    folder = make_seeing(tmp_path / "tiny", "llava")
    for source in ("easy-vqa", "reasoning-gym"):
        options = ["-o", "generators=gcd", "-o", "size=2"] if source == "reasoning-gym" else ["-o", "limit=6"]
        assert evalhub("ingest", source, *options, "--hub", hub_path).code == 0
    options = ["--limit", 4, "--max-attempts", 3, "--dtype", dtype, "--device", "cpu", "--json"]
    done = evalhub("score", folder, *options, "--hub", hub_path)
    assert done.code == 0, done.err
    found = {part["source"]: part for part in done.json["sources"]}
    assert {source: part["samples"] for source, part in found.items()} == {"easy-vqa": 4, "reasoning-gym": 2}
    assert found["easy-vqa"]["attempts"] + found["easy-vqa"]["missing"] == 12
    assert done.json["skipped"] == {}
    assert not any("generate" in warning for warning in done.json["warnings"]), "the engine must run it itself"
