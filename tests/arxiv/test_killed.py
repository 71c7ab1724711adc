"""Killed in the middle of a download, and run again."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from ingest.arxiv.addresses import addresses
from ingest.arxiv.client import Client
from ingest.arxiv.collect import Collection
from ingest.arxiv.replay.faults import Fault
from ingest.arxiv.replay.server import Replay
from tests.arxiv.replays import JANUARY, FakeClock, client_of, folder_of, paper, paths

_COLLECT = """
import sys
from pathlib import Path
from ingest.arxiv.client import Client
from ingest.arxiv.collect import Collection
from tests.arxiv.replays import JANUARY
list(Collection(JANUARY, Client(Path(sys.argv[1]))))
"""


def test_what_was_whole_is_kept_and_the_rest_is_fetched(tmp_path: Path) -> None:
    papers = [paper(f"2601.0000{number}") for number in range(1, 4)]
    cache = tmp_path / "cache"
    with Replay(folder_of(tmp_path / "papers", *papers)) as replay:
        order = [one.paper_id for one in Collection(JANUARY, client_of(replay, tmp_path / "other", FakeClock()))]
        replay.asked.clear()
        second = f"/pdf/{order[1].removeprefix('arXiv:')}v1"
        replay.faults.add(Fault(kind="hang", on=second))
        process = subprocess.Popen(
            [sys.executable, "-c", _COLLECT, str(cache)],
            cwd=Path(__file__).parents[2],
            env={"EVALHUB_ARXIV": replay.url},
        )
        coming = cache / "replay/papers" / second.removeprefix("/pdf/") / "coming"
        until = time.monotonic() + 60
        while not (paths(replay)[-1:] == [second] and coming.exists()) and time.monotonic() < until:
            time.sleep(0.02)
        process.kill()
        process.wait(10)
        assert paths(replay)[-1] == second
        assert not coming.with_name("paper.pdf").exists()

        before = len(replay.asked)
        got = list(Collection(JANUARY, Client(cache, at=addresses(replay.url))))
        assert [one.paper_id for one in got] == order
        assert all(one.source and one.pdf and not one.missing for one in got)
        third = order[2].removeprefix("arXiv:")
        assert paths(replay)[before:] == [second, f"/e-print/{third}v1", f"/pdf/{third}v1"]
        assert not list(cache.rglob("coming"))
        assert not list(cache.rglob("*.fresh"))
