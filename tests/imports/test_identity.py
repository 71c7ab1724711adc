"""What is the same is one, what may be is listed, and nothing is merged by guess."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalhub.imports.find import Found
from evalhub.imports.keep import keep_log
from evalhub.store.aliases import doubts
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.importer import Log, Told
from ingest.metrics import PASS
from ingest.reading import Reading, imported_sample
from ingest.records import Condition, Sample
from tests.cli.helpers import evalhub

ASKED = Condition(form="plain")


def log(
    model: str, *samples: Sample, condition: Condition = ASKED, value: float = 1.0, metric: str = "acc"
) -> Log:
    reading = Reading("table", Told(), tool="made up")
    reading.scale(metric, PASS)
    for row, sample in enumerate(samples, start=1):
        reading.result(reading.model(model), sample, condition, metric, value, row=row)
    return reading.done()


def question(text: str, *, source: str = "one", reference: str = "4") -> Sample:
    return imported_sample(source=source, source_id=text[:8], prompt=text, reference=reference)


def keep(hub: Hub, name: str, given: Log) -> None:
    keep_log(hub, name, Found("table", (Path(f"{name}.log"),)), name, 1, given)


def test_one_question_of_two_tools_is_one_sample(hub: Hub) -> None:
    keep(hub, "first", log("a", question("What is 2 + 2?")))
    keep(hub, "second", log("b", question(" What is 2 + 2?\n", source="two")))
    assert hub.database.execute("SELECT count(*) FROM sample").fetchall() == [(1,)]
    assert doubts(hub) == []


def test_a_question_of_the_pool_is_the_logs_too(hub: Hub) -> None:
    """Whoever judges it here."""
    own = Sample(source="mine", source_id="1", prompt="What is 2 + 2?", reference="4", grader="numeric")
    add_samples(hub, [own])
    keep(hub, "first", log("a", question("What is 2 + 2?")))
    assert hub.database.execute("SELECT sample_id FROM measurement").fetchall() == [(own.sample_id,)]


def test_nearly_equal_questions_are_listed(hub: Hub) -> None:
    """Other spelling, another reference: two samples, and a doubt each."""
    keep(hub, "first", log("a", question("What is 2 + 2?"), question("Who is it?")))
    keep(hub, "second", log("b", question("what is 2+2"), question("Who is it?", reference="me")))
    assert hub.database.execute("SELECT count(*) FROM sample").fetchall() == [(4,)]
    found = doubts(hub)
    assert {doubt.kind for doubt in found} == {"sample"}
    assert (
        sorted(doubt.why for doubt in found) == ["the same question", "the same question but for its spelling"][:2]
    )


def test_two_prompts_are_two_conditions(hub: Hub) -> None:
    """Of which the newest counts, and both stay."""
    one = question("What is 2 + 2?")
    keep(hub, "first", log("a", one, value=0.0))
    keep(hub, "second", log("a", one, condition=Condition(form="plain", template="Q: {prompt}"), value=1.0))
    assert hub.database.execute("SELECT count(*) FROM measurement").fetchall() == [(2,)]
    keep(hub, "third", log("b", one))
    assert hub.database.execute("SELECT count(DISTINCT condition_id) FROM measurement").fetchall() == [(2,)]


def test_passes_of_two_tools_are_compared(hub_path: Path) -> None:
    """A pass is a pass, whatever the tool calls it."""
    many = [question(f"What is {k} + 2?") for k in range(12)]
    with Hub(hub_path) as hub:
        keep(hub, "first", log("a", *many, value=1.0, metric="exact_match"))
        keep(hub, "second", log("b", *many, value=0.0, metric="choice"))
    ranked = evalhub("rank", "--hub", hub_path, "--method", "bradley-terry", "--json").json
    assert [row["model"] for row in ranked["models"]] == ["a", "b"]
    assert not any("no sample" in warning for warning in ranked["warnings"])


def test_only_one_metric_of_an_output_is_ranked(hub_path: Path) -> None:
    """Unless another one is asked for."""
    reading = Reading("table", Told(), tool="made up")
    for metric in ("acc", "acc_norm"):
        reading.scale(metric, PASS)
    for row in range(4):
        sample = question(f"What is {row} + 2?")
        reading.result(reading.model("a"), sample, ASKED, "acc", 1, row=row)
        reading.result("a", sample, ASKED, "acc_norm", 0, row=row, main=False)
    with Hub(hub_path) as hub:
        keep(hub, "first", reading.done())
    scores = {
        metric: evalhub("rank", "--method", "mean", "--json", "--hub", hub_path, "--metric", metric).json[
            "models"
        ][0]
        for metric in ("", "acc", "acc_norm")
    }
    assert {metric: row["score"] for metric, row in scores.items()} == {"": 1.0, "acc": 1.0, "acc_norm": 0.0}
    assert "nothing is measured by 'f1'" in evalhub("rank", "--metric", "f1", "--hub", hub_path).line


def test_aliases(hub_path: Path) -> None:
    """Two names are one model while an alias says so; names that look alike are listed, not merged."""
    one, two = question("What is 2 + 2?"), question("What is 3 + 3?", reference="6")
    with Hub(hub_path) as hub:
        keep(hub, "first", log("lab/Model-7B", one))
        keep(hub, "second", log("model_7b", two, value=0.0))

    def models() -> list[str]:
        ranked = evalhub("rank", "--hub", hub_path, "--method", "mean", "--json").json
        return sorted(row["model"] for row in ranked["models"])

    def open_doubts() -> list[str]:
        return [doubt["first"] for doubt in evalhub("import", "--doubts", "--json", "--hub", hub_path).json]

    assert models() == ["lab/Model-7B", "model_7b"] and open_doubts() == ["lab/Model-7B"]
    assert evalhub("model", "alias", "model_7b", "lab/Model-7B", "--hub", hub_path).code == 0
    assert models() == ["lab/Model-7B"] and open_doubts() == []
    listed = evalhub("model", "list", "--json", "--hub", hub_path).json
    assert [(one["model"], one["aliases"]) for one in listed] == [("lab/Model-7B", ["model_7b"])]
    assert "one model already" in evalhub("model", "alias", "model_7b", "model_7b", "--hub", hub_path).line
    assert "no model is called" in evalhub("model", "alias", "x", "nobody", "--hub", hub_path).line
    assert evalhub("model", "alias", "model_7b", "--remove", "--hub", hub_path).code == 0
    assert models() == ["lab/Model-7B", "model_7b"]
    assert "no other name" in evalhub("model", "alias", "model_7b", "--remove", "--hub", hub_path).line


@pytest.mark.parametrize("value", [float("inf"), 2.0, -1.0, "0.5", [1, 0], 10**400])
def test_a_value_that_cannot_be_is_refused(value: object) -> None:
    reading = Reading("table", Told(), tool="made up")
    reading.scale("acc", PASS)
    reading.result("a", question("What?"), ASKED, "acc", value, row=7)
    done = reading.done()
    assert done.rows == 1 and done.results.is_empty() and sum(done.refused.values()) == 1
    assert "row 7" in done.details[0]


def test_several_metrics_and_votes_are_published(hub_path: Path, tmp_path: Path) -> None:
    """By the methods that can rank them."""
    judged = tmp_path / "judged.csv"
    judged.write_text("model,sample,score,judge\na,1,3,x\na,1,4,y\nb,1,2,x\nb,1,2,y\n")
    votes = tmp_path / "votes.csv"
    votes.write_text("model_a,model_b,outcome\na,b,a\na,b,tie\n")
    assert evalhub("import", judged, votes, "--hub", hub_path).code == 0
    done = evalhub("publish", "--json", "--hub", hub_path)
    assert done.code == 0 and done.json["rankings"] >= 3


def test_what_only_logs_know_is_not_scored(hub_path: Path) -> None:
    """Nothing here can judge an answer to it; that is said before any model is loaded."""
    with Hub(hub_path) as hub:
        keep(hub, "first", log("a", question("What is 2 + 2?")))
    done = evalhub("score", "baseline:random", "--source", "one", "--hub", hub_path)
    assert "one (1): they are known from logs alone" in done.line and "loading" not in done.err


def test_samples_without_a_reference_become_judged(hub_path: Path, tmp_path: Path) -> None:
    """As the refusal to score them says: undo, references, ingest, import again."""
    exam, results = tmp_path / "exam.jsonl", tmp_path / "results.csv"

    def ingest(reference: str | None) -> None:
        lines = ({"id": f"q{n}", "prompt": f"Say yes {n} times", "reference": reference} for n in range(3))
        exam.write_text("".join(json.dumps(line) + "\n" for line in lines))
        evalhub("ingest", f"jsonl:{exam}", "--hub", hub_path)

    def brought() -> Any:
        return evalhub("import", results, "--source", "jsonl:exam.jsonl", "--json", "--hub", hub_path).json

    ingest(None)
    results.write_text("model,sample,value\na,q0,1\na,q1,1\na,q2,0\n")
    first = brought()["import"]
    score = ("score", "baseline:empty", "--where", "source = 'jsonl:exam.jsonl'", "--hub", hub_path)
    done = evalhub(*score)
    assert "judge an answer to jsonl:exam.jsonl (3): their reference is null" in done.line
    assert "loading" not in done.err
    evalhub("import", "--undo", first, "--hub", hub_path)
    ingest("yes")
    assert brought()["kept"] == 3
    assert evalhub(*score).code in (0, None)
    shared = evalhub("compare", "a", "baseline:empty", "--json", "--hub", hub_path).json
    assert shared["comparisons"][0]["samples"] == 3
