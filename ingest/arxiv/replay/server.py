"""The server: both protocols and the files, over HTTP, on this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ingest.arxiv.ids import split_id
from ingest.arxiv.replay.faults import Fault, Faults
from ingest.arxiv.replay.papers import packed, read_papers
from ingest.arxiv.replay.written import feed, records

_PAGE = b"<!DOCTYPE html><html><body>Something for people to read.</body></html>"
_WITHDRAWN = b"<!DOCTYPE html><html><body>This paper has been withdrawn.</body></html>"
_XML = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    at: float
    """By the time of day."""

    path: str
    query: dict[str, str]
    agent: str


class Replay:
    """Answers while the block lasts, in threads of its own. A context manager."""

    def __init__(self, folder: Path, *, faults: Iterable[Fault] = (), port: int = 0, page: int = 1000) -> None:
        """
        Args:
            folder: with `papers.jsonl`.
            faults: to begin with.
            port: 0: any that is free.
            page: records of OAI-PMH at once.

        Raises:
            SourceError: the folder holds no papers.
        """
        self.folder = folder
        self.papers = read_papers(folder)
        self.faults = Faults(faults)
        self.page = page
        self.asked: list[Asked] = []
        """All requests, in order."""

        self.open = 0
        """Connections at the moment."""

        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._server.daemon_threads = True
        self._server.replay = self  # type: ignore[attr-defined]
        self._closing = threading.Event()

    @property
    def url(self) -> str:
        """The base address, for EVALHUB_ARXIV."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Replay:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Answer until interrupted."""
        self._server.serve_forever()

    def stall(self, seconds: float) -> None:
        """Silence, until the server closes at the latest."""
        self._closing.wait(seconds)

    def answer(self, path: str, query: dict[str, str], fault: Fault | None) -> tuple[int, str, bytes]:
        """Status, kind and body of an answer."""
        kind = fault.kind if fault else ""
        if path == "/api/query":
            return 200, "application/atom+xml", feed(self.papers, query, empty=kind == "empty")
        if path == "/oai":
            return 200, _XML, records(self.papers, query, page=self.page, expired=kind == "expired")
        for start in ("/e-print/", "/src/", "/pdf/"):
            if path.startswith(start):
                return self._file(path.removeprefix(start), pdf=start == "/pdf/")
        return 404, "text/html", _PAGE

    def _file(self, name: str, *, pdf: bool) -> tuple[int, str, bytes]:
        try:
            arxiv_id, version = split_id(name)
        except ValueError:
            return 404, "text/html", _PAGE
        for paper in self.papers:
            if paper.id == arxiv_id and version in ("", f"v{paper.version}"):
                if paper.withdrawn:
                    return 200, "text/html", _WITHDRAWN
                if not pdf and paper.source:
                    return 200, "application/x-eprint-tar", packed(self.folder / paper.source)
                if paper.pdf:
                    return 200, "application/pdf", (self.folder / paper.pdf).read_bytes()
        return 404, "text/html", _PAGE


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def replay(self) -> Replay:
        return self.server.replay  # type: ignore[attr-defined]

    def handle(self) -> None:
        """One connection, counted."""
        with self.replay.lock:
            self.replay.open += 1
        try:
            super().handle()
        except ConnectionError:  # the client was killed
            pass
        finally:
            with self.replay.lock:
                self.replay.open -= 1

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        with self.replay.lock:
            self.replay.asked.append(Asked(time.time(), parts.path, query, self.headers.get("User-Agent", "")))
        fault = self.replay.faults.of(parts.path, resumed="resumptionToken" in query)
        what, said = (fault.kind, fault.said) if fault else ("", "")
        if fault and what == "stall":
            self.replay.stall(fault.seconds)
            self.close_connection = True
            return
        status, kind, body = self.replay.answer(parts.path, query, fault)
        headers = {"Content-Encoding": "x-gzip"} if kind.startswith("application/x-eprint") else {}
        match what:
            case "busy":
                status, kind, body, headers = 503, "text/html", _PAGE, {"Retry-After": said} if said else {}
            case "denied":
                status, kind, body, headers = 403, "text/html", _PAGE, {}
            case "broken":
                status, kind, body, headers = 500, "text/html", _PAGE, {}
            case "page":
                kind, body, headers = "text/html", _PAGE, {}
            case "redirect":
                status, kind, body, headers = 301, "text/html", _PAGE, {"Location": said}
            case "malformed":
                body = body[: len(body) // 2]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        if what == "short":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault and what == "drip":
            for byte in body:
                self.wfile.write(bytes((byte,)))
                self.replay.stall(fault.seconds)
            return
        if what in ("half", "short", "hang"):
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)
        if fault and what == "hang":
            self.wfile.flush()
            self.replay.stall(fault.seconds)

    def log_message(self, *_: Any) -> None:
        """Nothing; the requests are in `Replay.asked`."""
