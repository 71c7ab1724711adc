"""The app in a real browser: what only shows when scripts, canvas and address bar are real."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.app import live_hub
from tests.app.screenshot import chromium, served, settled, why_not
from tests.app.snapshot import ALPHA


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not()), reason=why_not() or "a browser is here")
def test_pages_in_chromium(snapshots: Path, tmp_path: Path) -> None:
    """Both pages draw; a choice goes into the address; a link opens a sample; hostile text does not run."""
    from selenium.webdriver.common.by import By

    with served(snapshots) as url, chromium() as browser:
        browser.get(url)
        page = settled(browser, "About this ranking")
        assert "one scale of strength fits all samples" in page
        title = browser.find_element(By.TAG_NAME, "h1").rect["y"]
        assert title < 120, "the page begins right under the navigation"
        assert parse_qs(urlsplit(browser.current_url).query) == {}

        browser.get(f"{url}/?method=mean")
        page = settled(browser, "About this ranking")
        assert "every sample weighs the same" in page
        assert "gamma:red[<b>x</b>] covers 1 of 8 samples" in page
        assert browser.find_elements(By.CSS_SELECTOR, "[data-testid=stVegaLiteChart] canvas, .marks")
        picture = tmp_path / "ranking.png"
        browser.save_screenshot(str(picture))
        assert picture.read_bytes().startswith(b"\x89PNG")

        browser.find_element(By.CSS_SELECTOR, "[data-testid=stSelectbox] input").click()
        browser.find_element(By.XPATH, "//*[@role='option'][contains(., 'words')]").click()
        settled(browser, "6 samples in 3 clusters")
        assert parse_qs(urlsplit(browser.current_url).query) == {"source": ["words"], "method": ["mean"]}

        browser.get(f"{url}/model?model={ALPHA}&sample=id-w1")
        page = settled(browser, "<script>alert('x')</script>")  # code blocks draw themselves last
        assert "1 of 4 passed" in page
        assert "size 7.24B" in page
        assert parse_qs(urlsplit(browser.current_url).query) == {"model": [ALPHA], "sample": ["id-w1"]}


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not()), reason=why_not() or "a browser is here")
def test_text_of_a_paper_in_chromium(tmp_path: Path) -> None:
    """The page of a live sample runs nothing, loads nothing and links to nothing but the paper."""
    from selenium.webdriver.common.by import By

    published = live_hub.published(tmp_path / "hub")
    sample = live_hub.questions(live_hub.HARD)[5].sample.sample_id
    with served(published) as url, chromium() as browser:
        for page, text in ((f"sample?sample={sample}&model=alpha", "1 of 1 passed"), ("live", "Releases")):
            browser.get(f"{url}/{page}")
            assert "<script>alert(1)</script>" in settled(browser, text)
            links = [link.get_attribute("href") for link in browser.find_elements(By.CSS_SELECTOR, "main a")]
            assert all(link.startswith((url, "https://arxiv.org/abs/")) for link in links), links
            sources = [image.get_attribute("src") for image in browser.find_elements(By.CSS_SELECTOR, "main img")]
            assert all(source.startswith(url) for source in sources), sources


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not()), reason=why_not() or "a browser is here")
def test_the_cells_of_few_models_have_room(pair_snapshots: Path) -> None:
    """Names stand beside the cells, not in their place."""
    from selenium.webdriver.common.by import By

    with served(pair_snapshots) as url, chromium() as browser:
        browser.get(f"{url}/win_rates")
        settled(browser, "Each pair")
        cells = browser.find_elements(By.CSS_SELECTOR, "[data-testid=stVegaLiteChart] .mark-rect path")
        assert len(cells) >= 12
        assert min(cell.rect["width"] for cell in cells) > 40
