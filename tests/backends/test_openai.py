"""Models behind a server: how they are asked, what becomes of what they say, and of a server that misbehaves."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from evalhub.backends import http_client, rate_limits
from evalhub.backends.base import Backend, Output, Request
from evalhub.backends.openai import OpenAIBackend
from evalhub.backends.openai_probe import Endpoint
from evalhub.backends.opening import open_backend
from evalhub.backends.prices import Price
from evalhub.errors import EvalhubError
from ingest.records import Condition, Sample, Status
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

KEY = "sk-do-not-show-this-to-anybody"
ASKED = Condition(temperature=0.7, top_p=0.9, max_tokens=50, stop=("\n\n",))
PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, no other setting, and no time lost between tries."""
    for name in ("OPENAI_BASE_URL", "EVALHUB_PRICES", "EVALHUB_OPENAI_CAPACITY", "EVALHUB_OPENAI_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.001)


@contextmanager
def opened(stub: Stub, **more: Any) -> Iterator[OpenAIBackend]:
    backend = OpenAIBackend(stub.name, **more)
    try:
        yield backend
    finally:
        backend.close()


def ask(backend: Backend, requests: list[Request], seconds: float = 10) -> list[Output]:
    """The outputs of requests, in the requests' order."""
    backend.submit(requests)
    outputs: list[Output] = []
    ends = time.monotonic() + seconds
    while len(outputs) < len(requests):
        assert time.monotonic() < ends, f"{len(outputs)} of {len(requests)} came"
        outputs += backend.collect(0.5)
    places = {(request.sample_id, request.attempt): place for place, request in enumerate(requests)}
    return sorted(outputs, key=lambda output: places[output.request.sample_id, output.request.attempt])


def one(backend: OpenAIBackend, asked: Condition = ASKED, **more: Any) -> Output:
    """The output of one request."""
    request = Request("s", 0, 0, "What?", backend.condition(asked), **more)
    return ask(backend, [request])[0]


def attempts(backend: OpenAIBackend, count: int, sample: str = "s", asked: Condition = ASKED) -> list[Request]:
    return [Request(sample, number, 0, "What?", backend.condition(asked)) for number in range(count)]


@contextmanager
def behind_a_public_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stub is on this machine; let it pass for a server that sends bills."""
    with monkeypatch.context() as patch:
        patch.setattr("evalhub.backends.address._is_own", lambda _: False)
        yield


def test_a_chat_condition_is_put_as_messages() -> None:
    """System message, user's message, decoding; the key goes with it."""
    with Stub(says("hello")) as stub, opened(stub) as backend:
        output = one(backend, Condition(preamble="Be brief.", temperature=0.7, top_p=0.9, top_k=5, max_tokens=50))
        assert (output.text, output.status, output.tokens, output.prompt_tokens) == ("hello", Status.OK, 4, 10)
        body = stub.asked[0]
        assert body["messages"] == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What?"},
        ]
        assert {name: body[name] for name in ("model", "temperature", "top_p", "top_k", "max_tokens")} == {
            "model": "tiny",
            "temperature": 0.7,
            "top_p": 0.9,
            "top_k": 5,
            "max_tokens": 50,
        }
        assert stub.headers[-1]["Authorization"] == f"Bearer {KEY}"


def test_what_servers_do_by_themselves_is_switched_off() -> None:
    """Without these, llama.cpp keeps 40 tokens and vLLM takes what the model's file says."""
    with Stub() as stub, opened(stub) as backend:
        one(backend)
        assert {name: stub.asked[0][name] for name in ("top_k", "min_p", "repetition_penalty")} == {
            "top_k": -1,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
        }


def test_a_plain_condition_is_continued() -> None:
    """Preamble and text as they stand."""
    with Stub(says(" 4")) as stub, opened(stub) as backend:
        asked = Condition(form="plain", preamble="1+1=2\n", stop=("\n",))
        condition = backend.condition(asked)
        assert condition.form == "plain"
        output = ask(backend, [Request("s", 0, 0, "2+2=", condition)])[0]
        assert output.text == " 4"
        assert stub.asked[0]["prompt"] == "1+1=2\n2+2=" and stub.asked[0]["stop"] == ["\n"]


def test_the_condition_says_what_answers() -> None:
    """Host and way in `engine`, model and fingerprint as served in `revision`; nothing else is touched."""
    with Stub() as stub, opened(stub) as backend:
        condition = backend.condition(ASKED)
        assert condition.engine == f"openai/{stub.url.split('/')[2]}/seeds"
        assert condition.revision == "tiny-2026-01-01/fp_1"
        assert (condition.temperature, condition.stop, condition.form) == (0.7, ("\n\n",), "chat")
        assert backend.model.model_id == "openai:tiny"


@pytest.mark.parametrize("status", [404, 405, 501])
def test_without_completions_plain_conditions_are_asked_as_chat_and_recorded_so(status: int) -> None:
    """Found out before the first attempt."""

    async def no_completions(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        return await (well if "messages" in body else fails(status))(stub, request, body)

    with Stub(probes=no_completions) as stub, opened(stub) as backend:
        condition = backend.condition(Condition(form="plain", preamble="Q", max_tokens=9))
        assert condition.form == "chat"
        ask(backend, [Request("s", 0, 0, "What?", condition)])
        assert stub.asked[0]["messages"][0] == {"role": "system", "content": "Q"}


def test_a_model_without_chat_is_asked_plainly() -> None:
    """As the transformers backend does."""

    async def base_model(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        refusal = fails(400, "default chat template is no longer allowed, so you must provide a chat template")
        return await (refusal if "messages" in body else well)(stub, request, body)

    with Stub(probes=base_model) as stub, opened(stub) as backend:
        assert backend.condition(ASKED).form == "plain"


def refusing(*names: str) -> Handler:
    """A server that refuses these fields, one at a time."""

    async def handler(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        for name in names:
            if name in body:
                return await fails(400, f"Unsupported parameter: '{name}' is not supported", param=name)(
                    stub, request, body
                )
        return await well(stub, request, body)

    return handler


def test_fields_that_a_server_refuses_are_left_out_and_the_condition_knows() -> None:
    """Temperature falls to the server's own, top-k to none; the most tokens get their newer name."""
    strict = refusing("max_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed", "stop")
    with Stub(strict, probes=strict) as stub, opened(stub) as backend:
        condition = backend.condition(Condition(temperature=0.2, top_p=0.5, top_k=3, max_tokens=7, stop=("x",)))
        assert (condition.temperature, condition.top_p, condition.top_k) == (1.0, 1.0, 0)
        assert condition.engine.count("/") == 1, "no seeds, and no n"
        assert ask(backend, [Request("s", 0, 0, "What?", condition)])[0].status is Status.OK
        assert stub.asked[0].keys() == {"model", "messages", "max_completion_tokens"}


def test_fields_may_be_refused_in_other_words() -> None:
    """FastAPI's list, transformers' set, or no name at all."""
    for words in (
        [{"loc": ["body", "top_k"], "msg": "Extra inputs are not permitted"}],
        "Unexpected fields in the request: {'min_p', 'top_k', 'repetition_penalty'}",
        "unknown field",
    ):

        async def strict(stub: Stub, request: web.Request, body: Body, words: Any = words) -> web.StreamResponse:
            if "top_k" in body:
                return web.json_response({"detail": words}, status=422)
            return await well(stub, request, body)

        with Stub(strict, probes=strict) as stub, opened(stub) as backend:
            assert one(backend).status is Status.OK


SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}


def test_a_schema_goes_along_as_response_format() -> None:
    """With the requests that have one."""
    with Stub(says('{"answer": "4"}')) as stub, opened(stub) as backend:
        assert one(backend, schema=SCHEMA).text == '{"answer": "4"}'
        one(backend)
        held = stub.asked[0]["response_format"]
        assert held["type"] == "json_schema" and held["json_schema"]["schema"] == SCHEMA
        assert "response_format" not in stub.asked[1]


@pytest.mark.parametrize("status", [400, 422, 501])
def test_a_server_that_knows_of_no_schema_is_asked_without(status: int) -> None:
    """It is found out once."""

    async def strict(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        return await (fails(status, "what is this?") if "response_format" in body else well)(stub, request, body)

    with Stub(strict) as stub, opened(stub) as backend:
        assert one(backend, schema=SCHEMA).status is Status.OK
        assert one(backend, schema=SCHEMA).status is Status.OK
        assert ["response_format" in body for body in stub.asked] == [True, False, False]


def test_a_refusal_that_is_not_about_the_schema_is_the_requests_own() -> None:
    """The next one is held to its schema again."""
    with Stub(fails(400, "bad picture"), fails(400, "bad picture"), well) as stub, opened(stub) as backend:
        assert one(backend, schema=SCHEMA).status is Status.ERROR
        assert one(backend, schema=SCHEMA).status is Status.OK
        assert ["response_format" in body for body in stub.asked] == [True, False, True]


def test_every_attempt_has_a_seed_of_its_own() -> None:
    """31 bits of the stream key: the same whatever else is asked, another for another seed."""
    with Stub() as stub, opened(stub) as backend:
        texts = [output.text for output in ask(backend, attempts(backend, 4))]
        assert len({*texts}) == 4 and len(stub.asked) == 4
        assert all(0 <= body["seed"] < 2**31 for body in stub.asked)
        assert [output.text for output in ask(backend, attempts(backend, 4)[2:])] == texts[2:]
        other = Request("s", 0, 1, "What?", backend.condition(ASKED))
        assert ask(backend, [other])[0].text not in texts


def test_behind_a_public_address_attempts_of_a_sample_are_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without seeds, which cannot be given for each choice."""
    with Stub() as stub, behind_a_public_address(monkeypatch), opened(stub) as backend:
        assert backend.condition(ASKED).engine.endswith("/n")
        assert backend.condition(ASKED).revision == "tiny-2026-01-01", "configurations take turns there"
        outputs = ask(backend, attempts(backend, 5, "a") + attempts(backend, 3, "b"))
        assert [body["n"] for body in stub.asked] == [5, 3]
        assert not any("seed" in body for body in stub.asked)
        assert [output.text for output in outputs[:5]] == [f"say None {place}" for place in range(5)]
        assert sum(output.tokens for output in outputs) == 4 * 8
        assert sum(output.prompt_tokens for output in outputs[:5]) == 10


def test_choices_that_were_not_given_are_asked_for_again_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """And `n` is not used any more."""
    with (
        Stub(says("first", "second"), well) as stub,
        behind_a_public_address(monkeypatch),
        opened(stub) as backend,
    ):
        outputs = ask(backend, attempts(backend, 5))
        assert [output.text for output in outputs[:2]] == ["first", "second"]
        assert [body.get("n", 1) for body in stub.asked] == [5, 1, 1, 1]
        ask(backend, attempts(backend, 3, "t"))
        assert all("n" not in body for body in stub.asked[4:]) and len(stub.asked) == 7


def test_a_public_server_that_gives_one_choice_gets_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known at the start, so that the condition can say so."""
    with (
        Stub(says("x"), probes=says("x")) as stub,
        behind_a_public_address(monkeypatch),
        opened(stub) as backend,
    ):
        assert backend.condition(ASKED).engine.endswith("/seeds")
        ask(backend, attempts(backend, 3))
        assert all("seed" in body and "n" not in body for body in stub.asked)


@pytest.mark.parametrize(
    ("answer", "text", "status"),
    [
        (says("cut o", reason="length"), "cut o", Status.TRUNCATED),
        (says("bad", reason="content_filter"), "bad", Status.REFUSED),
        (says(" \n"), " ", Status.NO_ANSWER),
        (says("42\n\nQuestion: what"), "42", Status.OK),
        (says("42\n\nand on", reason="length"), "42", Status.OK),
        (says("42", reason=None), "42", Status.OK),
        (
            fails(400, "maximum context length is 9 tokens"),
            "HTTP 400: maximum context length is 9 tokens",
            Status.ERROR,
        ),
        (fails(400, "The response was filtered", code="content_filter"), None, Status.REFUSED),
        (fails(403, "your input was flagged"), None, Status.REFUSED),
    ],
)
def test_statuses(answer: Handler, text: str | None, status: Status) -> None:
    """Only ok and no answer may count as wrong."""
    with Stub(answer) as stub, opened(stub) as backend:
        output = one(backend, Condition(stop=("\n\n", "\n") if text == " " else ("\n\n",)))
        assert output.status is status
        assert text is None or output.text == text


@pytest.mark.parametrize(
    "refusal",
    [
        fails(400, "This model's maximum context length is 9 tokens"),
        fails(422, "`inputs` tokens + `max_new_tokens` must be <= 9"),
        fails(413, "Payload"),
        fails(500, "the request exceeds the available context size, try increasing it"),
    ],
)
def test_a_prompt_that_does_not_fit_is_asked_once(refusal: Handler) -> None:
    """Not again, and not for the sample's other attempts; each is missing with the server's reason."""

    async def small(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        return await (refusal if "Long" in json.dumps(body) else well)(stub, request, body)

    with Stub(small) as stub, opened(stub) as backend:
        condition = backend.condition(ASKED)
        long = [Request("long", number, 0, "Long?", condition) for number in range(4)]
        first = ask(backend, long[:1])
        others = ask(backend, [*long[1:], Request("s", 0, 0, "What?", condition)])
        assert [output.status for output in (*first, *others)] == [*[Status.ERROR] * 4, Status.OK]
        assert len({output.text for output in (*first, *others[:3])}) == 1 and len(stub.asked) == 2


def test_full_slots_are_no_prompt_that_does_not_fit() -> None:
    """llama.cpp says so while its slots share one memory; later there is room."""
    with Stub(fails(500, "Context size has been exceeded."), well) as stub, opened(stub) as backend:
        assert one(backend).status is Status.OK and len(stub.asked) == 2


def test_a_refusal_in_words_of_the_message() -> None:
    """OpenAI's structured refusal, and text in parts."""

    async def refuses(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request
        answer = said(body, "")
        answer["choices"][0]["message"] |= {"content": None, "refusal": "I cannot help with that"}
        return web.json_response(answer)

    async def parts(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request
        answer = said(body, "")
        answer["choices"][0]["message"]["content"] = [
            {"type": "text", "text": "in "},
            {"type": "text", "text": "two"},
        ]
        return web.json_response(answer)

    with Stub(refuses, parts) as stub, opened(stub) as backend:
        assert one(backend).status is Status.REFUSED
        assert one(backend).text == "in two"


def test_more_stop_strings_than_the_interface_allows() -> None:
    """Four are sent, the others cut here; stops in the prompt do not matter."""
    stops = ("a1", "b2", "c3", "d4", "e5", "What")
    with Stub(says("fine e5 not fine")) as stub, opened(stub) as backend:
        assert one(backend, Condition(stop=stops)).text == "fine "
        assert stub.asked[0]["stop"] == ["a1", "b2", "c3", "d4"]


def test_images_go_as_data_urls() -> None:
    """Before the text, in order, each with its kind."""
    with Stub() as stub, opened(stub) as backend:
        one(backend, images=(PNG, b"\xff\xd8\xff jpeg"))
        first, second, text = stub.asked[0]["messages"][0]["content"]
        assert first["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo")
        assert second["image_url"]["url"].startswith("data:image/jpeg;base64,")
        assert text == {"type": "text", "text": "What?"}


def picture(**more: Any) -> Sample:
    return Sample(source="t", source_id="1", prompt="What is it?", reference="x", grader="exact", **more)


def test_what_cannot_be_asked_is_said() -> None:
    """Likelihoods never, images in chat form only and only where the server takes them: asked once."""
    with Stub() as stub, opened(stub) as backend:
        assert "log-probabilities" in backend.refuses(picture(), Condition(answer="likelihood"))
        assert not backend.refuses(picture(), ASKED)
        assert not backend.refuses(picture(images=(PNG,)), ASKED)
        assert not backend.refuses(picture(images=(PNG,)), ASKED)
        assert len(stub.asked) == 1
        assert "chat form only" in backend.refuses(picture(images=(PNG,)), Condition(form="plain"))
    for refusal in (fails(400, "At most 0 image(s)"), fails(500, "image input is not supported")):
        with Stub(refusal) as stub, opened(stub) as backend:
            assert backend.refuses(picture(images=(PNG,)), ASKED).startswith("the server takes no images (")


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
