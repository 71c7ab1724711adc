"""A log of 200,000 samples, written by Inspect itself, into a hub; beside Inspect's own reading of its summaries.

python -m benchmarks.import_inspect [--samples 200000] [--log FILE.eval]

Needs `pip install inspect_ai`. The log is one of multiple choice with a short transcript for each sample; it is
written once (and kept where --log says). Both read it as processes of their own, from start to end.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
    with tempfile.TemporaryDirectory() as name:
        log = given.log or Path(name) / "large.eval"
        if not log.exists():
            _write(log, given.samples)
        print(f"{given.samples:,} samples, {log.stat().st_size / 2**20:.0f} MiB", flush=True)
        ours = [sys.executable, "-m", "evalhub", "import", str(log), "--hub", f"{name}/hub"]
        for what, command in (
            ("Inspect, summaries alone", [sys.executable, "-c", READ, str(log)]),
            ("evalhub", ours),
        ):
            peak, started = Peak(), time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
                peak.watch(process.pid)
            print(f"{what}: {time.perf_counter() - started:.1f} s, {peak.gib:.2f} GiB, exit {process.returncode}")


def _write(path: Path, count: int) -> None:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalResults, EvalSample, EvalSpec, write_eval_log
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, ModelOutput, ModelUsage
    from inspect_ai.scorer import Score

    samples = []
    for place in range(count):
        question = f"What is {place} plus {place % 97}? " + "Think of it as apples in baskets. " * 4
        said = f"Adding them one by one gives {place + place % 97}.\n\nANSWER: {'ABCD'[place % 4]}"
        samples.append(
            EvalSample(
                id=place,
                epoch=1,
                input=question,
                choices=[str(place + place % 97 + k) for k in (-1, 0, 1, 2)],
                target="B",
                messages=[
                    ChatMessageSystem(content="Answer with a letter."),
                    ChatMessageUser(content=question),
                    ChatMessageAssistant(content=said),
                ],
                output=ModelOutput.from_content("lab/model", said),
                scores={"choice": Score(value="C" if place % 4 == 1 else "I", answer="ABCD"[place % 4])},
                model_usage={"lab/model": ModelUsage(input_tokens=60, output_tokens=20, total_tokens=80)},
            )
        )
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
