"""Sampled tokens a second: evalhub's backend beside transformers' own `generate`, in one run.

python -m benchmarks.generate [--attempts 4]

Both run the embedded model in bfloat16 on all cores, on the same HumanEval prompts with temperature 0.8, the
same attempts of each, 64 new tokens and no stop strings; tokens up to the end token are counted, by one
counter. `generate` gets its best batch size of those tried.
"""

from __future__ import annotations

import argparse
import os
import time

from evalhub.backends.base import Request
from evalhub.backends.transformers import TransformersBackend
from evalhub.backends.weights import resolve
from ingest.records import Condition
from ingest.sources.human_eval import HumanEval

TOKENS = 64
BATCHES = (32, 64)


def main() -> None:
    """Print both rates and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=4)
    attempts = parser.parse_args().attempts
    prompts = [sample.prompt for sample in HumanEval().samples(limit=16)]
    ours = _ours(prompts, attempts)
    print(f"evalhub: {ours:.0f} tokens/s")
    theirs = {batch: _theirs(prompts, attempts, batch) for batch in BATCHES}
    for batch, rate in theirs.items():
        print(f"transformers generate, batch {batch}: {rate:.0f} tokens/s")
    print(f"ratio to its best batch: {ours / max(theirs.values()):.2f}")


def _ours(prompts: list[str], attempts: int) -> float:
    backend = TransformersBackend("smollm2-135m", dtype="bfloat16")
    condition = backend.condition(Condition(form="plain", temperature=0.8, top_p=1.0, max_tokens=TOKENS))
    # Two steps of every worker first, so that one-time costs are on neither side.
    _collect(backend, [Request("warm", n, 0, prompts[0], condition) for n in range(16)])
    started = time.perf_counter()
    tokens = _collect(backend, [Request(text, n, 0, text, condition) for text in prompts for n in range(attempts)])
    seconds = time.perf_counter() - started
    backend.close()
    return tokens / seconds


def _collect(backend: TransformersBackend, requests: list[Request]) -> int:
    backend.submit(requests)
    tokens = count = 0
    while count < len(requests):
        for output in backend.collect(10):
            count += 1
            tokens += output.tokens
    return tokens


def _theirs(prompts: list[str], attempts: int, batch: int) -> float:
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    folder = resolve("smollm2-135m").folder("bfloat16")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
    texts = [text for text in prompts for _ in range(attempts)]
    tokens = 0
    started = time.perf_counter()
    for start in range(0, len(texts), batch):
        given = tokenizer(texts[start : start + batch], return_tensors="pt", padding=True)
        outputs = model.generate(
            **given, do_sample=True, temperature=0.8, top_k=0, top_p=1.0, max_new_tokens=TOKENS
        )[:, given["input_ids"].shape[1] :]
        for row in outputs.tolist():
            end = tokenizer.eos_token_id
            tokens += row.index(end) + 1 if end in row else len(row)
    return tokens / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
