"""From an lm-eval task's docs and requests to samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from ingest.importers.lm_eval_item import Request, item_of
from ingest.importers.lm_eval_results import Task
from ingest.records import Condition, Sample
from ingest.source import SourceError
from ingest.sources.hub import quietly, why
from ingest.sources.items import WHOLE
from ingest.sources.lm_eval_answers import check_judging, reference_of
from ingest.sources.lm_eval_decoding import decoding
from ingest.sources.lm_eval_likelihood import check_task, choices_of, is_standard_text, target_of

LM_EVAL = "lm-eval"
"""The grader of generated answers."""

_LIKELIHOOD = Condition(form="plain", answer="likelihood")


@dataclass(frozen=True)
class Doc:
    """A row of a task's data and the requests that lm-eval makes of it."""

    number: int
    row: Mapping[str, Any]
    prompt: str
    requests: list[Any]
    """lm-eval's `Instance`s, in order."""


def samples_of(task: Any, name: str, *, source: str, of_group: bool, limit: int | None) -> Iterator[Sample]:
    """A sample of each doc, the first `limit` of them.

    Raises:
        SourceError: they cannot be built, or what lm-eval asks or measures has no counterpart here.
    """
    check_task(task, f"lm-eval's {name}")
    make = {
        "multiple_choice": _choice,
        "loglikelihood": _target,
        "loglikelihood_rolling": _text,
        "generate_until": _generated,
    }[task.OUTPUT_TYPE]
    usual = _usual_frame(task, name)
    docs = _docs(task, name, limit)
    for doc in docs:
        where = f"lm-eval's {name}, doc {doc.number}"
        sample = make(task, doc, where, usual)
        if sample.grader == LM_EVAL and doc is docs[0]:
            check_judging(task, doc.row, sample.reference, where)
        yield replace(
            sample,
            source=source,
            source_id=f"{name}/{doc.number}" if of_group else str(doc.number),
            tags=(name,) if of_group else (),
        )


def _docs(task: Any, name: str, limit: int | None) -> list[Doc]:
    with quietly():
        try:
            task.build_all_requests(limit=limit)
        except Exception as error:  # templates and code of the task, or too few docs to draw examples from
            raise SourceError(why(error, f"lm-eval's prompts of {name}")) from error
    found = []
    for number, group in groupby(task.instances, key=lambda instance: instance.doc_id):
        requests = list(group)
        prompt = requests[0].args[0]
        if not isinstance(prompt, str):
            raise SourceError(f"lm-eval's {name}, doc {number}: its prompt is no text")
        found.append(Doc(number, requests[0].doc, prompt, requests))
    return found


def _choice(task: Any, doc: Doc, where: str, usual: tuple[str, str] | None) -> Sample:
    choices, right, separator = choices_of(task, doc.row, doc.requests, where)
    prompt, condition = _framed(task, doc, _LIKELIHOOD, usual)
    return _sample(
        prompt,
        replace(condition, separator=separator),
        choices=choices,
        reference=choices[right],
        grader="choice",
    )


def _target(task: Any, doc: Doc, where: str, usual: tuple[str, str] | None) -> Sample:
    text = target_of(doc.requests, where)
    # The white space before an answer parts it from the prompt, and is no part of it: others' have none.
    reference = text.lstrip() or text
    prompt, condition = _framed(task, doc, _LIKELIHOOD, usual)
    condition = replace(condition, separator=text.removesuffix(reference))
    return _sample(prompt, condition, reference=reference, grader="exact")


def _text(task: Any, doc: Doc, where: str, usual: tuple[str, str] | None) -> Sample:
    del usual
    if not doc.prompt.strip():
        raise SourceError(f"{where}: its text is empty")
    if not is_standard_text(task, doc.row, doc.prompt):
        raise SourceError(f"{where}: it counts words or bytes of another text than it scores")
    return _sample(doc.prompt, WHOLE, reference=None, grader="perplexity")


def _generated(task: Any, doc: Doc, where: str, usual: tuple[str, str] | None) -> Sample:
    prompt, condition = _framed(task, doc, decoding(doc.requests[0].args[1], where), usual)
    return _sample(prompt, condition, reference=reference_of(task, doc.row, where), grader=LM_EVAL)


def _sample(prompt: str, condition: Condition, **more: Any) -> Sample:
    return Sample(prompt=prompt, condition=condition, source="", source_id="", **more)


def _framed(task: Any, doc: Doc, how: Condition, usual: tuple[str, str] | None) -> tuple[str, Condition]:
    """The question of a doc, and the condition that puts what lm-eval has around it around it."""
    own = _own_part(task, doc.row)
    own = own if doc.prompt.endswith(own) else doc.prompt
    before = doc.prompt[: len(doc.prompt) - len(own)]
    question, frame = _taken_apart(task, doc.row, own)
    if usual is None or frame != usual:
        question, frame = own, ("", "")
    return question, replace(how, preamble=before, template="{prompt}".join(frame))


def _own_part(task: Any, row: Mapping[str, Any]) -> str:
    """The doc's own part of a prompt, which ends it: without description and worked examples."""
    description = task.resolve_field(row, task.config.description) or ""
    bare: str = task.fewshot_context(doc=row, num_fewshot=0, gen_prefix=task.doc_to_prefix(row))
    return bare.removeprefix(description)


def _usual_frame(task: Any, name: str) -> tuple[str, str] | None:
    """What stands before and behind the question within the doc's own part, where two docs have the same.

    A question is taken out of such a frame alone: what is a doc's own, such as options listed behind the question,
    must stay with it. Two docs are looked at whatever the limit, so that it changes no sample.
    """
    if task.OUTPUT_TYPE == "loglikelihood_rolling" or len(task.task_docs) < 2:
        return None
    with quietly():
        try:
            rows = [task.task_docs[place] for place in (0, 1)]
            first, second = (_taken_apart(task, row, _own_part(task, row))[1] for row in rows)
        except Exception as error:  # as above
            raise SourceError(why(error, f"lm-eval's prompts of {name}")) from error
    return first if first == second else None


def _taken_apart(task: Any, row: Mapping[str, Any], own: str) -> tuple[str, tuple[str, str]]:
    """The question and what stands around it, as the importer of lm-eval's logs tells them apart: so it is one
    sample, asked from here or read from a log."""
    made = task.construct_requests(doc=row, ctx=own, metadata=(task.config.task, 0, 1))
    requests = [
        Request(own, instance.args[1] if len(instance.args) > 1 else None, more=False)
        for instance in (made if isinstance(made, list) else [made])
    ]
    item = item_of(row, requests, str(task.doc_to_target(row)), Task(name="", told=True, shots=0), chat=False)
    frame = item.around or ("", "")
    exact = frame[0] + item.question + frame[1] == own
    if not exact or any(mark in part for mark in ("{prompt}", "{choices}") for part in frame):
        return own, ("", "")
    return item.question, frame
