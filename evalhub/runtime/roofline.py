"""How long a model takes for a prompt and an output, from what it is made of and what an accelerator can do.

T(prompt, output) = F(prompt) + (output - 1) G (Narayanan et al. 2023, arXiv 2305.02440): one pass over the prompt,
then one a token. A pass reads the weights or multiplies, whichever is slower, then reads the keys and values of
what came before; and it is no faster than the kernels of its layers are started. On the roofline starting takes
nothing, and the accelerator does what its maker says.

Not in it: sampling, tokenizing, the network, and what accelerators that share a layer tell each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalhub.runtime.accelerators import BYTES, Accelerator


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What a model of transformer blocks is made of."""

    parameters: int
    active: int
    """Weights that a token passes through."""

    layers: int
    query_width: int
    """Attention heads times their width."""

    kv_width: int
    """Numbers that a layer keeps of a token: keys and values."""

    def read(self, tokens: float) -> float:
        """Weights that a pass over so many tokens reads: of a mixture of experts, those that any of them is sent
        to, each at random."""
        return self.parameters * (1 - (1 - self.active / self.parameters) ** tokens)


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How a model is run."""

    accelerator: Accelerator

    count: int = 1
    """Accelerators that share each layer."""

    dtype: str = "bf16"
    """Of the weights. Keys and values are in bf16, or as the weights in fp32."""

    batch: int = 1
    """Attempts side by side."""

    @property
    def kv_bytes(self) -> float:
        """Of a number that is kept."""
        return 4.0 if self.dtype == "fp32" else 2.0


@dataclass(frozen=True, kw_only=True)
class Ceilings:
    """What is really reached."""

    launch: float = 0.0
    """Seconds to start a layer's kernels."""

    memory: float = 1.0
    """Share of the bandwidth."""

    compute: float = 1.0
    """Share of the operations."""


ROOFLINE = Ceilings()


@dataclass(frozen=True, kw_only=True)
class Pass:
    """A pass through the layers, and what its parts would take at the peak."""

    times: float
    layers: int
    weights: float
    """Seconds to read them."""

    compute: float
    """Seconds to multiply."""

    kept: float
    """Seconds to read keys and values."""

    def seconds(self, ceilings: Ceilings = ROOFLINE) -> float:
        """Of one such pass."""
        work = max(self.weights / ceilings.memory, self.compute / ceilings.compute) + self.kept / ceilings.memory
        return max(ceilings.launch * self.layers, work)


def prefill(of: Architecture, how: Serving, prompt: int) -> Pass:
    """The pass over a prompt of so many tokens, of all attempts of the batch."""
    tokens = how.batch * prompt
    attention = 2.0 * how.batch * of.layers * of.query_width * prompt**2
    peak = how.count * how.accelerator.peak(how.dtype)
    return Pass(
        times=1,
        layers=of.layers,
        weights=of.read(tokens) * BYTES[how.dtype] / (how.count * how.accelerator.bandwidth),
        compute=(2 * of.active * tokens + attention) / peak,
        kept=0.0,
    )


def decode(of: Architecture, how: Serving, prompt: int, output: int) -> Pass:
    """The passes after the first token, with as much before them as is on average."""
    before = prompt + output / 2
    bandwidth = how.count * how.accelerator.bandwidth
    attention = 4.0 * of.layers * of.query_width * before
    kept = how.batch * before * of.layers * of.kv_width * how.kv_bytes
    return Pass(
        times=max(0, output - 1),
        layers=of.layers,
        weights=of.read(how.batch) * BYTES[how.dtype] / bandwidth,
        compute=how.batch * (2 * of.active + attention) / (how.count * how.accelerator.peak(how.dtype)),
        kept=kept / bandwidth,
    )


def seconds(of: Architecture, how: Serving, prompt: int, output: int, ceilings: Ceilings = ROOFLINE) -> float:
    """Of the attempts of a batch, from the prompt to the last token."""
    both = prefill(of, how, prompt), decode(of, how, prompt, output)
    return sum(one.times * one.seconds(ceilings) for one in both)


def needed(of: Architecture, how: Serving, prompt: int, output: int) -> int:
    """How many of the accelerator hold the weights and the batch: a power of two, so that heads divide evenly."""
    tokens = how.batch * (prompt + output)
    held = of.parameters * BYTES[how.dtype] + tokens * of.layers * of.kv_width * how.kv_bytes
    return 2 ** max(0, math.ceil(math.log2(held / how.accelerator.memory)))
