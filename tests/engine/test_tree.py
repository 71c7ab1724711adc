"""Sequences packed as trees."""

from __future__ import annotations

import torch

from evalhub.engine.tree import Row, Tree

SEQUENCES = [(1, 2, 3, 4), (1, 2, 5), (1, 2, 3, 6, 7), (1, 2), (1, 2, 5), (9,)]


def test_a_tree_has_every_beginning_once_and_every_sequence_along_its_path() -> None:
    tree = Tree(SEQUENCES)
    beginnings = {sequence[:length] for sequence in SEQUENCES for length in range(1, len(sequence) + 1)}
    assert len(tree) == len(beginnings)
    for sequence, path in zip(SEQUENCES, tree.paths, strict=True):
        assert tuple(tree.tokens[place] for place in path) == sequence
        assert [tree.depths[place] for place in path] == list(range(len(sequence)))
    assert tree.paths[1] == tree.paths[4]


def test_a_token_sees_what_stands_before_it_in_its_own_sequence_and_nothing_else() -> None:
    """And all that stands before the row; a window counts positions, not places."""
    trees = [Tree(SEQUENCES), Tree([(1, 2), (1, 8)])]
    row = Row(trees, 2, torch.device("cpu"))
    assert row.positions[0, :2].tolist() == [2, 3]
    for window in (None, 3):
        for tree, begin, block, seen in zip(trees, row.begins, row.blocks, row.seen(window), strict=True):
            assert (block.first, block.last) == (begin, begin + len(tree))
            for path in tree.paths:
                for count, place in enumerate(path):
                    expected = {0, 1} | {2 + other for other in path[: count + 1]}
                    if window:
                        near = {0: 0, 1: 1} | {2 + other: 2 + tree.depths[other] for other in path}
                        expected = {one for one in expected if near[one] > 2 + count - window}
                    assert set(seen[place].nonzero()[:, 0].tolist()) == expected
