"""Four-choice questions by log-likelihood: evalhub's backend beside lm-eval's hf backend, in one run.

python -m benchmarks.loglikelihood gsm8k_test.jsonl [--questions 200] [--shot-questions 24] [--repeat 3]

Both run the embedded model in float32 on all cores: evalhub as its backend does (a process with one thread for
each core), lm-eval with a thread for each at its best batch size of those tried on a part of the questions. They
take turns; times are medians. Questions are made from real problems: which sentence goes on, or which number is
the answer. `differ by` is the largest difference of any log-probability.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from evalhub.backends.base import Request
from evalhub.backends.transformers import TransformersBackend
from evalhub.backends.weights import EMBEDDED, resolve
from ingest.records import Condition

BATCHES = (4, 8, 16)
SHOTS = 5
HEADER = "The following are multiple choice questions (with answers) about arithmetic.\n\n"
"""As MMLU's questions have it."""


@dataclass(frozen=True)
class Question:
    """A text, what may follow it, and which of that is right."""

    text: str
    choices: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class Task:
    """Questions as both sides are asked them."""

    name: str
    floor: float
    preamble: str
    questions: list[Question]


def main() -> None:
    """Print seconds, ratios, the largest difference and both accuracies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--shot-questions", type=int, default=24, help="of the task with worked examples")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    backend = TransformersBackend(EMBEDDED, dtype="float32")
    theirs = _their_model()
    for task in tasks(given.file, given.questions, given.shot_questions):
        part = Task(task.name, task.floor, task.preamble, task.questions[: max(8, len(task.questions) // 8)])
        tried = {batch: _theirs(theirs, part, batch)[0] for batch in BATCHES}
        batch = min(tried, key=lambda size: tried[size])
        _ours(backend, part)
        runs = [(_ours(backend, task), _theirs(theirs, task, batch)) for _ in range(given.repeat)]
        seconds = [median(run[side][0] for run in runs) for side in (0, 1)]
        (_, ours), (_, others) = runs[-1]
        off = max(abs(mine - other) for mine, other in zip(chain(*ours), chain(*others), strict=True))
        accuracy = [_accuracy(task, scores) for scores in (ours, others)]
        print(
            f"{task.name}: evalhub {seconds[0]:.1f} s, lm-eval {seconds[1]:.1f} s at batch {batch}, "
            f"ratio {seconds[1] / seconds[0]:.2f} (floor {task.floor}); differ by {off:.1e}; "
            f"accuracy {accuracy[0]} and {accuracy[1]}; "
            f"single ratios {', '.join(f'{their[0] / our[0]:.2f}' for our, their in runs)}; "
            f"batches tried {', '.join(f'{size}: {taken:.1f} s' for size, taken in tried.items())}",
            flush=True,
        )
    backend.close()


def tasks(path: Path, count: int, with_shots: int) -> list[Task]:
    """Whole choices, letters, and whole choices behind worked examples."""
    made = questions(path, count + SHOTS)
    made, worked = made[:count], made[count:]
    shown = "".join(f"{one.text}{one.choices[one.right]}\n\n" for one in worked)
    return [
        Task(f"{count} questions, whole choices", 4, "", made),
        Task(f"{count} questions, letters", 2, HEADER, [_lettered(one) for one in made]),
        Task(f"{with_shots} questions, whole choices, {SHOTS} worked examples", 6, shown, made[:with_shots]),
    ]


def questions(path: Path, count: int) -> list[Question]:
    """Four-choice questions from word problems: by turns which sentence goes on, and which number answers."""
    dice = random.Random(0)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    problems = []
    for row in rows:
        *head, last = re.split(r"(?<=[.?!]) ", row["question"].strip())
        text = " ".join(head)
        if 150 <= len(text) <= 480 and 15 <= len(last) <= 60:
            problems.append((text, last, int(row["answer"].split("####")[1].replace(",", ""))))
    dice.shuffle(problems)
    made = []
    for place, (text, last, number) in enumerate(problems[:count]):
        if place % 2:
            others = [str(number)]
            while len(others) < 4:
                near = str(max(0, number + dice.choice([-1, 1]) * dice.randint(1, max(3, number // 3))))
                others += [near] * (near not in others)
            text = f"Question: {text} {last}\nAnswer:"
        else:
            others = [last, *dice.sample([sentence for _, sentence, _ in problems if sentence != last], 3)]
        choices = [f" {other}" for other in others]
        right = choices[0]
        dice.shuffle(choices)
        made.append(Question(text, tuple(choices), choices.index(right)))
    return made


def _lettered(one: Question) -> Question:
    listed = "\n".join(f"{letter}.{choice}" for letter, choice in zip("ABCD", one.choices, strict=True))
    return Question(f"{one.text}\n{listed}\nAnswer:", (" A", " B", " C", " D"), one.right)


def _ours(backend: TransformersBackend, task: Task) -> tuple[float, list[list[float]]]:
    """Seconds, and log-probabilities by question."""
    condition = backend.condition(Condition(form="plain", answer="likelihood", preamble=task.preamble))
    waiting = [
        Request(str(place), 0, 0, one.text, condition, continuations=one.choices)
        for place, one in enumerate(task.questions)
    ]
    found: dict[int, list[float]] = {}
    started = time.perf_counter()
    flying = 0
    while len(found) < len(task.questions):
        # As scoring does it: no more in flight than the backend takes.
        fresh, waiting = waiting[: backend.capacity - flying], waiting[backend.capacity - flying :]
        backend.submit(fresh)
        outputs = backend.collect(10)
        flying += len(fresh) - len(outputs)
        for output in outputs:
            found[int(output.request.sample_id)] = [score.logprob for score in output.scores]
    return time.perf_counter() - started, [found[place] for place in range(len(task.questions))]


def _their_model() -> Any:
    import torch
    import transformers
    from lm_eval.models.huggingface import HFLM

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    return HFLM(pretrained=str(resolve(EMBEDDED).folder("float32")), device="cpu", dtype="float32", batch_size=1)


def _theirs(model: Any, task: Task, batch: int) -> tuple[float, list[list[float]]]:
    from lm_eval.api.instance import Instance

    model.batch_size_per_gpu = batch
    asked = [
        Instance("loglikelihood", {}, (task.preamble + one.text, choice), place)
        for one in task.questions
        for place, choice in enumerate(one.choices)
    ]
    started = time.perf_counter()
    found = [logprob for logprob, _ in model.loglikelihood(asked, disable_tqdm=True)]
    seconds = time.perf_counter() - started
    return seconds, [found[place : place + 4] for place in range(0, len(found), 4)]


def _accuracy(task: Task, scores: Sequence[Sequence[float]]) -> float:
    right = [
        max(range(4), key=found.__getitem__) == one.right
        for one, found in zip(task.questions, scores, strict=True)
    ]
    return sum(right) / len(right)


if __name__ == "__main__":
    main()
