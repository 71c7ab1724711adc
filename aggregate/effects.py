"""Effects on the mean difficulty of samples: what a marginal likelihood knows of them before their values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from aggregate.measurements import Measurements


@dataclass(frozen=True, eq=False)
class Effects:
    """K effects in blocks, those of a block drawn from one normal around 0 whose variance is estimated."""

    design: sparse.csr_matrix
    """(S, K): how much of each effect a sample has."""

    block: np.ndarray
    """(K,) int: index into `names`."""

    names: tuple[str, ...]
    """Of the blocks."""

    @classmethod
    def none(cls, samples: int) -> Effects:
        """No effects: every sample is as hard as the next, for all one knows."""
        return cls(sparse.csr_matrix((samples, 0)), np.empty(0, np.int64), ())

    @classmethod
    def of_tags(cls, measurements: Measurements) -> Effects:
        """One for each tag."""
        samples, tags = len(measurements.samples), len(measurements.tags)
        if tags < 2:
            return cls.none(samples)
        at = (np.arange(samples), measurements.tag_of)
        design = sparse.csr_matrix((np.ones(samples), at), shape=(samples, tags))
        return cls(design, np.zeros(tags, np.int64), ("tag",))

    @classmethod
    def of_observers(cls, measurements: Measurements, power: float = 0.5) -> Effects:
        """One for each model: how hard the samples are that it was measured on (Mundlak 1978, Econometrica 46:69).

        A sample's mean is the sum over its n observers over n^power: from 0, where they add up, to 1, where they
        average.
        """
        m = measurements
        shape = (len(m.samples), len(m.models))
        share = m.observers[m.sample].astype(np.float64) ** -power
        design = sparse.csr_matrix((share, (m.sample, m.model)), shape=shape)
        return cls(design, np.zeros(shape[1], np.int64), ("observer",))

    def __add__(self, other: Effects) -> Effects:
        return Effects(
            sparse.hstack([self.design, other.design]).tocsr(),
            np.concatenate([self.block, other.block + len(self.names)]),
            self.names + other.names,
        )

    def of_samples(self, keep: np.ndarray) -> Effects:
        """Those of the samples where `keep` ((S,) bool) holds."""
        return Effects(self.design[keep], self.block, self.names)

    def mean(self, effects: np.ndarray) -> np.ndarray:
        """(S,) mean difficulty of each sample."""
        found: np.ndarray = self.design @ effects
        return found
