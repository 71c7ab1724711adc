"""Small models of six sizes, trained in minutes on a synthetic task: test subjects for scaling laws.

    python -m benchmarks.tiny_family OUT [--seed 0] [--quick]

All see the same problems in the same order, equally many, and differ in size alone. OUT then holds the models,
each in a folder that `evalhub score` runs; held-out problems for `evalhub ingest jsonl:OUT/samples.jsonl`, tagged
by kind; OUT/rates.csv with every model's true pass rate on every problem; and OUT/passes.csv with what evalhub
found by PassUntil. The true rate is known exactly, since an answer is one sequence of tokens: the product of their
probabilities at temperature 1.

Each model is trained by one process with one thread, as many at once as there are cores, the largest first. On one
kind of machine the seed settles all of it. A model that is there already stays; one that was broken off is trained
anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.tiny_task import (
    END,
    KINDS,
    LONGEST,
    VOCABULARY,
    Problem,
    held_out,
    tokenizer,
    training,
    write_samples,
)
from evalhub.paths import replace_folder
from evalhub.store.hub import Hub
from evalhub.store.results import measurement_frame
from ingest.sources.jsonl import JsonLines

_BATCH = 64
_WARM_UP = 50
_RATE = 5e-3
"""Learning rate at a width of 64; it falls with the root of the width."""

_SAID = 4
"""Progress lines while a model is trained."""


@dataclass(frozen=True)
class Rung:
    """A model to be trained."""

    name: str
    width: int
    layers: int
    heads: int


RUNGS = (
    Rung("tiny-100k", 64, 2, 4),
    Rung("tiny-250k", 80, 3, 4),
    Rung("tiny-600k", 112, 4, 4),
    Rung("tiny-1.5m", 160, 5, 5),
    Rung("tiny-4m", 256, 5, 8),
    Rung("tiny-10m", 320, 8, 10),
)


def main(arguments: list[str] | None = None) -> None:
    """Train what is missing, then score all of it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="two small models, hardly trained")
    options = parser.parse_args(arguments)
    rungs, steps, most = (RUNGS[:2], 60, 20) if options.quick else (RUNGS, 600, 400)
    options.out.mkdir(parents=True, exist_ok=True)
    problems = held_out(options.seed)
    write_samples(problems, options.out / "samples.jsonl")
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        made = [pool.submit(build, options.out, rung, steps, options.seed) for rung in reversed(rungs)]
        facts = [future.result() for future in reversed(made)]
    true = pl.concat(
        pl.DataFrame(
            {
                "model": one["model"],
                "parameters": one["parameters"],
                "sample": [f"{problem.kind}/{problem.prompt}" for problem in problems],
                "tag": [problem.kind for problem in problems],
                "rate": one["rates"],
            }
        )
        for one in facts
    )
    true.write_csv(options.out / "rates.csv")
    table(facts, true, score(options.out, facts, most))


def build(out: Path, rung: Rung, steps: int, seed: int) -> dict[str, Any]:
    """Train a model unless it is there. Returns what is known of it, which stands in a file beside its folder."""
    known = out / f"{rung.name}.json"
    asked = {"steps": steps, "seed": seed, "batch": _BATCH}
    if known.is_file():
        facts: dict[str, Any] = json.loads(known.read_text())
        if facts["asked"] == asked and (out / rung.name).is_dir():
            print(f"{rung.name}: there already", flush=True)
            return facts
    import torch
    import transformers

    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    started = time.monotonic()
    model = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            hidden_size=rung.width,
            intermediate_size=rung.width * 8 // 3 // 16 * 16,
            num_hidden_layers=rung.layers,
            num_attention_heads=rung.heads,
            num_key_value_heads=rung.heads,
            vocab_size=len(VOCABULARY),
            max_position_embeddings=64,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=VOCABULARY[END],
            pad_token_id=VOCABULARY[END],
        )
    )
    train(rung, model, steps, seed)
    loss, rates = measure(model, held_out(seed))
    known.unlink(missing_ok=True)
    with replace_folder(out / rung.name) as folder:
        model.save_pretrained(folder)
        tokenizer().save_pretrained(folder)
    seconds = time.monotonic() - started
    facts = {"model": rung.name, "parameters": model.num_parameters(), "loss": loss, "seconds": seconds}
    facts |= {"asked": asked, "rates": rates}
    known.write_text(json.dumps(facts))
    print(f"{rung.name}: done, held-out loss {loss:.3f}, {seconds:.0f} s", flush=True)
    return facts


def train(rung: Rung, model: Any, steps: int, seed: int) -> None:
    """Matrices by Muon, which gets large ones going in few steps, the rest by AdamW."""
    import torch

    named = list(model.named_parameters())
    inner = [weight for name, weight in named if weight.ndim == 2 and "embed" not in name]
    outer = [weight for name, weight in named if weight.ndim != 2 or "embed" in name]
    top = _RATE * (64 / rung.width) ** 0.5
    optimizers = [
        torch.optim.Muon(inner, lr=top, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(outer, lr=top, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    for step, batch in enumerate(islice(training(seed, _BATCH), steps), start=1):
        share = 0.05 + 0.95 * (1 + np.cos(np.pi * step / steps)) / 2
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = top * min(1.0, step / _WARM_UP) * share
        tokens, labels = (torch.from_numpy(array) for array in _arrays(batch))
        loss = model(input_ids=tokens, labels=labels, use_cache=False).loss
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        if step % max(steps // _SAID, 1) == 0:
            print(f"{rung.name}: step {step} of {steps}, loss {loss.item():.3f}", flush=True)


def measure(model: Any, problems: list[Problem]) -> tuple[float, list[float]]:
    """Mean loss of a token of the answers, and the probability of each whole answer."""
    import torch

    tokens, labels = (torch.from_numpy(array) for array in _arrays(problems))
    model.eval()
    with torch.inference_mode():
        found = torch.log_softmax(model(input_ids=tokens, use_cache=False).logits[:, :-1].double(), -1)
    wanted = labels[:, 1:] != -100
    said = found.gather(2, tokens[:, 1:, None])[:, :, 0] * wanted
    return float(-said.sum() / wanted.sum()), said.sum(1).exp().tolist()


def _arrays(problems: list[Problem]) -> tuple[np.ndarray, np.ndarray]:
    """Tokens, and labels for the answers alone, (problems, longest)."""
    tokens = np.full((len(problems), LONGEST), VOCABULARY[END])
    labels = np.full(tokens.shape, -100)
    for row, problem in enumerate(problems):
        end = len(problem.tokens)
        tokens[row, :end] = problem.tokens
        labels[row, len(problem.prompt) : end] = problem.tokens[len(problem.prompt) :]
    return tokens, labels


def score(out: Path, facts: list[dict[str, Any]], most: int) -> dict[str, list[dict[str, Any]]]:
    """Score the models as a user would, in a hub of their own. Returns evalhub's results by kind for each model.

    Asked at temperature 1 and with room to end, so that the pass rates are those that are known.
    """
    found = {}
    with tempfile.TemporaryDirectory() as hub:
        evalhub("ingest", f"jsonl:{out / 'samples.jsonl'}", "--hub", hub)
        for one in facts:
            asked = ["--temperature", 1, "--top-p", 1, "--max-tokens", 40, "--dtype", "float32"]
            stop = ["--passes", 8, "--max-attempts", most]
            said = evalhub("score", str(out / one["model"]), *asked, *stop, "--json", "--hub", hub)
            found[one["model"]] = json.loads(said)["sources"][0]["tags"]
        names = {one.sample_id: one.source_id for one in JsonLines().samples(path=str(out / "samples.jsonl"))}
        with Hub(Path(hub)) as opened:
            rows = measurement_frame(opened).filter(pl.col("model_id").is_in(list(found)))
    params = pl.DataFrame([{"model_id": one["model"], "parameters": one["parameters"]} for one in facts])
    rows.join(params, on="model_id").select(
        pl.col("model_id").alias("model"),
        "parameters",
        pl.col("sample").replace(names),
        "tag",
        *("value", "attempts", "passes"),
    ).sort("parameters", "sample").write_csv(out / "passes.csv")
    return found


def evalhub(*arguments: object) -> str:
    """Run a command of evalhub; its output."""
    command = [sys.executable, "-m", "evalhub", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def table(facts: list[dict[str, Any]], true: pl.DataFrame, found: dict[str, list[dict[str, Any]]]) -> None:
    """Print the true pass rate of each kind, and beside it what evalhub found."""
    print("| model | parameters | loss | seconds | " + " | ".join(KINDS) + " |")
    print("|---" * (4 + len(KINDS)) + "|")
    means = true.group_by("model", "tag").agg(pl.col("rate").mean()).rows_by_key(["model", "tag"], unique=True)
    for one in facts:
        rates = {part["tag"]: part["rate"] for part in found[one["model"]]}
        cells = [f"{means[one['model'], kind][0]:.4f} ({rates[kind]:.4f})" for kind in KINDS]
        plain = [one["model"], f"{one['parameters']:,}", f"{one['loss']:.3f}", f"{one['seconds']:.0f}"]
        print("| " + " | ".join(plain + cells) + " |")


if __name__ == "__main__":
    main()
