"""Models of lm-eval's registry, behind `lm-eval:TYPE:ARGS`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from evalhub import plugins
from evalhub.backends import lm_eval
from evalhub.backends.base import Backend, Output, Request
from evalhub.backends.lm_eval import LmEvalBackend
from evalhub.backends.transformers import TransformersBackend
from evalhub.errors import EvalhubError
from ingest.records import Condition, Sample, Status
from tests.engine.models import make

pytest.importorskip("lm_eval", reason='lm-eval is not installed: pip install "evalhub[lm-eval]"')

PLAIN = Condition(form="plain", temperature=0.0, max_tokens=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("models") / "tiny", "llama")


@contextmanager
def opened(name: str, **how: str) -> Iterator[LmEvalBackend]:
    backend = LmEvalBackend(name, **how)
    try:
        yield backend
    finally:
        backend.close()


@pytest.fixture(scope="module")
def backend(folder: Path) -> Iterator[LmEvalBackend]:
    with opened(f"lm-eval:hf:pretrained={folder},batch_size=4", device="cpu", dtype="float32") as one:
        yield one


@pytest.fixture(scope="module")
def alone(folder: Path) -> Iterator[LmEvalBackend]:
    """The same model, one request in a call."""
    with opened(f"lm-eval:hf:pretrained={folder},batch_size=1", device="cpu", dtype="float32") as one:
        yield one


def asked(backend: Backend, requests: list[Request]) -> dict[tuple[str, int], Output]:
    """Outputs by sample and attempt."""
    backend.submit(requests)
    outputs: list[Output] = []
    for _ in range(240):
        outputs += backend.collect(0.5)
        if len(outputs) == len(requests):
            break
    return {(output.request.sample_id, output.request.attempt): output for output in outputs}


def requests(condition: Condition, samples: int = 3, attempts: int = 3) -> list[Request]:
    """Texts of different lengths, so that a batch is padded and put into another order."""
    return [
        Request(f"s{n}", attempt, 0, "the quick brown fox " * (n + 1) + str(n), condition)
        for n in range(samples)
        for attempt in range(attempts)
    ]


def test_its_names_mean_this_backend_and_no_other() -> None:
    assert [kind for kind in plugins.backends() if kind.handles("lm-eval:hf:pretrained=x")] == [LmEvalBackend]


def test_the_condition_says_what_ran(backend: LmEvalBackend, alone: LmEvalBackend) -> None:
    """Engine and arithmetic, and the weights by their content; how fast it runs is no part of it."""
    condition = backend.condition(Condition(form="chat"))
    assert (condition.engine, condition.form) == ("lm-eval/hf/float32", "chat")
    assert backend.model.model_id == "lm-eval:tiny" and backend.model.parameters
    assert len(backend.notes) == 1 and "batch_size=1" in backend.notes[0] and not alone.notes
    assert backend.capacity == 8
    assert alone.condition(Condition(form="chat")) == condition and alone.capacity == 2


@pytest.mark.parametrize("form", ["plain", "chat"])
def test_greedy_outputs_are_those_of_our_own_engine(backend: LmEvalBackend, folder: Path, form: Any) -> None:
    """With their statuses and numbers of tokens, padded batches or not."""
    condition = Condition(form=form, temperature=0.0, max_tokens=12, stop=("a",), preamble="say: ")
    own = TransformersBackend(str(folder), device="cpu", dtype="float32")
    try:
        expected = asked(own, requests(own.condition(condition)))
    finally:
        own.close()
    found = asked(backend, requests(backend.condition(condition)))
    for key, output in expected.items():
        ours, theirs = ((one.text, one.status, one.tokens, one.prompt_tokens) for one in (output, found[key]))
        assert theirs == ours


def test_an_output_that_reaches_the_limit_is_truncated_unless_a_stop_ends_it(backend: LmEvalBackend) -> None:
    """Which is told from the tokens, not from the text."""
    free = asked(backend, requests(backend.condition(PLAIN), attempts=1))
    assert {(output.status, output.tokens) for output in free.values()} == {(Status.TRUNCATED, 12)}
    letters = [output.text for output in free.values() if "�" not in output.text[:2]]
    stop = letters[0][1]
    ended = asked(backend, requests(backend.condition(replace(PLAIN, stop=(stop,))), attempts=1))
    assert any(output.status is Status.OK and stop not in output.text for output in ended.values())
    assert all(output.tokens <= 12 for output in ended.values())


def test_attempts_differ_and_a_batch_of_one_gives_each_its_own_stream(alone: LmEvalBackend) -> None:
    """The same whatever was asked before."""
    hot = Condition(form="plain", temperature=1.0, top_p=1.0, max_tokens=12)
    many = requests(alone.condition(hot))
    first = asked(alone, many)
    again = asked(alone, many[::-1])
    assert {key: one.text for key, one in first.items()} == {key: one.text for key, one in again.items()}
    assert len({one.text for one in first.values()}) == len(first)


def test_a_prompt_that_does_not_fit_is_an_error_not_cut(backend: LmEvalBackend) -> None:
    """The others of its batch are answered; one that nearly fits has fewer tokens."""
    condition = backend.condition(PLAIN)
    texts = {"long": "quick " * 300, "nearly": "a" * 250, "short": "quick"}
    found = asked(backend, [Request(name, 0, 0, text, condition) for name, text in texts.items()])
    assert (found["long", 0].status, found["long", 0].text) == (Status.ERROR, "the prompt fills the context")
    assert found["nearly", 0].tokens == 256 - 250 and found["short", 0].tokens == 12


def test_continuations_are_scored_as_lm_eval_scores_them(backend: LmEvalBackend) -> None:
    """In their order, whatever the batch."""
    condition = backend.condition(Condition(form="plain", answer="likelihood"))
    texts = (" brown", " fox and", "x")
    found = asked(backend, [Request(f"q{n}", 0, 0, "the quick", condition, continuations=texts) for n in range(3)])
    scores = [output.scores for output in found.values()]
    assert [len(one) for one in scores] == [3, 3, 3]
    for one in scores[1:]:
        assert [score.logprob for score in one] == pytest.approx([score.logprob for score in scores[0]], abs=1e-4)
    assert [score.tokens for score in scores[0]] == [1, 5, 1] and max(score.logprob for score in scores[0]) < 0
    assert {output.tokens for output in found.values()} == {7}


def test_what_it_cannot_be_asked(backend: LmEvalBackend) -> None:
    sample = Sample(prompt="?", grader="exact", reference="", source="x", source_id="1", images=(b"png",))
    assert "texts only" in backend.refuses(sample, sample.condition)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lm-eval:", "name lm-eval's model"),
        ("lm-eval:hf:folder", "NAME=VALUE"),
        (
            "lm-eval:no-such-type:pretrained=x",
            "it has no such type of model; the nearest",
        ),
        ("lm-eval:hf:pretrained=/no/such/folder", "lm-eval's hf cannot be run here"),
    ],
)
def test_what_cannot_be_started_is_one_clear_error(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EvalhubError, match=message) as caught:
        LmEvalBackend(name)
    assert "\n" not in str(caught.value)


def test_without_lm_eval_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lm_eval, "find_spec", lambda _: None)
    with pytest.raises(EvalhubError, match=r"pip install \"evalhub\[lm-eval\]\""):
        LmEvalBackend("lm-eval:hf:pretrained=x")


@pytest.mark.slow
def test_a_call_that_takes_long_does_not_hold_up_the_end(folder: Path) -> None:
    """Submitting, waiting and closing are prompt while the model is busy; its death is one clear error."""
    slow = Condition(form="plain", temperature=1.0, max_tokens=230)
    with opened(f"lm-eval:hf:pretrained={folder}", device="cpu", dtype="float32") as busy:
        started = time.monotonic()
        busy.submit(requests(busy.condition(slow), samples=8, attempts=80))
        busy.collect(0.01)
        child = busy._child._process
        busy.close()
        assert time.monotonic() - started < 10 and child.poll() is not None
    with opened(f"lm-eval:hf:pretrained={folder}", device="cpu", dtype="float32") as dead:
        os.kill(dead._child._process.pid, signal.SIGKILL)
        with pytest.raises(EvalhubError, match="process ended"):
            asked(dead, requests(dead.condition(slow)))


@pytest.mark.slow
def test_a_busy_model_ends_with_a_parent_that_was_killed(folder: Path, tmp_path: Path) -> None:
    """It would go on for a whole batch otherwise."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, signal, sys\n"
        "from evalhub.backends.base import Request\n"
        "from evalhub.backends.lm_eval import LmEvalBackend\n"
        "from ingest.records import Condition\n"
        f"model = LmEvalBackend('lm-eval:hf:pretrained={folder},batch_size=2000', device='cpu')\n"
        "condition = Condition(form='plain', temperature=1.0, max_tokens=230)\n"
        "model.submit([Request(str(n), 0, 0, 'the quick', condition) for n in range(2000)])\n"
        "print(model._child._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, text=True, check=False)
    child = int(done.stdout)
    assert done.returncode == -signal.SIGKILL
    for _ in range(40):
        if not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.25)
    pytest.fail("the model's process lives on")


@contextmanager
def chat_server(answer: Callable[[dict[str, Any]], str]) -> Iterator[str]:
    """The address of a server of chat completions that answers what it is told to."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = json.dumps({"choices": [{"index": 0, "message": {"content": answer(body)}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/chat/completions"
    finally:
        server.shutdown()
        server.server_close()


def test_a_server_of_chats_gets_another_seed_for_each_attempt_of_a_sample() -> None:
    """lm-eval sends one fixed seed, under which all attempts would be the same; plain prompts are refused."""
    pytest.importorskip("tenacity", reason="lm-eval's clients of servers need tenacity")
    bodies: list[dict[str, Any]] = []

    def answer(body: dict[str, Any]) -> str:
        bodies.append(body)
        return f"seed {body['seed']}"

    with (
        chat_server(answer) as url,
        opened(f"lm-eval:local-chat-completions:model=stub,base_url={url},num_concurrent=4") as server,
    ):
        assert server.model.model_id == "lm-eval:stub" and "cut off" in server.notes[-1]
        plain = Sample(prompt="?", grader="exact", reference="", source="x", source_id="1", condition=PLAIN)
        assert "chats only" in server.refuses(plain, PLAIN)
        assert "no likelihoods" in server.refuses(plain, Condition(answer="likelihood"))
        hot = server.condition(
            Condition(form="chat", temperature=1.0, max_tokens=5, stop=(";",), preamble="system")
        )
        assert hot.form == "chat"
        found = asked(server, requests(hot))
    for sample in ("s0", "s1", "s2"):
        assert len({found[sample, attempt].text for attempt in range(3)}) == 3
    assert {tuple(one["role"] for one in body["messages"]) for body in bodies} == {("system", "user")}
    assert all(body["max_tokens"] == 5 and body["stop"] == [";"] and "top_k" not in body for body in bodies)
