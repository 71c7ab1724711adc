"""Models behind a server: how they are asked, and what becomes of what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from evalhub.backends.base import Request
from ingest.records import Condition, Sample, Status
from tests.backends.asking import (
    ASKED,
    KEY,
    PNG,
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
    fails,
    said,
    says,
    well,
)

pytestmark = pytest.mark.usefixtures("surroundings")


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
