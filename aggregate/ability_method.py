"""What the methods by marginal likelihood share: abilities of models, difficulties of samples integrated out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aggregate.abilities import PASS_UNIT, VALUE_UNIT, abilities, unit_of
from aggregate.caveats import mixed_scales
from aggregate.components import estimated_apart
from aggregate.estimates import Estimates, make_ranking
from aggregate.marginal import Fit, Marginal
from aggregate.measurements import Measurements
from aggregate.method import Intervals, check_options
from aggregate.ranking import Ranking


@dataclass(frozen=True, eq=False)
class Fitted:
    """One group of connected models."""

    marginal: Marginal
    fit: Fit
    extra: np.ndarray | None = None
    """(M, M) covariance of abilities beyond sampling."""

    warnings: tuple[str, ...] = ()


class AbilityMethod:
    """A method that maximises a marginal likelihood; a subclass says which one."""

    name: str
    assumes: str
    unit = PASS_UNIT
    pairwise = False

    def __call__(
        self,
        measurements: Measurements,
        *,
        level: float = 0.95,
        intervals: Intervals = "sandwich",
        replicates: int = 1000,
        seed: int = 0,
    ) -> Ranking:
        """See `aggregate.method.Method`."""
        check_options(level, intervals, replicates)
        estimates, used = self.estimate(
            measurements, level=level, draws=replicates if intervals == "bootstrap" else 0, seed=seed
        )
        return make_ranking(self, measurements, estimates, level=level, seed=seed, used=used)

    def estimate(
        self, measurements: Measurements, *, level: float = 0.95, draws: int = 0, seed: int = 0
    ) -> tuple[Estimates, Measurements]:
        """Scores with their covariance or, if `draws` are asked for, that many bootstrap replicates instead; and
        the part of the measurements that they rest on."""

        def of_group(m: Measurements) -> Estimates:
            found = self.fitted(m)
            estimates = abilities(
                found.marginal, found.fit, level=level, draws=draws, seed=seed, extra=found.extra
            )
            unit, models = unit_of(m), len(m.models)
            within = m.metrics[0].within(models) if unit == VALUE_UNIT else None
            return replace(estimates, warnings=found.warnings, units=(unit,) * models, within=within)

        estimates = estimated_apart(measurements, of_group)
        return replace(estimates, warnings=(*mixed_scales(measurements), *estimates.warnings)), measurements

    def fitted(self, measurements: Measurements) -> Fitted:
        """The fit of one group of connected models."""
        raise NotImplementedError
