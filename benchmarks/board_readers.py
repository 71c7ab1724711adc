"""How long the board makes its readers wait, over its own protocol: one reader alone, then many at once.

    python -m benchmarks.board_readers HUB [--readers 20] [--seconds 60]

Serves HUB's snapshot (`python -m benchmarks.board_hub` makes a large one) as `evalhub serve` does. A reader is a
WebSocket client that sends what a browser sends and waits until the run of the page has ended. Many readers pause
1 to 5 seconds between two steps of the same walk. What the browser adds is timed with Chromium on the ranking's
page, until table and chart are drawn.
"""

from __future__ import annotations

import argparse
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets.sync.client import ClientConnection, connect

from benchmarks.probe_million import TEXTS
from evalhub.store.snapshot import folder
from tests.app.screenshot import chromium, served

PATIENCE = 120.0
"""Seconds for one run of a page."""

LARGEST = 2**28
"""Bytes of a message."""


class Failed(Exception):
    """A page showed an error."""


@dataclass
class Reader:
    """One open page of the board."""

    socket: ClientConnection
    page: str = ""
    query: str = ""
    widgets: dict[str, Any] = field(default_factory=dict)
    """What the page shows to be set, by label."""

    set: dict[str, WidgetState] = field(default_factory=dict)

    def open(self, page: str, query: str = "") -> None:
        """Go to a page, as by a link."""
        self.page, self.query, self.widgets, self.set = page, query, {}, {}
        self._run()

    def choose(self, label: str, value: str) -> None:
        """Set a select box or a text."""
        widget = self.widgets[label]
        self.set[widget.id] = WidgetState(id=widget.id, string_value=value)
        self._run()

    def another(self, label: str, draw: random.Random) -> None:
        """Choose one of a select box's options."""
        self.choose(label, draw.choice(list(self.widgets[label].options)))

    def _run(self) -> None:
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        message.rerun_script.widget_states.CopyFrom(WidgetStates(widgets=self.set.values()))
        self.socket.send(message.SerializeToString())
        started = False
        while True:
            answer = ForwardMsg.FromString(self.socket.recv(timeout=PATIENCE))
            kind = answer.WhichOneof("type")
            started = started or kind == "new_session"
            if kind == "delta" and started:
                self._seen(answer.delta.new_element)
            elif kind == "script_finished" and started:
                return

    def _seen(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind in ("selectbox", "text_input"):
            widget = getattr(element, kind)
            self.widgets[widget.label] = widget
        elif kind == "exception" or (kind == "alert" and element.alert.format == element.alert.ERROR):
            said = element.exception.message if kind == "exception" else element.alert.body
            raise Failed(f"{self.page}?{self.query}: {said}")


def walk(draw: random.Random) -> Iterator[tuple[str, Callable[[Reader], None]]]:
    """Steps of a reader, each with what it is, for ever."""
    fresh = itertools.count()
    while True:
        yield "Ranking", lambda reader: reader.open("ranking")
        yield "another source", lambda reader: reader.another("Source", draw)
        yield "another method", lambda reader: reader.another("Method", draw)
        yield "only some models", lambda reader: reader.choose("Weights", draw.choice(["open", "closed"]))
        yield "Build", lambda reader: reader.open("build")
        text = f"{draw.choice(TEXTS)} {draw.randrange(10**6)}{next(fresh)}"
        yield "a text", lambda reader, text=text: reader.choose("What the samples are about", text)
        where = f"n_characters > {draw.randrange(100, 400)}"
        yield "its filter", lambda reader, where=where: reader.choose("Filter", where)
        yield "Frontier", lambda reader: reader.open("frontier", "against=size")
        yield "Win rates", lambda reader: reader.open("win_rates")
        yield "Compare", lambda reader: reader.open("compare")
        model = f"model-{draw.randrange(300):03d}"
        yield "Model", lambda reader, model=model: reader.open("model", f"model={model}")
        yield "About", lambda reader: reader.open("about")


Times = dict[str, list[float]]


def read(address: str, draw: random.Random, steps: int | float, pause: bool, times: Times) -> None:
    """Walk so many steps, or until that moment of the clock; keep the seconds of each."""
    with connect(f"ws{address.removeprefix('http')}/_stcore/stream", max_size=LARGEST) as socket:
        reader = Reader(socket)
        if pause:
            time.sleep(draw.uniform(0, 10))  # they do not all come at once
        for turn, (what, step) in enumerate(walk(draw)):
            if (turn >= steps) if isinstance(steps, int) else (time.monotonic() >= steps):
                return
            start = time.perf_counter()
            try:
                step(reader)
            except (Failed, TimeoutError) as error:
                print(f"{what}: {error!r}", flush=True)
                times.setdefault("errors", []).append(0)
            times.setdefault(what, []).append(time.perf_counter() - start)
            if pause:
                time.sleep(draw.uniform(1, 5))


def paint(address: str, visits: int) -> list[float]:
    """Seconds until the ranking has been drawn in a browser, visit by visit; it keeps the scripts of the first."""
    from selenium.webdriver.support.ui import WebDriverWait

    drawn = "[data-testid=stVegaLiteChart] .marks"
    took = []
    with chromium() as browser:
        for _ in range(visits):
            browser.get("about:blank")
            start = time.perf_counter()
            browser.get(address)
            for what in (drawn, "[data-testid=stDataFrame] canvas"):
                WebDriverWait(browser, PATIENCE, poll_frequency=0.02).until(
                    lambda page, what=what: page.find_elements("css selector", what)
                )
            took.append(time.perf_counter() - start)
    return took


def held(server: psutil.Process) -> float:
    """GiB that a server holds."""
    return server.memory_info().rss / 2**30


def table(times: Times) -> None:
    """Print medians and the slowest."""
    for what, took in times.items():
        print(f"{what:20} {1000 * np.median(took):6.0f} ms  slowest {1000 * max(took):6.0f}  of {len(took)}")


def main() -> None:
    """Print times and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hub", type=Path)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    with served(folder(given.hub)) as address:
        (server,) = psutil.Process().children()
        print("first paint in a browser:", ", ".join(f"{one:.2f} s" for one in paint(address, 6)), flush=True)
        for turn, name in enumerate(("one reader, first visit", "one reader, again", "one reader, again")):
            times: Times = {}
            read(address, random.Random(turn), 12, False, times)
            print(f"\n{name}; the server holds {held(server):.2f} GiB", flush=True)
            table(times)
        times, end = {}, time.monotonic() + given.seconds
        threads = [
            threading.Thread(target=read, args=(address, random.Random(100 + one), end, True, times))
            for one in range(given.readers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        every = [one for took in times.values() for one in took]
        print(f"\n{given.readers} readers; the server holds {held(server):.2f} GiB")
        print(f"median of all {1000 * np.median(every):.0f} ms, 95 % {1000 * np.quantile(every, 0.95):.0f} ms")
        table(times)


if __name__ == "__main__":
    main()
