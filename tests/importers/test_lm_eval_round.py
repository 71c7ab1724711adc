"""There and back: lm-eval runs the embedded model, its log comes in, and evalhub asks the same model the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evalhub.store.hub import Hub
from evalhub.store.origins import sources
from tests.backends.embedded import converted
from tests.cli.helpers import evalhub
from tests.sources.lm_eval_files import CHOICE, GENERATE, write_task

pytest.importorskip("lm_eval", reason='lm-eval is not installed: pip install "evalhub[lm-eval]"')
pytestmark = pytest.mark.slow

SUMS = [
    {
        "question": f"{number} + {number % 8 + 3} =",
        "choices": [str(number + number % 8 + wrong) for wrong in (2, 3, 103, 13)],
        "answer": 1,
    }
    for number in range(11, 23)
]
COPIED = [{"question": f"Say {colour}.", "answer": colour} for colour in ("blue", "green", "yellow", "orange")]
ADDED = [{"question": f"What is {n} + {n * 37}?", "answer": str(n * 38)} for n in (14, 25, 36, 47)]
SHOTS = {"fewshot_split": "train", "num_fewshot": 3, "fewshot_config": {"sampler": "first_n"}}
STRIPPED = {"name": "stripped", "filter": [{"function": "remove_whitespace"}, {"function": "take_first"}]}


@dataclass(frozen=True)
class Round:
    """One run of lm-eval, and the hub."""

    told: dict[str, Any]
    """Its figures, by task."""

    hub: Path

    def values(self, task: str, metric: str, *, logged: bool) -> dict[str, float]:
        """Measurements of a task's samples, from the log or made here, by the sample's name."""
        with Hub(self.hub) as hub:
            rows = hub.database.execute(
                """
                SELECT source_id, value FROM measurement JOIN origin USING (sample_id)
                WHERE source = ? AND metric = ? AND (import_id <> '') = ? AND value IS NOT NULL
                    AND NOT starts_with(model_id, 'baseline:')
                """,
                [f"lm-eval:{task}", metric, logged],
            ).fetchall()
        values = dict(rows)
        assert len(values) == len(rows)
        return values


@pytest.fixture(scope="module")
def round(tmp_path_factory: pytest.TempPathFactory) -> Round:
    """The tasks are in the hub when the log comes in, and scored."""
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    folder = tmp_path_factory.mktemp("round")
    tasks = write_task(folder / "tasks", "sums", {**CHOICE, "description": "Sums.\n\n"}, SUMS)
    said = {**GENERATE, **SHOTS, "doc_to_target": "answer", "filter_list": [STRIPPED]}
    write_task(tasks, "said", said, [*COPIED, *ADDED])
    tracker = EvaluationTracker(output_path=str(folder / "logs"))
    results = simple_evaluate(
        model="hf",
        model_args={"pretrained": str(converted("float32")), "dtype": "float32"},
        tasks=["sums", "said"],
        batch_size=8,
        device="cpu",
        bootstrap_iters=0,
        evaluation_tracker=tracker,
        task_manager=TaskManager(include_path=str(tasks), include_defaults=False),
    )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for name in results["configs"]:
        tracker.save_results_samples(task_name=name, samples=samples[name])
    hub = folder / "hub"
    for name in ("sums", "said"):
        done = evalhub("ingest", f"lm-eval:{name}", "-o", f"include_path={tasks}", "--hub", hub, "--json")
        assert done.code == 0, done.err
    imported = evalhub("import", folder / "logs", "--hub", hub, "--json").json
    assert (imported["format"], imported["refused"], imported["partial"]) == ("lm-eval", {}, [])
    once = ("--passes", 1, "--max-attempts", 1)  # as lm-eval asks; greedy attempts are all the same
    how = ("--dtype", "float32", "--device", "cpu")
    done = evalhub("score", "smollm2-135m", *once, *how, "--hub", hub, "--json")
    assert done.code == 0, done.err
    return Round(results["results"], hub)


@pytest.mark.parametrize(
    ("task", "metric", "key", "samples"),
    [
        ("sums", "acc", "acc,none", 12),
        ("sums", "acc_norm", "acc_norm,none", 12),
        ("said", "exact_match,stripped", "exact_match,stripped", 8),
    ],
)
def test_the_log_comes_to_lm_evals_own_score(round: Round, task: str, metric: str, key: str, samples: int) -> None:
    """To the last digit."""
    values = round.values(task, metric, logged=True).values()
    assert len(values) == samples and 0 < sum(values) < samples
    assert sum(values) / len(values) == round.told[task][key]


def test_the_same_model_asked_from_here_has_the_same_value_of_every_sample(round: Round) -> None:
    """By likelihood: the samples of the log are those of the task, and each passes here where it passed there."""
    with Hub(round.hub) as hub:
        assert sources(hub)["lm-eval:sums"] == len(SUMS)
    for ours, theirs in (("pass rate", "acc"), ("acc_norm", "acc_norm")):
        values = round.values("sums", ours, logged=False)
        assert values == round.values("sums", theirs, logged=True)
        assert sum(values.values()) / len(values) == round.told["sums"][f"{theirs},none"]


def test_generated_answers_have_the_same_value_where_they_are_whole(round: Round) -> None:
    """Those that the limit cut off are missing here; lm-eval judges what there is."""
    values = round.values("said", "pass rate", logged=False)
    logged = round.values("said", "exact_match,stripped", logged=True)
    assert len(values) >= len(COPIED) and values.items() <= logged.items()
