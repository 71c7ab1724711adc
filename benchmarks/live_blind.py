"""Computed questions on papers tried blind: what goes, and how a solver does on the rest.

    python -m benchmarks.live_blind PAPER… [--solver smollm2-135m] [--questions 150] [--runs 6] [--fresh 2]

A PAPER is a PDF or a LaTeX source. Of the questions that the filters of form keep, so many are drawn.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from evalhub.backends.opening import open_backend
from evalhub.live.blind import blind
from evalhub.live.guesses import Rules
from evalhub.live.ledger import reasons, structural
from ingest.papers.read import PaperFiles, read_papers
from ingest.papers.records import Paper
from ingest.questions.write import questions_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("papers", nargs="+", type=Path)
    parser.add_argument("--solver", default="smollm2-135m")
    parser.add_argument("--questions", type=int, default=150)
    parser.add_argument("--runs", type=int, default=Rules.runs)
    parser.add_argument("--fresh", type=int, default=Rules.fresh)
    given = parser.parse_args()
    read = [paper for _, paper in read_papers([PaperFiles((path,)) for path in given.papers])]
    made = [
        question
        for paper in read
        if isinstance(paper, Paper)
        for question in questions_of(paper, source="live:benchmark").questions
    ]
    formed = structural(made)
    drawn = random.Random(0).sample(formed.kept, min(given.questions, len(formed.kept)))
    started = time.monotonic()
    solver = open_backend(given.solver)
    try:
        result = blind(drawn, [solver], Rules(runs=given.runs, fresh=given.fresh))
    finally:
        solver.close()
    tables = sum(len(paper.tables) for paper in read if isinstance(paper, Paper))
    on_tables = sum(question.evidence.item == "table" for question in result.kept)
    print(f"{len(made)} questions on {len(read)} papers, {len(formed.kept)} of good form, {len(drawn)} tried")
    print(f"{len(result.kept)} kept, {on_tables / tables:.1f} for each of {tables} tables")
    for finding in result.findings:
        print(finding)
    for standing in result.standings:
        print(standing)
    print(reasons(result.removed), f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
