"""How a cluster is divided."""

from __future__ import annotations

import pytest

from evalhub.cluster.connect import Machine, Share, share
from evalhub.errors import EvalhubError


@pytest.mark.parametrize(
    ("there", "wanted", "cards", "expected"),
    [
        ([Machine(16, 0)], None, True, Share(1, 16, 0)),
        ([Machine(16, 0)], 3, True, Share(3, 5, 0)),
        ([Machine(16, 0), Machine(8, 0)], None, True, Share(2, 8, 0)),
        ([Machine(16, 0), Machine(8, 0)], 3, True, Share(3, 8, 0)),
        ([Machine(0, 0), Machine(8, 0)], None, True, Share(1, 8, 0)),
        ([Machine(16, 2), Machine(16, 4)], None, True, Share(6, 1, 1)),
        ([Machine(16, 2), Machine(16, 4)], 5, True, Share(5, 1, 1)),
        ([Machine(16, 2), Machine(16, 4)], None, False, Share(2, 16, 0)),
    ],
)
def test_shares(there: list[Machine], wanted: int | None, cards: bool, expected: Share) -> None:
    """A card each, else as many processors as all can have."""
    assert share(there, wanted, cards=cards) == expected


@pytest.mark.parametrize(
    ("there", "wanted", "words"),
    [
        ([Machine(2, 0)], 3, "2 CPUs, too few for --replicas 3"),
        ([Machine(64, 2)], 3, "2 GPUs, too few for --replicas 3"),
    ],
)
def test_more_than_there_is(there: list[Machine], wanted: int, words: str) -> None:
    """Said at once: Ray would wait for ever."""
    with pytest.raises(EvalhubError, match=words):
        share(there, wanted, cards=True)
