"""Samples as tasks of lm-eval."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalhub.graders.text import Exact, Numeric
from evalhub.scoring.likelihood import continuations
from evalhub.scoring.prompt import render
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Condition, Sample
from tests.cli.helpers import evalhub
from tests.exports.hubs import CHOSEN, done, questions

LIKELY = Condition(
    form="plain", template="Q: {prompt}\nA:", preamble="Q: {{ 1 }} {% if %}\nA: {# 1 #}\n\n", answer="likelihood"
)
GREEDY = Condition(form="plain", temperature=0.0, max_tokens=7, stop=("\n", ";"))


def sample(number: int, source: str, grader: str, reference: Any, **more: Any) -> Sample:
    return Sample(
        prompt=f"Question {number} {{{{ x }}}}?",
        grader=grader,
        reference=reference,
        source=source,
        source_id=str(number),
        **more,
    )


SAMPLES = [
    *(
        sample(n, "quiz", "choice", f"opt {n % 3}", choices=("opt 0", "opt 1", "opt 2"), condition=LIKELY)
        for n in range(6)
    ),
    sample(7, "quiz", "choice", "no", choices=("yes", "no"), condition=replace(LIKELY, separator="")),
    *(sample(n, "words", "exact", f"To  be {n}.", condition=GREEDY) for n in range(5)),
    *(sample(n, "words", "numeric", value, condition=GREEDY) for n, value in enumerate((4, "1,200", 0.5, -3))),
    sample(0, "last", "exact", "word", condition=LIKELY),
    Sample(
        prompt="A long text.\nOf two lines.",
        grader="perplexity",
        reference=None,
        source="book",
        source_id="1",
        condition=Condition(form="plain", template="", answer="likelihood"),
    ),
    sample(
        1, "mixed", "choice", "x", choices=("x", "y"), images=(b"\x89PNG",), condition=Condition(template=CHOSEN)
    ),
    sample(2, "mixed", "choice", "z", choices=("x", "y")),
    sample(3, "mixed", "exact", "yes", condition=Condition(preamble="Say {{ yes }} or {% no %}.")),
    sample(4, "code", "python-tests", {"tests": ""}),
]


@pytest.fixture
def full(tmp_path: Path) -> Path:
    with Hub(tmp_path / "hub") as hub:
        add_samples(hub, SAMPLES)
    return tmp_path / "hub"


def exported(full: Path, out: Path, *options: object) -> dict[str, Any]:
    said: dict[str, Any] = done(evalhub("export", out, "--to", "lm-eval", "--hub", full, "--json", *options)).json
    return said


def documents(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_samples_that_are_asked_and_judged_alike_make_a_task(full: Path, tmp_path: Path) -> None:
    """What lm-eval cannot do is left out and counted by reason."""
    said = exported(full, tmp_path / "tasks")
    assert said["tasks"] == [
        "evalhub_book",
        "evalhub_last",
        "evalhub_mixed",
        "evalhub_quiz_choice",
        "evalhub_quiz_choice_2",
        "evalhub_words_exact",
        "evalhub_words_numeric",
    ]
    assert said["left_out"] == {
        "it has images": 1,
        "its reference is none of its choices": 1,
        "lm-eval has no judge like 'python-tests'": 1,
    }
    assert said["rows"] == said["samples"] == 19
    quiz = documents(tmp_path / "tasks/evalhub_quiz_choice.jsonl")
    assert [row["target"] for row in quiz] == [0, 1, 2, 0, 1, 2]
    assert quiz[1]["asked"] == LIKELY.preamble + "Q: Question 1 {{ x }}?\nA:"


def test_the_yaml_says_what_cannot_be_carried_over(full: Path, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    exported(full, tmp_path / "tasks", "--source", "mixed")
    text = (tmp_path / "tasks/evalhub_mixed.yaml").read_text()
    task = yaml.safe_load(text.replace("!function ", ""))
    differs = " ".join(task["metadata"]["differs"])
    assert "--apply_chat_template" in differs and "cut off" in differs and "draws one answer" in differs
    assert task["generation_kwargs"]["temperature"] == 0.6 and task["output_type"] == "generate_until"


def test_a_source_that_lm_eval_cannot_judge_is_refused_in_one_line(full: Path, tmp_path: Path) -> None:
    said = evalhub("export", tmp_path / "tasks", "--to", "lm-eval", "--hub", full, "--source", "code")
    assert said.line == "there is no sample that lm-eval can run: lm-eval has no judge like 'python-tests' (1)"
    assert not (tmp_path / "tasks").exists()


def test_a_limit_takes_the_first_of_each_source(full: Path, tmp_path: Path) -> None:
    assert exported(full, tmp_path / "tasks", "--limit", 2, "--source", "quiz")["rows"] == 2


SAID = {
    "exact": ("to be 0", " TO BE\n1. ", "to be", "To  be 3..", "To be, 4."),
    "numeric": ("it is 4.0", "1200 or 1,200", "it is 1/2 or 0.5", "none"),
}
"""What a model writes to the samples of `words`, in their order."""


@pytest.mark.slow
def test_lm_eval_itself_runs_the_tasks_and_asks_what_evalhub_asks(full: Path, tmp_path: Path) -> None:
    """The same prompts and continuations, and the same verdicts; its log comes back to the samples it is about."""
    pytest.importorskip("lm_eval", reason='lm-eval is not installed: pip install "evalhub[lm-eval]"')
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    class Scripted(LM):  # type: ignore[misc]
        """Answers as it is told; the likeliest choice is the longest text, by its last letter."""

        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            del disable_tqdm
            told = {
                one.sample_id: text
                for kind, texts in SAID.items()
                for one, text in zip(of(kind), texts, strict=True)
            }
            stops = {tuple(request.args[1]["until"]) for request in requests}
            assert stops == {GREEDY.stop, ()}
            return [told.get(request.doc["id"], "Yes") for request in requests]

        def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
            del disable_tqdm
            return [(-1.0 - ord(request.args[1][-1]) % 5, request.args[1] == " word") for request in requests]

        def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
            del disable_tqdm
            return [-float(len(request.args[0])) for request in requests]

    def of(kind: str) -> list[Sample]:
        return [one for one in SAMPLES if one.source == "words" and one.grader == kind]

    out = tmp_path / "moved" / "tasks"
    exported(full, tmp_path / "tasks")
    out.parent.mkdir()
    (tmp_path / "tasks").rename(out)  # a folder of tasks can be moved
    tasks = [path.stem for path in sorted(out.glob("*.yaml"))]
    found = simple_evaluate(
        Scripted(),
        tasks=tasks,
        task_manager=TaskManager(include_path=str(out), include_defaults=False),
        bootstrap_iters=0,
    )
    known = {one.sample_id: one for one in SAMPLES}
    rows = [row for task in tasks for row in found["samples"][task]]
    assert len(rows) == 19
    for row in rows:
        one = known[row["doc"]["id"]]
        text = render(one, one.condition.template)
        scored = continuations(one, one.condition, text)
        if one.grader == "perplexity":
            assert [arguments[0] for arguments in row["arguments"]] == list(scored)
            continue
        assert {arguments[0] for arguments in row["arguments"]} == {one.condition.preamble + text}
        if scored:
            assert [arguments[1] for arguments in row["arguments"]] == list(scored)
        else:
            grader = Exact() if one.grader == "exact" else Numeric()
            assert row["exact_match"] == grader.grade(one, row["resps"][0][0]).value, row
    assert found["results"]["evalhub_quiz_choice"]["acc,none"] == pytest.approx(1 / 3)
    assert found["results"]["evalhub_last"]["acc,none"] == 1.0
    assert found["results"]["evalhub_book"]["bits_per_byte,none"] > 0
    tracker = EvaluationTracker(output_path=str(tmp_path / "logs"))
    samples = found.pop("samples")
    tracker.general_config_tracker.model_source = "scripted"
    tracker.general_config_tracker.model_name = tracker.general_config_tracker.model_name_sanitized = "scripted"
    tracker.save_results_aggregated(results=found, samples=samples)
    for task in tasks:
        tracker.save_results_samples(task_name=task, samples=samples[task])
    done(evalhub("import", tmp_path / "logs", "--hub", full))
    with Hub(full) as hub:
        measured = dict(
            hub.database.execute(
                """
                SELECT sample.source, avg(value) FROM named_measurement JOIN sample USING (sample_id)
                WHERE main AND metric = 'acc' GROUP BY sample.source
                """
            ).fetchall()
        )
    assert measured["quiz"] == pytest.approx(2 / 7)


def test_questions_of_all_kinds_are_exported(tmp_path: Path) -> None:
    """Those of other tests' hubs."""
    with Hub(tmp_path / "hub") as hub:
        add_samples(hub, questions())
    said = exported(tmp_path / "hub", tmp_path / "tasks")
    assert said["tasks"] == ["evalhub_sums_choice", "evalhub_sums_exact", "evalhub_sums_numeric"]
