"""lm-eval's generation arguments as a condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.records import Condition
from ingest.source import SourceError

_LIMITS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""Names of the most tokens; lm-eval takes the first that is there."""

_MOST_TOKENS = 256
"""lm-eval's own where nobody says."""

_NOTHING = {"num_beams": 1, "num_return_sequences": 1, "repetition_penalty": 1.0}
"""Arguments with the values at which they do nothing."""

_KNOWN = {"until", "do_sample", "temperature", "top_p", "top_k", *_LIMITS, *_NOTHING}


def decoding(told: Mapping[str, Any], where: str) -> Condition:
    """The condition of outputs that are generated so, in plain text.

    Raises:
        SourceError: an argument has no counterpart.
    """
    for name, value in told.items():
        if name not in _KNOWN or _NOTHING.get(name, value) != value:
            raise SourceError(f"{where}: it generates with {name}={value!r:.60}, which has no counterpart here")
    until = told.get("until") or []
    try:
        # lm-eval takes the likeliest token unless it is told to sample, or at which temperature.
        sampled = told.get("do_sample", True)
        return Condition(
            form="plain",
            temperature=float(told.get("temperature", 0.0)) if sampled else 0.0,
            top_p=float(told.get("top_p", 1.0)),
            top_k=int(told.get("top_k", 0)),
            max_tokens=next((int(told[name]) for name in _LIMITS if told.get(name) is not None), _MOST_TOKENS),
            stop=tuple(stop for stop in ([until] if isinstance(until, str) else until) if stop),
        )
    except (TypeError, ValueError) as error:
        raise SourceError(f"{where}: its generation_kwargs are not understood ({error})") from None
