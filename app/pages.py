"""The list of pages. A new page is a module in `app/views` with `render`, and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.controls import OpenPage
from app.snapshot import Snapshot
from app.views import about, build, compare, frontier, laws, live, model, one_sample, ranking, win_rates

Render = Callable[[Snapshot, OpenPage], None]


@dataclass(frozen=True)
class Page:
    """One entry of the navigation."""

    name: str
    """Its place in the address, and what `OpenPage` is called with."""

    title: str
    icon: str
    render: Render


PAGES = (
    Page("ranking", "Ranking", ":material/leaderboard:", ranking.render),
    Page("frontier", "Frontier", ":material/show_chart:", frontier.render),
    Page("build", "Build", ":material/build:", build.render),
    Page("compare", "Compare", ":material/compare_arrows:", compare.render),
    Page("win_rates", "Win rates", ":material/grid_on:", win_rates.render),
    Page("model", "Model", ":material/smart_toy:", model.render),
    Page("sample", "Sample", ":material/quiz:", one_sample.render),
    Page("laws", "Laws", ":material/trending_up:", laws.render),
    Page("live", "Live", ":material/calendar_month:", live.render),
    Page("about", "About", ":material/info:", about.render),
)
"""In the order of the navigation; the first opens by default."""
