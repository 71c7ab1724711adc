"""A server that misbehaves, turns away or is not there; keys, prices and settings."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web

from evalhub.backends import http_client, rate_limits
from evalhub.backends.base import Output, Request
from evalhub.backends.openai import OpenAIBackend
from evalhub.backends.openai_probe import Endpoint
from evalhub.backends.opening import open_backend
from evalhub.backends.prices import Price
from evalhub.errors import EvalhubError
from ingest.records import Status
from tests.backends.asking import (
    ASKED,
    KEY,
    ask,
    attempts,
    behind_a_public_address,
    one,
    opened,
)
from tests.backends.stub_server import (
    Body,
    Handler,
    Stub,
    breaks_off,
    drips,
    fails,
    floods,
    hangs_up,
    said,
    says,
    sends,
    stalls,
    well,
)

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.mark.parametrize(
    "trouble",
    [
        fails(429, headers={"Retry-After": "0"}),
        fails(500),
        fails(503),
        sends("<html>Bad gateway</html>", "text/html"),
        sends('{"choices": ['),
        sends("[1, 2]"),
        sends('{"choices": [{"index": 0}]}'),
        sends('{"error": {"message": "overloaded"}}'),
        sends("[" * 100_000),
        says("half", reason="abort"),
        hangs_up,
        breaks_off,
    ],
)
def test_trouble_that_passes_leaves_no_trace(trouble: Handler) -> None:
    """The attempt is asked again, with the same seed."""
    with Stub(trouble, trouble, well) as stub, opened(stub) as backend:
        assert one(backend).status is Status.OK
        assert len(stub.asked) == 3
        assert stub.asked[0] == stub.asked[2]


@pytest.mark.parametrize("trouble", [fails(500), sends("<html>"), hangs_up, breaks_off])
def test_trouble_that_stays_makes_the_attempt_missing(trouble: Handler) -> None:
    """After some tries; never wrong, and the others go on."""

    async def one_bad(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        return await (trouble if "Bad" in json.dumps(body) else well)(stub, request, body)

    with Stub(one_bad) as stub, opened(stub) as backend:
        condition = backend.condition(ASKED)
        outputs = ask(
            backend,
            [Request("b", 0, 0, "Bad?", condition), *(Request("g", n, 0, "Good?", condition) for n in range(3))],
        )
        assert [output.status for output in outputs] == [Status.ERROR, *[Status.OK] * 3]
        assert len(stub.asked) == http_client.TRIES + 3


@pytest.mark.parametrize("trouble", [stalls, drips])
def test_a_server_that_takes_for_ever_ends_by_the_timeout(trouble: Handler) -> None:
    """Tried twice."""
    with Stub(trouble) as stub, opened(stub, timeout=0.3) as backend:
        started = time.monotonic()
        output = one(backend)
        assert output.status is Status.TIMEOUT
        assert time.monotonic() - started < 30
        assert len(stub.asked) == 2


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read up to a limit, and not asked for again."""
    monkeypatch.setattr(http_client, "LARGEST", 1 << 20)
    with Stub(floods) as stub, opened(stub) as backend:
        output = one(backend)
        assert (output.status, output.text) == (Status.ERROR, "its answer is larger than 1 MB")
        assert len(stub.asked) == 1


def test_retry_after_holds_everybody() -> None:
    """All requests wait for as long as the server says, not only the one that was turned away."""
    with Stub(fails(429, headers={"Retry-After": "0.4"}), well) as stub, opened(stub) as backend:
        condition = backend.condition(ASKED)
        backend.submit([Request("a", 0, 0, "What?", condition)])
        assert backend.collect(0.1) == []
        backend.submit([Request("b", 0, 0, "What?", condition)])
        assert ask(backend, []) == [] and len(stub.asked) == 1
        outputs: list[Output] = []
        while len(outputs) < 2:
            outputs += backend.collect(5)
        assert all(output.status is Status.OK for output in outputs)
        assert min(stub.at[1:]) - stub.at[0] >= 0.4


def test_a_limit_is_waited_for_before_it_is_run_into() -> None:
    """The server allows three requests in each half second and says so; nobody is turned away."""
    began = -1.0
    used = 0

    async def limited(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        nonlocal began, used
        del request
        now = stub.at[-1]
        if now - began >= 0.5:
            began, used = now, 0
        used += 1
        headers = {
            "x-ratelimit-limit-requests": "3",
            "x-ratelimit-remaining-requests": str(max(0, 3 - used)),
            "x-ratelimit-reset-requests": f"{500 - 1000 * (now - began):.0f}ms",
        }
        if used > 3:
            return web.json_response({"error": {"message": "slow down"}}, status=429, headers=headers)
        return web.json_response(said(body, "yes"), headers=headers)

    with Stub(limited) as stub, opened(stub) as backend:
        one(backend)
        assert len(ask(backend, attempts(backend, 8, "t"))) == 8
        assert len(stub.asked) == 9, "none was asked twice"
        assert stub.at[-1] - stub.at[0] >= 1.0


def test_being_turned_away_while_others_are_served_uses_up_no_tries() -> None:
    """A server that takes one at a time serves all in the end."""
    busy = False

    async def single(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        nonlocal busy
        if busy:
            return await fails(429)(stub, request, body)
        busy = True
        try:
            await asyncio.sleep(0.01)
            return await well(stub, request, body)
        finally:
            busy = False

    with Stub(single) as stub, opened(stub) as backend:
        outputs = ask(backend, attempts(backend, 40), seconds=30)
        assert {output.status for output in outputs} == {Status.OK}


def test_being_turned_away_for_ever_ends_the_run() -> None:
    """When nobody was answered for as long as a try may take."""
    with (
        Stub(fails(429, "too busy")) as stub,
        opened(stub, timeout=0.3) as backend,
        pytest.raises(EvalhubError, match=r"no longer answers \(HTTP 429: too busy"),
    ):
        ask(backend, attempts(backend, 3))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (fails(401, f"Incorrect API key provided: {KEY}"), "does not accept the key in OPENAI_API_KEY"),
        (fails(403, f"{KEY} may not use this"), "may not use this"),
        (fails(402, "add credit"), "asks for payment"),
        (fails(429, "quota", code="insufficient_quota"), "asks for payment"),
        (fails(404, "no such model"), "no such model"),
        (fails(400, f"what is {KEY}?"), "refuses what it is asked: HTTP 400: what is"),
        (fails(307, headers={"Location": "http://127.0.0.1:1/"}), "final address"),
        (fails(429, headers={"Retry-After": "7200"}), "for 120 minutes: run the same command again"),
    ],
)
def test_trouble_that_will_not_go_away_ends_the_run_in_one_line(answer: Handler, words: str) -> None:
    """It says what to do, and the key is not in it."""
    with Stub(answer) as stub, opened(stub) as backend:
        with pytest.raises(EvalhubError, match=words) as caught:
            ask(backend, [request for n in range(10) for request in attempts(backend, 1, f"s{n}")])
        assert "\n" not in str(caught.value) and KEY not in repr(caught.getrepr(style="long"))


def test_a_server_that_has_gone_ends_the_run_and_fills_no_hub_with_errors() -> None:
    """What it answered before is there; the rest is asked for by the next run."""
    with Stub() as stub, opened(stub) as backend:
        first = one(backend)
        assert first.status is Status.OK
        requests = attempts(backend, 3, "t")
        stub.stop()
        with pytest.raises(EvalhubError, match=r"no longer answers.*run the same command again"):
            ask(backend, requests)


def test_a_request_that_alone_is_refused_is_missing() -> None:
    """It is the sample's fault when others are answered; refusals wait until that is clear."""

    async def picky(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        return await (fails(400, "I do not like it") if "Bad" in json.dumps(body) else well)(stub, request, body)

    with Stub(picky) as stub, opened(stub) as backend:
        condition = backend.condition(ASKED)
        requests = [Request(f"{n}", 0, 0, "Bad?" if n < 5 else "Good?", condition) for n in range(9)]
        statuses = Counter(output.status for output in ask(backend, requests))
        assert statuses == {Status.ERROR: 5, Status.OK: 4}


def test_the_key_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Not in outputs, though the server repeats it; not in logs; not in the condition."""
    caplog.set_level(logging.DEBUG)

    async def parrot(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub
        if "Bad" in json.dumps(body):
            return web.json_response({"error": {"message": dict(request.headers)}}, status=500)
        return web.json_response(said(body, f"{request.headers['Authorization']}"))

    with Stub(parrot) as stub, opened(stub) as backend:
        condition = backend.condition(ASKED)
        outputs = ask(backend, [Request("a", 0, 0, "Good?", condition), Request("b", 0, 0, "Bad?", condition)])
        assert outputs[0].text == "Bearer ***"
        assert outputs[1].status is Status.ERROR
        assert KEY not in repr(outputs) + repr(condition) + caplog.text + repr(backend.model)


@pytest.mark.parametrize(
    ("key", "words"),
    [("", "put it into the environment as OPENAI_API_KEY"), ("a\nb", "characters that no key has")],
)
def test_a_key_that_lacks_or_is_none(key: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before anything is asked."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with Stub(probes=fails(401)) as stub, pytest.raises(EvalhubError, match=words):
        OpenAIBackend(stub.name)


def test_no_key_is_sent_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of one's own asks for none."""
    monkeypatch.delenv("OPENAI_API_KEY")
    with Stub() as stub, opened(stub) as backend:
        assert one(backend).status is Status.OK
        assert not any("Authorization" in headers for headers in stub.headers)


@pytest.mark.parametrize(
    ("probes", "words"),
    [
        (sends("<html>hello</html>", "text/html"), "a web page. Is it the right address"),
        (fails(404), "serves neither chat nor completions for 'tiny'"),
        (fails(400, "model is not loaded"), "refuses tiny: HTTP 400: model is not loaded"),
        (fails(500, "out of memory"), "out of memory"),
    ],
)
def test_a_server_that_is_none_is_found_out_at_the_start(probes: Handler, words: str) -> None:
    """One line, and no thread is left behind."""
    with Stub(probes=probes) as stub, pytest.raises(EvalhubError, match=words):
        OpenAIBackend(stub.name)


def test_no_server_at_all() -> None:
    """The line says how to name one."""
    with pytest.raises(EvalhubError, match=r"no server answers at http://127.0.0.1:1/v1 .*openai:MODEL@http"):
        OpenAIBackend("openai:tiny@http://127.0.0.1:1/v1")


@pytest.mark.parametrize("models", [("large", "tin", "small"), ("other",), ("tiny2:latest",)])
def test_a_model_that_the_server_does_not_list_is_refused_before_it_is_asked(models: tuple[str, ...]) -> None:
    """One line with those that it has, nearest first."""
    with Stub(models=models) as stub:
        nearest = "tin, small, large" if len(models) > 1 else models[0]
        with pytest.raises(EvalhubError, match=f"has no model 'tiny'; it has {nearest}$"):
            OpenAIBackend(stub.name)
        assert not stub.probed


@pytest.mark.parametrize(
    "models", [None, "nonsense", [1], (), ("/models/a.gguf",), ("a.gguf",), ("tiny:latest",), ("models/tiny", "x")]
)
def test_a_server_that_lists_nothing_of_use_goes_on(models: object) -> None:
    """No list, another form, a single file as llama.cpp has it, or the name with a tag or a folder."""
    with Stub(models=models) as stub, opened(stub) as backend:
        assert one(backend).status is Status.OK


def test_a_public_server_says_itself_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that it answers to and does not list are common; where it refuses one, those that it has are told."""
    with behind_a_public_address(monkeypatch), Stub(models=("small",)) as stub, opened(stub) as backend:
        assert one(backend).status is Status.OK
    with (
        behind_a_public_address(monkeypatch),
        Stub(probes=fails(404), models=("small", "tin")) as stub,
        pytest.raises(EvalhubError, match="has no model 'tiny'; it has tin, small"),
    ):
        OpenAIBackend(stub.name)


def copies(*, below: float, tokens: int = 24) -> Handler:
    """A server whose answers are all the same below a temperature."""

    async def handler(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        if body["temperature"] < below:
            usage = {"prompt_tokens": 10, "completion_tokens": tokens}
            return web.json_response(said(body, *["always this"] * body.get("n", 1), usage=usage))
        return await well(stub, request, body)

    return handler


def test_a_server_that_does_not_sample_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """All attempts would be copies of one."""
    with Stub(probes=copies(below=9)) as stub, opened(stub):
        assert "seems not to sample" in caplog.text and len(stub.probed) == 5
        assert {body["temperature"] for body in stub.probed} == {0.9, 1.5}


@pytest.mark.parametrize("probes", [well, copies(below=9, tokens=2), copies(below=1)])
def test_equal_answers_alone_are_no_reason_for_a_warning(
    caplog: pytest.LogCaptureFixture, probes: Handler
) -> None:
    """A word may well be the same each time, and so may a text of which a model is sure, if not when it is hot."""
    with Stub(probes=probes) as stub, opened(stub):
        assert not caplog.text and len(stub.probed) <= 4


def test_a_change_of_model_in_the_middle_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """Once."""
    with Stub(says("x", model="tiny-2026-02-02")) as stub, opened(stub) as backend:
        ask(backend, attempts(backend, 3))
        assert caplog.text.count("another model or configuration") == 1


def test_prices_come_from_the_users_file(tmp_path: Path) -> None:
    """That of the hub. Dollars per million tokens; None where nothing is known."""
    with Stub() as stub:
        for wanted in (None, pytest.approx((10 * 1.5 + 4 * 6) / 1e6)):
            with closing(open_backend(stub.name, hub=tmp_path)) as backend:
                assert isinstance(backend, OpenAIBackend) and one(backend).cost == wanted
            (tmp_path / "prices.toml").write_text('["tiny"]\ninput = 1.5\noutput = 6\n')


def test_where_a_price_is_needed_nothing_is_sent_without_one(tmp_path: Path) -> None:
    """Not even the question whether the server is there."""
    with Stub() as stub:
        with pytest.raises(EvalhubError, match=r"none is known for openai:tiny@.*: put it into prices.toml"):
            open_backend(stub.name, hub=tmp_path, priced=True)
        assert not stub.headers
    with pytest.raises(EvalhubError, match="none is known for baseline:random"):
        open_backend("baseline:random", hub=tmp_path, priced=True)


def test_a_server_that_does_not_count_tokens_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """Costs are then unknown, not 0."""
    with Stub(says("x", usage=None)) as stub, opened(stub, price=Price(1, 2)) as backend:
        output = one(backend)
        assert (output.status, output.tokens, output.cost) == (Status.OK, 0, None)
        assert "does not say how many tokens" in caplog.text


def test_closing_is_prompt_with_requests_in_flight() -> None:
    """And can be done twice."""
    with Stub(stalls) as stub:
        backend = OpenAIBackend(stub.name)
        backend.submit(attempts(backend, 20))
        assert backend.collect(0.2) == []
        started = time.monotonic()
        backend.close()
        backend.close()
        assert time.monotonic() - started < 20


def test_submit_does_not_wait_and_collect_waits_only_for_what_can_come() -> None:
    """As the protocol says."""
    with Stub(stalls) as stub, opened(stub) as backend:
        started = time.monotonic()
        assert backend.collect(30) == [], "nothing is in flight"
        backend.submit(attempts(backend, 20))
        assert time.monotonic() - started < 20
        assert backend.collect(0.1) == []


def test_what_the_environment_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Server, capacity and timeout."""
    with Stub() as stub:
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url + "/")
        monkeypatch.setenv("EVALHUB_OPENAI_CAPACITY", "3")
        backend = open_backend("openai:tiny")
        assert isinstance(backend, OpenAIBackend) and backend.capacity == 3
        backend.close()
        monkeypatch.setenv("EVALHUB_OPENAI_TIMEOUT", "soon")
        with pytest.raises(EvalhubError, match="EVALHUB_OPENAI_TIMEOUT must be a number"):
            open_backend("openai:tiny")


def test_a_proxy_is_used_for_public_addresses_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the environment names it; a server of one's own is reached without."""
    with Stub() as stub:
        monkeypatch.setenv("http_proxy", stub.url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        backend = OpenAIBackend("openai:tiny@http://api.example.com/v1")
        backend.close()
        assert stub.headers[0]["Host"] == "api.example.com"
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        OpenAIBackend(stub.name).close()


def test_an_unforeseen_failure_ends_the_run_instead_of_hanging_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours, too."""
    with Stub() as stub, opened(stub) as backend:
        condition = backend.condition(ASKED)
        monkeypatch.setitem(backend._server._endpoints, "chat", Endpoint(frozenset(), "seeds", None))  # type: ignore[arg-type]
        monkeypatch.setattr("evalhub.backends.openai_attempts.outcome", None)
        with pytest.raises(EvalhubError, match="TypeError"):
            ask(backend, [Request("s", 0, 0, "What?", condition)])


def test_a_long_wait_for_a_limit_is_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody should wonder why nothing happens."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(rate_limits, "_WORTH_SAYING", 0.1)
    with Stub(fails(429, headers={"Retry-After": "0.3"}), well) as stub, opened(stub) as backend:
        one(backend)
        assert "for its rate limit" in caplog.text
