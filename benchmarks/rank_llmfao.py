"""Human votes with ties: our strengths beside evalica's from the same votes, and how long both take.

    python -m benchmarks.rank_llmfao FILE

FILE is Parquet with `model_x, model_y, prompt, worker, winner` (left, right or tie), such as the votes of
dustalov/llmfao. Both of evalica's likelihoods that agree with one of ours are compared: `bradley_terry` (a tie is
half a win to each) and `newman` (Davidson's ties). Clocks start at the same lists of votes in memory; ours ends at
a ranking with intervals and rank ranges, clusters being the raters, theirs at strengths.
"""

from __future__ import annotations

import argparse

import evalica
import numpy as np
import polars as pl

from aggregate.measurements import Measurements
from aggregate.method import Method
from aggregate.methods.bradley_terry import BradleyTerry
from aggregate.methods.davidson import Davidson
from benchmarks.rank_mmlu_pro import timed

_TOLERANCE, _LIMIT = 1e-14, 100_000


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    rows = pl.read_parquet(parser.parse_args().file).with_columns(pl.col("model_x", "model_y").cast(pl.String))
    outcome = pl.col("winner").replace_strict({"left": "a", "right": "b", "tie": "tie"})
    frame = rows.select(model_a="model_x", model_b="model_y", outcome=outcome, sample="prompt", cluster="worker")
    winner = {"left": evalica.Winner.X, "right": evalica.Winner.Y, "tie": evalica.Winner.Draw}
    lists = rows["model_x"].to_list(), rows["model_y"].to_list(), [winner[w] for w in rows["winner"].to_list()]
    ties = (rows["winner"] == "tie").mean()
    print(f"{rows.height} votes between {len({*lists[0], *lists[1]})} models, {100 * ties:.0f} % ties")
    theirs = {
        "bradley-terry": lambda: evalica.bradley_terry(*lists, tolerance=_TOLERANCE, limit=_LIMIT),
        "davidson": lambda: evalica.newman(*lists, tolerance=_TOLERANCE, limit=_LIMIT),
    }
    methods: tuple[Method, ...] = (BradleyTerry(), Davidson())
    for method in methods:
        ours, ranking = timed(lambda method=method: method(Measurements.from_frame(frame)), 5)
        other, fitted = timed(theirs[method.name], 5)
        scores = {row.model: row.score for row in ranking.models}
        names = list(scores)
        gap = np.array([scores[name] for name in names]) - np.log(fitted.scores.loc[names].to_numpy())
        apart = np.abs(gap - gap.mean()).max()
        print(
            f"{method.name}: strengths apart by {apart:.0e}; ours with intervals {1e3 * ours:.0f} ms, evalica's "
            f"strengths {1e3 * other:.0f} ms"
        )


if __name__ == "__main__":
    main()
