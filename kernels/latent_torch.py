"""The E-step of `kernels.latent` in batched torch, for a GPU.

Both of its sums are sums of rows of a table over runs of entries: of the log-chances at each entry's model and
level over a sample's entries, and of the samples' posteriors over a model's entries. torch's embedding bags take
such sums without writing out what they add; a model's entries, which may be many, are summed in pieces. The
entries stay on the device between the steps of a fit, in both orders (24 bytes each, 8 where all weigh 1); of the
samples so many are worked on at a time as fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch

from kernels.device import in_halves, lent
from kernels.latent_rows import Nodes, Posterior, Rows

_CELLS = 2**27
"""Samples times nodes at a time; some four numbers of 8 bytes are held of each."""

_ENTRIES = 2**28
"""Entries of about so many are worked on at a time."""

_PIECE = 2**11
"""Entries of a column that one bag takes: a thread adds up a number of a bag, entry by entry, and few models would
make few bags. The pieces of a column are as many at four million entries."""


@dataclass(frozen=True)
class _Chunk:
    """Entries of a run of samples, on the device."""

    column: torch.Tensor
    """(e,) int32: model times levels plus level, in the order of the samples."""

    start: torch.Tensor
    """(s+1,) int32: where the entries of a sample begin."""

    often: torch.Tensor | None
    """(e,) weights of entries; None where all are 1."""

    sample: torch.Tensor
    """(e,) int32: of the run, in the order of the columns."""

    piece_start: torch.Tensor
    """(p+1,) int32: where pieces of at most `_PIECE` entries of one column begin in that order."""

    column_start: torch.Tensor
    """(M * L + 1,) int32: where the pieces of a column begin."""

    column_often: torch.Tensor | None
    """(e,) weights in that order."""


class Card:
    """Rows on a device.

    Args:
        rows: of all samples.
        device: of torch.
    """

    def __init__(self, rows: Rows, device: str) -> None:
        self._rows, self._device = rows, device
        self._alike = rows.weight.strides == (0,) and bool((rows.weight[:1] == 1).all())
        self._chunks: dict[tuple[int, int], _Chunk] = {}
        self._cells = _CELLS

    def posterior(self, nodes: Nodes, weight: np.ndarray) -> Posterior:
        """What `kernels.latent.posterior` promises."""
        models, levels, width = nodes.log_chance.shape
        samples, entries = weight.size, int(self._rows.start[-1] - self._rows.start[0])
        most = max(1, min(self._cells // width, _ENTRIES * samples // max(1, entries)))
        table, log_prior, node = map(
            self._numbers, (nodes.log_chance.reshape(-1, width), nodes.log_prior, nodes.node)
        )
        counts, totals = torch.zeros_like(table), torch.zeros_like(node)
        laid, self._chunks = self._chunks, {}

        def part(first: int, last: int) -> torch.Tensor:
            chunk = laid.pop((first, last), None) or self._chunk(first, last, levels, len(table))
            mean, often = self._numbers(nodes.mean[first:last]), self._numbers(weight[first:last])
            log_node = _sums(chunk.column, table, chunk.start, chunk.often)
            log_node += log_prior - nodes.precision / 2 * (node - mean[:, None]) ** 2
            each = log_node.logsumexp(1)
            share = log_node.sub_(each[:, None]).exp_()
            found = torch.stack([each, share @ node, share @ node**2])
            of_all = often @ share
            pieces = _sums(chunk.sample, share.mul_(often[:, None]), chunk.piece_start, chunk.column_often)
            piece = torch.arange(len(pieces), dtype=torch.int32, device=pieces.device)
            more = _sums(piece, pieces, chunk.column_start, None)
            # What lacks memory has failed by now, so that nothing is added twice.
            counts.add_(more)
            totals.add_(of_all)
            self._chunks[first, last] = chunk
            return found

        found = torch.cat([table.new_empty(3, 0), *in_halves(part, samples, most, "samples")], 1)
        fitted = max((last - first for first, last in self._chunks), default=most)
        if fitted < min(most, samples):
            self._cells = fitted * width
        each, first, second = found.cpu().numpy()
        counted = counts.cpu().numpy().reshape(models, levels, width)
        return Posterior(each, counted, totals.cpu().numpy(), first, second)

    def _chunk(self, first: int, last: int, levels: int, columns: int) -> _Chunk:
        """Entries of samples first to last, in both orders."""
        start = self._rows.start[first : last + 1]
        here = slice(int(start[0]), int(start[-1]))
        starts = lent((start - start[0]).astype(np.int32)).to(self._device)
        model, level = (lent(given[here]).to(self._device) for given in (self._rows.model, self._rows.level))
        column = model.int() * levels + level
        often = None if self._alike else self._numbers(self._rows.weight[here])
        order = column.argsort(stable=True)
        samples = torch.arange(last - first, dtype=torch.int32, device=self._device)
        sample = samples.repeat_interleave(starts.diff())[order]
        piece_start, column_start = _pieces(torch.bincount(column, minlength=columns))
        column_often = None if often is None else often[order]
        return _Chunk(column, starts, often, sample, piece_start, column_start, column_often)

    def _numbers(self, given: np.ndarray) -> torch.Tensor:
        return lent(np.asarray(given, np.float64)).to(self._device)


def _pieces(lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of columns of so many entries, side by side, where their pieces begin, (p+1,), and the columns among these,
    (columns + 1,): int32."""
    pieces = (lengths + _PIECE - 1) // _PIECE
    begin, first = (torch.nn.functional.pad(sizes.cumsum(0), (1, 0)) for sizes in (lengths, pieces))
    # A piece begins behind all pieces of its column that are before it, and those are full.
    skipped = (begin[:-1] - first[:-1] * _PIECE).repeat_interleave(pieces)
    at = skipped + torch.arange(len(skipped), device=lengths.device) * _PIECE
    return torch.cat([at, begin[-1:]]).int(), first.int()


def _sums(
    entry: torch.Tensor, table: torch.Tensor, start: torch.Tensor, often: torch.Tensor | None
) -> torch.Tensor:
    """Of each run of entries the sum of their rows of the table, times how often."""
    return torch.nn.functional.embedding_bag(
        entry, table, start, mode="sum", per_sample_weights=often, include_last_offset=True
    )


_laid: WeakKeyDictionary[Rows, Card] = WeakKeyDictionary()


def posterior_on_card(rows: Rows, nodes: Nodes, weight: np.ndarray, device: str = "cuda") -> Posterior:
    """What `kernels.latent.posterior` promises; the rows stay on the device for as long as they are held."""
    card = _laid.get(rows)
    if card is None:
        card = _laid[rows] = Card(rows, device)
    return card.posterior(nodes, weight)
