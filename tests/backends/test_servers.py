"""Several servers of one model."""

from __future__ import annotations

import logging
from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb
import pytest
from aiohttp import web

from evalhub.backends.base import Backend, Request
from evalhub.backends.opening import Where, open_backend
from evalhub.backends.spread import Unlike
from evalhub.errors import EvalhubError
from ingest.records import Status
from tests.backends.asking import ASKED, ask
from tests.backends.stub_server import Body, Stub, fails, said, well
from tests.cli.helpers import evalhub

pytestmark = pytest.mark.usefixtures("surroundings")


def spread(*urls: str, name: str = "openai:tiny") -> closing[Backend]:
    return closing(open_backend(name, where=Where(base_urls=urls)))


def requests(backend: Backend, count: int) -> list[Request]:
    condition = backend.condition(ASKED)
    return [Request(f"s{number}", 0, number, "What?", condition) for number in range(count)]


def test_they_share_the_load_and_say_what_one_would() -> None:
    """Each attempt's seed is its own, whoever answers it."""
    with Stub() as first, Stub() as second:
        with spread(first.url) as alone:
            expected = [output.text for output in ask(alone, requests(alone, 40))]
        before = len(first.asked)
        with spread(first.url, second.url) as backend:
            assert backend.capacity == 2 * 64
            found = ask(backend, requests(backend, 40))
        assert [output.text for output in found] == expected
        assert min(len(first.asked) - before, len(second.asked)) >= 10
        assert len(first.asked) - before + len(second.asked) == 40


def test_the_condition_names_all_of_them_in_any_order(caplog: pytest.LogCaptureFixture) -> None:
    """Also one that does not answer: the run goes on under it once that one is back."""
    with Stub() as first, Stub() as second:
        with spread(first.url, second.url) as one, spread(second.url, first.url) as other:
            condition = one.condition(ASKED)
            assert other.condition(ASKED) == condition
        hosts = sorted(url.split("/")[2] for url in (first.url, second.url))
        assert condition.engine == f"openai/{'+'.join(hosts)}/seeds"
        second.stop()
        with spread(first.url, second.url) as left:
            assert left.condition(ASKED) == condition
            assert len(ask(left, requests(left, 3))) == 3
    assert "a server is left out" in caplog.text and second.url.split("/")[2] in caplog.text


def test_one_that_goes_away_leaves_its_requests_to_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """None of them is lost, and none is answered twice."""

    async def leaves(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        return await fails(503)(stub, request, body)

    with Stub(leaves) as first, Stub() as second, spread(first.url, second.url) as backend:
        found = ask(backend, requests(backend, 60), seconds=30)
        assert {output.status for output in found} == {Status.OK}
        assert len({output.request.sample_id for output in found}) == 60
        assert len(ask(backend, requests(backend, 5))) == 5
    assert "is lost and is left out, 1 left" in caplog.text


def test_a_request_at_which_one_fails_goes_to_another() -> None:
    """Only what fails with all of them is an error."""

    async def picky(stub: Stub, request: web.Request, body: Body, bad: tuple[str, ...]) -> web.StreamResponse:
        text = body["messages"][-1]["content"]
        refusal = fails(400, "the prompt exceeds the context length")
        return await (refusal if text in bad else well)(stub, request, body)

    small, large = partial(picky, bad=("long", "endless")), partial(picky, bad=("endless",))
    with Stub(small) as first, Stub(large) as second, spread(first.url, second.url) as backend:
        condition = backend.condition(ASKED)
        texts = ["short", "long", "endless"] * 10
        asked = [Request(f"s{number}", 0, 0, text, condition) for number, text in enumerate(texts)]
        found = ask(backend, asked)
    statuses = {(output.request.text, output.status) for output in found}
    assert statuses == {("short", Status.OK), ("long", Status.OK), ("endless", Status.ERROR)}


def test_servers_that_are_not_alike_are_refused() -> None:
    """Their outputs would be measurements of two models under one name."""

    async def other(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request
        return web.json_response(said(body, "yes", model="another-one"))

    with (
        Stub() as first,
        Stub(other, probes=other) as second,
        spread(first.url, second.url) as backend,
        pytest.raises(Unlike, match=r"does not run alike in all places: 127\.0\.0\.1.*another-one"),
    ):
        backend.condition(ASKED)


def test_nobody_answers(caplog: pytest.LogCaptureFixture) -> None:
    """The line is the one of a single server."""
    caplog.set_level(logging.INFO)
    with Stub() as first, Stub() as second:
        first.stop()
        second.stop()
        with pytest.raises(EvalhubError, match=r"127\.0\.0\.1"):
            open_backend("openai:tiny", where=Where(base_urls=(first.url, second.url)))


@pytest.mark.parametrize(
    ("name", "urls", "words"),
    [
        ("openai:tiny@http://a/v1", ["http://b/v1"], "both say where"),
        ("baseline:random", ["http://b/v1"], "baseline:random is none"),
        ("openai:tiny", ["http://b/v1", "http://b/v1/"], "given twice"),
        ("openai:tiny", ["b"], "addresses like"),
        ("openai:tiny", ["localhost:8000"], "http"),
        ("openai:tiny", ["http://me:secret@b/v1"], "must not hold a password"),
    ],
)
def test_addresses_that_make_no_sense(name: str, urls: list[str], words: str) -> None:
    """One line each; nothing is asked."""
    with pytest.raises(EvalhubError, match=words) as raised:
        open_backend(name, where=Where(base_urls=tuple(urls)))
    assert "secret" not in str(raised.value)


def test_what_is_published_names_no_server(hub_path: Path) -> None:
    """The hub does: it is part of the condition."""
    with Stub() as stub:
        given = ("--limit", 1, "--max-attempts", 1, "--base-url", stub.url, "--hub", hub_path)
        assert (
            evalhub("ingest", "reasoning-gym", "-o", "generators=gcd", "-o", "size=1", "--hub", hub_path).code == 0
        )
        assert evalhub("score", "openai:tiny", *given).code == 0
    assert evalhub("publish", "--hub", hub_path).code == 0
    host = stub.url.split("/")[2].encode()
    (snapshot,) = (hub_path / "snapshots").glob("*.duckdb")
    assert host in (hub_path / "hub.duckdb").read_bytes()
    assert host not in snapshot.read_bytes()


def test_a_smaller_run_elsewhere_says_what_it_takes_the_place_of(hub_path: Path) -> None:
    """A ranking shows the latest engine of a model; what is no longer shown is said."""
    generated = ("-o", "generators=gcd", "-o", "size=3")
    assert evalhub("ingest", "reasoning-gym", *generated, "--hub", hub_path).code == 0
    with Stub() as first, Stub() as second:
        given = ("score", "openai:tiny", "--max-attempts", 1, "--json", "--hub", hub_path)
        done = evalhub(*given, "--base-url", first.url, "--base-url", second.url)
        assert not [line for line in done.json["warnings"] if "no longer ranked" in line]
        done = evalhub(*given, "--base-url", first.url, "--limit", 1)
        (said,) = [line for line in done.json["warnings"] if "no longer ranked" in line]
        assert "now on 1 sample: 3 samples measured under openai/" in said and "+" in said
        assert evalhub("publish", "--hub", hub_path).code == 0
        (path,) = (hub_path / "snapshots").glob("*.duckdb")
        with duckdb.connect(str(path), read_only=True) as board:
            (row,) = board.execute("FROM model_replaced").fetchall()
        assert row[0] == "openai:tiny" and row[1].startswith("openai/") and row[2:] == (3, 1)
        assert "127.0.0.1" not in row[1] and "localhost" not in row[1]
        done = evalhub(*given, "--base-url", first.url)
        assert not [line for line in done.json["warnings"] if "no longer ranked" in line]
