"""Rooflines against sums done by hand, and ceilings against runs that were made by known ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.runtime import MODELS, SAME, runs
from evalhub.runtime.accelerators import ACCELERATORS
from evalhub.runtime.calibration import Run, calibrate, errors, fit
from evalhub.runtime.estimate import Load, estimate, pass_rate
from evalhub.runtime.roofline import Architecture, Ceilings, Serving, decode, needed, prefill, seconds

LLAMA = Architecture(parameters=8 * 10**9, active=8 * 10**9, layers=32, query_width=4096, kv_width=2048)
EXPERTS = replace(LLAMA, parameters=64 * 10**9)
H100 = ACCELERATORS["H100"]
HELM = Path(__file__).parents[3] / "shared/data/scaling/helm_inference_idealized_runtimes.json"


def test_a_token_takes_as_long_as_the_weights_and_what_is_kept_take_to_read() -> None:
    one = decode(LLAMA, Serving(accelerator=H100), 1000, 200)
    kept = 1100 * 32 * 2048 * 2
    assert one.times == 199
    assert one.seconds() == pytest.approx((16e9 + kept) / 3.35e12)
    grouped = decode(replace(LLAMA, kv_width=8192), Serving(accelerator=H100), 1000, 200)
    assert grouped.seconds() - one.seconds() == pytest.approx(3 * kept / 3.35e12), "four times the keys and values"


def test_a_prompt_takes_as_long_as_it_takes_to_multiply() -> None:
    one = prefill(LLAMA, Serving(accelerator=H100), 2000)
    attention = 2 * 32 * 4096 * 2000**2
    assert one.seconds() == pytest.approx((2 * 8e9 * 2000 + attention) / 989e12)
    assert prefill(LLAMA, Serving(accelerator=H100), 1).seconds() == pytest.approx(16e9 / 3.35e12)


def test_more_accelerators_smaller_weights_and_batches() -> None:
    alone = Serving(accelerator=H100)
    whole = seconds(LLAMA, alone, 100, 100)
    assert seconds(LLAMA, replace(alone, count=4), 100, 100) == pytest.approx(whole / 4)
    assert whole / 2 < seconds(LLAMA, replace(alone, dtype="fp8"), 100, 100) < whole * 0.52
    assert seconds(LLAMA, replace(alone, batch=16), 100, 100) < 1.1 * whole, "the weights are read once for all"
    large = decode(LLAMA, replace(alone, batch=4096), 100, 100)
    assert large.seconds() == pytest.approx(large.compute + large.kept), "then multiplying takes longer"


def test_of_experts_a_token_reads_its_own_and_a_prompt_nearly_all() -> None:
    assert EXPERTS.read(1) == pytest.approx(8e9)
    assert EXPERTS.read(2) == pytest.approx(8e9 + 7 / 8 * 8e9)
    assert EXPERTS.read(500) == pytest.approx(64e9)
    assert LLAMA.read(1) == LLAMA.read(500) == 8e9


def test_as_few_accelerators_as_hold_it() -> None:
    alone = Serving(accelerator=H100)
    assert needed(LLAMA, alone, 100, 100) == 1
    assert needed(EXPERTS, alone, 100, 100) == 2 and needed(EXPERTS, replace(alone, dtype="fp32"), 100, 100) == 4
    assert needed(LLAMA, replace(alone, batch=600), 1000, 100) == 2, "keys and values of a batch need room, too"


def test_a_correct_answer_costs_an_attempt_over_the_rate() -> None:
    load = Load(accelerator=H100, count=2, batch=4, price=3.6)
    one = estimate("m", LLAMA, load, 100, 100, rate=pass_rate(25, 100, 0.9))
    takes = one.roofline
    assert takes.seconds == pytest.approx(takes.first_token + 99 * takes.per_token)
    assert takes.cost == pytest.approx(takes.seconds * 2 * 3.6 / 3600 / 4)
    assert takes.per_correct == pytest.approx(4 * (takes.cost or 0))
    assert (takes.per_correct_low or 0) < (takes.per_correct or 0) < (takes.per_correct_high or 0)
    assert one.calibrated is None
    never = estimate("m", LLAMA, load, 100, 100, rate=pass_rate(0, 100, 0.9)).roofline
    assert never.per_correct is None and never.per_correct_high is None
    assert (never.per_correct_low or 0) > 20 * (never.cost or 0), "a rate that may be .03 at most"


def made(ceilings: Ceilings, noise: float, seed: int = 0) -> list[Run]:
    """Runs of five models under known ceilings."""
    rng, found = np.random.default_rng(seed), []
    for place, size in enumerate((1, 3, 8, 20, 60)):
        width = 1024 * (place + 2)
        of = Architecture(
            parameters=size * 10**9,
            active=size * 10**9,
            layers=16 * (place + 1),
            query_width=width,
            kv_width=width // 2,
        )
        for prompt, output in ((1, 1), (512, 1), (2048, 1), (64, 200)):
            how = Serving(accelerator=H100, count=1 + place // 4)
            took = seconds(of, how, prompt, output, ceilings) * np.exp(rng.normal(0, noise))
            run = Run(model=f"m{size}", architecture=of, how=how, prompt=prompt, output=output, seconds=took)
            found.append(run)
    return found


def test_ceilings_are_found_again() -> None:
    """Without scatter to the percent; with it within what five models tell."""
    true = Ceilings(launch=2e-4, memory=0.6, compute=0.45)
    exact = calibrate(made(true, 0))
    assert exact.ceilings.launch == pytest.approx(true.launch, rel=0.02)
    assert exact.ceilings.memory == pytest.approx(true.memory, rel=0.02)
    assert exact.ceilings.compute == pytest.approx(true.compute, rel=0.02)
    assert exact.factor == pytest.approx(1, abs=0.02)
    shares = [fit(made(true, 0.1, seed)).memory for seed in range(20)]
    assert np.mean(shares) == pytest.approx(0.6, abs=0.03) and np.std(shares) < 0.06


def test_what_runs_do_not_tell_stays_at_the_roofline() -> None:
    """Of tokens alone, one by one, nothing is known about multiplying."""
    tokens = [run for run in made(Ceilings(memory=0.5), 0) if run.prompt == 1]
    found = calibrate(tokens).ceilings
    assert found.memory == pytest.approx(0.5, rel=0.02) and found.compute > 0.95
    with pytest.raises(ValueError, match="3 or more"):
        calibrate(tokens[:2])


@pytest.mark.skipif(not HELM.exists(), reason="shared/data/scaling is not beside this checkout")
def test_published_runtimes() -> None:
    """The roofline is a quarter of what GPT-J and a model of 175B take for a token; ceilings fitted to the other
    models are off by 13 % on average."""
    told = json.loads(HELM.read_text())
    assert {*told} == {*MODELS, *SAME} and all(told[name] == told[other] for name, other in SAME.items())
    found = [run for model in MODELS for run in runs(model, told[model])]
    shares = {run.model: run.by() / run.seconds for run in found if run.output > 1}
    assert 0.24 < shares["together/gpt-j-6b"] < 0.30 and 0.24 < shares["openai/davinci"] < 0.30
    off = np.abs(errors(found) - 1)
    assert off.mean() < 0.15 and np.median(off) < 0.1
