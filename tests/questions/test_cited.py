"""Questions which of several figures a paragraph speaks of."""

from __future__ import annotations

import random

import pytest

from ingest.questions.cited import cited_draft, masked, tells_of
from ingest.questions.deal import Dealer
from ingest.questions.grid import Refused

LONG = "papers of the last ten years cite more of their own field than those of the ten before"
CAPTIONS = {
    "1": "Overview of the annotation pipeline for structured text.",
    "2": "Distribution of papers by field of study.",
    "3": "Embeddings of papers in six categories, drawn with t-SNE.",
}


@pytest.mark.parametrize(
    ("paragraph", "text"),
    [
        (f"As Figure 2 shows, {LONG}.", f"As Figure [number] shows, {LONG}."),
        (f"Fig. 2a and Fig. 2b agree that {LONG}.", ""),
        (f"See Figure 2 and Table 1: {LONG}.", ""),
        (f"See Figures 2 and 3: {LONG}.", ""),
        (f"Nothing is cited, yet {LONG}.", ""),
        ("As Figure 2 shows, all is well.", ""),
        ("Figure 2 " + "word " * 300, ""),
    ],
)
def test_a_paragraph_loses_the_number(paragraph: str, text: str) -> None:
    assert masked(paragraph, "2") == text


@pytest.mark.parametrize(
    ("paragraph", "told"),
    [
        ("The fields of study are given in Figure 2: their distribution is uneven.", True),
        ("The output of this is visualized in Figure 2.", False),  # there is one, and that is all
        ("“As Figure 2 shows, the distribution by field of study is uneven”, as one would write.", False),
        ("where Figure 2 refers to the distribution of fields of study.", False),  # cut at a page
        ("The fields of study are given in Figure 2: their distribution is un-", False),
        ("The distribution of fields of study (Appendix ??) is given in Figure 2.", False),
        ("Figure 2: categories of study, of which embeddings are drawn.", False),  # more of another one
    ],
)
def test_a_paragraph_that_tells_nothing_of_the_figure_is_not_used(paragraph: str, told: bool) -> None:
    assert tells_of(paragraph, "2", CAPTIONS) == told


def test_which_picture() -> None:
    citing = {"0": ["It grows."], "1": [], "2": ["It falls.", "Both move."], "3": ["Both move."]}
    dealer = Dealer(random.Random(1))
    drafts = [cited_draft(citing, "2", dealer, random.Random(1)) for _ in range(4)]
    for draft in drafts:
        assert draft.program["paragraph"] == "It falls."
        assert draft.program["order"][int(draft.answer.text.split()[1]) - 1] == "2"
    assert len({draft.answer.text for draft in drafts}) == 4
    with pytest.raises(Refused, match="no paragraph"):
        cited_draft(citing, "3", dealer, random.Random(1))
