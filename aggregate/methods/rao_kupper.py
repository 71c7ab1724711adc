"""Rao-Kupper: Bradley-Terry with a lead below which nobody wins."""

from __future__ import annotations

from aggregate.paired import PairedMethod
from kernels.tied_pairs import RaoKupper as RaoKupperPairs


class RaoKupper(PairedMethod):
    """Score: strength on the log-odds scale, a win needing a lead above a common threshold (Rao & Kupper 1967)."""

    name = "rao-kupper"
    assumes = (
        "one strength per model decides every comparison, a lead below one common threshold being a tie; which "
        "samples two models share does not depend on how they do on them"
    )
    unit = "log-odds of doing better than the average model, before leads below the threshold count as ties"
    model = RaoKupperPairs()
