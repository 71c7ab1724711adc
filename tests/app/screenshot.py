"""Opens the leaderboard in a real headless Chromium: for one test, and for the picture in the README.

python -m tests.app.screenshot SNAPSHOTS_DIR docs/leaderboard.png
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from evalhub.board_server import server

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

ROOT = Path(__file__).parents[2]
PATIENCE = 90
"""Seconds to wait for the server, and for a page."""


def why_not() -> str:
    """Why no browser can be driven here; empty where one can."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed"
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        return "there is no chromium"
    return "" if shutil.which("chromedriver") else "there is no chromedriver"


@contextmanager
def served(snapshots: Path) -> Iterator[str]:
    """Run the leaderboard on a free port of this machine; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command, environment = server(snapshots, "127.0.0.1", port)
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _until_healthy(running, f"{url}/_stcore/health")
        yield url
    finally:
        running.terminate()
        running.wait(PATIENCE)


def _until_healthy(running: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if running.poll() is not None:
            raise RuntimeError(f"the leaderboard stopped with exit code {running.returncode}")
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(f"the leaderboard did not answer within {PATIENCE} seconds")


@contextmanager
def chromium(width: int = 1400, height: int = 1000) -> Iterator[Chrome]:
    """A headless browser that talks to nobody but the pages it is sent to."""
    from selenium import webdriver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
        flags = "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
        flags += " disable-component-update disable-sync disable-dev-shm-usage hide-scrollbars"
        for flag in [*flags.split(), f"user-data-dir={profile}", f"window-size={width},{height}"]:
            options.add_argument(f"--{flag}")
        browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
        try:
            yield browser
        finally:
            browser.quit()


def look(browser: Chrome, width: int, height: int, *, dark: bool = False) -> None:
    """Let pages see a window of this size in CSS pixels, and a reader whose system is light or dark."""
    phone = width < 600
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def settled(browser: Chrome, text: str) -> str:
    """Wait until the app has finished its run and shows `text`; returns the text of the whole page."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    def shown(driver: Chrome) -> str | None:
        app = driver.find_elements(By.CSS_SELECTOR, "[data-testid=stApp][data-test-script-state=notRunning]")
        return app[0].text if app and text in app[0].text else None

    page = WebDriverWait(browser, PATIENCE, ignored_exceptions=_stale()).until(shown)
    time.sleep(1.0)  # charts and tables draw themselves after the text
    assert page is not None
    return page


def _stale() -> list[type[Exception]]:
    from selenium.common.exceptions import StaleElementReferenceException

    return [StaleElementReferenceException]


def main() -> None:
    """Write the picture of a hub's ranking page."""
    parser = argparse.ArgumentParser(description="Take the picture of the leaderboard that the README shows.")
    parser.add_argument("snapshots", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--page", default="", help="address of the page within the leaderboard")
    parser.add_argument("--text", default="About this ranking", help="text to wait for")
    parser.add_argument("--height", type=int, default=1000)
    arguments = parser.parse_args()
    with served(arguments.snapshots) as url, chromium(height=arguments.height) as browser:
        browser.get(f"{url}/{arguments.page}")
        settled(browser, arguments.text)
        browser.save_screenshot(str(arguments.picture))


if __name__ == "__main__":
    main()
