"""Log-probabilities of given tokens from hidden states and an output matrix.

On a GPU the logits are never written out: a kernel takes the product tile by tile of the vocabulary and keeps a
running log-sum-exp (Milakov & Gimelshein 2018, arXiv 1805.02867). Elsewhere they are, by plain torch.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from kernels.device import in_halves, takes

_ROWS = 2**16
"""Positions of one launch, at most: what is kept of each is a few numbers for each thousand of the vocabulary."""


class TokenScores(NamedTuple):
    """Of n positions; no number (NaN) and False where a position is ignored."""

    logprob: torch.Tensor
    """[n] float32, of the given token."""

    log_sum_exp: torch.Tensor
    """[n] float32, of the logits."""

    greedy: torch.Tensor
    """[n] bool: the given token has the largest logit, and no token before it has the same."""


def token_scores(
    hidden: torch.Tensor, output: torch.Tensor, tokens: torch.Tensor, *, softcap: float | None = None
) -> TokenScores:
    """Scores of one token at each position, in float32; what a position gets does not depend on the others.

    Args:
        hidden: [n, width], bfloat16, float16 or float32.
        output: [vocabulary, width] of the same type. Products of float32 are not rounded to tf32.
        tokens: [n] of integers; a position whose token is outside the vocabulary is ignored.
        softcap: logits are squeezed between plus and minus this, where given.

    Raises:
        ValueError: the shapes do not fit each other.
    """
    if hidden.shape[1:] != output.shape[1:] or tokens.shape != hidden.shape[:1]:
        shapes = ", ".join(str(tuple(given.shape)) for given in (hidden, output, tokens))
        raise ValueError(f"shapes {shapes} are not [n, width], [vocabulary, width] and [n]")
    if hidden.dtype == torch.float64 or not takes(hidden):
        return token_scores_reference(hidden, output, tokens, softcap=softcap)
    from kernels.token_scores_triton import fused

    def some(first: int, last: int) -> TokenScores:
        with torch.cuda.device_of(hidden):
            return TokenScores(*fused(hidden[first:last], output, tokens[first:last], softcap))

    parts = in_halves(some, len(hidden), _ROWS, "positions")
    if len(parts) == 1:
        return parts[0]
    empty = hidden.new_empty(0, dtype=torch.float32)
    columns = zip(TokenScores(empty, empty, empty.bool()), *parts, strict=True)
    return TokenScores(*(torch.cat(column) for column in columns))


def token_scores_reference(
    hidden: torch.Tensor, output: torch.Tensor, tokens: torch.Tensor, *, softcap: float | None = None
) -> TokenScores:
    """The same with all logits written out, [n, vocabulary], in float32 or, of float64 input, float64."""
    logits = hidden @ output.T
    logits = logits if logits.dtype == torch.float64 else logits.float()
    if softcap is not None:
        logits = (logits / softcap).tanh() * softcap
    known = (tokens >= 0) & (tokens < len(output))
    target = tokens.clamp(0, len(output) - 1).long()
    total = logits.logsumexp(-1)
    logprob = logits.log_softmax(-1).gather(1, target[:, None])[:, 0]
    missing = torch.full_like(total, float("nan"))
    return TokenScores(
        torch.where(known, logprob, missing),
        torch.where(known, total, missing),
        known & (logits.argmax(-1) == target),
    )
