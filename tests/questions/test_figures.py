"""Questions on a figure's text layer, on captions and on citations."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from ingest.questions.figure_program import content_of, lines_of, run, ticks_of
from ingest.questions.figures import Figures, bare_caption, caption_draft
from ingest.questions.grid import Refused
from tests.questions.papers import CHART, figure, words


def content() -> dict[str, Any]:
    return json.loads(json.dumps(content_of(CHART)))


def test_words_are_put_together_to_lines() -> None:
    texts = [line.text for line in lines_of(content())]
    assert "Batch size" in texts
    assert "Tokens per second" in texts  # turned, read upwards
    assert {"ours", "baseline", "oracle", "0", "20"} <= set(texts)


def test_numbers_at_the_axes() -> None:
    lines = lines_of(content())
    assert [text for text, _ in ticks_of(lines, "horizontal")] == ["0", "20", "40", "60"]
    assert [text for text, _ in ticks_of(lines, "vertical")] == ["1.0", "1.5", "2.0", "2.5"]


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ({"op": "tick", "axis": "horizontal", "end": "largest"}, "60"),
        ({"op": "tick", "axis": "vertical", "end": "smallest"}, "1.0"),
        ({"op": "turned label"}, "Tokens per second"),
        ({"op": "shown", "among": ["oracle", "random", "human"]}, "oracle"),
    ],
)
def test_programs_over_words(program: dict[str, Any], answer: str) -> None:
    assert run(program, content()).text == answer


def test_two_charts_in_one_figure_have_no_single_axis() -> None:
    again = words(("0", 350, 200), ("5", 400, 200), ("10", 450, 200))
    both = replace(CHART, words=(*CHART.words, *again, *words(("0", 50, 400), ("5", 100, 400), ("10", 150, 400))))
    with pytest.raises(Refused, match="several"):
        run({"op": "tick", "axis": "horizontal", "end": "largest"}, content_of(both))
    uneven = replace(CHART, words=tuple(words(("0", 50, 200), ("5", 100, 200), ("70", 150, 200))))
    with pytest.raises(Refused, match="no numbers"):
        run({"op": "tick", "axis": "horizontal", "end": "largest"}, content_of(uneven))


@pytest.mark.parametrize(
    "program",
    [
        {"op": "draw"},
        {"op": "tick"},
        {"op": "shown", "among": ["oracle", "baseline"]},
        {"op": "shown", "among": ["human"]},
        {"op": "panel", "letter": "a"},
        {"op": "caption", "of": "9"},
    ],
)
def test_what_has_no_single_answer_is_refused(program: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        run(program, content())


def test_options_of_an_axis_are_numbers_of_its_scale() -> None:
    asks = Figures(content(), random.Random(1), [])
    drafts = []
    for _ in range(60):
        try:
            drafts.append(asks.tick())
        except Refused:
            continue
    assert {draft.answer.text for draft in drafts} == {"60", "2.5"}
    below = [sum(float(one) < float(draft.answer.text) for one in draft.wrong) for draft in drafts]
    assert set(below) == {0, 1, 2, 3}


def test_panels_are_told_by_their_captions() -> None:
    shown = figure("2", "Four views.", panels=("Growth", "Decay", "Noise", "Trend"))
    draft = Figures(content_of(shown), random.Random(1), []).panel()
    assert (
        draft.answer.text
        == dict(zip("abcd", ("Growth", "Decay", "Noise", "Trend"), strict=True))[draft.program["letter"]]
    )
    assert len(draft.wrong) == 3


@pytest.mark.parametrize(
    ("caption", "bare"),
    [
        ("Figure 3: Growth over time. The line is a fit.", "Growth over time"),
        ("Table A1. Results.", "Results"),
        ("(a) Growth and (b) decay of the corpus.", "Growth and decay of the corpus"),
        ("Growth (left), decay (right).", "Growth, decay"),
        ("Accuracy for panels (a-c).", "Accuracy for"),
    ],
)
def test_captions_lose_what_alone_would_tell_them(caption: str, bare: str) -> None:
    assert bare_caption(caption) == bare


def test_which_caption() -> None:
    captions = {
        str(number): f"Caption of the {name} figure"
        for number, name in enumerate(("first", "second", "third", "fourth"))
    }
    draft = caption_draft(captions, "2", random.Random(1))
    assert draft.answer.text == "Caption of the third figure"
    with pytest.raises(Refused, match="too few"):
        caption_draft({one: captions[one] for one in "012"}, "2", random.Random(1))


def test_labels_beside_the_right_one_look_like_it_and_stand_in_other_figures() -> None:
    elsewhere = ["greedy", "random", "sampled", "Citeomatic (2018)", "Recall @ 5", "oracle"]
    drafts = []
    for seed in range(9):
        with suppress(Refused):  # where it is about an axis, like which there is no label elsewhere
            drafts.append(Figures(content(), random.Random(seed), elsewhere).shown())
    assert {draft.answer.text for draft in drafts} == {"ours", "baseline", "oracle"}
    assert {option for draft in drafts for option in draft.wrong} == {"greedy", "random", "sampled"}
    for seed in range(9):
        with pytest.raises(Refused, match="too few labels"):
            Figures(content(), random.Random(seed), elsewhere[1:]).shown()
