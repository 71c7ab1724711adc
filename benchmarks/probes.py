"""Probes on MMLU-Pro: are a category's questions found by its name, and is the precision claimed the true one?

    python -m benchmarks.probes FILE [--hub FOLDER] [--answers 60]

FILE is Parquet with `sample_id, question, category`, such as the questions of TIGER-AI-Lab/MMLU-Pro.
Each category but "other", in plain words, is a probe over all 12,032 questions; the labels are hidden from the
search and stand in for the user where answers are given. FOLDER keeps the hub, so that vectors are computed once.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from evalhub.probes.index import Index
from evalhub.probes.probe import Probe
from evalhub.probes.search import Standing, look
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from evalhub.store.vectors import named
from ingest.records import Sample

SPELT = {"math": "mathematics"}
CUTS = (0.9, 0.8, 0.7, 0.5)
AT_ONCE = 5


@dataclass(frozen=True)
class Claim:
    """A precision claimed at a cut, and the true one."""

    claimed: float
    low: float
    high: float
    true: float


def mean_average_precision(scores: np.ndarray, relevant: np.ndarray) -> float:
    """Average precision of a ranking of samples."""
    hits = relevant[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def pool(hub: Hub, file: Path) -> tuple[Index, np.ndarray]:
    """The index of a hub with all questions, and their categories in its order."""
    questions = pl.read_parquet(file)
    samples = (
        Sample(prompt=prompt, grader="imported", reference={"row": row}, source="mmlu-pro", source_id=str(row))
        for row, prompt in questions.select("sample_id", "question").iter_rows()
    )
    add_samples(hub, samples)
    index = Index.open(hub, tell=lambda text: print(text, end="\r", flush=True))
    category = dict(questions.select(pl.col("sample_id").cast(pl.String), "category").iter_rows())
    return index, np.array([category[name] for name in named(hub, index.ids)["source_id"]])


def claims(standing: Standing, relevant: np.ndarray) -> list[Claim]:
    """At each of the cuts that has a sample above it."""
    found = []
    for cut in CUTS:
        best = standing.best(standing.count_for(cut))
        if len(best):
            found.append(Claim(*standing.precision_of(best), float(relevant[best].mean())))
    return found


def answered(index: Index, probe: Probe, relevant: Mapping[str, bool], count: int) -> Standing:
    """After so many answers to the questions that the tool asks, a few at a time."""
    answers: dict[str, bool] = {}
    while len(answers) < count:
        asked = look(index, probe, answers).to_ask(min(AT_ONCE, count - len(answers)))
        answers.update((sample_id, relevant[sample_id]) for sample_id in asked)
    return look(index, probe, answers)


def told(name: str, found: list[Claim]) -> str:
    """How far claims are from the truth, in points."""
    error = np.array([one.claimed - one.true for one in found])
    inside = np.mean([one.low <= one.true <= one.high for one in found])
    return (
        f"{name}: off by {100 * np.abs(error).mean():.1f} points on average (bias {100 * error.mean():+.1f}) at "
        f"{len(found)} cuts; the 95% interval holds the true one in {inside:.0%}"
    )


def main() -> None:
    """Print a row for each category, the means, and how good the claims are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--hub", type=Path)
    parser.add_argument("--answers", type=int, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, Hub(arguments.hub or Path(scratch) / "hub") as hub:
        index, category = pool(hub, arguments.file)
        rows, before, after = [], list[Claim](), list[Claim]()
        print(f"{'probe':18} dense   BM25   ours   after {arguments.answers} answers")
        for name in sorted(set(category) - {"other"}):
            probe, relevant = Probe(text=SPELT.get(name, name)), category == name
            dense = index.along(index.encoder.encode([probe.text])[0])
            standing = look(index, probe, {})
            taught = answered(
                index, probe, dict(zip(index.ids, relevant.tolist(), strict=True)), arguments.answers
            )
            scores = (dense, index.words.scores(probe.text), standing.similarity, taught.odds)
            rows.append([mean_average_precision(one, relevant) for one in scores])
            print(f"{name:18} " + "  ".join(f"{one:5.3f}" for one in rows[-1]))
            before += claims(standing, relevant)
            after += claims(taught, relevant)
        print(f"{'mean':18} " + "  ".join(f"{one:5.3f}" for one in np.mean(rows, axis=0)))
        print(told("precision claimed without answers", before))
        print(told(f"precision claimed after {arguments.answers} answers", after))


if __name__ == "__main__":
    main()
