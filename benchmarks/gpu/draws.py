"""Drawing tokens from logits: the race, and torch's softmax with multinomial, with and without a sort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from benchmarks.gpu.bench import Bench, Ceilings, Line
from kernels.gumbel import race_tokens_reference
from kernels.gumbel_triton import race_tokens_fused


@dataclass(frozen=True)
class Sizes:
    """Of a batch of attempts."""

    rows: int = 256
    vocabulary: int = 151_936
    checked: int = 8
    launches: int = 512
    """Of 4 times as many rows, for the test of rare tokens."""


Settings = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]

_CHANCES = (1e-5, 1e-4, 1e-3, 1e-2)


def measure(bench: Bench, limits: Ceilings, sizes: Sizes | None = None) -> Iterator[Line]:
    """Times beside reading the logits once."""
    sizes = sizes or Sizes()
    logits = [3 * bench.normal(sizes.rows, sizes.vocabulary, dtype=torch.bfloat16) for _ in range(3)]
    floor = 1e3 * logits[0].nbytes / limits.bandwidth
    few = _settings(bench, sizes.checked, 0.95, 0)
    found = race_tokens_fused(logits[0][: sizes.checked], *few)
    expected = race_tokens_reference(logits[0][: sizes.checked], *few)
    equal = f"{int((found == expected).sum())} of {sizes.checked} tokens as the plain race draws"

    plain = _settings(bench, sizes.rows, 1.0, 0)
    took = bench.ms(lambda n: race_tokens_fused(logits[n % 3], *plain))
    yield Line(
        "race, temperature", took, 1, floor, bench.memory(lambda: race_tokens_fused(logits[0], *plain)), equal
    )
    rival = bench.ms(lambda n: _multinomial(logits[n % 3]))
    yield Line(
        "softmax and multinomial", rival, rival / took, floor, bench.memory(lambda: _multinomial(logits[0]))
    )
    for name, top_p, top_k in (("top-p 0.95", 0.95, 0), ("top-p 0.5", 0.5, 0), ("top-k 50", 1.0, 50)):
        narrow = _settings(bench, sizes.rows, top_p, top_k)
        took = bench.ms(lambda n, given=narrow: race_tokens_fused(logits[n % 3], *given))
        yield Line(f"race, {name}", took, 1, floor)
        if top_k:
            rival = bench.ms(lambda n, k=top_k: _by_topk(logits[n % 3], k))
            yield Line(f"topk and multinomial, {name}", rival, rival / took, floor)
        else:
            rival = bench.ms(lambda n, p=top_p: _by_sort(logits[n % 3], p))
            yield Line(f"sort and multinomial, {name}", rival, rival / took, floor)
    yield _rare(bench, sizes)


def _settings(bench: Bench, rows: int, top_p: float, top_k: int, position: int = 0) -> Settings:
    words = torch.randint(-(2**63), 2**63 - 1, (rows, 2), generator=bench.random, device=bench.device)
    there = {"device": bench.device}
    return (
        torch.full((rows,), 1.0, dtype=torch.float32, **there),
        torch.full((rows,), top_p, dtype=torch.float64, **there),
        torch.full((rows,), top_k, dtype=torch.int32, **there),
        words,
        torch.full((rows,), position, dtype=torch.int32, **there),
    )


def _multinomial(logits: torch.Tensor) -> torch.Tensor:
    return torch.multinomial(torch.softmax(logits.float(), -1), 1)


def _by_sort(logits: torch.Tensor, top_p: float) -> torch.Tensor:
    ranked, order = logits.float().sort(-1, descending=True)
    chance = ranked.softmax(-1)
    chance = chance.masked_fill(chance.cumsum(-1) - chance >= top_p, 0)
    return order.gather(1, torch.multinomial(chance, 1))


def _by_topk(logits: torch.Tensor, top_k: int) -> torch.Tensor:
    ranked, order = logits.float().topk(top_k, -1)
    return order.gather(1, torch.multinomial(ranked.softmax(-1), 1))


def _rare(bench: Bench, sizes: Sizes) -> Line:
    """Chi-squared of many draws with chances down to 1e-5."""
    from scipy import stats

    chances = torch.tensor([*_CHANCES, 1 - sum(_CHANCES)], dtype=torch.float64)
    rows = chances.log().float().to(bench.device).expand(4 * sizes.rows, -1)
    counts = torch.zeros(len(chances), dtype=torch.int64, device=bench.device)
    words = _settings(bench, len(rows), 1.0, 0)
    for position in range(sizes.launches):
        drawn = race_tokens_fused(rows, *words[:4], words[4] + position)
        counts += torch.bincount(drawn, minlength=len(chances))
    draws = len(rows) * sizes.launches
    chance = stats.chisquare(counts.cpu().numpy(), chances.numpy() * draws).pvalue
    return Line("rare tokens, 1e-5 to 1e-2", note=f"chi-squared of {draws:,} draws: p = {chance:.3f}")
