"""Whether readers with a screen reader or without a mouse can use the board: axe-core in a real Chromium."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.pair_snapshot import GOOD, POOR
from tests.app.screenshot import ROOT, chromium, look, served, settled, why_not

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "a browser is here"),
]

OF_STREAMLIT = {
    # Cells of any two tables on a page have the same ids.
    "duplicate-id-active": 'id="glide-cell-',
    # The parts of a date that nobody has chosen yet have no number.
    "aria-required-attr": 'role="spinbutton"',
}
"""Rules that Streamlit's own widgets break, with what marks the elements that do: we cannot mend these."""


def faults(browser: Chrome, *rules: str) -> dict[str, list[str]]:
    """Rules of axe-core (all, or these) that the open page breaks gravely, with the elements that do."""
    from axe_core_python.selenium import Axe

    found: list[dict[str, Any]] = Axe().run(browser, options={"runOnly": [*rules]} if rules else None)[
        "violations"
    ]
    ours = {
        rule["id"]: [
            f"{node['html'][:300]}: {node['failureSummary'][:400]}"
            for node in rule["nodes"]
            if OF_STREAMLIT.get(rule["id"], "<none>") not in node["html"]
        ]
        for rule in found
        if rule["impact"] in ("serious", "critical")
    }
    return {rule: nodes for rule, nodes in ours.items() if nodes}


def test_the_board_has_no_grave_fault(pair_snapshots: Path) -> None:
    """Nothing grave on the pages that most readers see but what Streamlit does; in the dark, enough contrast."""
    pages = {
        "": "About this ranking",
        f"model?model={GOOD}": "Strengths",
        "sample?sample=s02": "Models",
        f"compare?first={GOOD}&second={POOR}": "Where they disagree most",
        "build?where=n_characters+%3E+1": "Save them",
    }
    with served(pair_snapshots) as url, chromium() as browser:
        for address, text in pages.items():
            look(browser, 1280, 1000)
            browser.get(f"{url}/{address}")
            settled(browser, text)
            assert not faults(browser), address
            look(browser, 1280, 1000, dark=True)
            settled(browser, text)
            assert not faults(browser, "color-contrast"), address


@pytest.fixture(scope="module")
def site(pair_snapshots: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same board as plain files."""
    out = tmp_path_factory.mktemp("site") / "board"
    command = [sys.executable, "-m", "app.site", "--snapshots", str(pair_snapshots), str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return out


def test_the_site_has_no_fault(site: Path) -> None:
    """Nothing grave on any kind of page; on a phone in the dark, enough contrast."""
    kinds = ("index.html", "wins-all.html", "model-*.html", "frontier.html", "about.html")
    with chromium() as browser:
        for kind in kinds:
            page = min(site.glob(kind))
            look(browser, 1280, 900)
            browser.get(page.as_uri())
            assert not faults(browser), page.name
            look(browser, 400, 900, dark=True)
            assert not faults(browser, "color-contrast"), page.name


def test_the_site_without_a_mouse(site: Path) -> None:
    """The first Tab offers to skip to the content; from there on Enter sorts a table and follows a link."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    with chromium() as browser:
        look(browser, 1280, 900)
        browser.get((site / "index.html").as_uri())

        def press(key: str) -> str:
            """Where the focus is afterwards: name of the element and its words."""
            ActionChains(browser).send_keys(key).perform()
            here = browser.switch_to.active_element
            return f"{here.tag_name} {here.text}"

        assert press(Keys.TAB) == "a Skip to the content"
        assert browser.switch_to.active_element.rect["x"] >= 0, "it is seen while it has the focus"
        press(Keys.ENTER)
        assert browser.current_url.endswith("#main")
        visited = [press(Keys.TAB) for _ in range(40)]
        assert "a Ranking" not in visited[:5], "the navigation was skipped"
        assert "button model" in visited
        assert f"a {GOOD}" in visited
        assert any(place.startswith("summary") for place in visited)

        browser.get((site / "index.html").as_uri())
        for _ in range(60):
            if press(Keys.TAB) == "button model":
                break
        press(Keys.ENTER)
        head = browser.switch_to.active_element.find_element("xpath", "..")
        assert head.get_attribute("aria-sort") == "ascending"
