"""Figures and tables in the text of a paper: each caption with what belongs to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from ingest.papers.latex.numbering import Counters, Kind, events
from ingest.papers.latex.scan import Environment, argument, closing, commands, environments, option
from ingest.papers.latex.tabular import TABULARS

FLOATS = re.compile(
    r"(?:figure|table|wrapfigure|wraptable|sidewaysfigure|sidewaystable|SCfigure|SCtable|longtable|teaserfigure"
    r"|marginfigure|margintable)\*?"
)
_PANEL_ENVIRONMENTS = re.compile(r"sub(?:figure|table|captionblock)\*?|subfloat")
_PANEL_COMMANDS = "subfloat|subfigure|subtable|subcaptionbox"
_LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_MOST_FLOATS = 1_000
_REPEATED_HEAD = re.compile(r"\\endfirsthead.*?\\endhead(?![a-z])", re.DOTALL)


@dataclass
class Part:
    """A panel as it stands in the source."""

    caption: str
    labels: tuple[str, ...]
    letter: str


@dataclass
class Float:
    """One caption and what it is of, in LaTeX."""

    kind: Kind
    number: str
    """Empty for a table without a caption."""

    caption: str
    labels: list[str] = field(default_factory=list)
    graphics: list[str] = field(default_factory=list)
    """Names given to \\includegraphics."""

    tabulars: list[Environment] = field(default_factory=list)
    panels: list[Part] = field(default_factory=list)


@dataclass
class Found:
    """All floats of a text, and the text without them."""

    floats: list[Float]
    running: str
    """The text, an empty line in place of each float."""


def find_floats(preamble: str, body: str) -> Found:
    """Every figure and table, numbered as LaTeX does."""
    counters = Counters()
    for event in events(preamble):
        if event[1] not in ("section", "chapter"):
            counters.event(event)
    found = Found([], "")
    running: list[str] = []
    at = 0
    for environment in environments(body, FLOATS):
        if len(found.floats) > _MOST_FLOATS:
            break
        between = body[at : environment.start]
        for event in events(between):
            counters.event(event)
        running += [between, "\n\n"]
        found.floats += islice(_read(environment, counters), _MOST_FLOATS)
        at = environment.end
    found.running = "".join([*running, body[at:]])
    return found


@dataclass(frozen=True)
class _Caption:
    start: int
    end: int
    kind: Kind
    text: str
    numbered: bool


def _read(environment: Environment, counters: Counters) -> Iterator[Float]:
    kind: Kind = "table" if "table" in environment.name else "figure"
    body = environment.body
    for event in events(body):
        if event[1] in ("setcounter", "renewcommand"):
            counters.event(event)
    panels, outside = _panels(body)
    captions = list(_captions(outside, kind))
    if environment.name.startswith("longtable"):
        inner = _blank(outside, [(c.start, c.end) for c in captions])
        tabulars = [
            Environment(environment.name, _once(inner), environment.start, environment.end, environment.inside)
        ]
    else:
        tabulars = environments(body, TABULARS)
    if not captions:
        if tabulars and kind == "table" and not panels:
            yield Float(kind, "", "", _labels(outside, 0, len(outside)), tabulars=tabulars)
        return
    graphics = [
        (found.start(), _graphic(body, found.end())) for found in commands(body, "includegraphics|epsfig|psfig")
    ]
    shares = _shares(captions, [at for at, _ in graphics] + [t.start for t in tabulars], len(body))
    for index, caption in enumerate(captions):
        if not caption.numbered or "\\ContinuedFloat" in body:
            continue
        low, high = shares[index]
        whole = (0, len(body)) if len(captions) == 1 else (low, high)
        yield Float(
            caption.kind,
            counters.step(caption.kind),
            caption.text,
            labels=_labels(outside, *_label_range(captions, index, len(outside))),
            graphics=[name for at, name in graphics if whole[0] <= at < whole[1] and name],
            tabulars=[t for t in tabulars if len(captions) == 1 or low <= t.start < high],
            panels=[panel for at, panel in panels if whole[0] <= at < whole[1]],
        )


def _captions(text: str, kind: Kind) -> Iterator[_Caption]:
    at = 0
    for found in commands(text, "caption|captionof|captionsetup|tabcaption|figcaption"):
        command = found[1]
        if found.start() < at or command.startswith("\\captionsetup"):
            continue
        end, own = found.end(), kind
        if command.startswith("\\captionof"):
            said, end = argument(text, end)
            own = "table" if "table" in said else "figure"
        elif command.startswith(("\\tabcaption", "\\figcaption")):
            own = "table" if command.startswith("\\tab") else "figure"
        _, end = option(text, end)
        content, at = argument(text, end)
        yield _Caption(found.start(1), at, own, content, not command.endswith("*"))


def _shares(captions: list[_Caption], things: list[int], length: int) -> list[tuple[int, int]]:
    """For each of several captions the stretch of the body that belongs to it: what lies before it, if something
    lies before the first of them, else what lies behind it."""
    starts = [caption.start for caption in captions]
    if any(at < starts[0] for at in things):
        return list(zip([0, *[caption.end for caption in captions[:-1]]], starts, strict=True))
    return list(zip([caption.end for caption in captions], [*starts[1:], length], strict=True))


def _label_range(captions: list[_Caption], index: int, length: int) -> tuple[int, int]:
    """A label comes behind its caption or within it; the first caption has those before it, too."""
    end = captions[index + 1].start if index + 1 < len(captions) else length
    return (0 if index == 0 else captions[index].start), end


def _labels(text: str, start: int, end: int) -> list[str]:
    return [label.strip() for label in _LABEL.findall(text, start, end)]


def _panels(body: str) -> tuple[list[tuple[int, Part]], str]:
    """The lettered parts with where they stand, and the body with their captions and labels blanked out."""
    stretches: list[tuple[int, int, str, tuple[str, ...]]] = []
    for environment in environments(body, _PANEL_ENVIRONMENTS):
        caption = next(_captions(environment.body, "figure"), None)
        labels = tuple(_labels(environment.body, 0, len(environment.body)))
        stretches.append((environment.start, environment.end, caption.text if caption else "", labels))
    for command in commands(body, _PANEL_COMMANDS):
        if any(start <= command.start() < end for start, end, _, _ in stretches):
            continue
        box = command[1].startswith("\\subcaptionbox")
        at = command.end()
        text: str | None
        if box:
            text, at = argument(body, at)
            _, at = option(body, at)
        else:
            text, at = option(body, at)
            second, at = option(body, at)
            text = second if second is not None else text
        start = body.find("{", at)
        end = closing(body, start) + 1 if start >= 0 else at
        labels = tuple(_labels(body, command.start(), end))
        stretches.append((command.start(), end, _LABEL.sub("", text or ""), labels))
    stretches.sort()
    panels = [
        (start, Part(text, labels, chr(ord("a") + index)))
        for index, (start, _, text, labels) in enumerate(stretches[:26])
    ]
    return panels, _blank(body, [(start, end) for start, end, _, _ in stretches])


def _blank(text: str, stretches: list[tuple[int, int]]) -> str:
    """The text with stretches of it replaced by as many spaces."""
    for start, end in stretches:
        text = text[:start] + " " * (min(end, len(text)) - start) + text[end:]
    return text


def _once(body: str) -> str:
    """A long table's body with its head once and without what stands at the foot of each page."""
    body = _REPEATED_HEAD.sub(r"\\endhead ", body)
    foot = re.search(r"\\end(?:last)?foot(?![a-z])", body)
    if foot is None:
        return body
    last = list(re.finditer(r"\\end(?:last)?foot(?![a-z])", body))[-1]
    head = re.search(r"\\end(?:first)?head(?![a-z])", body)
    return body[: head.end()] + body[last.end() :] if head and head.end() < last.end() else body[last.end() :]


def _graphic(text: str, at: int) -> str:
    _, at = option(text, at)
    _, at = option(text, at)
    name = argument(text, at)[0]
    named = re.search(r"(?:file|figure)\s*=\s*([^,\s]+)", name)  # \epsfig
    return named[1] if named else name.strip()
