"""LiveXiv's second version predicted from its first: ours, Rasch, shift, carry, and a share of the questions.

    python -m benchmarks.live_predict FOLDER [--models 5] [--random 12] [--seeds 8]

FOLDER holds vqa_v1.parquet to tqa_v2.parquet (`domain, question, model_row, correct`), the result matrices of
NimrodShabtay/LiveXiv. The 17 models of both versions; those that are not run again are predicted. Errors are in
points of accuracy, over these; Spearman's correlation is that of all 17, the others with their true scores. Rasch
is one fit to both versions by marginal likelihood, its difficulties from one normal or from one with a mean for
each version. Models run again are chosen by us, by LiveXiv's rule (for so many percentiles of difficulty the model
of greatest Fisher information), or at random.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats
from scipy.special import expit

from aggregate.effects import Effects
from aggregate.marginal import Marginal
from aggregate.measurements import Measurements
from aggregate.rerun.changes import choose_models
from aggregate.rerun.drift import drift
from aggregate.rerun.release import predict_release
from aggregate.rerun.scores import drawn_scores
from aggregate.rerun.shares import assign

MODELS = 17
VERSIONS = ("v1", "v2")


def matrix(folder: Path, part: str, version: str) -> pl.DataFrame:
    """Long form, with the version as the tag."""
    return (
        pl.read_parquet(folder / f"{part}_{version}.parquet")
        .filter(pl.col("model_row") < MODELS)
        .select(
            model=pl.col("model_row").cast(pl.String).str.zfill(2),
            sample=pl.format("{}/{}/{}", "version", "domain", "question"),
            value="correct",
            tag="version",
            domain=pl.format("{} {}", "version", "domain"),
        )
    )


def rasch(old: pl.DataFrame, new: pl.DataFrame, *, apart: bool) -> np.ndarray:
    """(M,) expected accuracy on the new version, by one fit to both."""
    m = Measurements.from_frame(old, new)
    marginal = Marginal(m, effects=Effects.of_tags(m) if apart else None)
    is_new = m.tag_of == m.tags.index(VERSIONS[1])
    total = np.zeros(MODELS)
    for _, parts in marginal.scores(marginal.fit()):
        for scores in parts:
            total += scores.expected[is_new[scores.sample]].sum(axis=0)
    return total / is_new.sum()


def fisher(old: Measurements, number: int) -> np.ndarray:
    """LiveXiv's choice. A sample's difficulty is where as many of the models are expected to pass it as did."""
    fit = Marginal(old).fit()
    passed = np.bincount(old.sample, old.value) + 0.5
    grid = np.linspace(-8, 8, 401)
    expected = expit(fit.ability[:, None] - grid).sum(axis=0) * (MODELS + 1) / MODELS
    difficulty = np.interp(-passed, -expected, grid)
    chosen: list[int] = []
    for level in np.quantile(difficulty, (np.arange(number) + 0.5) / number):
        chance = expit(fit.ability - level)
        information = chance * (1 - chance)
        information[chosen] = -1
        chosen.append(int(information.argmax()))
    return np.sort(chosen)


def predictions(
    old: pl.DataFrame, new: pl.DataFrame, rerun: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """(M,) guesses by way, and (M,) ends of our intervals."""
    names = [f"{i:02}" for i in range(MODELS)]
    seen = new.filter(pl.col("model").is_in([names[i] for i in rerun]))
    found = predict_release(Measurements.from_frame(old), Measurements.from_frame(seen))
    rows = sorted(found.models, key=lambda row: row.model)
    guesses = {
        "carry": np.array([found.carry[name] for name in names]),
        "shift": np.array([found.shift[name] for name in names]),
        "evalhub": np.array([row.score for row in rows]),
        "Rasch": rasch(old, seen, apart=False),
        "Rasch, versions apart": rasch(old, seen, apart=True),
    }
    return guesses, np.array([row.low for row in rows]), np.array([row.high for row in rows])


def model_subset(folder: Path, part: str, number: int, random: int) -> None:
    old, new = (matrix(folder, part, version) for version in VERSIONS)
    before, after = Measurements.from_frame(old), Measurements.from_frame(new)
    truth = drawn_scores(after, 0.95).mean
    rng = np.random.default_rng(0)
    choices = {
        "ours": [choose_models(drawn_scores(before, 0.95).mean, number)],
        "LiveXiv's": [fisher(before, number)],
        f"{random} at random": [rng.choice(MODELS, number, replace=False) for _ in range(random)],
    }
    for name, sets in choices.items():
        measured: dict[str, list[tuple[float, float]]] = {}
        held, half = [], []
        for rerun in sets:
            rest = np.setdiff1d(np.arange(MODELS), rerun)
            guesses, low, high = predictions(old, new, rerun)
            for way, guess in guesses.items():
                whole = np.where(np.isin(np.arange(MODELS), rest), guess, truth)
                error = 100 * np.abs(guess - truth)[rest].mean()
                measured.setdefault(way, []).append((error, stats.spearmanr(whole, truth).statistic))
            held.append(((low <= truth) & (truth <= high))[rest].mean())
            half.append(50 * (high - low)[rest].mean())
        cells = [
            f"{error:.2f} / {order:.3f}" for error, order in (np.mean(each, axis=0) for each in measured.values())
        ]
        print(f"| {part} | {name} | " + " | ".join(cells) + f" | {np.mean(held):.1%} | {np.mean(half):.2f} |")


def question_subset(folder: Path, part: str, number: int, seeds: int) -> None:
    m = Measurements.from_frame(matrix(folder, part, VERSIONS[1]))
    domain = Measurements.from_frame(matrix(folder, part, VERSIONS[1]).with_columns(tag="domain")).tag_of
    truth, samples = np.bincount(m.model, m.value) / len(m.samples), len(m.samples)
    each = number * samples // MODELS
    error, order, held, half = [], [], [], []
    for seed in range(seeds):
        asked = np.zeros((samples, MODELS), bool)
        asked[assign(MODELS, samples, each, seed=seed, group_of=domain), np.arange(MODELS)[:, None]] = True
        rows = asked[m.sample, m.model]
        names = pl.Series(m.models).gather(m.model[rows])
        few = pl.DataFrame({"model": names, "sample": m.sample[rows], "value": m.value[rows]})
        found = drawn_scores(Measurements.from_frame(few), 0.95)
        error.append(100 * np.abs(found.mean - truth).mean())
        order.append(stats.spearmanr(found.mean, truth).statistic)
        held.append(((found.low <= truth) & (truth <= found.high)).mean())
        half.append(50 * (found.high - found.low).mean())
    print(
        f"| {part} | {each:,} of {samples:,} | {np.mean(error):.2f} ({min(error):.2f} to {max(error):.2f}) "
        f"| {np.mean(order):.3f} | {np.mean(held):.1%} | {np.mean(half):.2f} |"
    )


def alarms(folder: Path, part: str) -> None:
    """The alarm on both versions, with samples and with domains as clusters, and on halves of the first one."""
    old, new = (matrix(folder, part, version) for version in VERSIONS)

    def read(frame: pl.DataFrame, *, clusters: bool) -> Measurements:
        return Measurements.from_frame(frame.with_columns(cluster="domain") if clusters else frame)

    cells: list[str] = []
    for clusters in (False, True):
        found = drift(read(old, clusters=clusters), read(new, clusters=clusters))
        cells.append(f"{100 * found.change:+.2f} ({100 * found.low:+.2f} to {100 * found.high:+.2f})")
    m = read(old, clusters=False)
    rng = np.random.default_rng(0)
    halves = (rng.permutation(len(m.samples)) % 2 == 0 for _ in range(500))
    false = [drift(m.of_samples(keep), m.of_samples(~keep)).alarm for keep in halves]
    print(f"| {part} | {' | '.join(cells)} | {np.mean(false):.1%} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=5, help="run again")
    parser.add_argument("--random", type=int, default=12, help="sets of models at random")
    parser.add_argument("--seeds", type=int, default=8, help="draws of questions")
    given = parser.parse_args()
    print(
        "| part | models run again | carry | shift | evalhub | Rasch | Rasch, versions apart | held | half-width |"
    )
    print("|---" * 9 + "|")
    for part in ("vqa", "tqa"):
        model_subset(given.folder, part, given.models, given.random)
    print("\n| part | questions a model | error | Spearman | held | half-width |\n" + "|---" * 6 + "|")
    for part in ("vqa", "tqa"):
        question_subset(given.folder, part, given.models, given.seeds)
    print("\n| part | change, samples | change, domains | false alarms |\n" + "|---" * 4 + "|")
    for part in ("vqa", "tqa"):
        alarms(given.folder, part)


if __name__ == "__main__":
    main()
