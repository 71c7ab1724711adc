"""From a request's text and its continuations to token sequences, as lm-eval makes them.

Text and continuation are encoded together, with the white space that ends the text moved to the continuation;
the tokens behind those of the text alone are scored. Where the two melt into one token, that token is scored
whole, for all continuations of the text alike, so that they stay comparable (lm-eval would feed tokens that spell
another text).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalhub.backends.base import Request
from evalhub.engine.text import Text, common


@dataclass(frozen=True)
class Part:
    """Token sequences that begin alike, and from where on they are scored."""

    sequences: tuple[tuple[int, ...], ...]
    """One for each continuation of the request."""

    start: int
    """Place of the first token that is scored, at least 1; all sequences are alike before it."""


def parts(text: Text, request: Request, context: int) -> list[Part]:
    """What is to be computed for a request: a continuation's log-probability is the sum over the parts.

    That is one part, but for a long text without anything before it: it comes in windows.

    Args:
        context: tokens that the model can be fed.

    Raises:
        ValueError: a continuation is empty, or does not fit; the message says which.
    """
    before = text.render(request)
    spaces = before[len(before.rstrip()) :]
    before = before[: len(before) - len(spaces)]
    whole = [before + spaces + continuation for continuation in request.continuations]
    if before:
        known, *sequences = text.tokens([before, *whole], request)
    else:
        known, sequences = [], text.tokenizer(whole, add_special_tokens=False)["input_ids"]
    start = min(common(known, sequence) for sequence in sequences)
    if not all(len(sequence) > start for sequence in sequences):
        raise ValueError("a continuation has no tokens")
    if start == 0:
        prefix = text.prefix
        if any(sequence[0] != prefix for sequence in sequences) or min(map(len, sequences)) == 1:
            sequences = [[prefix, *sequence] for sequence in sequences]
        start = 1
    longest = max(map(len, sequences))
    if longest - 1 <= context:
        return [Part(tuple(map(tuple, sequences)), start)]
    if start == 1 and len(sequences) == 1:
        return windows(sequences[0], context)
    raise ValueError(f"text and continuation take {longest} tokens, the model {context}")


def windows(tokens: Sequence[int], context: int) -> list[Part]:
    """A long text in windows, each token but the first scored in one of them: lm-eval's `loglikelihood_rolling`.

    A window has as many tokens as the model can be fed, and begins with the last one of the window before it. The
    last window reaches back further, to be as long as the others.
    """
    found = []
    for begin in range(1, len(tokens), context):
        end = min(begin + context, len(tokens))
        first = max(end - context - 1, 0)
        found.append(Part((tuple(tokens[first:end]),), begin - first))
    return found
