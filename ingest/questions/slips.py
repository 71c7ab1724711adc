"""Wrong options of cells, rows and numbers: what a reader who slips would answer."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.questions.asker import Asker
from ingest.questions.draft import OPTIONS


class Slips(Asker):
    """Draws them for one table. Each raises `Refused` where there are too few."""

    def scaled(self, row: int, column: int) -> tuple[str, ...]:
        """Off by a unit: the number with another scale of its column, another one with both; or nothing."""
        found = {one: self.quantity(one, column) for one in self.rows_of(column)} if column in self.numeric else {}
        scales = sorted({quantity.scale for quantity in found.values() if quantity.scale})
        rows = [one for one, quantity in found.items() if quantity.scale and quantity.number >= 1]
        if row not in rows or len(rows) < 2 or len(scales) < 2 or self.rng.random() < 0.5:
            return ()
        other = self.pick([one for one in rows if one != row])
        texts, swap = [], dict(zip(scales, (*scales[1:], scales[0]), strict=True))
        for one in (row, other):
            text, scale = self.grid.text(one, column), found[one].scale
            texts += [text, swap[scale].join(text.rsplit(scale, 1))]
        return tuple(texts[1:])

    def corners(self, row: int, column: int) -> tuple[str, ...]:
        """Three cells beside one: the other corners of a rectangle, or cells of its column."""
        grid = self.grid
        rows = [one for one in grid.rows if one != row and not grid.missing(one, column)]
        if column in self.numeric and self.rng.random() < 0.8:
            beside = [one for one in self.numeric if one != column and grid.alike(one, column)]
            corners = [(b, c) for b in rows for c in beside if not grid.missing(row, c) and not grid.missing(b, c)]
            if corners:
                other, across = self.pick(corners)
                places = [(other, column), (row, across), (other, across)]
                if len({grid.text(*place) for place in [(row, column), *places]}) == OPTIONS:
                    return tuple(grid.text(*place) for place in places)
        differing = {grid.text(one, column) for one in rows} - {grid.text(row, column)}
        return tuple(self.several(sorted(differing), OPTIONS - 1))

    def other_rows(self, right: str, rows: Sequence[int]) -> tuple[str, ...]:
        """Names of three of these rows, the right one not among them."""
        names = [self.grid.row_names[row] for row in rows if row in self.grid.row_names]
        return tuple(self.several([name for name in names if name != right], OPTIONS - 1))


def opposite(number: str) -> str:
    """The number with the other sign."""
    return number[1:] if number.startswith("-") else f"-{number}"
