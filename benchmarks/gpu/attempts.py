"""Attempts by the engine for GPUs, and by transformers' `generate` and `generate_batch`.

A model of Qwen2.5-0.5B's shape with random weights, so that hardly an output ends before its limit; what counts is
the tokens of outputs, wherever they end, from the first prompt to the last output. Prompts are new in each run.
The other ways come last and, slower as they may be, are given fewer attempts: rates are compared.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.profiler import ProfilerActivity, profile

from benchmarks.gpu.bench import Bench, Ceilings, Line, said
from evalhub.backends.base import Request
from evalhub.engine.graph_engine import GraphEngine
from evalhub.engine.norms import fuse_norms
from evalhub.engine.seam import use_attention
from ingest.records import Condition, Status


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
    many: int = 512
    """Prompts with one attempt each."""

    new_tokens: int = 256
    slots: tuple[int, ...] = (256, 512)
    """The first of them for all work, the others for repeated sampling alone."""

    batches: tuple[int, ...] = (256, 1024)
    """Of `generate`, likewise; each is one batch of attempts."""

    beside: tuple[int, ...] = (64, 256)
    """Attempts for `generate_batch`, the few first: it may be slow. None on a CPU, where it takes minutes."""

    dtype: torch.dtype = torch.bfloat16


_FEW = 4
"""Tokens of an output where others are only warmed up."""


class Work(NamedTuple):
    """Attempts of prompts."""

    name: str
    prompts: int
    attempts: int
    """Of each prompt."""

    temperature: float = 1.0
    top_p: float = 1.0

    @property
    def whole(self) -> int:
        """All attempts."""
        return self.prompts * self.attempts

    def part(self, attempts: int) -> Work:
        """So many attempts of it, each prompt with as many as before."""
        return self._replace(prompts=-(-attempts // self.attempts))


class Found(NamedTuple):
    """What was generated."""

    tokens: int
    seconds: float

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


def measure(bench: Bench, limits: Ceilings, sizes: Sizes | None = None) -> Iterator[Line]:
    """Useful tokens a second; the floor is reading the weights once a step."""
    sizes = sizes or Sizes()
    tokenizer, model = _tokenizer(sizes), _model(sizes, bench.device)
    repeated = Work("repeated", sizes.prompts, sizes.attempts)
    others = repeated._replace(name="top-p 0.95", top_p=0.95), Work("greedy, one each", sizes.many, 1, 0.0)
    floor = 1e3 * sum(weight.nbytes for weight in model.parameters()) / limits.bandwidth
    best: dict[Work, float] = {}
    fuse_norms(model)
    for slots in sizes.slots:
        engine = GraphEngine(model, tokenizer, slots, 8 << 30)
        for work in (repeated, *others) if slots == sizes.slots[0] else (repeated,):
            # Compiles, records and fills caches.
            _ours(bench, engine, work._replace(prompts=1, attempts=slots), sizes)
            found = _ours(bench, engine, work, sizes)
            best[work] = max(found.rate, best.get(work, 0.0))
            steps = work.whole * sizes.new_tokens / slots
            note = "; ".join([_told(found, work.whole, work), *engine.notes])
            yield Line(f"{work.name}: ours, {slots} slots", 1e3 * found.seconds, 1, steps * floor, note=note)
        del engine
        _free()
    model = _model(sizes, bench.device)  # as transformers has it
    use_attention(model, "sdpa")
    for work in (repeated, *others):
        for batch in sizes.batches if work is repeated else sizes.batches[:1]:
            given = work.part(batch)
            _generate(bench, model, given, sizes, few=True)
            found = _generate(bench, model, given, sizes)
            yield _rival(f"{work.name}: generate, batch {batch}", found, given.whole, work, best)
            _free()
    for given in map(repeated.part, sizes.beside):
        what = f"{repeated.name}: generate_batch, {given.whole} attempts"
        try:
            _generate_batch(bench, model, given, sizes, few=True)
            found = _generate_batch(bench, model, given, sizes)
            yield _rival(what, found, given.whole, repeated, best)
        except Exception as error:  # what it needs beside torch is not there everywhere
            yield Line(what, note=said(error))
        _free()
    # The last, as a profiler may slow down what comes behind it.
    fuse_norms(model)
    yield _step(bench, GraphEngine(model, tokenizer, sizes.slots[0], 8 << 30), sizes, floor)


def _told(found: Found, given: int, work: Work) -> str:
    return f"{found.rate:,.0f} tokens/s, {given:,} of {work.whole:,} attempts"


def _rival(what: str, found: Found, given: int, work: Work, best: dict[Work, float]) -> Line:
    return Line(what, 1e3 * found.seconds, best[work] / found.rate, note=_told(found, given, work))


def _free() -> None:
    """Give back what engines held: they refer to themselves."""
    gc.collect()
    torch.cuda.empty_cache()


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


def _prompts(bench: Bench, count: int, sizes: Sizes) -> list[list[int]]:
    shape = count, sizes.prompt_tokens
    prompts: list[list[int]] = torch.randint(
        2, sizes.vocabulary, shape, generator=bench.random, device=bench.device
    ).tolist()
    return prompts


def _requests(bench: Bench, work: Work, sizes: Sizes) -> list[Request]:
    condition = Condition(
        form="plain", temperature=work.temperature, top_p=work.top_p, max_tokens=sizes.new_tokens
    )
    return [
        Request(f"s{number}", attempt, int(time.time()), " ".join(f"w{token}" for token in prompt), condition)
        for number, prompt in enumerate(_prompts(bench, work.prompts, sizes))
        for attempt in range(work.attempts)
    ]


def _ours(bench: Bench, engine: GraphEngine, work: Work, sizes: Sizes) -> Found:
    """All of it, in the engine's slots.

    Raises:
        RuntimeError: an attempt failed.
    """
    requests, outputs = _requests(bench, work, sizes), []
    begin = time.perf_counter()
    engine.add(requests)
    while not engine.idle:
        outputs += engine.step()
    seconds = time.perf_counter() - begin
    for output in outputs:
        if output.status is Status.ERROR:
            raise RuntimeError(output.text)
    return Found(sum(output.tokens for output in outputs), seconds)


def _repeated(bench: Bench, work: Work, sizes: Sizes) -> list[list[int]]:
    """A prompt for each attempt."""
    return [prompt for prompt in _prompts(bench, work.prompts, sizes) for _ in range(work.attempts)]


def _settings(work: Work, sizes: Sizes, few: bool) -> dict[str, Any]:
    """How transformers generates. few: only some tokens, to warm up."""
    drawn = {"do_sample": True, "temperature": work.temperature, "top_k": 0, "top_p": work.top_p}
    return {
        **(drawn if work.temperature else {"do_sample": False}),
        "max_new_tokens": min(_FEW, sizes.new_tokens) if few else sizes.new_tokens,
    }


@torch.inference_mode()
def _generate(bench: Bench, model: Any, work: Work, sizes: Sizes, few: bool = False) -> Found:
    """All of it as one batch."""
    repeated = _repeated(bench, work, sizes)
    begin = time.perf_counter()
    ids = torch.tensor(repeated, device=model.device)
    whole = model.generate(ids, attention_mask=torch.ones_like(ids), **_settings(work, sizes, few))
    found = whole[:, ids.shape[1] :]
    ended = (found == 0).cumsum(1)
    tokens = int(((ended == 0) | ((ended == 1) & (found == 0))).sum())
    return Found(tokens, time.perf_counter() - begin)


def _generate_batch(bench: Bench, model: Any, work: Work, sizes: Sizes, few: bool = False) -> Found:
    """By the times that its outputs bear: what it lays out before the first of them does not count.

    Raises:
        RuntimeError: an attempt failed.
    """
    settings = _settings(work, sizes, few)
    config = transformers.GenerationConfig(**settings, eos_token_id=0, pad_token_id=0)
    repeated = _repeated(bench, work, sizes)
    found = list(model.generate_batch(repeated, generation_config=config).values())
    errors = [output.error for output in found if output.error]
    if errors or len(found) < len(repeated):  # it tells its log alone
        raise RuntimeError(errors[0] if errors else f"{len(found)} of {len(repeated)} attempts came back")
    begin, end = min(output.created_time for output in found), max(output.lifespan[1] for output in found)
    return Found(sum(len(output.generated_tokens) for output in found), end - begin)


def _step(bench: Bench, engine: GraphEngine, sizes: Sizes, floor: float) -> Line:
    """A step of full slots, and its kernels as the profiler sees them."""
    engine.add(_requests(bench, Work("", 1, engine.count), sizes))
    steps = sizes.new_tokens // 4
    for _ in range(steps):
        engine.step()
    begin = time.perf_counter()
    for _ in range(steps):
        engine.step()
    took = (time.perf_counter() - begin) / steps
    card = bench.device == "cuda"
    if card:
        torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA if card else ProfilerActivity.CPU]) as seen:
        engine.step()
        if card:
            torch.cuda.synchronize()
    kernels = [
        event
        for event in seen.events()
        if event.device_type == torch.autograd.DeviceType.CUDA and not event.name.startswith("Mem")
    ]
    busy = sum(event.time_range.elapsed_us() for event in kernels) / 1e3
    note = f"{len(kernels):,} kernels, together {busy:.3f} ms"
    return Line(f"a step of {engine.count} slots", 1e3 * took, floor=floor, note=note)
