"""EvalPlus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.importer import LogError, Told
from ingest.importers.evalplus import EvalPlus
from tests.importers.damaged import assert_any_json_will_do, assert_survives, claims, read

NAME = "Qwen--Qwen2-7B_vllm_temp_0.2_eval_results.json"


def written(path: Path, **tasks: list[Any]) -> Path:
    """Statuses of base and plus tests by the task's number."""
    found = {
        f"HumanEval/{task[1:]}": [
            {
                "task_id": f"HumanEval/{task[1:]}",
                "solution": "def f(): …",
                "base_status": one[0],
                "plus_status": one[1],
            }
            if isinstance(one, tuple)
            else one
            for one in solutions
        ]
        for task, solutions in tasks.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"date": "2024-06-01 10:00", "hash": "fe58", "eval": found}))
    return path


def test_solutions_are_attempts_under_two_metrics(tmp_path: Path) -> None:
    log = read(
        EvalPlus(), written(tmp_path / NAME, t0=[("pass", "pass"), ("pass", "fail")], t1=[("fail", "fail")])
    )
    plus = log.results.filter(log.results["main"])
    assert set(plus["metric"]) == {"plus"} and set(plus["model"]) == {"Qwen/Qwen2-7B"}
    assert plus.select("attempt", "value").rows() == [(0, 1.0), (1, 0.0), (0, 0.0)]
    base = log.results.filter(~log.results["main"])
    assert set(base["metric"]) == {"base"} and base["value"].to_list() == [1.0, 1.0, 0.0]
    sample = log.samples[plus["sample"][0]]
    assert (sample.source, sample.source_id) == ("evalplus:humaneval", "HumanEval/0")
    (condition,) = log.conditions.values()
    assert condition.temperature == 0.2


@pytest.mark.parametrize(
    ("statuses", "base", "plus"),
    [
        (("timeout", "timeout"), (None, "timeout"), (None, "timeout")),
        (("pass", "timeout"), (1.0, ""), (None, "timeout")),
        (("timeout", "pass"), (None, "timeout"), (None, "timeout")),
        (("fail", "timeout"), (0.0, ""), (0.0, "")),
        (("timeout", "fail"), (None, "timeout"), (0.0, "")),
        (("fail", "pass"), (0.0, ""), (0.0, "")),
        (("crashed", "pass"), (None, "error"), (None, "error")),
        ((None, "pass"), (None, "no value"), (None, "no value")),
        (("pass", None), (1.0, ""), (None, "no value")),
    ],
)
def test_a_timeout_is_missing_and_one_failure_is_enough(
    tmp_path: Path, statuses: tuple[Any, Any], base: tuple[Any, str], plus: tuple[Any, str]
) -> None:
    """`plus` is passed by what passes both kinds of tests."""
    log = read(EvalPlus(), written(tmp_path / NAME, t0=[statuses, ("pass", "pass")]))
    assert log.results.select("value", "reason").rows()[:2] == [base, plus]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (NAME, "took the model 'Qwen/Qwen2-7B' from the name of the file"),
        ("mine/eval_results.json", "took the model 'mine' from the name of the folder"),
    ],
)
def test_where_a_model_s_name_comes_from_is_said(name: str, told: str, tmp_path: Path) -> None:
    """Unless the user named it."""
    path = written(tmp_path / name, t0=[("pass", "pass")])
    assert read(EvalPlus(), path).warnings == [f"{told}: --model NAME says another"]
    assert read(EvalPlus(), path, Told(model="mine")).warnings == []


def test_the_tool_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="--model NAME"):
        read(EvalPlus(), written(tmp_path / "evalplus_eval_results.json", t0=[("pass", "pass")]))


def test_without_the_added_tests_base_is_the_main_metric(tmp_path: Path) -> None:
    log = read(EvalPlus(), written(tmp_path / NAME, t0=[("pass", None)]))
    assert log.results.select("metric", "value", "main").rows() == [("base", 1.0, True)]
    assert set(log.scales) == {"base"}


@pytest.mark.parametrize(
    ("name", "model"),
    [
        (NAME, "Qwen/Qwen2-7B"),
        ("gpt-4_openai_temp_0.0-sanitized_eval_results.json", "gpt-4"),
        ("gpt-4_eval_results.json", "gpt-4"),
        ("gpt-4_temp_0.8/eval_results.json", "gpt-4_temp_0.8"),
        ("code_llama_hf_temp_0.8/eval_results.json", "code_llama"),
    ],
)
def test_the_model_is_in_the_name(tmp_path: Path, name: str, model: str) -> None:
    """Of the file, or of its folder. What the user says goes before."""
    key = written(tmp_path / name, t0=[("pass", "pass")])
    assert set(read(EvalPlus(), key).results["model"]) == {model}
    assert set(read(EvalPlus(), key, Told(model="mine")).results["model"]) == {"mine"}


def test_a_name_that_says_nothing(tmp_path: Path) -> None:
    key = written(tmp_path / "samples_eval_results.json", t0=[("pass", "pass")])
    with pytest.raises(LogError, match="--model"):
        read(EvalPlus(), key)


def test_cleaned_outputs_and_other_temperatures_are_other_conditions(tmp_path: Path) -> None:
    names = [
        f"m_hf_temp_{t}{kind}_eval_results.json" for t in ("0.0", "0.8") for kind in ("", "-sanitized", ".raw")
    ]
    logs = [read(EvalPlus(), written(tmp_path / name, t0=[("pass", "pass")])) for name in names]
    assert len({condition for log in logs for condition in log.conditions}) == len(names)
    assert {model for log in logs for model in log.results["model"]} == {"m"}


def test_what_is_no_solution_is_refused(tmp_path: Path) -> None:
    key = written(tmp_path / NAME, t0=[("pass", "pass"), 3, {"solution": ""}, ("pass", "fail")])
    content = json.loads(key.read_text())
    content["eval"]["HumanEval/1"] = {}
    key.write_text(json.dumps(content))
    log = read(EvalPlus(), key)
    assert log.results.filter(log.results["main"])["attempt"].to_list() == [0, 3]
    assert dict(log.refused) == {"not a solution": 2, "not a list of solutions": 1}


def test_a_file_without_results(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"eval": {}, "base_status": 0, "solution": 0}')
    with pytest.raises(LogError, match="no results"):
        read(EvalPlus(), tmp_path / NAME)
    (tmp_path / NAME).write_text('{"eval": {"task": "hellaswag"}}')
    assert not claims(EvalPlus(), tmp_path / NAME)


@pytest.mark.slow
def test_damage(tmp_path: Path) -> None:
    states = [("pass", "fail"), ("timeout", None), ("fail", "fail"), ("pass", "pass")]
    key = written(tmp_path / NAME, t0=states, t10=states[::-1])
    assert_survives(EvalPlus(), key)
    assert_any_json_will_do(EvalPlus(), key)
