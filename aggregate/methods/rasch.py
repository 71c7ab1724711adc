"""Rasch: one ability per model, difficulties of samples integrated out."""

from __future__ import annotations

from aggregate.ability_method import AbilityMethod, Fitted
from aggregate.marginal import Marginal
from aggregate.measurements import Measurements


class Rasch(AbilityMethod):
    """Score: the value that a model would get on average over all samples, from its ability and theirs.

    P(i passes s) = 1/(1 + exp(b_s - theta_i)), b_s ~ N(0, sd^2): Rasch (1960) with random items, by maximum
    marginal likelihood. Passes of attempts are binomial, grades Samejima's, numbers normal; votes are Davidson's.
    """

    name = "rasch"
    assumes = (
        "one ability per model and one difficulty per sample decide every result, and which samples a model was "
        "measured on has nothing to do with how hard they are"
    )
    discriminate = False

    def fitted(self, measurements: Measurements) -> Fitted:
        """See `AbilityMethod`."""
        marginal = Marginal(measurements, discriminate=self.discriminate)
        return Fitted(marginal, marginal.fit())
