"""What a sample is as a document of an lm-eval task, and what the task says of it: judging, prompts, decoding."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalhub.scoring.likelihood import LIKELIHOOD, continuations
from evalhub.scoring.prompt import render
from ingest.importer import IMPORTED
from ingest.records import Condition, Sample

Document = dict[str, Any]
Config = dict[str, Any]


class NotInLmEval(Exception):
    """A sample that lm-eval cannot ask or judge; the message says why, in a few words."""


@dataclass(frozen=True)
class Part:
    """A sample in a task: samples of equal kind and configuration make one."""

    kind: str
    """How it is judged, in a word."""

    config: Config
    """Of the task."""

    document: Document
    """Its line in the task's data."""


def part_of(sample: Sample) -> Part:
    """How lm-eval can ask and judge a sample.

    Raises:
        NotInLmEval: it cannot.
    """
    if sample.images:
        raise NotInLmEval("it has images")
    kind = _kind(sample)
    text = render(sample, sample.condition.template)
    config, more = _MAKE[kind](sample, text)
    preamble, form = sample.condition.preamble, sample.condition.form
    config = {"form": form, **config}
    if form == "plain":
        text = preamble + text
    elif preamble:
        config["description"] = _as_template(preamble)  # which a chat template makes the system message
    document = {"id": sample.sample_id, "source_id": sample.source_id, "question": sample.prompt, "asked": text}
    return Part(kind, config, {**document, **more})


def _kind(sample: Sample) -> str:
    asked = sample.condition.answer == LIKELIHOOD
    if sample.grader == "perplexity":
        return "text"
    if sample.grader in ("choice", IMPORTED) and sample.choices:
        if str(sample.reference) not in sample.choices:
            raise NotInLmEval("its reference is none of its choices")
        if not all(sample.choices):
            raise NotInLmEval("one of its choices is empty")
        return "choice"
    if sample.grader in ("exact", "numeric"):
        return "continuation" if asked else sample.grader if _is_number(sample.reference) else "exact"
    if sample.grader == IMPORTED:
        raise NotInLmEval("how it is judged is not known")
    raise NotInLmEval(f"lm-eval has no judge like '{sample.grader}'")


def _is_number(reference: Any) -> bool:
    try:
        return math.isfinite(float(str(reference).replace(",", "")))
    except ValueError:
        return False


def _choice(sample: Sample, text: str) -> tuple[Config, Document]:
    asked = replace(
        sample.condition, form="plain", answer="likelihood"
    )  # in a chat lm-eval drops the space itself
    delimiter, choices = _parted(continuations(sample, asked, text), sample.choices)
    config = {
        "output_type": "multiple_choice",
        "doc_to_text": "asked",
        "doc_to_choice": "choices",
        "doc_to_target": "target",
        "target_delimiter": delimiter,
        "metric_list": [_mean("acc"), _mean("acc_norm")],
    }
    if sample.condition.answer != LIKELIHOOD:
        config["notes"] = ["evalhub reads the option out of what the model writes; lm-eval compares likelihoods"]
    return config, {"choices": list(choices), "target": sample.choices.index(str(sample.reference))}


def _parted(scored: tuple[str, ...], choices: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """What parts all choices from the prompt, and the choices; '' and what is scored where it is not the same."""
    delimiters = {text.removesuffix(choice) for text, choice in zip(scored, choices, strict=True)}
    return (delimiters.pop(), choices) if len(delimiters) == 1 else ("", scored)


def _continuation(sample: Sample, text: str) -> tuple[Config, Document]:
    (scored,) = continuations(sample, sample.condition, text)
    config = {
        "output_type": "loglikelihood",
        "doc_to_text": "asked",
        "doc_to_target": "target",
        "metric_list": [
            _mean("acc"),
            {"metric": "perplexity", "aggregation": "perplexity", "higher_is_better": False},
        ],
    }
    return config, {"target": scored}


def _text(sample: Sample, text: str) -> tuple[Config, Document]:
    del sample, text
    measured = {"word_perplexity": "weighted_perplexity", "byte_perplexity": "weighted_perplexity"}
    config = {
        "output_type": "loglikelihood_rolling",
        "doc_to_text": "",
        "doc_to_target": "question",
        "metric_list": [
            {"metric": name, "aggregation": how, "higher_is_better": False}
            for name, how in {**measured, "bits_per_byte": "bits_per_byte"}.items()
        ],
    }
    return config, {}


_IGNORED = {
    "exact": [r"\s+", r"\.+$"],
    "numeric": [",", r"\.0*$", r"^\+"],
}
"""Of answer and reference alike, before they are compared."""

_NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?|[-+]?\.\d+(?:[eE][-+]?\d+)?"

_LAST_NUMBER = {
    "name": "last-number",
    "filter": [
        {"function": "regex", "regex_pattern": _NUMBER, "group_select": -1, "fallback": "no number"},
        {"function": "take_first"},
    ],
}


def _generated(kind: str) -> Callable[[Sample, str], tuple[Config, Document]]:
    def make(sample: Sample, text: str) -> tuple[Config, Document]:
        del text
        match = {**_mean("exact_match"), "ignore_case": True, "regexes_to_ignore": _IGNORED[kind]}
        config: Config = {
            "output_type": "generate_until",
            "doc_to_text": "asked",
            "doc_to_target": "target",
            "generation_kwargs": _decoding(sample.condition),
            "metric_list": [match],
            "notes": ["an output that was cut off is wrong to lm-eval, where evalhub has it missing"],
        }
        if kind == "numeric":
            config["filter_list"] = [_LAST_NUMBER]
            config["notes"].append("numbers are compared as they are written: 0.5 is not .50, nor 1e3 1000")
        else:
            config["notes"].append("white space is not compared at all, where evalhub counts it as one space")
        if sample.condition.temperature:
            config["notes"].append("lm-eval draws one answer, where evalhub draws several")
        return config, {"target": str(sample.reference)}

    return make


_MAKE: Mapping[str, Callable[[Sample, str], tuple[Config, Document]]] = {
    "choice": _choice,
    "continuation": _continuation,
    "text": _text,
    "exact": _generated("exact"),
    "numeric": _generated("numeric"),
}


def _as_template(text: str) -> str:
    """A text as the template that gives it."""
    return re.sub(r"\{[{%#]", lambda found: f"{{{{ '{found[0]}' }}}}", text)


def _mean(metric: str) -> dict[str, Any]:
    return {"metric": metric, "aggregation": "mean", "higher_is_better": True}


def _decoding(condition: Condition) -> dict[str, Any]:
    given: dict[str, Any] = {"until": list(condition.stop), "max_gen_toks": condition.max_tokens}
    if not condition.temperature:
        return {**given, "do_sample": False}
    given |= {"do_sample": True, "temperature": condition.temperature, "top_p": condition.top_p}
    return {**given, "top_k": condition.top_k} if condition.top_k else given
