"""A whole run against a server that lies, floods, sends elsewhere, or talks to the terminal."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiohttp import web

from evalhub.backends import http_client
from evalhub.scoring import run
from tests.backends.asking import KEY
from tests.backends.stub_server import Body, Handler, Stub, fails, said, says
from tests.cli.helpers import evalhub

pytestmark = pytest.mark.usefixtures("surroundings")

ESCAPES = "\x1b[31mred\x1b[0m\x1b]0;title\x07 \x00 \x9b31m \u202e\ud800"


def sends(content: bytes, status: int = 200, **headers: str) -> Handler:
    """Sends these bytes."""

    async def handler(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request, body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=content, status=status, headers=named, content_type="application/json")

    return handler


def answers(**fields: Any) -> Handler:
    """A good answer with other fields in their places."""

    async def handler(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request
        return web.Response(body=json.dumps(said(body, "yes", **fields)).encode(), content_type="application/json")

    return handler


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with three samples of different graders."""
    tmp_path = tmp_path_factory.mktemp("filled")
    rows = [
        {"id": "exact", "prompt": "Is it so?", "reference": "yes"},
        {"id": "number", "prompt": "How many?", "reference": 42},
        {"id": "choice", "prompt": "Which?", "reference": "red", "choices": ["red", "blue"]},
    ]
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    assert evalhub("ingest", "jsonl", "-o", f"path={file}", "--hub", tmp_path / "hub").code == 0
    return tmp_path / "hub"


@pytest.fixture
def hub(filled: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(filled, tmp_path / "hub"))


def statuses(hub: Path) -> Counter[str]:
    """Of the model's attempts."""
    with closing(duckdb.connect(str(hub / "hub.duckdb"), read_only=True)) as database:
        query = "SELECT status FROM attempt WHERE model_id LIKE 'openai:%'"
        return Counter(status for (status,) in database.execute(query).fetchall())


def texts(hub: Path) -> list[bytes]:
    """All that the hub keeps of outputs."""
    with closing(sqlite3.connect(hub / "blobs.sqlite")) as file:
        return [zlib.decompress(packed) for (packed,) in file.execute("SELECT bytes FROM blob")]


@pytest.mark.parametrize(
    "answer",
    [
        answers(usage={"prompt_tokens": -5, "completion_tokens": -7}),
        answers(usage={"prompt_tokens": 10**30, "completion_tokens": 2**31}),
        answers(usage={"prompt_tokens": 1.5, "completion_tokens": "many"}),
        answers(model="m" * 10**6, system_fingerprint=["x"] * 10**5),
        answers(model=ESCAPES, system_fingerprint=ESCAPES),
        says("yes", "no", "yes", "no", model="gpt-99"),
    ],
)
def test_a_server_that_lies_of_itself_is_scored_by_what_it_says(hub: Path, answer: Handler) -> None:
    with Stub(answer, probes=answer) as stub:
        done = evalhub("score", stub.name, "--max-attempts", 1, "--hub", hub, "--json")
    assert done.code == 0
    assert sum(part["passes"] for part in done.json["sources"]) == 1
    assert statuses(hub) == {"ok": 3}
    assert evalhub("doctor", "--hub", hub).code == 0
    assert sum(file.stat().st_size for file in hub.rglob("*")) < 10**7


@pytest.mark.parametrize(
    "answer",
    [
        sends(gzip.compress(bytes(10**8)), Content_Encoding="gzip"),
        sends(b'{"choices": ' + b"[" * 10**5),
        sends(b'{"choices": [{"index": ' + b"9" * 5000 + b', "message": {"content": "yes"}}]}'),
        sends(b'{"choices": [{"message": {"content": "yes\xff\xfe"}}]}'),
        sends(b"{}", X_Large="x" * 10**5),
        sends(json.dumps({"error": {"message": ESCAPES}}).encode()),
        says("yes", reason=ESCAPES),
        says("x" * (run.LONGEST_OUTPUT + 1)),
    ],
)
def test_what_is_no_answer_is_missing_and_never_wrong(
    hub: Path, answer: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "TRIES", 2)
    with Stub(answer) as stub:
        done = evalhub("score", stub.name, "--max-attempts", 1, "--hub", hub, "--json")
    assert done.code == 0
    (part,) = done.json["sources"]
    assert (part["attempts"], part["missing"]) == (0, 3)
    assert statuses(hub) == {"error": 3}
    assert all(len(text) < 1000 and text.decode().isprintable() for text in texts(hub))


@pytest.mark.parametrize("to", ["file:///etc/passwd", "http://localhost:{port}/v1/elsewhere"])
def test_nothing_follows_to_where_it_is_sent(hub: Path, to: str) -> None:
    with Stub() as other:
        where = to.format(port=other.url.split(":")[2].split("/")[0])
        with Stub(probes=sends(b"", 307, Location=where)) as stub:
            line = evalhub("score", stub.name, "--hub", hub).line
        assert "give it the final address" in line
        assert not other.headers


def test_a_wait_without_end_is_none(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALHUB_OPENAI_TIMEOUT", "1")
    with Stub(fails(429, headers={"Retry-After": "9" * 400 + "h"})) as stub:
        line = evalhub("score", stub.name, "--max-attempts", 1, "--hub", hub).line
    assert "no longer answers" in line and "run the same command again" in line


def in_escapes(text: str) -> str:
    return "".join(f"\\u{ord(sign):04x}" for sign in text)


@pytest.mark.parametrize("write", [str, in_escapes])
def test_the_key_is_in_nothing_that_is_kept_or_told(hub: Path, write: Callable[[str], str]) -> None:
    """Though the server repeats it in outputs, in errors and in its name."""
    secret = write(KEY)

    async def parrot(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        del stub, request
        asked = json.dumps(body)
        if "How many" in asked:
            error = json.dumps({"error": {"message": "PLACE"}}).replace("PLACE", secret)
            return web.Response(text=error, status=422, content_type="application/json")
        answer = json.dumps(said(body, "I know PLACE", model="PLACE", system_fingerprint="PLACE"))
        return web.Response(text=answer.replace("PLACE", secret), content_type="application/json")

    told = ""
    with Stub(parrot, probes=parrot) as stub:
        for command in (("score", stub.name, "--max-attempts", 2), ("rank",), ("publish",), ("model", "list")):
            done = evalhub(*command, "--hub", hub)
            assert done.code == 0
            told += done.out + done.err
    out = hub.parent / "out"
    assert evalhub("export", out, "--to", "lm-eval", "--hub", hub).code == 0
    kept = [file.read_bytes() for folder in (hub, out) for file in folder.rglob("*") if file.is_file()]
    assert len(kept) > 5 and b"I know ***" in texts(hub)
    assert not any(KEY.encode() in content for content in (*kept, *texts(hub), told.encode()))


@pytest.mark.parametrize(
    "name",
    [
        "openai:tiny@http://user:{}@localhost:1/v1",
        "openai:tiny@user:{}@localhost:1/v1",
        "openai:tiny@{}@localhost:1/v1",
        "openai:@http://{}@localhost:1/v1",
        "openai:tiny@http://localhost:1/v1?key={}",
        "openai:tiny@localhost:1/v1?key={}&x=1",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(hub: Path, name: str) -> None:
    done = evalhub("score", name.format("another-secret"), "--hub", hub)
    assert done.line and "another-secret" not in done.out + done.err


def test_the_key_in_the_path_of_an_address_is_not_repeated(hub: Path) -> None:
    done = evalhub("score", f"openai:tiny@http://localhost:1/{KEY}/v1", "--hub", hub)
    assert "localhost:1/***/v1" in done.line and KEY not in done.err


@pytest.mark.slow
def test_no_escape_of_a_server_reaches_a_terminal(hub: Path) -> None:
    """In outputs, in the name of what answers, in errors, and in the list of its models."""

    async def answer(stub: Stub, request: web.Request, body: Body) -> web.StreamResponse:
        bad = "How many" in json.dumps(body)
        return await (fails(422, ESCAPES, code=ESCAPES) if bad else says(ESCAPES, model=ESCAPES))(
            stub, request, body
        )

    shown = b""
    with Stub(answer) as stub, Stub(models=(ESCAPES,)) as listing:
        for command in (("score", stub.name, "--max-attempts", "1"), ("score", listing.name)):
            shown += on_a_terminal(*command, "--hub", str(hub))
    assert b"openai:tiny" in shown and b"has no model 'tiny'" in shown
    own = rb"\x1b\[(?:(?:0|1|2|32|33)m|\?25[hl]|2K|1A)"  # bold, dim, green, yellow; the cursor of what waits
    rest = re.sub(own, b"", shown).decode()
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", rest), rest


def on_a_terminal(*command: str) -> bytes:
    """What a command shows there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "evalhub", *command], stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
    os.close(ours)
    return shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes to it any more
        return b""
