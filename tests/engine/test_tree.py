"""Sequences packed as trees."""

from __future__ import annotations

import pytest
import torch

from evalhub.engine import tree
from evalhub.engine.tree import Row, Tree

SEQUENCES = [(1, 2, 3, 4), (1, 2, 5), (1, 2, 3, 6, 7), (1, 2), (1, 2, 5), (9,)]


def test_a_tree_has_every_beginning_once_and_every_sequence_along_its_path() -> None:
    whole = Tree(SEQUENCES)
    beginnings = {sequence[:length] for sequence in SEQUENCES for length in range(1, len(sequence) + 1)}
    assert len(whole) == len(beginnings)
    for sequence, path in zip(SEQUENCES, whole.paths, strict=True):
        assert tuple(whole.tokens[place] for place in path) == sequence
        assert [whole.depths[place] for place in path] == list(range(len(sequence)))
    assert whole.paths[1] == whole.paths[4]


def test_a_row_that_attends_as_a_whole_sees_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    trees = [Tree(SEQUENCES), Tree([(1, 2), (1, 8)])]
    apart = Row(trees, 2, torch.device("cpu"))
    monkeypatch.setattr(tree, "_APART", ())
    whole = Row(trees, 2, torch.device("cpu"))
    for window in (None, 3):
        (seen,) = whole.seen(window)
        expected = torch.zeros_like(seen)
        for block, part in zip(apart.blocks, apart.seen(window), strict=True):
            expected[block.first : block.last, :2] = part[:, :2]
            expected[block.first : block.last, 2 + block.begin : 2 + block.last] = part[:, 2:]
        assert torch.equal(seen, expected)


def test_a_token_sees_what_stands_before_it_in_its_own_sequence_and_nothing_else() -> None:
    """And all that stands before the row; a window counts positions, not places."""
    trees = [Tree(SEQUENCES), Tree([(1, 2), (1, 8)])]
    row = Row(trees, 2, torch.device("cpu"))
    assert row.positions[0, :2].tolist() == [2, 3]
    for window in (None, 3):
        for one, begin, block, seen in zip(trees, row.begins, row.blocks, row.seen(window), strict=True):
            assert (block.first, block.last) == (begin, begin + len(one))
            for path in one.paths:
                for count, place in enumerate(path):
                    expected = {0, 1} | {2 + other for other in path[: count + 1]}
                    if window:
                        near = {0: 0, 1: 1} | {2 + other: 2 + one.depths[other] for other in path}
                        expected = {place for place in expected if near[place] > 2 + count - window}
                    assert set(seen[place].nonzero()[:, 0].tolist()) == expected
