"""A log of 200,000 samples into a hub, beside Inspect's own reading of its summaries.

python -m benchmarks.import_inspect [--samples 200000] [--log FILE.eval]

Where Inspect is installed (`pip install inspect_ai`) it writes the log itself, which takes some ten minutes, and
reads it too; else the log is written by its format, deflated, with a short transcript for each sample. --log keeps
it, or takes one that is there. Both read it as processes of their own, from start to end.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from benchmarks.peak import Peak

READ = """
import sys
from inspect_ai.log import read_eval_log_sample_summaries
print(len(read_eval_log_sample_summaries(sys.argv[1])))
"""


def main() -> None:
    """Print seconds and the most memory of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200_000)
    parser.add_argument("--log", type=Path)
    given = parser.parse_args()
    theirs = importlib.util.find_spec("inspect_ai") is not None
    with tempfile.TemporaryDirectory() as name:
        log = given.log or Path(name) / "large.eval"
        if not log.exists():
            (_write if theirs else _write_by_format)(log, given.samples)
        print(f"{log}: {log.stat().st_size / 2**20:.0f} MiB", flush=True)
        ours = [sys.executable, "-m", "evalhub", "import", str(log), "--hub", f"{name}/hub"]
        readers = {"evalhub": ours, **({"Inspect": [sys.executable, "-c", READ, str(log)]} if theirs else {})}
        for what, command in readers.items():
            peak, started = Peak(), time.perf_counter()
            with subprocess.Popen(command) as process:
                peak.watch(process.pid)
            print(f"{what}: {time.perf_counter() - started:.1f} s, {peak.gib:.2f} GiB", flush=True)


def _items(count: int) -> list[dict[str, Any]]:
    """Questions of four choices, a quarter of them answered rightly."""
    return [
        {
            "id": place,
            "epoch": 1,
            "input": f"What is {place} plus {place % 97}? " + "Think of it as apples in baskets. " * 4,
            "choices": [str(place + place % 97 + k) for k in (-1, 0, 1, 2)],
            "target": "B",
            "said": f"Adding them one by one gives {place + place % 97}.\n\nANSWER: {'ABCD'[place % 4]}",
            "answer": "ABCD"[place % 4],
            "value": "C" if place % 4 == 1 else "I",
        }
        for place in range(count)
    ]


def _write_by_format(path: Path, count: int) -> None:
    spec = {
        "created": "2026-11-26T00:00:00+00:00",
        "task": "sums",
        "dataset": {"name": "sums", "samples": count},
        "model": "lab/model",
        "config": {},
        "packages": {"inspect_ai": "0.3.285"},
    }
    start = {"version": 2, "eval": spec, "plan": {"name": "plan", "steps": [], "config": {}}}
    results = {"total_samples": count, "completed_samples": count, "scores": []}
    summaries = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("_journal/start.json", json.dumps(start))
        for item in _items(count):
            said, answer, value = item.pop("said"), item.pop("answer"), item.pop("value")
            scores = {"choice": {"value": value, "answer": answer}}
            messages = [{"role": "user", "content": item["input"]}, {"role": "assistant", "content": said}]
            whole = {**item, "messages": messages, "scores": scores}
            file.writestr(f"samples/{item['id']}_epoch_1.json", json.dumps(whole))
            summaries.append({**item, "scores": scores, "completed": True, "message_count": 2})
        file.writestr("summaries.json", json.dumps(summaries))
        file.writestr("header.json", json.dumps({**start, "status": "success", "results": results}))


def _write(path: Path, count: int) -> None:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalResults, EvalSample, EvalSpec, write_eval_log
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, ModelOutput, ModelUsage
    from inspect_ai.scorer import Score

    samples = [
        EvalSample(
            id=item["id"],
            epoch=1,
            input=item["input"],
            choices=item["choices"],
            target=item["target"],
            messages=[
                ChatMessageSystem(content="Answer with a letter."),
                ChatMessageUser(content=item["input"]),
                ChatMessageAssistant(content=item["said"]),
            ],
            output=ModelOutput.from_content("lab/model", item["said"]),
            scores={"choice": Score(value=item["value"], answer=item["answer"])},
            model_usage={"lab/model": ModelUsage(input_tokens=60, output_tokens=20, total_tokens=80)},
        )
        for item in _items(count)
    ]
    spec = EvalSpec(
        created="2026-11-26T00:00:00+00:00",
        task="sums",
        dataset=EvalDataset(name="sums", samples=count),
        model="lab/model",
        config=EvalConfig(),
    )
    results = EvalResults(total_samples=count, completed_samples=count)
    write_eval_log(EvalLog(status="success", eval=spec, results=results, samples=samples), str(path))


if __name__ == "__main__":
    main()
