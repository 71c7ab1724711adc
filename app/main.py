"""Entry of the leaderboard: `streamlit run app/main.py -- --snapshots DIR`.

Finds the published snapshot and hands it to the page that the address names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import streamlit as st

from app.heap import keep
from app.pages import PAGES, Page
from app.snapshot import BrokenSnapshotError, NoSnapshotError, published
from app.wording import escaped


@st.cache_resource(show_spinner=False)
def _loaded() -> None:
    keep()


def main(arguments: list[str]) -> None:
    """Show the page that the address names."""
    parser = argparse.ArgumentParser(prog="streamlit run app/main.py --")
    parser.add_argument("--snapshots", type=Path, required=True, help="folder with the published snapshots")
    folder = parser.parse_args(arguments).snapshots
    st.set_page_config(page_title="evalhub", page_icon="📊", layout="wide")
    _loaded()
    registered: dict[str, st.Page] = {}

    def open_page(name: str, parameters: Mapping[str, str]) -> None:
        st.switch_page(registered[name], query_params=dict(parameters))

    def runner(page: Page) -> Callable[[], None]:
        def run() -> None:
            _show(page, folder, open_page)

        run.__name__ = page.name
        return run

    for page in PAGES:
        registered[page.name] = st.Page(runner(page), title=page.title, icon=page.icon, default=page is PAGES[0])
    st.navigation(list(registered.values()), position="top").run()


def _show(page: Page, folder: Path, open_page: Callable[[str, Mapping[str, str]], None]) -> None:
    try:
        page.render(published(folder), open_page)
    except NoSnapshotError:
        st.title("Nothing published yet")
        st.markdown("This hub has no snapshot to show. Measure a model, then publish what the hub knows:")
        st.code("evalhub score MODEL\nevalhub publish", language=None)
        st.caption("Reload this page afterwards.")
    except BrokenSnapshotError as error:
        st.error(escaped(str(error)) + " Publish again with `evalhub publish`.")
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        st.error(f"The snapshot cannot answer this page: {escaped(reason)}. Publish again with `evalhub publish`.")


main(sys.argv[1:])
