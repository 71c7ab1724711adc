"""A file of one's own."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evalhub.pool import ingest
from evalhub.store.hub import Hub
from evalhub.store.origins import sources
from evalhub.store.samples import Added, choose_samples, load_samples
from ingest.records import Sample
from ingest.source import SourceError
from ingest.sources.jsonl import JsonLines

LEAST = {"id": "1", "prompt": "2 + 2?", "reference": 4}


def written(folder: Path, *lines: dict[str, Any] | str | bytes, name: str = "mine.jsonl") -> Path:
    """A file of these lines."""
    path = folder / name
    path.write_bytes(
        b"\n".join(
            line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
            for line in lines
        )
    )
    return path


def read(path: Path, **options: Any) -> list[Sample]:
    return list(JsonLines().samples(path=str(path), **options))


def test_all_fields(tmp_path: Path) -> None:
    """Choices, an image beside the file, tags, cluster, licence and date."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    fields = {
        **LEAST,
        "choices": [3, 4],
        "image": "a.png",
        "tags": ["sums"],
        "cluster": "book 1",
        "published_at": "2026-11-24",
        "licence": "CC0-1.0",
    }
    (sample,) = read(written(tmp_path, fields))
    assert (sample.source, sample.source_id, sample.prompt) == ("jsonl:mine.jsonl", "1", "2 + 2?")
    assert (sample.choices, sample.reference, sample.grader) == (("3", "4"), 4, "choice")
    assert (sample.images, sample.tags, sample.cluster) == ((b"\x89PNG",), ("sums",), "book 1")
    assert (sample.published_at, sample.licence) == (date(2026, 11, 24), "CC0-1.0")
    assert "{choices}" in sample.condition.template


@pytest.mark.parametrize(
    ("reference", "grader"),
    [
        (4, "numeric"),
        ("4", "numeric"),
        ("-1.5e3", "numeric"),
        ("Paris", "exact"),
        ("", "exact"),
        (10**400, "numeric"),
        (True, "exact"),
        ("nan", "exact"),
        ("Infinity", "exact"),
        (None, "imported"),
    ],
)
def test_the_reference_chooses_the_grader(tmp_path: Path, reference: Any, grader: str) -> None:
    """A number is compared as a number, anything else as text."""
    (sample,) = read(written(tmp_path, {**LEAST, "reference": reference}))
    assert (sample.reference, sample.grader) == (reference, grader)
    assert "{choices}" not in sample.condition.template


def test_lines_end_at_newlines_alone(tmp_path: Path) -> None:
    """Separators within a text are text; blank lines, Windows line ends and a byte order mark are nothing."""
    odd = {**LEAST, "id": "2", "prompt": "a\u2028b\x85c\x0bd\x1ee"}
    path = written(tmp_path, b"\xef\xbb\xbf" + json.dumps(LEAST).encode() + b"\r", "", "  \r")
    with path.open("ab") as file:
        file.write(("\n" + json.dumps(odd, ensure_ascii=False) + "\n").encode())
    assert [sample.prompt for sample in read(path)] == ["2 + 2?", odd["prompt"]]


def test_a_limit_takes_the_first_lines(tmp_path: Path) -> None:
    """What follows is not looked at."""
    path = written(tmp_path, LEAST, {**LEAST, "prompt": "3 + 1?"}, "broken")
    assert [sample.prompt for sample in read(path, limit=1)] == ["2 + 2?"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{half", "not JSON"),
        ("[1]", "needs an object with at least id, prompt and reference"),
        ({"id": 1, "prompt": "x"}, "needs an object with at least id, prompt and reference"),
        ({**LEAST, "prompt": None}, "the prompt must be a text"),
        ({**LEAST, "choises": ["4", "5"]}, "did you mean 'choices'?"),
        ({**LEAST, "choices": "ab"}, "choices must be a list"),
        ({**LEAST, "choices": ["3", "5"]}, "the reference 4 is not among the choices"),
        ({**LEAST, "choices": ["4"]}, "one choice is no choice: give two or more"),
        ({**LEAST, "choices": ["4", "5", "5."]}, "choices 2 and 3 are one answer: '5.'"),
        ({**LEAST, "choices": ["4", " "]}, "choice 2 is empty"),
        ({**LEAST, "id": "7"}, "line 8 has the id '7', too, and says something else: give each an id of its own"),
        ({**LEAST, "tags": "sums"}, "tags must be a list"),
        ({**LEAST, "published_at": "soon"}, "published_at must be a date like 2026-11-24, not 'soon'"),
        ({**LEAST, "published_at": 2026}, "published_at must be a date like 2026-11-24, not 2026"),
        ({**LEAST, "image": "absent.png"}, "image absent.png: No such file or directory"),
        ({**LEAST, "image": "a\x00b"}, "image "),
        ({**LEAST, "reference": ["a"]}, "the reference must be a text, a number, true or false, or null"),
        ('{"id": 1, "prompt": "x", "reference": NaN}', "not JSON"),
        ('{"id": 1, "prompt": "\\ud800", "reference": 1}', "not Unicode"),
        ('{"id": 1, "prompt": "x", "reference": "\\udfff"}', "not Unicode"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_added(
    hub: Hub, tmp_path: Path, line: dict[str, Any] | str, message: str
) -> None:
    """By file and number, also after thousands of good lines."""
    good = [{**LEAST, "prompt": f"{number} + 1?", "id": str(number)} for number in range(2100)]
    path = written(tmp_path, *good, line)
    with pytest.raises(SourceError) as caught:
        ingest(hub, f"jsonl:{path}", {})
    assert f"{path}, line 2101: " in str(caught.value)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert sources(hub) == {}


def test_an_unreadable_file(tmp_path: Path) -> None:
    """Absent, a folder, no UTF-8, or empty."""
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}')
    (tmp_path / "empty.jsonl").write_bytes(b"\n \n")
    for name, message in (
        ("absent.jsonl", "cannot be read: No such file or directory"),
        ("", "cannot be read: Is a directory"),
        ("latin.jsonl", "cannot be read: 'utf-8' codec"),
        ("empty.jsonl", "holds no samples"),
    ):
        with pytest.raises(SourceError, match=message):
            read(tmp_path / name)


def test_a_line_that_stands_there_twice_is_one_sample(tmp_path: Path) -> None:
    """Ids are compared as texts."""
    assert len(read(written(tmp_path, LEAST, {**LEAST, "id": 1}, {**LEAST, "id": "2"}))) == 2


def test_by_likelihood_choices_are_compared_as_they_stand(tmp_path: Path) -> None:
    """Each is scored to the letter; equal ones are still one answer."""
    path = written(tmp_path, {**LEAST, "choices": ["4", "Polish", "polish"]})
    assert len(read(path, answer="likelihood")) == 1
    for answer, choices in (("generate", ["4", "Polish", "polish"]), ("likelihood", ["4", "4"])):
        with pytest.raises(SourceError, match="are one answer"):
            read(written(tmp_path, {**LEAST, "choices": choices}), answer=answer)


def test_two_files_with_the_same_item(hub: Hub, tmp_path: Path) -> None:
    """One sample; the second file adds only what is new."""
    one = written(tmp_path, LEAST, name="one.jsonl")
    two = written(tmp_path, {**LEAST, "id": "other", "tags": ["x"]}, {**LEAST, "prompt": "?"}, name="two.jsonl")
    assert ingest(hub, f"jsonl:{one}", {}) == Added(1, 1)
    assert ingest(hub, f"jsonl:{two}", {}) == Added(2, 1)
    assert len(load_samples(hub, choose_samples(hub))) == 2


def test_samples_may_be_asked_by_likelihood(tmp_path: Path) -> None:
    """Their prompt as it stands, with nothing around it; they stay the same samples."""
    path = written(tmp_path, {**LEAST, "choices": [3, 4]}, {"id": "2", "prompt": "In the", "reference": "end"})
    asked = read(path, answer="likelihood")
    for sample in asked:
        condition = sample.condition
        assert (condition.answer, condition.form, condition.template) == ("likelihood", "plain", "{prompt}")
    assert [sample.sample_id for sample in asked] == [sample.sample_id for sample in read(path)]
    with pytest.raises(SourceError, match="give generate or likelihood"):
        read(path, answer="likely")


def test_a_line_with_a_text_alone_is_a_long_text(tmp_path: Path) -> None:
    """All of it is scored; a text beside a prompt is the user's own affair."""
    long, short = read(
        written(tmp_path, {"id": "1", "text": "Call me Ishmael."}, {**LEAST, "id": "2", "text": "a note"})
    )
    assert (long.prompt, long.reference, long.grader) == ("Call me Ishmael.", None, "perplexity")
    assert (long.condition.answer, long.condition.form, long.condition.template) == ("likelihood", "plain", "")
    assert (short.prompt, short.grader) == ("2 + 2?", "numeric")
    for broken in ({"id": "1", "text": " "}, {"id": "1", "text": "a", "choices": ["a"]}, {"text": "a"}):
        with pytest.raises(SourceError, match="line 1"):
            read(written(tmp_path, broken))
