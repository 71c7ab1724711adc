"""The measurements of kernels for GPUs run, tiny, in Triton's interpreter; without a card the command says why."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("triton.knobs", reason="Triton 3.4 or later is not installed", exc_type=ImportError)

from benchmarks.gpu import attempts, draws, latent, scores, wins
from benchmarks.gpu.__main__ import SECTIONS, run, shown
from benchmarks.gpu.bench import Bench, Ceilings, Line, ceilings
from kernels import card_wins
from kernels.token_scores_triton import Tile
from tests.kernels.gpu import DEVICE

TILE = Tile(rows=16, tokens=32, width=16, chunk=2, warps=4, stages=2)
SIZES: dict[str, Any] = {
    "scores": scores.Sizes(20, 40, 3, 70, 16, TILE, TILE, (TILE._replace(tokens=16),), TILE, compile=False),
    "draws": draws.Sizes(rows=1, vocabulary=600, checked=1, launches=1),
    "wins": wins.Sizes(models=5, samples=60, ordered=20, replicates=2, step=32),
    "attempts": attempts.Sizes(
        *(16, 2, 2, 1, 16, 60),
        prompts=2,
        prompt_tokens=5,
        attempts=4,
        new_tokens=6,
        slots=(8,),
        batches=(4, 8),
        dtype=torch.float32,
        beside=False,
    ),
    "latent": latent.Sizes(models=20, samples=400, seen=10, nodes=7, small=50, steps=10),
}


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_measures(
    section: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_wins, "_ALIGNED", 128)
    report: dict[str, Any] = {"lines": []}
    failure = run(section, Bench(DEVICE, 0.0), Ceilings(1e12, 1e11), report, None, SIZES[section])
    assert failure == ""
    lines = report["lines"]
    assert len(capsys.readouterr().out.splitlines()) == len(lines) + 2
    assert len(lines) >= 3 and all(line["section"] == section for line in lines)
    assert all(line["ms"] is None or line["ms"] > 0 for line in lines)
    notes = [line["note"] for line in lines]
    if section == "wins":
        assert notes.count("equal to the CPU's to the last one") == 2
    if section == "draws":
        assert notes[0] == "1 of 1 tokens as the plain race draws"
    if section == "scores":
        assert all(float(note.split()[1]) < 1e-2 for note in notes if note.startswith("error"))
    if section == "attempts":
        assert "times generate's best" in notes[-1]
    if section == "latent":
        assert float(notes[0].split()[-1]) < 1e-9 and float(notes[-1].split()[-1]) > 0.5


def test_ceilings_are_of_the_order_of_what_was_done() -> None:
    found = ceilings(Bench(DEVICE, 0.0), size=64, copied=2**20)
    assert 1e6 < found.operations < 1e14 and 1e6 < found.bandwidth < 1e13


def test_a_failure_is_said_and_stops_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: Any) -> Iterator[Line]:
        yield Line("first", 1.0)
        raise RuntimeError("a card\nthat fell off")

    monkeypatch.setattr(draws, "measure", broken)
    report: dict[str, Any] = {"lines": []}
    failure = run("draws", Bench(DEVICE, 0.0), Ceilings(1, 1), report, tmp_path / "report.json")
    assert failure == "RuntimeError: a card that fell off" and len(report["lines"]) == 1
    assert '"first"' in (tmp_path / "report.json").read_text()


def test_a_card_sleeps_while_what_is_measured_is_launched(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[str] = []

    class Event:
        def __init__(self, **_: Any) -> None:
            pass

        def record(self) -> None:
            did.append("record")

        def elapsed_time(self, _: Event) -> float:
            return 0.25

    for name, fake in (("Event", Event), ("synchronize", lambda: None), ("_sleep", lambda _: did.append("sleep"))):
        monkeypatch.setattr(torch.cuda, name, fake)
    bench = Bench("cpu", 0.0)
    bench.device = "cuda"
    assert bench.once(lambda: did.append("work")) == 0.25
    assert did == ["sleep", "record", "work", "record"]


def test_a_compiler_that_fails_has_a_line_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no compiler\nhere")

    monkeypatch.setattr(torch, "compile", lambda _: broken)
    sizes = replace(SIZES["scores"], compile=True)
    lines = list(scores.measure(Bench(DEVICE, 0.0), Ceilings(1e12, 1e11), sizes))
    assert Line("torch.compile, bfloat16", note="RuntimeError: no compiler here") in lines
    assert lines[-1].what.startswith("fused, float32")


def test_a_line_of_the_table() -> None:
    assert shown(Line("race", 0.5, 1, 0.25, 3.0, "note")).split() == [
        "race",
        "0.500",
        "1.00",
        "0.250",
        "50%",
        "3",
        "note",
    ]
    assert shown(Line("rare", note="p = 1")).split() == ["rare", "p", "=", "1"]


def test_without_a_card_it_says_why() -> None:
    code = "import kernels.device as d; d._DRIVERS = (); from benchmarks.gpu.__main__ import main; main()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 3 and ran.stdout == ""
    assert ran.stderr == "nothing measured: no NVIDIA GPU on this machine\n"


def test_nothing_of_it_needs_a_database() -> None:
    modules = ("tests.conftest", *(f"benchmarks.gpu.{section}" for section in SECTIONS))
    code = f"import sys; sys.modules |= dict.fromkeys(('duckdb', 'polars')); import {', '.join(modules)}"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
