"""Questions on a paper: as many as its figures and tables give, spread over operations and kinds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ingest.papers.records import Figure, Item, Paper, Table
from ingest.questions import figure_program, grid
from ingest.questions.cited import cited_draft, masked, tells_of
from ingest.questions.deal import Dealer
from ingest.questions.draft import Draft
from ingest.questions.draw import drawn, with_unanswerable
from ingest.questions.figures import Figures, bare_caption, caption_draft
from ingest.questions.grid import Grid, Refused
from ingest.questions.question import Evidence, Question
from ingest.questions.tables import Tables
from ingest.questions.unanswerable import without_answer
from ingest.questions.wording import preface
from ingest.records import Condition, Sample, content_hash
from ingest.sources.items import condition_of

_A_CELL = 2
"""Questions on a table for each of its cells at most: more would ask the same again."""

_CHOICE = condition_of(choices=True, answer="generate")
_NUMBER = Condition(template="{prompt}\nAnswer with the number and nothing else.")


@dataclass(frozen=True)
class Written:
    """What came of a paper."""

    questions: list[Question] = field(default_factory=list)

    refused: Counter[str] = field(default_factory=Counter)
    """Items and drafts that were given up, by reason."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A draft with what it is about."""

    draft: Draft

    content: dict[str, Any]
    """What its program is run on."""

    item: Item

    opening: str = ""
    """What stands before the question."""

    images: tuple[bytes, ...] = ()
    """What is shown; the item's own picture where there are none."""


def questions_of(paper: Paper, *, source: str, per_table: int = 16, per_figure: int = 6) -> Written:
    """Write questions on a paper. The same paper gives the same ones.

    Args:
        source: the name that the samples give as theirs.
        per_table: at most so many on a table.
        per_figure: at most so many on a figure's text layer.
    """
    written = Written()
    dealer = Dealer(_rng([[item.number, item.caption] for item in (*paper.tables, *paper.figures)]))
    for asked in _all_asked(paper, per_table, per_figure, dealer, written.refused):
        written.questions.append(question_of(paper, source, asked, dealer))
    return written


def _all_asked(
    paper: Paper, per_table: int, per_figure: int, dealer: Dealer, refused: Counter[str]
) -> Iterator[Asked]:
    for table in paper.tables:
        if table.image:
            yield from _about_table(table, per_table, dealer, refused)
    for figure in paper.figures:
        if figure.image:
            yield from _about_figure(figure, paper, per_figure, refused)
    refused.update("no picture" for item in (*paper.tables, *paper.figures) if not item.image)
    yield from _about_captions(paper, refused)
    yield from _about_citations(paper, dealer, refused)


def _about_table(table: Table, most: int, dealer: Dealer, refused: Counter[str]) -> Iterator[Asked]:
    """Questions that are computed from its cells."""
    content = grid.content_of(table)
    try:
        own = Grid(content)
    except Refused as reason:
        refused[f"table: {reason}"] += 1
        return
    asks = Tables(own, _rng(content))
    most = min(most, _A_CELL * len(own.rows) * len(own.columns))
    drafts = drawn(asks.operations(), most, asks.rng, refused)
    for draft in with_unanswerable(drafts, lambda one: without_answer(one, asks), dealer, asks.rng):
        opening = preface("Table", table.number, table.caption, asks.rng)
        yield Asked(draft=draft, content=content, item=table, opening=opening)


def _about_figure(figure: Figure, paper: Paper, most: int, refused: Counter[str]) -> Iterator[Asked]:
    """Questions from its text layer."""
    content = figure_program.content_of(figure)
    others = [figure_program.content_of(one) for one in paper.figures if one is not figure]
    elsewhere = [line.text for other in others for line in figure_program.lines_of(other)]
    asks = Figures(content, _rng(content), elsewhere)
    for draft in drawn(asks.operations(), most, asks.rng, refused):
        opening = preface("Figure", figure.number, figure.caption, asks.rng)
        yield Asked(draft=draft, content=content, item=figure, opening=opening)


def _about_captions(paper: Paper, refused: Counter[str]) -> Iterator[Asked]:
    """Which caption belongs to a figure."""
    captions = {figure.number: bare for figure in paper.figures if (bare := bare_caption(figure.caption))}
    for figure in paper.figures:
        if figure.image:
            content = {"captions": captions}
            try:
                draft = caption_draft(captions, figure.number, _rng([content, figure.number]))
            except Refused as reason:
                refused[str(reason)] += 1
            else:
                yield Asked(draft=draft, content=content, item=figure)


def _about_citations(paper: Paper, dealer: Dealer, refused: Counter[str]) -> Iterator[Asked]:
    """Which of several figures a paragraph speaks of."""
    shown = {figure.number: figure for figure in paper.figures if figure.image}
    captions = {number: figure.caption for number, figure in shown.items()}
    citing = {
        number: [
            text for one in figure.citing if tells_of(one, number, captions) and (text := masked(one, number))
        ]
        for number, figure in shown.items()
    }
    for number, figure in shown.items():
        content = {"citing": citing}
        try:
            draft = cited_draft(citing, number, dealer, _rng([content, number]))
        except Refused as reason:
            refused[str(reason)] += 1
        else:
            images = tuple(shown[one].image for one in draft.program["order"])
            yield Asked(draft=draft, content=content, item=figure, images=images)


def question_of(paper: Paper, source: str, asked: Asked, dealer: Dealer) -> Question:
    """A draft as an item of a release."""
    draft, item = asked.draft, asked.item
    name: Literal["figure", "table"] = "table" if isinstance(item, Table) else "figure"
    options = _laid_out(draft, dealer)
    place, number = item.region, content_hash([draft.program, asked.content])[:12]
    sample = Sample(
        prompt=f"{asked.opening} {draft.question}".strip(),
        grader="choice" if options else "numeric",
        reference=draft.answer.text,
        choices=tuple(options),
        images=asked.images or (item.image,),
        condition=_CHOICE if options else _NUMBER,
        source=source,
        source_id=f"{paper.paper_id}{paper.version}/{name}-{item.number or 0}/{number}",
        cluster=paper.paper_id,
        tags=(name, str(draft.program["op"]), draft.kind, *paper.categories),
        licence=paper.licence,
        published_at=paper.published_at,
    )
    return Question(
        sample=sample,
        kind=draft.kind,
        program=draft.program,
        content=asked.content,
        evidence=Evidence(
            item=name,
            number=item.number,
            route=item.route,
            page=place.page if place else None,
            box=place.box if place else None,
        ),
    )


def _laid_out(draft: Draft, dealer: Dealer) -> list[str]:
    """A draft's options in their order."""
    if not draft.wrong or draft.program["op"] == "cited":  # in the order of the pictures
        return sorted(draft.options)
    wrong = list(draft.wrong)
    _rng([draft.program, draft.question, wrong]).shuffle(wrong)
    wrong.insert(dealer.deal(f"place {draft.program['op']}"), draft.answer.text)
    return wrong


def _rng(content: Any) -> random.Random:
    """Chance that only the content decides."""
    return random.Random(content_hash(content))
