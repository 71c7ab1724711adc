"""Scored continuations: what plain transformers gives, whatever shares a row."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from evalhub.backends.base import Output, Request
from evalhub.backends.transformers import TransformersBackend
from evalhub.engine import likelihood, tree
from evalhub.engine.likelihood import Likelihood
from evalhub.engine.prompts import Prompts
from evalhub.engine.seam import ATTENTION, forward
from evalhub.engine.text import Text
from ingest.records import Condition, Status
from tests.engine.models import CONFIGS, make

PLAIN = Condition(form="plain", answer="likelihood")
SHOTS = Condition(form="plain", answer="likelihood", preamble="the quick brown fox jumps over the dog\n" * 2)

QUESTIONS = {
    "ragged": ("the quick brown", (" fox", " dog jumps over the fox", " ox")),
    "letters": ("which of them?\nAnswer:", (" A", " B", " C", " D")),
    "alike at the beginning": ("a fox", (" jumps over me", " jumps over you", " jumps")),
    "one within another": ("1 + 1 =", (" 2", " 22", " 222")),
    "equal": ("the", (" fox", " fox")),
    "white space before": ("the quick \n", ("brown", "fox")),
    "one alone": ("lazy", (" dog and the quick brown fox",)),
    "wider than a window": ("z" * 110, (" " + "y" * 40, " " + "x" * 30)),
    "nothing before": ("", ("the quick brown fox", "fox")),
}


def load(folder: Path) -> Likelihood:
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=ATTENTION
    ).eval()
    return Likelihood(
        model, Text(model, transformers.AutoTokenizer.from_pretrained(folder)), Prompts(model, 1 << 24)
    )


def run(engine: Likelihood, requests: list[Request]) -> dict[str, Output]:
    engine.add(requests)
    outputs = []
    while not engine.idle:
        outputs += engine.step()
    assert len(outputs) == len(requests)
    return {output.request.sample_id: output for output in outputs}


def requests(condition: Condition = PLAIN) -> list[Request]:
    return [
        Request(name, 0, 0, text, condition, continuations=continuations)
        for name, (text, continuations) in QUESTIONS.items()
    ]


class Plain:
    """transformers alone, one continuation at a time."""

    def __init__(self, folder: Path) -> None:
        self._model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)

    @torch.inference_mode()
    def score(self, tokens: list[int], start: int) -> tuple[float, int, bool]:
        """Log-probability of tokens from a place on, their number, and whether they are greedy."""
        logits = self._model(torch.tensor([tokens])).logits[0, start - 1 : -1]
        targets = torch.tensor(tokens[start:])
        logprobs = torch.log_softmax(logits, -1).gather(1, targets[:, None])
        return float(logprobs.sum()), len(targets), bool((logits.argmax(-1) == targets).all())

    def continuation(self, text: str, continuation: str) -> tuple[float, int, bool]:
        """As lm-eval cuts them."""
        bare = text.rstrip()
        start = len(self.tokenizer(bare)["input_ids"])
        tokens = self.tokenizer(text + continuation)["input_ids"]
        return self.score(tokens if start else [0, *tokens], start or 1)


def check(output: Output, expected: list[tuple[float, int, bool]]) -> None:
    assert output.status is Status.OK
    assert [(score.tokens, score.greedy) for score in output.scores] == [(n, greedy) for _, n, greedy in expected]
    assert [score.logprob for score in output.scores] == pytest.approx([e[0] for e in expected], abs=1e-4)
    assert output.tokens == sum(n for _, n, _ in expected)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("llama"), "llama")


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("condition", [PLAIN, SHOTS], ids=["alone", "behind worked examples"])
def test_scores_are_those_of_transformers(kind: str, condition: Condition, tmp_path: Path) -> None:
    """Gemma's windows and soft caps, too."""
    engine, plain = load(make(tmp_path, kind)), Plain(tmp_path)
    for output in run(engine, requests(condition)).values():
        text = condition.preamble + output.request.text
        check(output, [plain.continuation(text, one) for one in output.request.continuations])


@pytest.mark.parametrize("kind", ["llama", "gemma2"])
def test_rows_that_attend_as_a_whole_give_the_same(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU; with heads in groups, windows and soft caps."""
    folder = make(tmp_path, kind)
    apart = run(load(folder), requests(SHOTS))
    monkeypatch.setattr(tree, "_APART", ())
    whole = run(load(folder), requests(SHOTS))
    for name, output in whole.items():
        expected = [(score.logprob, score.tokens, score.greedy) for score in apart[name].scores]
        check(output, expected)


def test_what_requests_and_continuations_share_is_computed_once(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(llama)
    fed: list[int] = []

    def counted(model: Any, tokens: torch.Tensor, *more: Any) -> torch.Tensor:
        fed.append(tokens.numel())
        return forward(model, tokens, *more)

    monkeypatch.setattr(likelihood, "forward", counted)
    letters = Request("s", 0, 0, "which?", PLAIN, continuations=(" A", " B", " C", " D"))
    run(engine, [letters])
    assert fed == [len(engine._text.tokenizer("which? ")["input_ids"])], "the space goes on to the letter"
    fed.clear()
    run(engine, requests())
    alone = sum(fed)
    fed.clear()
    run(engine, requests(SHOTS))
    assert sum(fed) <= alone + len(QUESTIONS), "worked examples are not in the rows"


def test_scores_do_not_depend_on_company(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor on the order, nor on how much is fed at once."""
    engine = load(llama)
    asked = requests() + [replace(one, sample_id=f"{one.sample_id} behind") for one in requests(SHOTS)]
    alone = {one.sample_id: run(engine, [one])[one.sample_id] for one in asked}
    for tokens in (8, 60, 512):
        monkeypatch.setattr(engine, "_most", tokens)
        random.Random(tokens).shuffle(asked)
        for name, output in run(engine, asked).items():
            expected = [(score.logprob, score.tokens, score.greedy) for score in alone[name].scores]
            check(output, expected)


def test_equal_continuations_have_equal_scores(llama: Path) -> None:
    """To the last bit, so that the first of them is the likeliest."""
    first, second = run(load(llama), requests())["equal"].scores
    assert first == second


@pytest.mark.parametrize(
    ("text", "continuations", "start"),
    [("fox th", ("e fox", "at", " is"), len("fox") + 1), ("th", ("e", "at"), 0)],
)
def test_where_text_and_continuation_melt_into_one_token_all_are_scored_from_there(
    llama: Path, text: str, continuations: tuple[str, ...], start: int
) -> None:
    """So that they stay comparable: `the` is one token, `th` are two."""
    plain = Plain(llama)
    before = plain.tokenizer(text[:start])["input_ids"] or [0]
    output = run(load(llama), [Request("s", 0, 0, text, PLAIN, continuations=continuations)])["s"]
    rest = [plain.tokenizer(text[start:] + one)["input_ids"] for one in continuations]
    assert len(rest[0]) < len(rest[1]) + 2
    check(output, [plain.score(before + one, len(before)) for one in rest])


def test_greedy_continuations_are_seen(llama: Path) -> None:
    """The likeliest letter is greedy, the others are not."""
    plain = Plain(llama)
    ids = torch.tensor([plain.tokenizer("the quick")["input_ids"]])
    likeliest = plain.tokenizer.decode(plain._model(ids).logits[0, -1].argmax())
    assert plain.tokenizer("the quick" + likeliest)["input_ids"][:-1] == ids[0].tolist()
    asked = Request("s", 0, 0, "the quick", PLAIN, continuations=(likeliest, " z"))
    assert [score.greedy for score in run(load(llama), [asked])["s"].scores] == [True, False]


def test_a_long_text_is_scored_in_windows_each_token_once(llama: Path) -> None:
    """As lm-eval's loglikelihood_rolling: windows of the context's length that overlap in one token."""
    plain = Plain(llama)
    text = "the quick brown fox jumps. " * 60
    tokens = [0, *plain.tokenizer(text)["input_ids"]]
    assert len(tokens) > 2 * 256
    expected, done = [], 1
    while done < len(tokens):
        end = min(done + 256, len(tokens))
        first = max(end - 257, 0)
        expected.append(plain.score(tokens[first:end], done - first))
        done = end
    assert sum(count for _, count, _ in expected) == len(tokens) - 1
    output = run(load(llama), [Request("s", 0, 0, "", PLAIN, continuations=(text,))])["s"]
    assert output.scores[0].tokens == len(tokens) - 1
    assert output.scores[0].logprob == pytest.approx(sum(logprob for logprob, _, _ in expected), abs=1e-2)


@pytest.mark.parametrize(
    ("text", "continuations", "said"),
    [
        ("the", ("",), "a continuation has no tokens"),
        ("the", (" fox", "é" * 400), "the model 256"),
        ("é" * 400, (" fox",), "the model 256"),
    ],
)
def test_what_cannot_be_scored_is_an_error_not_a_wrong_answer(
    llama: Path, text: str, continuations: tuple[str, ...], said: str
) -> None:
    output = run(load(llama), [Request("s", 0, 0, text, PLAIN, continuations=continuations)])["s"]
    assert output.status is Status.ERROR and said in output.text


def test_logits_that_are_not_finite_are_an_error(llama: Path) -> None:
    engine = load(llama)
    with torch.no_grad():
        engine._model.lm_head.weight.fill_(float("nan"))
    assert {output.status for output in run(engine, requests()).values()} == {Status.ERROR}


def test_a_chat_goes_through_the_template(llama: Path) -> None:
    condition = Condition(form="chat", answer="likelihood", preamble="be brief")
    output = run(load(llama), [Request("s", 0, 0, "hi", condition, continuations=("fox", "the"))])["s"]
    plain = Plain(llama)
    text = "<system>be brief<user>hi<assistant>"
    check(output, [plain.continuation(text, one) for one in ("fox", "the")])


def test_scores_are_those_of_lm_eval(llama: Path) -> None:
    """Where it is installed; a long text, too."""
    huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="lm-eval is not installed")
    from lm_eval.api.instance import Instance

    theirs = huggingface.HFLM(pretrained=str(llama), device="cpu", dtype="float32", batch_size=4)
    # Behind worked examples it also spells the text of another question, which lm-eval then scores wrongly: it
    # takes both for one, and of the longer continuation's logits those of the wrong places.
    asked = requests() + [one for one in requests(SHOTS) if one.sample_id != "nothing before"]
    pairs = [
        (one.condition.preamble + one.text, continuation) for one in asked for continuation in one.continuations
    ]
    given = [Instance("loglikelihood", {}, pair, 0) for pair in pairs]
    expected = iter(theirs.loglikelihood(given, disable_tqdm=True))
    engine = load(llama)
    for one in asked:
        for score in run(engine, [one])[one.sample_id].scores:
            logprob, greedy = next(expected)
            assert score.logprob == pytest.approx(logprob, abs=1e-3) and score.greedy == greedy
    text = "the quick brown fox jumps. " * 60
    (whole,) = theirs.loglikelihood_rolling([Instance("loglikelihood_rolling", {}, (text,), 0)], disable_tqdm=True)
    found = run(engine, [Request("s", 0, 0, "", PLAIN, continuations=(text,))])["s"]
    assert found.scores[0].logprob == pytest.approx(whole, abs=1e-2)


def test_worker_processes_score_beside_generating(llama: Path) -> None:
    """Both kinds of requests go to the same loaded model."""
    backend = TransformersBackend(str(llama), device="cpu", dtype="float32")
    try:
        asked = requests(backend.condition(PLAIN))
        written = [Request(f"written {n}", 0, 0, "the", Condition(form="plain", max_tokens=4)) for n in range(9)]
        backend.submit([*asked, *written])
        outputs: dict[str, Output] = {}
        while len(outputs) < len(asked) + len(written):
            outputs |= {output.request.sample_id: output for output in backend.collect(5)}
    finally:
        backend.close()
    plain = Plain(llama)
    for one in asked:
        check(outputs[one.sample_id], [plain.continuation(one.text, each) for each in one.continuations])
    assert all(outputs[one.sample_id].text and not outputs[one.sample_id].scores for one in written)
