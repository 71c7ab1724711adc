"""What Inspect asked, and how."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from ingest.importer import Log
from ingest.reading import imported_sample
from ingest.records import Condition, Sample
from tests.importers.inspect_logs import archived, header, imported, summary

PNG = b"\x89PNG and so on"
DATA_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
LONG = "Once upon a time. " * 400
CUT = LONG[:5120] + "...\n(content truncated)"


def only_sample(log: Log) -> Sample:
    (sample,) = log.samples.values()
    return sample


def asked(folder: Path, fields: dict[str, Any], whole: dict[str, Any] | None = None) -> Sample:
    """The sample of a log of one; whole: its own file."""
    files = {"samples/1_epoch_1.json": whole} if whole else None
    return only_sample(imported(archived(folder, [summary(1, **fields)], whole=files)))


def test_the_question_alone(tmp_path: Path) -> None:
    """The right choice as text, and the same sample as another tool's."""
    fields = {"input": " Which gas? ", "choices": ["oxygen", "argon "], "target": "B"}
    sample = asked(tmp_path, {**fields, "metadata": {"subject": "air", "category": ["a", 3, "b"], "id": "x"}})
    assert (sample.prompt, sample.choices, sample.reference) == ("Which gas?", ("oxygen", "argon"), "argon")
    assert (sample.source, sample.source_id, sample.tags) == ("inspect:sums", "1", ("air", "a", "b"))
    other = imported_sample(
        source="lm-eval:air", source_id="4", prompt="Which gas?", choices=("oxygen", "argon"), reference="argon"
    )
    assert sample.sample_id == other.sample_id


@pytest.mark.parametrize(
    ("target", "choices", "reference"),
    [
        (" Yes", None, "Yes"),
        (["a", " b"], None, ["a", "b"]),
        (["a"], None, "a"),
        (["A", "C"], ["x", "y", "z"], ["x", "z"]),
        ("Z", ["x", "y"], "Z"),
        ("y", ["x", "y"], "y"),
        ("B", None, "B"),
    ],
)
def test_targets(tmp_path: Path, target: Any, choices: Any, reference: Any) -> None:
    """One text or several; letters are choices where there are such."""
    assert asked(tmp_path, {"target": target, "choices": choices}).reference == reference


def test_cut_questions_are_read_from_their_own_files(tmp_path: Path) -> None:
    """Only what is before the transcript; one of which no file tells is known by its id alone."""
    whole = {"id": 1, "input": LONG, "target": "x", "messages": [{"role": "user", "content": LONG}], "events": []}
    sample = asked(tmp_path, {"input": CUT, "target": "x"}, whole)
    assert (sample.prompt, sample.reference) == (LONG.strip(), "x")
    shortened = "a" * 1021 + "..."
    assert asked(tmp_path, {"input": shortened}, {**whole, "input": "a" * 2000}).prompt == "a" * 2000
    log = imported(archived(tmp_path, [summary(1, input=CUT), summary(2)]))
    assert [sample.prompt for sample in log.samples.values()] == ["1", "What is 2 + 1?"]
    assert log.warnings == ["samples of which the log holds only a part, known by their ids alone: 1"]


def test_summaries_that_shorten_without_a_sign(tmp_path: Path) -> None:
    """Are found out by the longest: then all files are read."""
    texts = {1: "one\n\ntwo", 2: "three\n\nfour\n\nfive"}
    files = {
        f"samples/{name}_epoch_1.json": {"input": text, "target": f"{name} and one"}
        for name, text in texts.items()
    }
    told = [summary(name, input=" ".join(text.split())) for name, text in texts.items()]
    log = imported(archived(tmp_path, told, whole=files))
    assert {sample.prompt for sample in log.samples.values()} == set(texts.values())


def test_images_are_read_from_the_samples_own_files(tmp_path: Path) -> None:
    """Summaries say only that there was one; they may be in the question or among the attachments."""
    short = [{"role": "user", "content": [{"type": "text", "text": "What?"}, {"type": "text", "text": "(Image)"}]}]
    for held, attachments in ((DATA_URL, {}), ("attachment://1f", {"1f": DATA_URL})):
        parts = [{"type": "text", "text": "What?"}, {"type": "image", "image": held}]
        whole = {"input": [{"role": "user", "content": parts}], "target": "a cat", "messages": []}
        sample = asked(tmp_path, {"input": short, "target": "a cat"}, {**whole, "attachments": attachments})
        assert (sample.prompt, sample.images, sample.reference) == ("What?", (PNG,), "a cat")
    parts = [{"type": "text", "text": "What?"}, {"type": "image", "image": "cat.png"}]
    whole = {"input": [{"role": "user", "content": parts}], "target": "a cat"}
    sample = asked(tmp_path, {"input": short}, whole)
    assert (sample.prompt, sample.images) == ("What?\n[image: cat.png]", ())
    lost = {"input": [{"role": "user", "content": [{"type": "image", "image": "attachment://1f"}]}], "target": "x"}
    assert asked(tmp_path, {"input": short}, lost).prompt == "1"


def test_conversations(tmp_path: Path) -> None:
    """A system message is how it was asked; more than one question is a text of all of them."""
    system = {"role": "system", "content": "Be brief."}
    user = {"role": "user", "content": "Hello?"}
    log = imported(archived(tmp_path, [summary(1, input=[system, user]), summary(2)]))
    assert {sample.prompt for sample in log.samples.values()} == {"Hello?", "What is 2 + 1?"}
    assert {condition.preamble for condition in log.conditions.values()} == {"Be brief.", ""}
    talk = [user, {"role": "assistant", "content": "Hi."}, {"role": "user", "content": "Who?"}]
    assert asked(tmp_path, {"input": talk}).prompt == "user: Hello?\n\nassistant: Hi.\n\nuser: Who?"


def condition(folder: Path, *steps: dict[str, Any], config: Any = None, **task: Any) -> Condition:
    """How a log with this plan was asked."""
    plan = {"steps": list(steps), "config": config or {}}
    (found,) = imported(archived(folder, [summary(1)], header(plan=plan, eval_=task))).conditions.values()
    return found


def step(solver: str, **params: Any) -> dict[str, Any]:
    return {"solver": solver, "params": params}


def test_plain_generation(tmp_path: Path) -> None:
    """System messages and templates are told apart from what else was done."""
    plain = condition(tmp_path, step("generate"))
    assert (plain.form, plain.template, plain.preamble) == ("chat", "{prompt}", "")
    found = condition(
        tmp_path,
        step("inspect_ai/system_message", template="\nBe brief.\n"),
        step("prompt_template", template="Q: {prompt}"),
        step("generate"),
    )
    assert (found.template, found.preamble) == ("Q: {prompt}", "Be brief.")


def test_anything_else_is_in_the_template(tmp_path: Path) -> None:
    """Other solvers, other parameters, other arguments of the task: other conditions."""
    conditions = [
        condition(tmp_path, step("generate")),
        condition(tmp_path, step("multiple_choice", cot=False)),
        condition(tmp_path, step("multiple_choice", cot=True)),
        condition(tmp_path, step("generate"), task_args={"language": "de"}),
        condition(tmp_path, step("generate", max_tokens=5)),
        condition(tmp_path, step("prompt_template", template="Q: {prompt} {x}", x=1), step("generate")),
        condition(tmp_path, step("generate"), config={"reasoning_effort": "high"}),
    ]
    assert len({found.condition_id for found in conditions}) == len(conditions)
    assert conditions[1].template == '{prompt}\n{"steps":[{"params":{"cot":false},"solver":"multiple_choice"}]}'
    same = condition(tmp_path, step("generate"), config={"max_connections": 9, "timeout": 3, "seed": 1})
    assert same == conditions[0]


def test_decoding(tmp_path: Path) -> None:
    """The task's options go before the model's; what is not told is not guessed."""
    config = {
        "temperature": 0.5,
        "top_p": None,
        "max_tokens": 9,
        "stop_seqs": ["\n"],
        "system_message": "Be brief.",
    }
    found = condition(
        tmp_path, step("generate"), config=config, model_generate_config={"top_p": 0.9, "temperature": 1}
    )
    assert (found.temperature, found.top_p, found.max_tokens, found.stop) == (0.5, 0.9, 9, ("\n",))
    assert found.preamble == "Be brief."
    untold = condition(tmp_path, step("generate"))
    assert (untold.temperature, untold.top_p, untold.max_tokens, untold.stop) == (-1.0, 1.0, 0, ())
    assert condition(tmp_path, config={"temperature": "hot", "stop_seqs": 5, "top_k": -1}) == untold
