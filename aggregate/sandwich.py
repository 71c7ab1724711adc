"""The covariance of estimates from the curvature of their likelihood and the scores of independent clusters."""

from __future__ import annotations

import numpy as np


def sandwich(bread: np.ndarray, meat: np.ndarray, flat: np.ndarray | None = None) -> np.ndarray:
    """bread^-1 meat bread^-1 (P, P): holds where pairs or answers of a cluster depend on each other
    (Huber 1967; White 1982, Econometrica 50:1; over clusters Liang & Zeger 1986, Biometrika 73:13).

    bread: (P, P) minus the second derivatives of the log-likelihood at its maximum.
    meat: (P, P) sum over clusters of u u', u the sum of the scores in a cluster.
    flat: (P, K) directions in which the likelihood does not change, such as all strengths alike. The result
    holds for any point chosen along them; `centring` says where the zero is.

    No correction for few clusters is made: `estimates.make_ranking` widens by each model's own number.
    """
    pinned = bread
    if flat is not None and flat.size:
        pinned = bread + flat @ flat.T * ((np.trace(bread) or 1.0) / (flat**2).sum())
    half = np.linalg.solve(pinned, meat)
    spread: np.ndarray = np.linalg.solve(pinned, half.T)
    return (spread + spread.T) / 2


def centring(weight: np.ndarray, group: np.ndarray | None = None) -> np.ndarray:
    """(M, M) matrix P that takes the weighted average off scores: P s, for a covariance P C P', for draws D P'.

    weight: (M,) 0 or more, such as the samples that each model was measured on: one that was hardly measured
    must not move the zero, or its uncertainty would be everyone's. group: (M,) int, if each group of models
    has a zero of its own. A group without weight is averaged evenly.
    """
    same = np.ones((weight.size, weight.size)) if group is None else (group[:, None] == group).astype(np.float64)
    share = same * weight
    total = share.sum(axis=1, keepdims=True)
    share = np.where(total > 0, share, same)
    centre: np.ndarray = np.eye(weight.size) - share / share.sum(axis=1, keepdims=True)
    return centre
