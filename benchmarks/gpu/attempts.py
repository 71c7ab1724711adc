"""Repeated sampling by the engine for GPUs, and by transformers' `generate` and `generate_batch`.

A model of Qwen2.5-0.5B's shape with random weights, so that hardly an output ends before its limit; what counts is
the tokens of outputs, wherever they end, from the first prompt to the last output.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

from benchmarks.gpu.bench import Bench, Ceilings, Line
from evalhub.backends.base import Request
from evalhub.engine.graph_engine import GraphEngine
from evalhub.engine.packing import pack
from ingest.records import Condition


@dataclass(frozen=True)
class Sizes:
    """Of the model and the work."""

    width: int = 896
    layers: int = 24
    heads: int = 14
    key_heads: int = 2
    inner: int = 4864
    vocabulary: int = 151_936
    prompts: int = 16
    prompt_tokens: int = 200
    attempts: int = 64
    new_tokens: int = 256
    slots: tuple[int, ...] = (256, 512)
    batches: tuple[int, ...] = (256, 1024)
    """Of `generate`: the best of them is compared with."""

    dtype: torch.dtype = torch.bfloat16
    beside: bool = True
    """Whether `generate_batch` runs: on a CPU it takes minutes for nothing."""


def measure(bench: Bench, limits: Ceilings, sizes: Sizes | None = None) -> Iterator[Line]:
    """Useful tokens a second; the floor is reading the weights once a step."""
    sizes = sizes or Sizes()
    tokenizer, prompts = _tokenizer(sizes), _prompts(sizes)
    model = _model(sizes, bench.device)
    plain, rival = 0.0, None
    for batch in sizes.batches:
        tokens, seconds = _timed(bench, lambda batch=batch: _generate(model, prompts, sizes, batch))
        plain = max(plain, tokens / seconds)
        yield Line(f"generate, batch {batch}", 1e3 * seconds, note=f"{tokens / seconds:,.0f} tokens/s")
    if sizes.beside:
        try:
            tokens, seconds = _timed(bench, lambda: _generate_batch(model, prompts, sizes))
            rival = tokens / seconds
            yield Line("generate_batch", 1e3 * seconds, note=f"{rival:,.0f} tokens/s")
        except Exception as error:  # what it needs beside torch is not there everywhere
            yield Line("generate_batch", note=f"{type(error).__name__}: {' '.join(str(error).split())[:120]}")
    pack(model, [])
    weights = sum(weight.nbytes for weight in model.parameters())
    for slots in sizes.slots:
        engine = GraphEngine(model, tokenizer, slots, 8 << 30)
        tokens, seconds = _timed(bench, lambda engine=engine: _ours(engine, sizes))
        steps = sizes.prompts * sizes.attempts * sizes.new_tokens / slots
        told = f"{tokens / seconds:,.0f} tokens/s: {tokens / seconds / plain:.2f} times generate's best"
        told += f", {tokens / seconds / rival:.2f} times generate_batch's" if rival else ""
        told += "; " + "; ".join(engine.notes) if engine.notes else ""
        yield Line(f"ours, {slots} slots", 1e3 * seconds, 1, 1e3 * steps * weights / limits.bandwidth, note=told)
        del engine
        if bench.device == "cuda":
            torch.cuda.empty_cache()


def _timed(bench: Bench, work: Callable[[], int]) -> tuple[int, float]:
    """Tokens and seconds of the second of two runs: the first compiles, records and fills caches."""
    work()
    if bench.device == "cuda":
        torch.cuda.synchronize()
    begin = time.perf_counter()
    tokens = work()
    if bench.device == "cuda":
        torch.cuda.synchronize()
    return tokens, time.perf_counter() - begin


def _model(sizes: Sizes, device: str) -> Any:
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        hidden_size=sizes.width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.key_heads,
        intermediate_size=sizes.inner,
        vocab_size=sizes.vocabulary,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    with torch.device(device):
        return transformers.Qwen2ForCausalLM(config).to(sizes.dtype).eval()


def _tokenizer(sizes: Sizes) -> Any:
    """A word for each token."""
    words = Tokenizer(models.WordLevel({f"w{token}": token for token in range(sizes.vocabulary)}, "w1"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=words, eos_token="w0", bos_token="w0")


def _prompts(sizes: Sizes) -> list[list[int]]:
    drawn = torch.Generator().manual_seed(1)
    shape = sizes.prompts, sizes.prompt_tokens
    prompts: list[list[int]] = torch.randint(2, sizes.vocabulary, shape, generator=drawn).tolist()
    return prompts


def _ours(engine: GraphEngine, sizes: Sizes) -> int:
    condition = Condition(form="plain", temperature=1.0, max_tokens=sizes.new_tokens)
    texts = [" ".join(f"w{token}" for token in prompt) for prompt in _prompts(sizes)]
    engine.add(
        [
            Request(f"s{number}", attempt, int(time.time()), text, condition)
            for number, text in enumerate(texts)
            for attempt in range(sizes.attempts)
        ]
    )
    tokens = 0
    while not engine.idle:
        tokens += sum(output.tokens for output in engine.step())
    return tokens


@torch.inference_mode()
def _generate(model: Any, prompts: list[list[int]], sizes: Sizes, batch: int) -> int:
    repeated = [prompt for prompt in prompts for _ in range(sizes.attempts)]
    tokens = 0
    for first in range(0, len(repeated), batch):
        ids = torch.tensor(repeated[first : first + batch], device=model.device)
        found = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            max_new_tokens=sizes.new_tokens,
        )[:, ids.shape[1] :]
        ended = (found == 0).cumsum(1)
        tokens += int(((ended == 0) | ((ended == 1) & (found == 0))).sum())
    return tokens


def _generate_batch(model: Any, prompts: list[list[int]], sizes: Sizes) -> int:
    config = transformers.GenerationConfig(
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        max_new_tokens=sizes.new_tokens,
        eos_token_id=0,
        pad_token_id=0,
    )
    repeated = [prompt for prompt in prompts for _ in range(sizes.attempts)]
    found = model.generate_batch(repeated, generation_config=config)
    return sum(len(output.generated_tokens) for output in found.values())
