"""What lm-eval asked, and how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.reading import imported_sample
from ingest.records import Condition
from tests.importers.lm_eval_logs import imported, only_condition, only_sample, results, row, sum_row, written

MANY = {"question": "Which gas?", "choices": ["oxygen", "argon"], "subject": "air"}


@pytest.mark.parametrize(
    ("doc", "prompt", "asked", "target", "question", "choices", "reference"),
    [
        # The question's own field, whatever stands around it.
        ({"problem": "1 + 1?"}, "Problem: 1 + 1?\n\nSolution:", None, "2", "1 + 1?", (), "2"),
        # A passage, or any other text of the doc beside it, makes the whole prompt the question.
        ({"question": "who?", "passage": "Ann."}, "Ann. who?", None, "Ann", "Ann. who?", (), "Ann"),
        ({"question": "who?", "x": "It was Ann."}, "It was Ann. who?", None, "Ann", "It was Ann. who?", (), "Ann"),
        # Two fields that may be the question: not told apart.
        ({"question": "who?", "input": "Ann"}, "Ann who?", None, "x", "Ann who?", (), "x"),
        ({"question": "and who?", "input": "who?"}, "and who?", None, "x", "and who?", (), "x"),
        # No field at all.
        ({"a": 2, "b": 3}, "2 and 3?", None, "5", "2 and 3?", (), "5"),
        # Choices as continuations, as letters, and as fields that count.
        (MANY, "Which gas?", [" oxygen", " argon"], 1, "Which gas?", ("oxygen", "argon"), "argon"),
        (MANY, "Which gas?\nA. oxygen\nB. argon", [" A", " B"], "B", "Which gas?", ("oxygen", "argon"), "argon"),
        (MANY, "Which gas?", [" oxygen", " argon"], "oxygen", "Which gas?", ("oxygen", "argon"), "oxygen"),
        ({"question": "q?", "opa": "x", "opb": "y"}, "q?", ["A", "B"], 0, "q?", ("x", "y"), "x"),
        ({"goal": "to cut", "sol1": "a Saw", "sol2": "a pen"}, "to cut", ["a saw", "a pen"], 0, "to cut",
         ("a Saw", "a pen"), "a Saw"),
        # Choices that only the requests tell, and letters of choices that nothing tells.
        ({"question": "is it?"}, "is it?", [" no", " yes"], 1, "is it?", ("no", "yes"), "yes"),
        ({"question": "q?"}, "q?\nA: 1\nB: 2", [" A", " B"], 1, "q?\nA: 1\nB: 2", ("A", "B"), "B"),
        # Generated answers to a multiple choice; letters with brackets; several right ones.
        (MANY, "Which gas?\n(A) oxygen\n(B) argon", None, "(B)", "Which gas?", ("oxygen", "argon"), "argon"),
        (MANY, "Which gas?", [" oxygen", " argon"], [1, 0], "Which gas?", ("oxygen", "argon"),
         ["argon", "oxygen"]),
        # Digits as choices: an index where likelihoods are asked for, a text where the answer is generated.
        ({"question": "q?", "choices": ["1", "0"]}, "q?", [" 1", " 0"], 1, "q?", ("1", "0"), "0"),
        ({"question": "q?", "choices": ["1", "0"]}, "q? 1 0", None, 1, "q?", ("1", "0"), "1"),
        ({"question": "q?", "choices": ["7", "8"]}, "q? 7 8", None, 1, "q?", ("7", "8"), "8"),
    ],
)  # fmt: skip
def test_questions(
    tmp_path: Path,
    doc: dict[str, Any],
    prompt: str,
    asked: Any,
    target: Any,
    question: str,
    choices: tuple[str, ...],
    reference: Any,
) -> None:
    """Asked without examples."""
    one = row(0, doc, prompt, target, asked=asked, exact_match=1.0)
    sample = only_sample(imported(written(tmp_path, [one])))
    assert (sample.prompt, sample.choices, sample.reference) == (question, choices, reference)


def test_the_same_question_from_another_tool(tmp_path: Path) -> None:
    """Is the same sample."""
    one = row(0, MANY, "Q: Which gas?", 1, asked=[" oxygen", " argon"], exact_match=1.0)
    other = imported_sample(
        source="inspect:air", source_id="4", prompt="Which gas?", choices=("oxygen", "argon"), reference="argon"
    )
    assert [*imported(written(tmp_path, [one])).samples] == [other.sample_id]


def test_choices_put_into_the_prompt(tmp_path: Path) -> None:
    """One prompt for each choice and the same end: the doc itself is the question."""
    doc = {"sentence": "Ann saw _ and left.", "option1": "Bea", "option2": "Cid"}
    one = row(0, doc, "Ann saw Bea", "and left.", asked=[" and left.", " and left."], exact_match=1.0)
    one["arguments"]["gen_args_1"]["arg_0"] = "Ann saw Cid"
    sample = only_sample(imported(written(tmp_path, [one])))
    assert json.loads(sample.prompt) == doc and sample.choices == ()


def test_requests_that_do_not_go_together(tmp_path: Path) -> None:
    """A prompt of one choice that no hash vouches for: damage in one row, a kind of task in all."""
    one = row(0, MANY, "Which gas?", 1, asked=[" oxygen", " argon"], exact_match=1.0)
    one["arguments"]["gen_args_1"]["arg_0"] = "Whichggas?"
    log = imported(written(tmp_path, [one, sum_row(1)]))
    assert log.refused == {"requests do not go together": 1} and log.results["row"].to_list() == [2]
    log = imported(written(tmp_path, [{**one, "doc_id": place} for place in range(5)]))
    assert log.refused.total() == 0 and log.results.height == 5


def test_likelihoods_of_choices_by_themselves(tmp_path: Path) -> None:
    """Mutual information asks for each choice once more, behind nothing."""
    one = row(0, MANY, "Which gas?", 1, asked=[" oxygen", " argon", " oxygen", " argon"], exact_match=1.0)
    for place in (2, 3):
        one["arguments"][f"gen_args_{place}"]["arg_0"] = ""
    assert only_sample(imported(written(tmp_path, [one]))).choices == ("oxygen", "argon")


def test_images_are_not_in_the_log(tmp_path: Path) -> None:
    """So samples are known by their names: questions of one text may be of two images."""
    rows = [row(i, {"question": "what?"}, "what?", "x", exact_match=1.0) for i in range(2)]
    for one in rows:
        one["arguments"]["gen_args_0"]["arg_2"] = {"visual": ["<PIL.Image.Image at 0x7f55aa>"]}
    log = imported(written(tmp_path, rows))
    assert [sample.prompt for sample in log.samples.values()] == ["0", "1"]


def test_examples_before_all_questions_are_the_preamble(tmp_path: Path) -> None:
    """The question is the same as without them, under another condition."""
    docs = [{"question": f"{place} + 1?", "answer": str(place + 1)} for place in range(3)]
    before = "Add.\n\nQ: 7 + 1?\nA: 8\n\n"
    rows = [row(i, doc, f"{before}Q: {doc['question']}\nA:", doc["answer"], exact_match=1.0)
            for i, doc in enumerate(docs)]  # fmt: skip
    log = imported(written(tmp_path, rows, results(**{"n-shot": {"sums": 1}})))
    condition = only_condition(log)
    assert (condition.preamble, condition.template) == (before, "Q: {prompt}\nA:")
    plain = [
        row(i, doc, f"Q: {doc['question']}\nA:", doc["answer"], exact_match=1.0) for i, doc in enumerate(docs)
    ]
    other = imported(written(tmp_path, plain))
    assert other.samples.keys() == log.samples.keys() and not other.conditions.keys() & log.conditions.keys()


def test_examples_drawn_for_each_question(tmp_path: Path) -> None:
    """Each prompt is a condition of its own, named by its hash; the samples are the same."""
    rows = []
    for place in range(3):
        doc = {"question": f"{place} + 1?", "answer": str(place + 1)}
        rows.append(row(place, doc, f"Q: {place} + 4?\n\nQ: {place} + 1?\nA:", doc["answer"], exact_match=1.0))
    log = imported(written(tmp_path, rows, results(**{"n-shot": {"sums": 1}})))
    assert len(log.conditions) == 3
    assert all(condition.template.startswith("a prompt with SHA-256 ") for condition in log.conditions.values())
    assert {sample.prompt for sample in log.samples.values()} == {"0 + 1?", "1 + 1?", "2 + 1?"}


def test_examples_around_a_question_that_is_not_told_apart(tmp_path: Path) -> None:
    """The doc is the question: the prompt holds other docs too."""
    one = row(0, {"a": 2, "b": 3}, "1 and 1?\n2\n\n2 and 3?", "5", exact_match=1.0)
    sample = only_sample(imported(written(tmp_path, [one], results(**{"n-shot": {"sums": 1}}))))
    assert sample.prompt == '{"a":2,"b":3}'


def test_numbers_of_choices_make_two_prompts(tmp_path: Path) -> None:
    """The choices themselves do not, however many they are."""

    def condition(form: str) -> Condition:
        rows = []
        for place, choices in enumerate((["oxygen", "argon"], ["iron", "lead", "zinc"])):
            listed = "\n".join(form.format("ABC"[at]) + choice for at, choice in enumerate(choices))
            doc = {"question": f"Which {place}?", "choices": choices}
            rows.append(row(place, doc, f"Which {place}?\n{listed}\nAnswer:", "A", exact_match=1.0))
        return only_condition(imported(written(tmp_path, rows)))

    assert condition("{}. ").template == "{prompt}\nA. {choices}\nB. …\nAnswer:"
    assert condition("({}) ").condition_id != condition("{}. ").condition_id


def test_a_description_is_not_the_question(tmp_path: Path) -> None:
    """Where the whole prompt is the question."""
    about = results()
    about["configs"]["sums"]["description"] = "Add both.\n\n"
    log = imported(
        written(tmp_path, [row(0, {"a": 2, "b": 3}, "Add both.\n\n2 and 3?", "5", exact_match=1.0)], about)
    )
    assert only_sample(log).prompt == "2 and 3?"
    assert (only_condition(log).preamble, only_condition(log).template) == ("Add both.\n\n", "{prompt}")


def test_messages_for_a_server(tmp_path: Path) -> None:
    """A prompt that is a list of messages, in a tuple of one text; the question within is found as ever."""
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Q: one\ntwo?\nA:"}]
    one = row(0, {"question": "one\ntwo?"}, [json.dumps(messages)], "x", exact_match=1.0)
    log = imported(written(tmp_path, [one]))
    condition = only_condition(log)
    assert log.refused.total() == 0 and only_sample(log).prompt == "one\ntwo?"
    assert (condition.form, condition.preamble, condition.template) == ("chat", "Be brief.\n\n", "Q: {prompt}\nA:")


def test_half_a_surrogate_pair_within_messages(tmp_path: Path) -> None:
    """Is found in the text that is taken out of them."""
    messages = '[{"role": "user", "content": "what \\\\ud800?"}]'.replace("\\\\", "\\")
    one = row(0, {"question": "who?"}, [messages], "x", exact_match=1.0)
    assert imported(written(tmp_path, [one])).refused == {"not Unicode": 1}


def test_a_chat_template_is_another_condition(tmp_path: Path) -> None:
    """Its marks are not part of a question."""
    doc = {"question": "1 + 1?"}
    chat = results(chat_template="{{ messages }}")
    log = imported(written(tmp_path, [row(0, doc, "<|user|>1 + 1?<|end|>", "2", exact_match=1.0)], chat))
    assert (only_condition(log).form, only_sample(log).prompt) == ("chat", "1 + 1?")
    log = imported(written(tmp_path, [row(0, {"a": 1}, "<|user|>1 + 1?<|end|>", "2", exact_match=1.0)], chat))
    assert only_sample(log).prompt == '{"a":1}'


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (0.0, 1.0, 0, 0, ())),
        ({"do_sample": True}, (1.0, 1.0, 0, 0, ())),
        ({"do_sample": False, "temperature": 0.7}, (0.0, 1.0, 0, 0, ())),
        (
            {"temperature": 0.7, "top_p": 0.9, "top_k": 5, "max_gen_toks": 9, "until": "\n"},
            (0.7, 0.9, 5, 9, ("\n",)),
        ),
        ({"temperature": "hot", "max_gen_toks": -1, "until": [3, ""]}, (0.0, 1.0, 0, 0, ())),
    ],
)
def test_decoding(tmp_path: Path, asked: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """As lm-eval reads its options."""
    one = row(0, {"question": "1 + 1?"}, "1 + 1?", "2", asked=asked, exact_match=1.0)
    found = only_condition(imported(written(tmp_path, [one])))
    assert (found.temperature, found.top_p, found.top_k, found.max_tokens, found.stop) == expected
