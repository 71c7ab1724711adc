"""What `evalhub live removed` and `live show` print of papers is text, and nothing that a terminal obeys."""

from __future__ import annotations

from pathlib import Path

from evalhub.live.ledger import Removed
from evalhub.live.release import Draft
from evalhub.store.hub import Hub
from evalhub.store.releases import put_release
from ingest.papers.records import Paper
from tests.cli.helpers import evalhub
from tests.live.made import question


def test_terminal_escapes_of_a_paper_stay_away(hub_path: Path) -> None:
    title, colour, turned = "\x1b]0;stolen\x07", "\x1b[31m", "\u202e"
    gone = question(
        1, f"{colour}red", f"{turned}blue\nanswer blue", key=f"{colour}red", prompt=f"{title}Which\r\n colour?"
    )
    reason = f"too {colour}plain"
    draft = Draft(
        name="birds",
        questions=[question(2, "a", "b", key="a")],
        removed=[Removed(gone, "form", reason)],
        counts={"filter": {"removed": {"form": {reason: 1}}}},
    )
    with Hub(hub_path) as hub:
        put_release(hub, draft, [Paper(paper_id="paper 1"), Paper(paper_id="paper 2")])
    out = evalhub("live", "removed", "birds", "--hub", hub_path).out
    assert out.splitlines() == [
        "form: too plain (paper 1)",
        "  Which colour?",
        "  answer red; options red, blue answer blue",
    ]
    shown = evalhub("live", "show", "birds", "--hub", hub_path).out
    assert "form: too plain (1)" in shown and "\x1b" not in shown
