"""What a posterior over latent numbers is computed from, and what it says: arrays, wherever it is computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Rows:
    """E entries of S samples: a row of a binary sample is one entry, one of m passes in n attempts is two."""

    start: np.ndarray
    """(S+1,) int64: sample s has the entries start[s] to start[s+1]."""

    model: np.ndarray
    """(E,) int32."""

    level: np.ndarray
    """(E,) int8: which of the L response functions the entry adds."""

    weight: np.ndarray
    """(E,) float64: how often; of the sample's weight independent."""


@dataclass(frozen=True, eq=False)
class Nodes:
    """Q nodes, and what is known at each of them."""

    node: np.ndarray
    """(Q,) the latent number."""

    log_chance: np.ndarray
    """(M, L, Q) what an entry adds to the log-likelihood."""

    log_prior: np.ndarray
    """(Q,) log-weight of each node, to which -precision/2 (node - mean[s])^2 is added for sample s."""

    mean: np.ndarray
    """(S,)"""

    precision: float


@dataclass(frozen=True, eq=False)
class Posterior:
    """What the posterior of the nodes says of samples and of rows."""

    log_likelihood: np.ndarray
    """(S,) of each sample (not weighted)."""

    counts: np.ndarray
    """(M, L, Q) float64: expected number of entries of a model at a level whose sample is at the node,
    weighted by the samples' weights."""

    totals: np.ndarray
    """(Q,) expected number of samples at each node, weighted alike."""

    first: np.ndarray
    """(S,) posterior mean of a sample's `node` (not weighted)."""

    second: np.ndarray
    """(S,) posterior mean of its square (not weighted)."""
