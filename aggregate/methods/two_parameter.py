"""2PL: Rasch with samples that tell models apart more or less sharply."""

from __future__ import annotations

from aggregate.methods.rasch import Rasch


class TwoParameter(Rasch):
    """As `rasch`, with P(i passes s) = 1/(1 + exp(-d_s (theta_i - b_s))), log d_s ~ N(0, spread^2).

    Birnbaum (1968) with random items: discriminations too are integrated out.
    """

    name = "2pl"
    assumes = (
        "one ability per model, one difficulty and one sharpness per sample decide every result, and which "
        "samples a model was measured on has nothing to do with them"
    )
    discriminate = True
