"""What readers come for, with the mouse and the keyboard in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.app.pair_snapshot import FAILED, GOOD, POOR
from tests.app.screenshot import PATIENCE, chromium, served, settled, why_not

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "a browser is here"),
]

ROW = 35
"""Height of a table's row in pixels."""


@pytest.fixture(scope="module")
def board(pair_snapshots: Path) -> Iterator[tuple[Chrome, str]]:
    """A browser, and the address of a board."""
    with served(pair_snapshots) as url, chromium(1400, 1600) as browser:
        yield browser, url


def tables(browser: Chrome) -> list[WebElement]:
    """The tables of the page, from top to bottom."""
    return browser.find_elements("css selector", "[data-testid=stDataFrame]")


def rows(table: WebElement) -> list[list[str]]:
    """What a screen reader hears of the drawn rows."""
    found = table.find_elements("css selector", "table tbody tr")
    return [
        [cell.get_attribute("textContent") for cell in row.find_elements("css selector", "td")] for row in found
    ]


def tick(browser: Chrome, table: WebElement, row: int) -> None:
    """Tick a row, counted from 0."""
    from selenium.webdriver.common.action_chains import ActionChains

    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", table)
    across, down = -table.rect["width"] / 2 + ROW / 2, -table.rect["height"] / 2 + ROW * (row + 1.5)
    ActionChains(browser).move_to_element_with_offset(table, int(across), int(down)).click().perform()


def choose(browser: Chrome, label: str, option: str) -> None:
    """Choose an option of a select box; one that a run of the page closes again is opened again."""
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.support.ui import WebDriverWait

    box = f"[data-testid=stSelectbox] input[aria-label*='{label}']"
    there = f"//*[@role='option'][normalize-space()='{option}']"

    def chosen(page: Chrome) -> bool:
        for found in page.find_elements("xpath", there):
            found.click()
            return True
        if page.find_element("css selector", box).get_attribute("aria-expanded") != "true":
            page.find_element("css selector", box).click()
        return False

    WebDriverWait(browser, PATIENCE, ignored_exceptions=[WebDriverException]).until(chosen)


def write(browser: Chrome, label: str, text: str) -> None:
    """Write into a text box and leave it."""
    from selenium.webdriver.common.keys import Keys

    browser.find_element("css selector", f"input[aria-label='{label}']").send_keys(text, Keys.ENTER)


def asked(browser: Chrome) -> tuple[str, dict[str, list[str]]]:
    """The page and the parameters of the address."""
    parts = urlsplit(browser.current_url)
    return parts.path.strip("/"), parse_qs(parts.query)


def test_what_the_best_one_got_wrong(board: tuple[Chrome, str]) -> None:
    """From the ranking to the best model, and to a question that it never passes."""
    browser, url = board
    browser.get(url)
    settled(browser, "About this ranking")
    first, second = rows(tables(browser)[0])[:2]
    assert first[0] == "1–4", "measured on five samples: ahead, and not known to be"
    assert second[1] == GOOD
    tick(browser, tables(browser)[0], 1)
    settled(browser, "Place in each source")
    assert asked(browser) == ("model", {"model": [GOOD]})
    choose(browser, "Verdict", "never")
    settled(browser, "Tick a row to read the question")
    tick(browser, tables(browser)[-1], 0)
    page = settled(browser, "0 of 1 passed")
    assert "Reference" in page
    assert asked(browser)[1]["sample"]


def test_whether_it_is_certain(board: tuple[Chrome, str]) -> None:
    """Two models side by side: who is ahead, by how much, and where they differ."""
    browser, url = board
    browser.get(f"{url}/compare?first={GOOD}&second={POOR}")
    page = settled(browser, "Where they disagree most")
    assert "of the pairs" in page or "interval" in page
    tick(browser, tables(browser)[-1], 0)
    settled(browser, GOOD)
    assert asked(browser)[1].get("sample"), browser.current_url


def test_a_benchmark_by_link(board: tuple[Chrome, str]) -> None:
    """A filter picks samples and ranks on them at once; another reader sees the same by the address."""
    browser, url = board
    browser.get(f"{url}/build")
    settled(browser, "80 samples to pick from")
    write(browser, "Filter", "tags = 'odd'")
    command = "evalhub bench new --where \"tags = 'odd'\""
    assert "Ranking on these samples" in settled(browser, command)  # code blocks draw themselves last
    address, first = browser.current_url, rows(tables(browser)[0])
    assert first[0]
    browser.get("about:blank")
    browser.get(address)
    settled(browser, command)
    assert rows(tables(browser)[0]) == first


def test_everyone_on_one_sample(board: tuple[Chrome, str]) -> None:
    """From a model's sample to what all models said of it, and back to another model."""
    browser, url = board
    browser.get(f"{url}/model?model={POOR}&verdict=never&sample={FAILED}")
    settled(browser, "0 of 1 passed")
    browser.find_element("xpath", "//button[contains(., 'All models on this sample')]").click()
    settled(browser, "Models")
    assert asked(browser) == ("sample", {"sample": [FAILED]})
    assert GOOD in {cell for row in rows(tables(browser)[0]) for cell in row}


def test_only_what_fits(board: tuple[Chrome, str]) -> None:
    """Filters of models hide rows, say how many, and stand in the address; ranks stay those among all."""
    browser, url = board
    browser.get(url)
    settled(browser, "About this ranking")
    browser.find_element("xpath", "//*[contains(text(), 'Show only some models')]").click()
    choose(browser, "Weights", "open")
    page = settled(browser, "ranks, scores and ties are those among all")
    assert "Hidden as too little is known of them: 4" in page
    assert asked(browser)[1] == {"weights": ["open"]}
