"""What goes over the wire and what is made of the answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.backends.base import Request
from evalhub.backends.openai_wire import reader, seed_of, shares
from ingest.records import Condition


@given(st.integers(0, 10**6), st.lists(st.integers(0, 1000), min_size=1, max_size=40))
def test_shares_add_up(total: int, weights: list[int]) -> None:
    """Whole parts, each within one of its due."""
    parts = shares(total, weights)
    whole = sum(weights) or len(weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        due = total * (weight if any(weights) else 1) / whole
        assert abs(part - due) <= 1


def test_seeds_are_of_31_bits_and_differ() -> None:
    """By sample, attempt and run's seed."""
    condition = Condition()
    seeds = {
        seed_of(Request(sample, attempt, seed, "", condition))
        for sample in ("a", "b")
        for attempt in range(50)
        for seed in range(3)
    }
    assert len(seeds) == 300 and all(0 <= seed < 2**31 for seed in seeds)


def test_choices_are_put_in_order_of_their_index() -> None:
    """Servers give them as they end."""
    answer = reader("plain")(
        {
            "choices": [{"index": 1, "text": "second"}, {"index": 0, "text": "first"}],
            "usage": {"prompt_tokens": -3},
        }
    )
    assert [choice.text for choice in answer.choices] == ["first", "second"]
    assert (answer.prompt_tokens, answer.tokens) == (0, 0)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"choices": []},
        {"choices": "yes"},
        {"choices": [3]},
        {"choices": [{"text": "no message"}]},
        {"choices": [{"message": {"content": 3}}]},
        {"choices": [{"message": {"content": "x"}, "finish_reason": "error"}]},
    ],
)
def test_what_is_no_answer_is_an_error(content: dict[str, object]) -> None:
    """Never an empty output: that would count as wrong."""
    with pytest.raises(ValueError):
        reader("chat")(content)
