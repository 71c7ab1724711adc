"""From a sample and a condition to the text that a model gets."""

from __future__ import annotations

from evalhub.backends.base import Request
from evalhub.scoring.likelihood import continuations
from ingest.records import Condition, Sample


def request(sample: Sample, condition: Condition, seed: int, attempt: int) -> Request:
    """An attempt of a sample under a condition, ready for a backend."""
    text = render(sample, condition.template)
    return Request(
        sample_id=sample.sample_id,
        attempt=attempt,
        seed=seed,
        text=text,
        condition=condition,
        choices=sample.choices,
        images=sample.images,
        continuations=continuations(sample, condition, text),
    )


def render(sample: Sample, template: str) -> str:
    """Fill `{prompt}` and `{choices}`, both at once, so that braces in a prompt stay as they are."""
    options = ", ".join(sample.choices) if "\n{choices}" not in template else _lettered(sample.choices)
    filled = []
    for place, part in enumerate(template.split("{prompt}")):
        if place:
            filled.append(sample.prompt)
        filled.append(part.replace("{choices}", options))
    return "".join(filled)


def _lettered(choices: tuple[str, ...]) -> str:
    if len(choices) > 26:
        return "\n".join(choices)
    return "\n".join(f"{chr(ord('A') + place)}. {choice}" for place, choice in enumerate(choices))
