"""`evalhub score`: targets, budgets with units, judging anew, and stopping."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest

from evalhub import plugins
from evalhub.cli.budgets import BudgetType, together
from evalhub.cli.score import command
from tests.cli.helpers import evalhub, process
from tests.cli.test_score import PART

DOCS = Path(__file__).parents[2] / "docs" / "scoring.md"


@pytest.fixture
def pool(hub_path: Path) -> Path:
    """A hub with a few samples that need no sandbox."""
    done = evalhub("ingest", "reasoning-gym", "-o", "generators=gcd,lcm", "-o", "size=6", "--hub", hub_path)
    assert done.code == 0, done.err
    return hub_path


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("400", "samples", 400),
        ("2ksamples", "samples", 2000),
        ("5000attempts", "attempts", 5000),
        ("5k attempts", "attempts", 5000),
        ("200ktokens", "tokens", 200_000),
        ("2e5tokens", "tokens", 200_000),
        ("1.5Mtokens", "tokens", 1_500_000),
        ("90s", "seconds", 90),
        ("30min", "seconds", 1800),
        ("1.5h", "seconds", 5400),
        ("1.5usd", "dollars", 1.5),
        (".05usd", "dollars", 0.05),
    ],
)
def test_budgets_with_units(text: str, name: str, value: float) -> None:
    assert BudgetType().convert(text, None, None) == (name, value)


@pytest.mark.parametrize(
    "text", ["0", "-5", "x", "5x", "", "1.5", "1.5attempts", "nan", "infusd", "5 6", "1e", "0.0usd", "5mins", "$3"]
)
def test_what_is_no_budget(text: str) -> None:
    """One line, with examples."""
    with pytest.raises(click.UsageError) as caught:
        BudgetType().convert(text, None, None)
    message = caught.value.format_message()
    assert "\n" not in message and (text in message) and ("5000attempts" in message or "whole number" in message)


def test_budgets_in_several_units_hold_together() -> None:
    """Two in one are a mistake."""
    assert together([("samples", 5), ("seconds", 9.0)]) == {"samples": 5, "seconds": 9.0}
    with pytest.raises(click.UsageError, match="twice in one unit"):
        together([("seconds", 5.0), ("seconds", 9.0)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "best"], "give per-sample, mean, law, or pass@K as in pass@10"),
        (["--target", "pass@0"], "give per-sample, mean, law, or pass@K"),
        (["--target", "pass@20"], "--target pass@20 needs 20 attempts of a sample: --max-attempts 20 or more"),
        (["--target", "pass@5", "--width", "0.1"], "--width is about pass rates, not pass@5"),
        (["--target", "mean", "--passes", "3"], "does not stop at passes"),
        (["--target", "mean", "--max-attempts", "3", "--budget", "50attempts"], "how many attempts the mean gets"),
        (["--width", "0"], "--width"),
        (["--width", "1"], "--width"),
        (["--top-k", "0"], "--top-k"),
        (["--budget", "5", "--budget", "6"], "twice in one unit"),
        (["--regrade", "--passes", "3", "--temperature", "0"], "leave --passes, --temperature out"),
        (["--regrade", "--budget", "3"], "leave --budget out"),
    ],
)
def test_what_makes_no_sense_together(hub_path: Path, arguments: list[str], message: str) -> None:
    """A wrong call, before anything is made."""
    done = evalhub("score", "baseline:random", *arguments, "--hub", hub_path)
    assert (done.code, done.out) == (2, "") and not hub_path.exists()
    assert message in " ".join(done.err.split())


def test_a_law_has_more_passes_of_each_sample(pool: Path) -> None:
    """Eight where nothing else is said."""
    done = evalhub("score", "baseline:random", "--target", "law", "--limit", 3, "--json", "--hub", pool)
    assert done.code == 0 and done.json["target"] == "law", done.err
    with duckdb.connect(str(pool / "hub.duckdb"), read_only=True) as hub:
        assert hub.execute("SELECT options ->> 'passes' FROM run").fetchall() == [("8",)]


def test_json_says_what_ended_it_and_where_the_time_went(pool: Path) -> None:
    """Beside the fields that scripts rely on, which are as they were."""
    done = evalhub("score", "baseline:random", "--budget", "40attempts", "--json", "--hub", pool)
    assert done.code == 0, done.err
    found = done.json
    assert found.keys() >= {"model", "run", "sources", "skipped", "warnings", "ranking"}
    assert found["sources"][0].keys() >= PART
    assert sum(source["attempts"] for source in found["sources"]) == 40
    assert (found["target"], found["ended"]) == ("per-sample", ["40 attempts"])
    assert found["unsettled"] > 0 and found["interrupted"] is False
    assert found["waste"].keys() == {"attempts", "tokens", "share"}
    kinds = ("loading", "generating", "verdicts", "writing", "ranking", "other")
    assert sum(found["time"][kind] for kind in kinds) == pytest.approx(found["time"]["total"])
    assert found["time"]["tokens_per_second"] > 0


def test_pass_at_k_and_the_mean_in_json_and_for_people(pool: Path) -> None:
    """With an interval each."""
    call = ("score", "baseline:random", "--hub", pool)
    done = evalhub(*call, "--target", "pass@10", "--json")
    at_k = done.json["sources"][0]["pass_at_k"]
    assert 0 <= at_k["low"] <= at_k["rate"] <= at_k["high"] <= 1 and at_k["rate"] > done.json["sources"][0]["rate"]
    assert "pass@10" in evalhub(*call, "--target", "pass@10").out
    done = evalhub(*call, "--target", "mean", "--json")
    assert done.json["mean"]["low"] <= done.json["mean"]["rate"] <= done.json["mean"]["high"]
    assert done.json["sources"][0]["these_samples"]["rate"] == pytest.approx(done.json["mean"]["rate"])
    assert "mean of these samples" in evalhub(*call, "--target", "mean").out


def test_time_and_waste_are_told_on_stderr(pool: Path) -> None:
    """Since they differ each time, and what is on stdout does not."""
    done = evalhub("score", "baseline:random", "--width", 0.4, "--hub", pool)
    assert done.code == 0, done.err
    text = " ".join(done.err.split())
    assert "loading the model" in text and "generating" in text and "tokens/s" in text
    assert "loading the model" not in done.out


def test_regrade_needs_no_model(pool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works where the backend cannot be loaded, and prints what a score prints, with what changed."""
    scored = evalhub("score", "baseline:random", "--json", "--hub", pool).json

    def none() -> list[Any]:
        raise AssertionError("a backend was asked for")

    monkeypatch.setattr(plugins, "backends", none)
    done = evalhub("score", "baseline:random", "--regrade", "--json", "--hub", pool)
    assert done.code == 0, done.err
    assert done.json["sources"] == scored["sources"] and done.json["run"] == scored["run"]
    changes = done.json["regrade"]
    (part,), (rate,) = changes["sources"], scored["sources"]
    assert part["attempts"] >= part["outputs"] == changes["outputs"] and part["changed"] == 0
    assert part["before"] == part["after"] == pytest.approx(rate["rate"])
    assert changes["outputs"] > 0 and changes["pass_to_fail"] == changes["need_more"] == 0
    out = " ".join(
        evalhub("score", "baseline:random", "--regrade", "--source", "reasoning-gym", "--hub", pool).out.split()
    )
    assert "judged anew" in out and "0 verdicts changed" in out and "rate before" in out and "Ranking" in out
    for arguments, message in (
        (["other"], "no attempts of 'other' are kept in this hub: there are attempts of baseline:random"),
        (["baseline:random", "--source", "nowhere"], "the pool has no source 'nowhere'"),
    ):
        assert evalhub("score", *arguments, "--regrade", "--hub", pool).line.startswith(message)


def test_regrade_makes_no_hub(hub_path: Path) -> None:
    """There is nothing to judge in one."""
    assert "there is no hub" in evalhub("score", "m", "--regrade", "--hub", hub_path).line
    assert not hub_path.exists()


def started(pool: Path, *more: object) -> subprocess.Popen[str]:
    """A run that would take minutes, with attempts made."""
    assert evalhub("ingest", "easy-vqa", "--limit", 3000, "--hub", pool).code == 0
    call = ("score", "baseline:random", "--max-attempts", 400, "--passes", 300, "--hub", pool, *more)
    run = process(*call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    assert run.stderr
    while "loading" not in run.stderr.readline():
        assert run.poll() is None
    blobs = pool / "blobs.sqlite-wal"
    for _ in range(600):
        if blobs.exists() and blobs.stat().st_size > 0:
            break
        time.sleep(0.1)
    time.sleep(2)
    assert run.poll() is None, run.communicate()
    return run


@pytest.mark.slow
def test_a_first_ctrl_c_keeps_what_is_there_and_sums_it_up(pool: Path) -> None:
    """Exit code 130, no traceback, what was measured so far on stdout; the same command goes on."""
    run = started(pool)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130 and "Traceback" not in err
    assert "so far" in out and "easy-vqa" in out and "Ranking" not in out
    text = " ".join(err.split())
    assert "stopped; what was done is kept, and the same command goes on" in text
    with duckdb.connect(str(pool / "hub.duckdb"), read_only=True) as hub:
        made = hub.execute("SELECT count(*) FROM attempt").fetchall()[0][0]
        assert made > 0 and hub.execute("SELECT count(*) FROM measurement").fetchall() == [(0,)]
    again = evalhub("score", "baseline:random", "--max-attempts", 1, "--source", "easy-vqa", "--hub", pool)
    assert again.code == 0 and "going on with" in again.err


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once(pool: Path) -> None:
    """Without a traceback, too; the hub opens."""
    run = started(pool)
    run.send_signal(signal.SIGINT)
    time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130 and "Traceback" not in err
    assert evalhub("sources", "--json", "--hub", pool).code == 0


def test_every_option_is_documented() -> None:
    """By name, in docs/scoring.md."""
    text = DOCS.read_text()
    options = [option for param in command.params for option in param.opts if option.startswith("--")]
    missing = [option for option in options if not re.search(rf"`{option}[ `]", text)]
    assert not [option for option in missing if option not in ("--json", "--hub", "--debug")]


def test_help_lists_options_in_sections() -> None:
    """Each once."""
    out = evalhub("score", "--help").out
    places = [
        out.index(title)
        for title in ("Which samples:", "How many attempts:", "How the model is asked:", "Options:")
    ]
    assert places == sorted(places)
    for param in command.params:
        if isinstance(param, click.Option):
            assert out.count(f"  {param.opts[0]} ") == 1, param.opts
