"""Bradley-Terry: strengths from who beat whom on the samples that two models share."""

from __future__ import annotations

from aggregate.paired import PairedMethod
from kernels.bradley_terry import HalfTies


class BradleyTerry(PairedMethod):
    """Score: log-odds of beating the average model. Ties are half a win to each side."""

    name = "bradley-terry"
    assumes = (
        "one strength per model decides every comparison on a shared sample, and which samples two models "
        "share does not depend on how they do on them"
    )
    unit = "log-odds of beating the average model on a sample, a tie being half a win"
    model = HalfTies()


class BradleyTerryNoTies(BradleyTerry):
    """Score: log-odds of beating the average model where one of the two does better. Ties are dropped."""

    name = "bradley-terry-no-ties"
    unit = "log-odds of beating the average model on a sample on which they differ"
    ties = False
