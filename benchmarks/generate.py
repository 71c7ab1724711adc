"""Sampled tokens a second: evalhub's backend beside transformers' `generate` and lm-eval's hf backend, in one run.

python -m benchmarks.generate [--attempts 16] [--repeat 3] [--only evalhub]

All run the embedded model in bfloat16 on all cores: 20 HumanEval prompts, the same number of attempts of each,
temperature 0.8, no top-k or top-p, 128 new tokens, no stop strings. Tokens are counted by one counter, the
tokenizer on the texts that came back. The others get their best batch size of those tried on a quarter of the
prompts. The roofline is what the cores reach in the model's own matrix products, large and packed. The steady rate
leaves out the first and the last wave of attempts; 32 attempts or more leave enough between them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from evalhub.backends.base import Output, Request
from evalhub.backends.transformers import TransformersBackend
from evalhub.backends.weights import resolve
from ingest.records import Condition
from ingest.sources.human_eval import HumanEval

TOKENS = 128
BATCHES = (32, 64, 128)
CORES = len(os.sched_getaffinity(0))


def main() -> None:
    """Print rates, their ratios and the share of the roofline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=["evalhub"])
    given = parser.parse_args()
    prompts = [sample.prompt for sample in HumanEval().samples(limit=20)]
    roofline = _roofline()
    print(f"roofline: {roofline:.0f} tokens/s", flush=True)
    found = [_ours(prompts, given.attempts) for _ in range(given.repeat)]
    ours = statistics.median(rate for rate, _ in found)
    steady = statistics.median(rate for _, rate in found)
    print(
        f"evalhub: {ours:.0f} tokens/s, steady {steady:.0f} ({steady / roofline:.0%} of the roofline)", flush=True
    )
    if given.only:
        return
    for name, make in (("transformers generate", _generate), ("lm-eval hf", _lm_eval)):
        run = make()
        tried = {batch: run(prompts[:5], given.attempts, batch) for batch in BATCHES}
        best = max(tried, key=lambda batch: tried[batch])
        rate = statistics.median(run(prompts, given.attempts, best) for _ in range(given.repeat))
        print(f"{name}: {rate:.0f} tokens/s at batch {best}; evalhub {ours / rate:.2f} times", flush=True)


def _ours(prompts: list[str], attempts: int) -> tuple[float, float]:
    """Rates of the whole run and of its middle."""
    backend = TransformersBackend("smollm2-135m", dtype="bfloat16")
    condition = backend.condition(Condition(form="plain", temperature=0.8, top_p=1.0, max_tokens=TOKENS))
    # Enough of them that every worker has some: the others are warm by the runs that find their batch size.
    _collect(backend, [Request(f"warm {n % 4}", n, 0, prompts[n % 4], condition) for n in range(64)])
    requests = [Request(text, n, 0, text, condition) for text in prompts for n in range(attempts)]
    started = time.perf_counter()
    outputs = _collect(backend, requests)
    backend.close()
    count = _counter()
    seconds, tokens = [at - started for at, _ in outputs], [count(output.text) for _, output in outputs]
    first, last = backend.capacity, len(outputs) - backend.capacity
    steady = sum(tokens[first:last]) / (seconds[last - 1] - seconds[first - 1]) if last > first else float("nan")
    return sum(tokens) / seconds[-1], steady


def _collect(backend: TransformersBackend, requests: list[Request]) -> list[tuple[float, Output]]:
    """Outputs with the moments at which they came."""
    backend.submit(requests)
    found: list[tuple[float, Output]] = []
    while len(found) < len(requests):
        outputs = backend.collect(10)
        found.extend((time.perf_counter(), output) for output in outputs)
    return found


def _counter() -> Callable[[str], int]:
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(resolve("smollm2-135m").folder("bfloat16"))
    return lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])


def _generate() -> Callable[[list[str], int, int], float]:
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(CORES)
    folder = resolve("smollm2-135m").folder("bfloat16")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
    count = _counter()

    def run(prompts: list[str], attempts: int, batch: int) -> float:
        texts = [text for text in prompts for _ in range(attempts)]
        found: list[str] = []
        started = time.perf_counter()
        for start in range(0, len(texts), batch):
            given = tokenizer(texts[start : start + batch], return_tensors="pt", padding=True)
            options: dict[str, Any] = {"do_sample": True, "temperature": 0.8, "top_k": 0, "top_p": 1.0}
            outputs = model.generate(**given, **options, max_new_tokens=TOKENS)
            found += tokenizer.batch_decode(outputs[:, given["input_ids"].shape[1] :], skip_special_tokens=True)
        return sum(map(count, found)) / (time.perf_counter() - started)

    return run


def _lm_eval() -> Callable[[list[str], int, int], float]:
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(CORES)
    folder = str(resolve("smollm2-135m").folder("bfloat16"))
    count = _counter()
    options = {
        "until": [],
        "max_gen_toks": TOKENS,
        "do_sample": True,
        "temperature": 0.8,
        "top_k": 0,
        "top_p": 1.0,
    }

    def run(prompts: list[str], attempts: int, batch: int) -> float:
        model = HFLM(pretrained=folder, dtype="bfloat16", device="cpu", batch_size=batch)
        requests = [
            Instance("generate_until", {}, (text, dict(options)), n) for text in prompts for n in range(attempts)
        ]
        started = time.perf_counter()
        found = model.generate_until(requests, disable_tqdm=True)
        return sum(map(count, found)) / (time.perf_counter() - started)

    return run


def _roofline() -> float:
    """Tokens a second if there were nothing but matrix products, and those large, on all cores at once."""
    with multiprocessing.get_context("spawn").Pool(CORES) as pool:
        rates = pool.map(_products, [3.0] * CORES, chunksize=1)
    return sum(rates)


def _products(seconds: float) -> float:
    """Tokens a second of one core in the products of all layers, 512 rows at a time."""
    import torch
    import transformers

    from evalhub.engine.packing import PackedLinear

    torch.set_num_threads(1)
    transformers.logging.disable_progress_bar()
    folder = resolve("smollm2-135m").folder("bfloat16")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    rows = 512
    layers = [PackedLinear(m) for m in model.modules() if isinstance(m, torch.nn.Linear)]
    given = {layer.in_features: torch.randn(rows, layer.in_features, dtype=torch.bfloat16) for layer in layers}
    with torch.inference_mode():
        done, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds or not done:
            for layer in layers:
                layer(given[layer.in_features])
            done += 1
    return done * rows / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
