"""Where on its page the thing is that a caption is of: what is painted between it and the nearest text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ingest.papers.pdf.layout import Caption, Page, span
from ingest.papers.pdf.pages import Box, Document, Graphics, PageWord, Rules, union

Side = Literal["above", "below"]

_NEAR = 12.0
"""How far from a figure's graphics, in points, its labels and panel letters may stand."""

_REACH = 60.0
"""How far from its caption, in points, a table's nearest line or row may be."""

_ROW_GAP = 2.5
"""How many line heights of nothing end a table without rules."""

_SAME_EDGE = 4.0
_MARGIN = 0.06
_SMALLEST = 8.0
_WHOLE_PAGE = 0.8
_GAP_AROUND = 2.0


@dataclass
class PageContent:
    """What a page with captions holds, each read once and only when it is asked for."""

    page: Page
    captions: list[Caption]
    words: list[PageWord]
    graphics: Graphics
    rules: Rules
    taken: list[Box] = field(default_factory=list)
    """What is known to belong to a caption."""


@dataclass(frozen=True)
class Area:
    """Where something stands, and on which side of its caption."""

    box: Box
    side: Side
    ruled: bool = False
    """Whether lines at its top and bottom say where it ends."""


def read_content(document: Document, page: Page, captions: list[Caption]) -> PageContent:
    """Everything on a page that captions may be of."""
    tables = any(caption.kind == "table" for caption in captions)
    return PageContent(
        page,
        captions,
        document.words(page.number),
        document.graphics(page.number),
        document.rules(page.number) if tables else Rules((), (), ()),
    )


def band(content: PageContent, caption: Caption, side: Side) -> Box:
    """The room above or below a caption, up to running text, another caption, or what is already known to be
    something else."""
    low, high = span(content.page, caption, content.captions)
    walls = [
        *content.page.prose,
        *content.taken,
        *(other.box for other in content.captions if other is not caption),
    ]
    walls = [box for box in walls if _stands_in(box, low, high) and not _middle_in(box, caption.box)]
    edge = content.page.height * _MARGIN
    if side == "above":
        top = max((box[3] for box in walls if (box[1] + box[3]) / 2 < caption.box[1]), default=edge)
        return (low, min(top, caption.box[1]), high, caption.box[1])
    bottom = min(
        (box[1] for box in walls if (box[1] + box[3]) / 2 > caption.box[3]), default=content.page.height - edge
    )
    return (low, caption.box[3], high, max(bottom, caption.box[3]))


def _stands_in(box: Box, low: float, high: float) -> bool:
    """Whether a box takes up a good part of the stretch from low to high, or a good part of it is there."""
    shared = min(box[2], high) - max(box[0], low)
    return shared > 0.3 * min(box[2] - box[0], high - low)


def figure_area(content: PageContent, caption: Caption, side: Side) -> Area | None:
    """The graphics on one side of a figure's caption with the words on and around them; else None."""
    room = band(content, caption, side)
    painted = [box for box in _painted(content) if _middle_in(box, room)]
    if not painted:
        return None
    area = _clipped(union(painted), room)
    if min(area[2] - area[0], area[3] - area[1]) < _SMALLEST:
        return None
    return Area(_with_words(area, content, room), side)


def text_area(content: PageContent, caption: Caption, side: Side) -> Area | None:
    """The words on one side of the caption of a figure that is made of words; else None."""
    room = band(content, caption, side)
    rows = _rows_from_caption([word for word in content.words if _middle_in(word.box, room)], caption, side)
    return Area(union([word.box for word in rows]), side) if len(rows) > 3 else None


def _painted(content: PageContent) -> list[Box]:
    """What is painted and is no ground of the page, no line of its head or foot, no line within running text."""
    page = content.page
    found = []
    for box in (*content.graphics.images, *content.graphics.paths):
        width, height = box[2] - box[0], box[3] - box[1]
        if width > _WHOLE_PAGE * page.width and height > _WHOLE_PAGE * page.height:
            continue
        edge = box[3] < page.height * _MARGIN or box[1] > page.height * (1 - _MARGIN)
        footnote = (
            height < 1.5 and box[1] > page.height / 2 and 30 < width < page.width / 3 and _alone(box, content)
        )
        if edge or footnote or any(_middle_in(box, area) for area in content.taken):
            continue
        found.append(box)
    return found


def _alone(line: Box, content: PageContent) -> bool:
    """Whether nothing else is painted within a few points of a line: so stand the lines above footnotes."""
    near = (line[0] - 4, line[1] - 20, line[2] + 4, line[3] + 20)
    others = (box for box in (*content.graphics.images, *content.graphics.paths) if box != line)
    return not any(_overlap(near, box) for box in others)


def _with_words(area: Box, content: PageContent, room: Box) -> Box:
    """An area grown by the words on it and near it, and by those next to these."""
    free = [
        word.box
        for word in content.words
        if _middle_in(word.box, room) and not any(_middle_in(word.box, box) for box in content.taken)
    ]
    for reach in (_NEAR, _NEAR / 2):
        near = (area[0] - reach, area[1] - reach, area[2] + reach, area[3] + reach)
        area = union([area, *(box for box in free if _overlap(near, box))])
    return area


@dataclass(frozen=True)
class _Stack:
    """Lines of the same width above each other."""

    left: float
    right: float
    lines: tuple[float, ...]


def table_area(content: PageContent, caption: Caption, side: Side) -> Area | None:
    """Where a table stands on one side of its caption: between its first and last ruled line, else the rows of
    words next to the caption; else None."""
    room = band(content, caption, side)
    stacks = [stack for stack in _stacks(content.rules, room) if _reach(stack, caption, side) < _REACH]
    if stacks:
        nearest = min(stacks, key=lambda stack: (round(_reach(stack, caption, side)), stack.left - stack.right))
        stack = _extended(nearest, stacks)
        box = (stack.left, stack.lines[0], stack.right, stack.lines[-1])
        inside = [
            word.box for word in content.words
            if box[1] - 1 < (word.box[1] + word.box[3]) / 2 < box[3] + 1 and _middle_in(word.box, room)
        ]  # fmt: skip
        return Area(union([box, *inside]), side, ruled=True) if inside else None
    words = [word for word in content.words if word.upright and _middle_in(word.box, room)]
    rows = _rows_from_caption(words, caption, side)
    if len(rows) < 4 or len({round(word.box[1] / 4) for word in rows}) < 2:
        return None
    return Area(union([word.box for word in rows]), side)


def _stacks(rules: Rules, room: Box) -> list[_Stack]:
    """The stacks of at least two lines within a room."""
    groups: list[list[Box]] = []
    for line in rules.across:
        if not (_middle_in(line, room) and line[2] - line[0] > 30):
            continue
        for group in groups:
            if abs(group[0][0] - line[0]) < _SAME_EDGE and abs(group[0][2] - line[2]) < _SAME_EDGE:
                group.append(line)
                break
        else:
            groups.append([line])
    return [
        _Stack(min(line[0] for line in group), max(line[2] for line in group), tuple(line[1] for line in group))
        for group in groups
        if len(group) > 1 and group[-1][1] - group[0][1] > _SMALLEST
    ]


def _extended(stack: _Stack, others: Sequence[_Stack]) -> _Stack:
    """A stack with those that overlap it in height: lines that leave out a column are lines of the same table."""
    for other in others:
        if other.lines[0] < stack.lines[-1] and other.lines[-1] > stack.lines[0]:
            lines = tuple(sorted({*stack.lines, *other.lines}))
            stack = _Stack(min(stack.left, other.left), max(stack.right, other.right), lines)
    return stack


def _reach(stack: _Stack, caption: Caption, side: Side) -> float:
    return caption.box[1] - stack.lines[-1] if side == "above" else stack.lines[0] - caption.box[3]


def _rows_from_caption(words: Sequence[PageWord], caption: Caption, side: Side) -> list[PageWord]:
    """The words from the caption on, until a gap ends them."""
    ordered = sorted(words, key=lambda word: word.box[1], reverse=side == "above")
    found: list[PageWord] = []
    edge = caption.box[1] if side == "above" else caption.box[3]
    for word in ordered:
        height = word.box[3] - word.box[1]
        gap = edge - word.box[3] if side == "above" else word.box[1] - edge
        if gap > _ROW_GAP * height:
            break
        found.append(word)
        edge = min(edge, word.box[1]) if side == "above" else max(edge, word.box[3])
    return found


def _middle_in(box: Box, room: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return room[0] <= x <= room[2] and room[1] - 1 <= y <= room[3] + 1


def _clipped(box: Box, room: Box) -> Box:
    """A box cut to the height of a room: paths may be painted beyond what shows."""
    return (box[0], max(box[1], room[1]), box[2], min(box[3], room[3]))


def _overlap(a: Box, b: Box) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def padded(box: Box, page: Page, caption: Caption) -> Box:
    """A box with a little room around it, on the page and clear of the caption."""
    x0, y0, x1, y1 = box
    x0, x1 = max(0.0, x0 - _GAP_AROUND), min(page.width, x1 + _GAP_AROUND)
    y0, y1 = max(0.0, y0 - _GAP_AROUND), min(page.height, y1 + _GAP_AROUND)
    if y1 > caption.box[1] > y0 and (y0 + y1) / 2 < caption.box[1]:
        y1 = caption.box[1]
    elif y0 < caption.box[3] < y1 and (y0 + y1) / 2 > caption.box[3]:
        y0 = caption.box[3]
    return (x0, y0, x1, y1)
