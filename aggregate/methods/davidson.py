"""Davidson: Bradley-Terry with a parameter for how often equals tie."""

from __future__ import annotations

from aggregate.paired import PairedMethod
from kernels.tied_pairs import Davidson as DavidsonPairs


class Davidson(PairedMethod):
    """Score: log-odds of beating the average model where they do not tie (Davidson 1970)."""

    name = "davidson"
    assumes = (
        "one strength per model and one tie rate among equals decide every comparison, ties growing rarer with "
        "the distance; which samples two models share does not depend on how they do on them"
    )
    unit = "log-odds of beating the average model on a sample on which they do not tie"
    model = DavidsonPairs()
