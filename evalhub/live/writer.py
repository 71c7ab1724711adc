"""Questions on figures and tables that a model writes: first it describes what it sees, then it asks about it.

The two stages are LiveXiv's (Shabtay et al. 2024, arXiv 2410.10783). All that comes back is held to the same form
as questions that no model writes; what does not fit is dropped under its reason, and the model is asked once more.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalhub.backends.base import Backend, Output, Request
from evalhub.errors import EvalhubError
from evalhub.live.asking import outputs_of
from evalhub.live.structured import Unusable, found, said
from ingest.papers.printable import printable
from ingest.papers.records import Item, Paper, Table
from ingest.questions.deal import Dealer
from ingest.questions.draft import OPTIONS, Draft, checked
from ingest.questions.grid import Refused
from ingest.questions.program import Answer
from ingest.questions.question import WRITTEN
from ingest.questions.wording import preface
from ingest.questions.write import Asked, Written, question_of
from ingest.records import Condition, Sample, bytes_hash, content_hash
from ingest.sources.items import grader_of, plain_answer

_DESCRIBING = Condition(max_tokens=2048)
_WRITING = Condition(max_tokens=4096)

_DESCRIBE = """The picture shows {item} of a scientific paper. Its caption: “{caption}”

Describe what can be read in the picture itself: axes and their units, labels, legend entries, panels, rows, \
columns, values, arrows, and how they relate. Say only what is visible, and do not repeat the caption."""

_WRITE = """The picture shows {item} of a scientific paper. Its caption: “{caption}”

A description of it: “{description}”

Write {choices} multiple-choice questions and {numbers} questions whose answer is a number.
- Each needs a look at the picture: nobody may be able to answer it from the caption, from general knowledge, or \
from the options alone.
- It asks about the picture, never about its caption or description.
- It has exactly one right answer, which the picture proves.
- The three wrong options of a multiple-choice question are false, but as plausible as the answer, of its kind \
and about its length. None speaks of other options, and none begins with a letter that numbers it.
- A number is written in digits, without a unit. Its question says the unit, and to how many digits to give it.

Answer with JSON and nothing else:
{{"choice": [{{"question": "…", "answer": "…", "wrong": ["…", "…", "…"]}}], \
"numeric": [{{"question": "…", "answer": "…"}}]}}"""

_LONGEST = {"description": 8_000, "question": 600, "option": 200}
"""Characters."""

_SHORTEST_QUESTION = 10
_ABOUT_TEXT = re.compile(r"\b(caption|description|described)\b", re.IGNORECASE)
_LETTERED = re.compile(r"\(?[A-Da-d][).:]\s")
_ABOUT_OPTIONS = re.compile(
    r"\b(all|both|none|neither|any) of the (above|options|others)\b|\bboth [A-D] and [A-D]\b"
)


def _texts(*names: str) -> dict[str, Any]:
    """A schema of an object whose fields are texts, `wrong` a list of them."""
    text = {"type": "string"}
    fields = {name: {"type": "array", "items": text} if name == "wrong" else text for name in names}
    return {"type": "object", "properties": fields, "required": list(names), "additionalProperties": False}


_SCHEMA = {
    "type": "object",
    "properties": {
        "choice": {"type": "array", "items": _texts("question", "answer", "wrong")},
        "numeric": {"type": "array", "items": _texts("question", "answer")},
    },
    "required": ["choice", "numeric"],
    "additionalProperties": False,
}


def write(
    papers: Sequence[Paper], writers: Sequence[Backend], *, source: str, choices: int = 5, numbers: int = 2
) -> dict[str, Written]:
    """Let models write questions on the figures and tables of papers, each on all of them.

    Args:
        source: the name that the samples give as theirs.
        choices: questions of choice on each figure or table, at most.
        numbers: questions with a number, at most.

    Returns:
        What came of each writer, by its name.

    Raises:
        EvalhubError: a writer cannot be shown pictures, its server is down, or two have one name.
    """
    names = [writer.model.model_id for writer in writers]
    for name in names:
        if names.count(name) > 1:
            raise EvalhubError(f"{name} is named as a writer twice, and nobody could tell which one wrote what")
    wanted = {"choice": choices, "numeric": numbers}
    return {
        name: _Writer(writer, source, wanted).write(papers) for name, writer in zip(names, writers, strict=True)
    }


@dataclass
class _Shown:
    """A figure or table before a writer."""

    paper: Paper
    item: Item
    name: str
    """Under which it is asked about."""

    description: str = ""

    def text(self, template: str, **more: Any) -> str:
        what = f"{'Table' if isinstance(self.item, Table) else 'Figure'} {self.item.number}".strip()
        return template.format(item=what, caption=self.item.caption, **more)


class _Writer:
    def __init__(self, backend: Backend, source: str, wanted: Mapping[str, int]) -> None:
        self._backend = backend
        self._source = source
        self._wanted = wanted
        self._refused: Counter[str] = Counter()
        self._drafts: dict[str, list[Draft]] = {}
        """What was accepted, by the name of the figure or table."""

    def write(self, papers: Sequence[Paper]) -> Written:
        """Both stages, over all figures and tables at once."""
        shown = [
            _Shown(paper, item, content_hash([paper.paper_id, paper.version, item.number, bytes_hash(item.image)]))
            for paper in papers
            for item in (*paper.figures, *paper.tables)
            if item.image
        ]
        if not shown:
            return Written([], self._refused)
        self._check_sight(shown[0])
        left = self._put(shown, "describe", _DESCRIBING, lambda one: one.text(_DESCRIBE), None, self._describe)
        self._refused["no description"] += len(left)
        described = [one for one in shown if one.description]
        self._put(described, "write", _WRITING, self._writing, _SCHEMA, self._accept)
        dealer = Dealer(random.Random(self._backend.model.model_id))
        questions = [
            question_of(one.paper, self._source, self._asked(one, draft), dealer)
            for one in described
            for draft in self._drafts.get(one.name, ())
        ]
        return Written(questions, +self._refused)

    def _check_sight(self, one: _Shown) -> None:
        sample = Sample(
            prompt=one.item.caption,
            grader="exact",
            reference="",
            source="",
            source_id="",
            images=(one.item.image,),
        )
        if why := self._backend.refuses(sample, _DESCRIBING):
            raise EvalhubError(f"{self._backend.model.model_id} cannot write questions on pictures: {why}")

    def _put(
        self,
        shown: Iterable[_Shown],
        stage: str,
        asked: Condition,
        text: Callable[[_Shown], str],
        schema: Mapping[str, Any] | None,
        take: Callable[[_Shown, Output], bool],
    ) -> list[_Shown]:
        """Ask about each, and once more where the answer will not do. Returns those where it never did."""
        condition = self._backend.condition(asked)
        left = list(shown)
        for attempt in range(2):
            by_name = {f"{one.name}/{stage}": one for one in left}
            requests = [
                Request(name, attempt, 0, text(one), condition, images=(one.item.image,), schema=schema)
                for name, one in by_name.items()
            ]
            taken = set()
            for output in outputs_of(self._backend, requests):
                name = output.request.sample_id
                if take(by_name[name], output):
                    taken.add(name)
            left = [one for name, one in by_name.items() if name not in taken]
        return left

    def _describe(self, one: _Shown, output: Output) -> bool:
        try:
            text = said(output)
        except Unusable as reason:
            self._refused[f"description: {reason}"] += 1
            return False
        if len(text) > _LONGEST["description"]:
            self._refused["description: too long"] += 1
            return False
        one.description = text
        return True

    def _writing(self, one: _Shown) -> str:
        return one.text(
            _WRITE,
            description=one.description,
            choices=self._wanted["choice"],
            numbers=self._wanted["numeric"],
        )

    def _accept(self, one: _Shown, output: Output) -> bool:
        """Take over what will do. Returns whether there are as many questions as wanted."""
        try:
            answer = found(said(output), list(self._wanted))
        except Unusable as reason:
            self._refused[str(reason)] += 1
            return False
        if answer.around:
            self._refused["text around the JSON, which was left out"] += 1
        drafts = self._drafts.setdefault(one.name, [])
        full = [self._accept_kind(kind, answer.fields[kind], drafts) for kind in self._wanted]
        return all(full)

    def _accept_kind(self, kind: str, listed: Any, drafts: list[Draft]) -> bool:
        wanted = self._wanted[kind]
        if not isinstance(listed, list):
            self._refused["no list of questions"] += 1
            return False
        if len(listed) < wanted:
            self._refused["fewer questions than asked for"] += 1
        for place, given in enumerate(listed):
            if sum(draft.kind == kind for draft in drafts) == wanted:
                self._refused["more questions than asked for"] += len(listed) - place
                break
            try:
                draft = self._draft(kind, given)
                if any(plain_answer(draft.question) == plain_answer(other.question) for other in drafts):
                    raise Refused("the same question twice")
            except Refused as reason:
                self._refused[str(reason)] += 1
            else:
                drafts.append(draft)
        return sum(draft.kind == kind for draft in drafts) == wanted

    def _draft(self, kind: str, given: Any) -> Draft:
        """A question as it may stand.

        Raises:
            Refused: it may not.
        """
        if not isinstance(given, dict):
            raise Refused("no question of the form that was asked for")
        question, answer = _text(given.get("question"), "question"), _text(given.get("answer"), "option")
        wrong = given.get("wrong", []) if kind == "choice" else []
        if kind == "choice" and (not isinstance(wrong, list) or len(wrong) != OPTIONS - 1):
            raise Refused(f"not {OPTIONS - 1} wrong options")
        if len(question) < _SHORTEST_QUESTION:
            raise Refused("the question is too short")
        if _ABOUT_TEXT.search(question):
            raise Refused("it asks about the caption or the description")
        if kind == "numeric" and grader_of(answer, choices=False) != "numeric":
            raise Refused("the answer is no number")
        options = (answer, *(_text(option, "option") for option in wrong))
        if kind == "choice" and any(map(_LETTERED.match, options)):
            raise Refused("an option begins with a letter that numbers it")
        if any(map(_ABOUT_OPTIONS.search, options)):
            raise Refused("an option speaks of other options")
        condition = self._backend.condition(_WRITING)
        program = {
            "op": WRITTEN,
            "writer": self._backend.model.model_id,
            "revision": condition.revision,
            "question": question,
            "answer": answer,
        }
        return checked(Draft(program=program, question=question, answer=Answer(answer), wrong=options[1:]))

    def _asked(self, one: _Shown, draft: Draft) -> Asked:
        name = "Table" if isinstance(one.item, Table) else "Figure"
        chance = random.Random(content_hash(draft.program))
        return Asked(
            draft=draft,
            content={"caption": one.item.caption, "description": one.description},
            item=one.item,
            opening=preface(name, one.item.number, one.item.caption, chance),
        )


def _text(value: Any, name: str) -> str:
    """A text without line breaks and control characters.

    Raises:
        Refused: it is none, empty, or too long.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Refused(f"the {name} is no text")
    text = " ".join(printable(value).split())
    if not text:
        raise Refused(f"the {name} is empty")
    if len(text) > _LONGEST[name]:
        raise Refused(f"the {name} is too long")
    return text
