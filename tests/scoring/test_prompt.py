"""From a sample to the text that a model gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalhub.scoring.prompt import render, request
from ingest.records import Condition, Sample

SAMPLE = Sample(
    prompt="Which {choices} or {prompt}?",
    grader="choice",
    reference="red",
    choices=("red", "{prompt}"),
    images=(b"png",),
    source="s",
    source_id="1",
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{prompt}", "Which {choices} or {prompt}?"),
        ("Q: {prompt}\nA:", "Q: Which {choices} or {prompt}?\nA:"),
        ("{prompt} One of {choices}.", "Which {choices} or {prompt}? One of red, {prompt}."),
        ("{prompt}\n{choices}\nAnswer:", "Which {choices} or {prompt}?\nA. red\nB. {prompt}\nAnswer:"),
        ("{prompt} {other} {}", "Which {choices} or {prompt}? {other} {}"),
    ],
)
def test_only_the_templates_own_places_are_filled(template: str, text: str) -> None:
    """Braces in a prompt or a choice stay as they are."""
    assert render(SAMPLE, template) == text


def test_a_request_carries_what_the_model_needs() -> None:
    """The text, the choices, the images and the key of its random stream."""
    condition = Condition(template="{prompt}!")
    made = request(replace(SAMPLE, prompt="x"), condition, 3, 4)
    assert (made.text, made.seed, made.attempt, made.condition) == ("x!", 3, 4, condition)
    assert (made.choices, made.images) == (SAMPLE.choices, SAMPLE.images)
    assert made.sample_id == replace(SAMPLE, prompt="x").sample_id
