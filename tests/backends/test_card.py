"""Whether models can run on a GPU, asked of what lies about."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from evalhub.backends import card
from evalhub.backends.transformers import _arithmetic
from evalhub.errors import EvalhubError


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with a driver, a library and a torch for CUDA, as far as `why_no_card` can see."""
    for name in ("nvidiactl", "version.py"):
        (tmp_path / name).write_text("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n")
    torch = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(card, "DRIVERS", (str(tmp_path / "nvidiactl"),))
    monkeypatch.setattr(card, "_LIBRARY", "libc.so.6")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: torch)
    return tmp_path


@pytest.mark.usefixtures("machine")
def test_a_card_is_taken() -> None:
    assert card.why_no_card() == (True, "")
    assert _arithmetic("auto", "auto") == ("cuda", "bfloat16", ())
    assert _arithmetic("cpu", "float32") == ("cpu", "float32", ())


def test_torch_for_cpus_beside_a_card_is_said(machine: Path) -> None:
    (machine / "version.py").write_text("cuda: Optional[str] = None\n")
    kind, _, notes = _arithmetic("auto", "auto")
    assert kind == "cpu"
    assert notes == ("it runs on the CPU, though there is a GPU: torch is installed for CPUs only, not for CUDA",)
    assert _arithmetic("cpu", "auto")[2] == ()
    with pytest.raises(EvalhubError, match="CPUs only, not for CUDA: use --device cpu"):
        _arithmetic("cuda", "auto")


@pytest.mark.usefixtures("machine")
def test_a_driver_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "_LIBRARY", "libnever.so.1")
    assert card.why_no_card() == (True, "NVIDIA's driver is not complete: libnever.so.1 cannot be loaded")


def test_without_a_card_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "DRIVERS", ())
    assert _arithmetic("auto", "float32") == ("cpu", "float32", ())
    with pytest.raises(EvalhubError, match="no CUDA GPU is seen here: use --device cpu"):
        _arithmetic("cuda", "auto")
