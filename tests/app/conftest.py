"""Fixtures of the leaderboard's tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.app import pair_snapshot, snapshot

MAIN = Path(__file__).parents[2] / "app" / "main.py"

Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """No test sees what another one cached; connections are closed at the end."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def own_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page under test runs as `__main__`; child processes of later tests would start by running that page."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def no_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app has no components of others. Streamlit would look for some in every installed package at each start
    of a page under test, which takes longer than the page."""
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)


@pytest.fixture
def snapshots(tmp_path: Path) -> Path:
    """A folder with one published snapshot."""
    snapshot.write(tmp_path / "snapshots")
    return tmp_path / "snapshots"


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the whole app on a folder of snapshots, with the parameters of an address."""

    def opened(folder: Path, **parameters: str) -> AppTest:
        monkeypatch.setattr("sys.argv", [str(MAIN), "--snapshots", str(folder)])
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return opened


def open_page(name: str, folder: Path, **parameters: str) -> AppTest:
    """A page alone, by its module in `app.views`, at an address."""

    def page(name: str, folder: str) -> None:
        from importlib import import_module
        from pathlib import Path

        from app.snapshot import published

        import_module(f"app.views.{name}").render(published(Path(folder)), lambda *_: None)

    app = AppTest.from_function(page, args=(name, str(folder)), default_timeout=60)
    for parameter, value in parameters.items():
        app.query_params[parameter] = value
    app.run()
    assert not app.exception
    return app


def open_model(folder: Path, **parameters: str) -> AppTest:
    """The model page alone, at an address."""
    return open_page("model", folder, **parameters)


def listed(app: AppTest) -> pd.DataFrame:
    """The table of a model's samples."""
    (found,) = [table.value for table in app.dataframe if "question" in table.value.columns]
    return found


def codes(app: AppTest) -> list[str]:
    """What the page shows preformatted."""
    return [block.value for block in app.code]


def words(app: AppTest) -> str:
    """All text of a page, outside tables and code."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error)
    return (
        "\n".join(str(element.value) for kind in kinds for element in kind).replace("\\", "").replace("\u2060", "")
    )


@pytest.fixture(scope="session")
def pair_snapshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one snapshot in which models can be compared; tests leave it as it is."""
    return pair_snapshot.write(tmp_path_factory.mktemp("pairs") / "hub")
