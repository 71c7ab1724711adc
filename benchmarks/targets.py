"""What each target of `evalhub score` costs for each purpose: attempts of a sample for the same precision.

    python -m benchmarks.targets [FILE] [--runs 30] [--families 24]

Attempts are chosen and tallied by the schedule of `evalhub score` itself. Their outcomes are drawn from the rates
of families of six sizes that follow the law, 100 samples each; or, with replacement, from recorded ones (FILE, as
for `benchmarks.replay_policies`; timeouts are left out). Every target runs at four budgets. The error of each
purpose is laid through them as a power of the attempts that were made, and read where a fixed number of attempts
of every sample has its error: 20, and 40 for pass@32, of which fewer than 32 tell nothing.

Purposes: the mean rate of these samples (root mean square error); the logarithm of a single sample's rate, where
that is .01 or more, from (passes + 1/2) / (attempts + 1); pass@32 of these samples; and, of families, the rate
that the law foretells for three times the largest size.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from aggregate.laws.curve import rate_of
from aggregate.laws.family import Family
from aggregate.laws.lines import fit
from aggregate.laws.outlook import curve
from aggregate.rates import pass_at
from benchmarks.laws import SIZES
from benchmarks.replay_policies import read
from evalhub.scoring.plan import Budget, Plan, usual_passes
from evalhub.scoring.schedule import Schedule
from evalhub.scoring.tally import tally
from evalhub.scoring.trials import Outcome

LEVELS = (10, 20, 40, 80)
K = 32
PURPOSES = {"mean": 20, "ln of a rate": 20, f"pass@{K}": 40, "forecast of the law": 20}
"""And the fixed number of attempts whose error is to be had."""

AT = 1e10
CAP = 1000
FAR = 4 * LEVELS[-1]
"""More attempts than this are not told apart."""

_TRUSTED = np.log(2)
"""How far below the fewest attempts that were tried the power is trusted."""

PLAIN = {10: 20, 20: 60, 40: 200, 80: 1000}
"""Most attempts of a sample under plain PassUntil, about as dear as the others in all."""


def plans(samples: int) -> dict[str, list[Plan]]:
    """Every target at each level."""
    budgets = [Budget(attempts=level * samples) for level in LEVELS]

    def budgeted(target: str, cap: int = CAP) -> list[Plan]:
        passes = usual_passes(target)
        return [Plan(target=target, passes=passes, max_attempts=cap, budget=budget) for budget in budgets]

    return {
        "fixed number": [Plan(passes=None, max_attempts=level) for level in LEVELS],
        "plain PassUntil, 2 passes": [Plan(passes=2, max_attempts=PLAIN[level]) for level in LEVELS],
        "per-sample, 5 passes": budgeted("per-sample"),
        "mean": budgeted("mean"),
        f"pass@{K}, 5 passes": budgeted(f"pass@{K}", LEVELS[-1]),
        "law, 8 passes": budgeted("law"),
    }


def spent(plan: Plan, outcomes: np.ndarray) -> np.ndarray:
    """(4, samples) pass rates, passes, attempts, and estimates of pass@K; outcomes: (samples, CAP)."""
    names = [f"{place:06d}" for place in range(len(outcomes))]
    schedule = Schedule(names, plan)
    while not schedule.done and (issued := schedule.next(64)):
        for name, attempt in issued:
            schedule.record(name, attempt, Outcome(bool(outcomes[int(name), attempt])))
    schedule.conclude()
    found = tally(schedule, dict.fromkeys(names, ""), {}).measurements
    reached = schedule.reached()
    passes = np.array([one.passes for one in found])
    attempts = np.array([one.attempts for one in found])
    target = np.where([name in reached for name in names], passes, attempts + 1)
    rate = np.array([np.nan if one.value is None else one.value for one in found])
    return np.stack([rate, passes, attempts, pass_at(K, passes, attempts, target)])


def errors(found: np.ndarray, truth: np.ndarray) -> list[float]:
    """Squared errors of the mean, of the logarithms, and of pass@K; the truth: (samples,)."""
    rate, passes, attempts, at = found
    there = truth >= 0.01
    apart = np.log((passes[there] + 0.5) / (attempts[there] + 1)) - np.log(truth[there])
    wanted = (1 - (1 - truth) ** K).mean()
    return [(rate.mean() - truth.mean()) ** 2, (apart**2).mean(), (at.mean() - wanted) ** 2]


def replayed(recorded: np.ndarray, runs: int) -> dict[str, np.ndarray]:
    """By target: (levels, 1 + purposes), attempts of a sample and root mean square errors."""
    counted = [row[~np.isnan(row)] > 0 for row in recorded]
    truth = np.array([row.mean() for row in counted])
    found: dict[str, list[list[list[float]]]] = {}
    for run in range(runs):
        rng = np.random.default_rng(run)
        shown = np.stack([rng.choice(row, CAP) for row in counted])
        for name, each in plans(len(shown)).items():
            rows = [spent(plan, shown) for plan in each]
            found.setdefault(name, []).append([[row[2].mean(), *errors(row, truth)] for row in rows])
    return _summed(found)


def simulated(families: int) -> dict[str, np.ndarray]:
    """The same for families of six models on the law; errors of single models are means over the six."""
    found: dict[str, list[list[list[float]]]] = {}
    t = np.log(SIZES) - np.log(SIZES).mean()
    for run in range(families):
        rng = np.random.default_rng(run)
        u, s = rng.normal(1.6, 0.8, 100), rng.normal(0.35, 0.1, 100)
        truth = rate_of(u[:, None] - s[:, None] * t)
        wanted = rate_of(u - s * (np.log(AT) - np.log(SIZES).mean())).mean()
        passed = [rng.random((100, CAP), np.float32) < rates[:, None] for rates in truth.T]
        for name, each in plans(100).items():
            found.setdefault(name, []).append([])
            for plan in each:
                rows = [spent(plan, of) for of in passed]
                counts = np.stack([row[1] for row in rows], axis=1), np.stack([row[2] for row in rows], axis=1)
                law = fit(Family.of([f"{size:.0e}" for size in SIZES], SIZES, *counts))
                away = float(curve(law, np.array([AT]))[0] - wanted) ** 2
                single = np.mean([errors(row, rates) for row, rates in zip(rows, truth.T, strict=True)], axis=0)
                found[name][-1].append([counts[1].mean(), *single, away])
    return _summed(found)


def _summed(found: dict[str, list[list[list[float]]]]) -> dict[str, np.ndarray]:
    means = {name: np.mean(rows, axis=0) for name, rows in found.items()}
    return {name: np.hstack([mean[:, :1], np.sqrt(mean[:, 1:])]) for name, mean in means.items()}


def show(found: dict[str, np.ndarray]) -> None:
    """Attempts of a sample for the error that the fixed number has."""
    purposes = list(PURPOSES.items())[: next(iter(found.values())).shape[1] - 1]
    print("| target | " + " | ".join(name for name, _ in purposes) + " |\n" + "|---" * (len(purposes) + 1) + "|")
    for target, rows in found.items():
        cells = []
        for column, (_, like) in enumerate(purposes, start=1):
            wanted = found["fixed number"][LEVELS.index(like), column]
            cells.append(str(like) if target == "fixed number" else _needed(rows[:, [0, column]], wanted))
        print(f"| {target} | " + " | ".join(cells) + " |", flush=True)
    print("\nattempts made: errors")
    for target, rows in found.items():
        levels = (f"{row[0]:.1f}: " + ", ".join(f"{one:.4f}" for one in row[1:]) for row in rows)
        print(f"{target:<26} " + "; ".join(levels), flush=True)


def _needed(rows: np.ndarray, wanted: float) -> str:
    """Attempts for an error, from the levels that tell one."""
    told = np.log(rows[np.isfinite(rows[:, 1])])
    if len(told) < 2:
        return "not told"
    height, slope = np.polynomial.polynomial.polyfit(told[:, 0], told[:, 1], 1)
    needed = (np.log(wanted) - height) / slope if slope < 0 else np.inf
    if needed < told[0, 0] - _TRUSTED:
        return f"under {np.exp(told[0, 0]):.0f}"
    return f"{np.exp(needed):.0f}" if needed <= np.log(FAR) else f"over {FAR}"


def main() -> None:
    """Print a table for families, and one for recorded attempts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--families", type=int, default=24)
    options = parser.parse_args()
    if options.file:
        print(f"recorded attempts in {options.runs} orders")
        show(replayed(read(options.file), options.runs))
    if options.families:
        print(f"\n{options.families} simulated families")
        show(simulated(options.families))


if __name__ == "__main__":
    main()
