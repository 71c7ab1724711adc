"""Attention of many attempts, each over a prompt that it may share with others and over what it has generated.

A prompt's keys and values lie once in a pool, whoever continues it; each row has a place of its own for what it
generates. A token's attention over both is one softmax, in two parts that are merged by their maxima and sums
(Milakov and Gimelshein 2018, arXiv 1805.02867; prompts read once for all rows: Juravsky et al. 2024, arXiv
2402.05099). All that changes from step to step lies in tensors of fixed size, so that a step can be recorded once
and played again.
"""

from __future__ import annotations

import torch

from kernels.device import takes
from kernels.step_rows import Rows


def attend_shared(
    query: torch.Tensor,
    prompt_keys: torch.Tensor,
    prompt_values: torch.Tensor,
    own_keys: torch.Tensor,
    own_values: torch.Tensor,
    rows: Rows,
    *,
    scale: float,
    softcap: float | None = None,
    window: int | None = None,
) -> torch.Tensor:
    """What each row's newest token attends to.

    Args:
        query: [rows, heads, width].
        prompt_keys, prompt_values: the pool, [tokens, key heads, width].
        own_keys, own_values: [rows, key heads, capacity, width], the newest token's among them.
        rows: where they stand.
        scale: scores are multiplied by it.
        softcap: scores are squeezed between plus and minus this, where given.
        window: a token sees only so many tokens, itself included, where given.

    Returns:
        [rows, heads, width of the values].
    """
    given = query, prompt_keys, prompt_values, own_keys, own_values, rows
    if not takes(query):
        return attend_shared_reference(*given, scale=scale, softcap=softcap, window=window)
    from kernels.shared_attention_triton import attend_shared_fused

    return attend_shared_fused(*given, scale=scale, softcap=softcap, window=window)


def attend_shared_reference(
    query: torch.Tensor,
    prompt_keys: torch.Tensor,
    prompt_values: torch.Tensor,
    own_keys: torch.Tensor,
    own_values: torch.Tensor,
    rows: Rows,
    *,
    scale: float,
    softcap: float | None = None,
    window: int | None = None,
) -> torch.Tensor:
    """The same row by row, with one softmax."""
    count, heads, _ = query.shape
    key_heads = own_keys.shape[1]
    found = query.new_zeros(count, heads, own_values.shape[-1])
    for row, (start, before, own) in enumerate(
        zip(rows.start.tolist(), rows.before.tolist(), rows.own.tolist(), strict=True)
    ):
        if not before:
            continue
        keys, values = (
            torch.cat([pool[start : start + before].transpose(0, 1), mine[row, :, : own + 1]], 1)
            for pool, mine in ((prompt_keys, own_keys), (prompt_values, own_values))
        )
        asked = query[row].view(key_heads, heads // key_heads, -1)
        scores = torch.bmm(asked, keys.transpose(1, 2)).float() * scale
        if softcap is not None:
            scores = softcap * torch.tanh(scores / softcap)
        if window is not None:
            scores[..., : max(0, before + own + 1 - window)] = float("-inf")
        weights = torch.softmax(scores, -1).to(values.dtype)
        found[row] = torch.bmm(weights, values).view(heads, -1)
    return found
