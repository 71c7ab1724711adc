"""The measurements of kernels for GPUs run, tiny, in Triton's interpreter; without a card the command says why."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers

pytest.importorskip("triton.knobs", reason="Triton 3.4 or later is not installed", exc_type=ImportError)

from benchmarks.gpu import __main__ as command
from benchmarks.gpu import attempts, draws, latent, scores, section, wins
from benchmarks.gpu.__main__ import CARD, SECTIONS, shown
from benchmarks.gpu.apart import told
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
        many=5,
        dtype=torch.float32,
        beside=(),
    ),
    "latent": latent.Sizes(models=20, samples=400, seen=10, nodes=7, small=50, steps=10, few=(3, 90, 4)),
}


def tiny() -> None:
    """What `benchmarks.gpu.section` does in a process of its own, tiny."""
    part, bench = sys.argv[1], Bench(DEVICE, 0.0)
    card_wins._ALIGNED = 128
    if part == "card":
        section.tell(section.card(bench, size=64, copied=2**20))
    else:
        section.tell(section.measured(part, bench, Ceilings(1e12, 1e11), SIZES[part]))


@pytest.mark.parametrize("name", SECTIONS)
def test_each_section_measures(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_wins, "_ALIGNED", 128)
    *found, end = section.measured(name, Bench(DEVICE, 0.0), Ceilings(1e12, 1e11), SIZES[name])
    assert end == {"ended": ""}
    lines = [one["line"] for one in found]
    assert len(lines) >= 3
    assert all(line["ms"] is None or line["ms"] > 0 for line in lines)
    notes = [line["note"] for line in lines]
    if name == "wins":
        assert notes.count("equal to the CPU's to the last one") == 2
    if name == "draws":
        assert notes[0] == "1 of 1 tokens as the plain race draws"
    if name == "scores":
        assert all(float(note.split()[1]) < 1e-2 for note in notes if note.startswith("error"))
    if name == "attempts":
        assert [note.partition(", ")[2] for note in notes[:-1]] == [
            *("8 of 8 attempts", "8 of 8 attempts", "5 of 5 attempts"),
            *("4 of 8 attempts", "8 of 8 attempts", "4 of 8 attempts", "4 of 5 attempts"),
        ]
        assert notes[-1] == "0 kernels, together 0.000 ms"
    if name == "latent":
        assert all(float(note.split()[-1]) < 1e-9 for note in notes if note.startswith("largest"))
        assert float(notes[-3].split()[-1]) > 0.5


def test_ceilings_are_of_the_order_of_what_was_done() -> None:
    found = ceilings(Bench(DEVICE, 0.0), size=64, copied=2**20)
    assert 1e6 < found.operations < 1e14 and 1e6 < found.bandwidth < 1e13


@pytest.mark.slow
def test_all_sections_in_processes_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "from tests.benchmarks.test_gpu import tiny; tiny()"
    monkeypatch.setattr(command, "command", lambda part, *_: [sys.executable, "-c", code, part])
    monkeypatch.setattr(command, "why_not", lambda: None)
    monkeypatch.setattr(sys, "argv", ["gpu", "--json", str(tmp_path / "report.json")])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["device"] == DEVICE and report["torch"] == torch.__version__ and report["failures"] == {}
    assert report["ceilings"]["operations"] > 0
    assert list(dict.fromkeys(line["section"] for line in report["lines"])) == list(SECTIONS)
    # The device and its ceilings, and above each section an empty line and its heading.
    assert len(capsys.readouterr().out.splitlines()) == 2 + 2 * len(SECTIONS) + len(report["lines"])


def test_all_of_it_takes_less_than_nine_minutes() -> None:
    assert CARD + sum(SECTIONS.values()) < 9 * 60


def test_a_section_that_fails_says_why_and_keeps_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Iterator[Line]:
        yield Line("first", 1.0)
        raise RuntimeError("a card\nthat fell off")

    monkeypatch.setattr(draws, "measure", broken)
    line, end = section.measured("draws", Bench(DEVICE, 0.0), Ceilings(1, 1))
    assert line["line"]["what"] == "first" and end == {"ended": "RuntimeError: a card that fell off"}


def test_sections_that_die_or_hang_take_no_other_along(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"print({json.dumps(json.dumps({'line': asdict(Line('first', 1.0))}))}, flush=True)"
    programs = {
        "card": "raise SystemExit(7)",
        "draws": f"{line}; import os; os.abort()",
        "wins": f"{line}; import time; time.sleep(99)",
        "latent": f'{line}; print(\'{{"ended": ""}}\', flush=True); import time; time.sleep(99)',
    }
    monkeypatch.setattr(command, "command", lambda part, *_: [sys.executable, "-c", programs[part]])
    monkeypatch.setitem(SECTIONS, "wins", 2)
    file = tmp_path / "report.json"
    report = command.measured(["draws", "wins", "latent"], 0.5, file)
    assert [line["section"] for line in report["lines"]] == ["draws", "wins", "latent"]
    assert report["failures"] == {
        "card": "died with exit code 7",
        "draws": "died with exit code -6",
        "wins": "out of its 2 seconds",
    }
    assert json.loads(file.read_text()) == report
    assert "wins: out of its 2 seconds" in capsys.readouterr().out


def test_what_a_process_started_ends_with_it(tmp_path: Path) -> None:
    left = tmp_path / "left"
    child = f"import time; time.sleep(2); open({str(left)!r}, 'w')"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(99)"
    assert list(told([sys.executable, "-c", code], 1)) == [{"ended": "out of its 1 seconds"}]
    time.sleep(2.5)
    assert not left.exists()


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


def test_generate_attends_as_in_transformers_and_prompts_are_new(monkeypatch: pytest.MonkeyPatch) -> None:
    ways, prompts = [], []

    def generate(_: Bench, model: Any, *__: Any, **___: Any) -> attempts.Found:
        ways.append(model.config._attn_implementation)
        return attempts.Found(1, 1.0)

    def drawn(*given: Any) -> list[list[int]]:
        prompts.append(draw(*given))
        return prompts[-1]

    draw = attempts._prompts
    monkeypatch.setattr(attempts, "_generate", generate)
    monkeypatch.setattr(attempts, "_prompts", drawn)
    lines = list(attempts.measure(Bench(DEVICE, 0.0), Ceilings(1e12, 1e11), SIZES["attempts"]))
    assert set(ways) == {"sdpa"} and len(lines) == 8
    every = [tuple(prompt) for some in prompts for prompt in some]
    assert len(set(every)) == len(every)


def test_attempts_that_ours_cannot_make_are_no_slowness() -> None:
    sizes = replace(SIZES["attempts"], prompt_tokens=5000)
    *_, end = section.measured("attempts", Bench(DEVICE, 0.0), Ceilings(1e12, 1e11), sizes)
    assert end == {"ended": "RuntimeError: the prompt fills the context"}


@pytest.mark.parametrize(
    ("came", "error", "expected"),
    [
        (8, None, "16 tokens/s, 8 of 8 attempts"),
        (7, None, "RuntimeError: 7 of 8 attempts came back"),
        (8, "no kernel", "RuntimeError: no kernel"),
    ],
)
def test_attempts_that_generate_batch_loses_are_no_slowness(
    monkeypatch: pytest.MonkeyPatch, came: int, error: str | None, expected: str
) -> None:
    def generate_batch(_: Any, asked: list[list[int]], **__: Any) -> dict[str, Any]:
        fine = SimpleNamespace(error=None, created_time=1.0, lifespan=(2.0, 3.0), generated_tokens=[4] * 4)
        found = {str(number): fine for number in range(len(asked))}
        found["0"] = SimpleNamespace(**{**vars(fine), "error": error})
        return dict(list(found.items())[:came])

    monkeypatch.setattr(transformers.Qwen2ForCausalLM, "generate_batch", generate_batch)
    sizes = replace(SIZES["attempts"], beside=(8,))
    lines = list(attempts.measure(Bench(DEVICE, 0.0), Ceilings(1e12, 1e11), sizes))
    assert lines[-2].what == "repeated: generate_batch, 8 attempts" and lines[-2].note == expected


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
    code = "import kernels.device as d; d.DRIVERS = (); from benchmarks.gpu.__main__ import main; main()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 3 and ran.stdout == ""
    assert ran.stderr == "nothing measured: no NVIDIA GPU on this machine\n"


def test_nothing_of_it_needs_a_database() -> None:
    modules = ("tests.conftest", *(f"benchmarks.gpu.{section}" for section in SECTIONS))
    code = f"import sys; sys.modules |= dict.fromkeys(('duckdb', 'polars')); import {', '.join(modules)}"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
