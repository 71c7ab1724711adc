"""Tasks of lm-eval as files: their YAML and their data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROWS: list[dict[str, Any]] = [
    {
        "question": f"What is {number} plus {number % 7}?",
        "choices": [
            str(number + number % 7) if number % 3 else f"That is {number + number % 7}, as far as anybody knows",
            f"à peu près {number * 3}",
            "nobody knows",
            f"{number} and then some more",
        ],
        "answer": 0,
    }
    for number in range(11, 41)
]
for number, row in enumerate(ROWS):  # the right one stands in every place
    row["answer"] = place = number % 4
    row["choices"][0], row["choices"][place] = row["choices"][place], row["choices"][0]

CHOICE = {
    "output_type": "multiple_choice",
    "doc_to_text": "Question: {{question}}\nAnswer:",
    "doc_to_choice": "{{choices}}",
    "doc_to_target": "answer",
    "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
}
GENERATE = {
    "output_type": "generate_until",
    "doc_to_text": "Q: {{question}}\nA:",
    "doc_to_target": "{{choices[answer]}}",
    "generation_kwargs": {"until": ["\n", "Q:"], "max_gen_toks": 8},
    "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
}


def write_task(
    folder: Path, name: str, config: dict[str, Any], rows: list[dict[str, Any]] | None = None, code: str = ""
) -> Path:
    """A task in a folder, by its YAML, with data beside it. Functions are named in the configuration as
    `!function utils.NAME`, and are what `code` has."""
    folder.mkdir(exist_ok=True)
    data = folder / f"{name}.jsonl"
    data.write_text("\n".join(map(json.dumps, rows or ROWS)))
    splits = {key: str(data) for key in ("train", "test")}
    told = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": splits, "cache_dir": str(folder / "cache")},
        "test_split": "test",
        "metadata": {"version": 1.0},
        **config,
    }
    text = json.dumps(told, indent=1)
    for function in ("process_results", "Bracketed", "count"):
        text = text.replace(f'"!function utils.{function}"', f"!function utils.{function}")
    (folder / f"{name}.yaml").write_text(text)
    if code:
        (folder / "utils.py").write_text(code)
    return folder
