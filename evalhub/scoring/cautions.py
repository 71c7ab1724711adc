"""What has to be said about a run's numbers."""

from __future__ import annotations

from collections.abc import Iterator

from evalhub.scoring.plan import MEAN, Plan
from evalhub.scoring.score import Scored
from evalhub.wording import counted

_NEARLY = 1.1
"""A width that is missed by less is not spoken of: a second stage is planned, not watched."""


def warnings_of(scored: Scored, plan: Plan, width: float | None) -> Iterator[str]:
    """Lines for the user, by what ended the run and what it found.

    width: under the target `mean`, of the interval of the mean over all samples.
    """
    yield from _of_the_stop(scored, plan)
    if plan.width and not scored.interrupted:
        yield from _of_the_width(scored, plan.width, width)
    if scored.shrunk:
        yield (
            f"there were more attempts before of {counted(scored.shrunk, 'sample')}; what is measured is now "
            "what this run counts (they are kept: a larger --max-attempts, --passes or --budget counts them again)"
        )
    missing = sum(tally.missing for tally in scored.tallies)
    made = missing + sum(tally.attempts for tally in scored.tallies)
    if missing > made / 10:
        yield (
            f"missing are {missing:,} of {counted(made, 'attempt')} (truncated, timeout, error): "
            "the rates hold only for the others"
        )


def _of_the_stop(scored: Scored, plan: Plan) -> Iterator[str]:
    if plan.passes == 1 and plan.max_attempts > 1 and plan.target != MEAN and not plan.width:
        yield "with --passes 1 the rates are too high (1/attempts is biased); take 2 or more"
    if not scored.ended:
        return
    short = [tally for tally in scored.tallies if tally.sample_id in scored.tally.unsettled]
    unreached = sum(tally.attempts + tally.missing == 0 for tally in short)
    if unreached:
        yield (
            f"the budget did not reach {unreached:,} of {counted(len(scored.tallies), 'sample')}, missing for it. "
            "Those that it reached are a choice by chance, so that means hold for all, with wider intervals"
        )
    if plan.k is not None:
        once = sum(tally.passes == 1 for tally in short)
        if once > len(scored.tallies) / 20:
            yield (
                f"{counted(once, 'sample')} had passed once when the budget ended: a pass rate of 1/attempts "
                "is too high (pass@k is not)"
            )
        if any(scored.tally.at_k[tally.sample_id] is None for tally in short if scored.tally.at_k):
            yield (
                f"pass@{plan.k} is unknown: the budget ended before every sample had {plan.k} attempts or had "
                "passed often enough"
            )


def _of_the_width(scored: Scored, wanted: float, of_mean: float | None) -> Iterator[str]:
    if of_mean is not None:
        if of_mean > wanted * _NEARLY:
            yield (
                f"the interval of the mean is {of_mean:.3f} wide, not {wanted:g}: the attempts that it was "
                "allowed did not suffice (--max-attempts, --budget)"
            )
        return
    wide = sum(tally.high - tally.low > wanted * _NEARLY for tally in scored.tallies)
    if wide:
        yield (
            f"wider than {wanted:g} are the intervals of {wide:,} of {counted(len(scored.tallies), 'sample')}: "
            "attempts were used up before (--max-attempts, --passes, --budget)"
        )
