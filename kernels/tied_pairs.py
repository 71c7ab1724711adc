"""Two models of paired comparisons that may tie, for `kernels.bradley_terry.fit_pairs`."""

from __future__ import annotations

import numpy as np

from kernels.bradley_terry import Slopes, logistic


class Davidson:
    """P(i beats j) : P(tie) : P(j beats i) = exp(gap/2) : exp(extra) : exp(-gap/2) (Davidson 1970, J. Amer.
    Statist. Assoc. 65:317, with nu = exp(extra); Newman's v is nu/2).

    The strengths' equations are those of half-ties: half-wins minus expected half-wins.
    """

    least = -np.inf

    def _chances(self, gap: np.ndarray, extra: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        top = np.maximum(np.abs(gap) / 2, extra)
        win, tie, lose = np.exp(gap / 2 - top), np.exp(extra - top), np.exp(-gap / 2 - top)
        total = win + tie + lose
        return win / total, tie / total, lose / total

    def win(self, gap: np.ndarray, extra: np.ndarray) -> Slopes:
        win, tied, lose = self._chances(gap, extra)
        decided = win + lose
        return Slopes(
            lose + tied / 2, -win * lose - tied * decided / 4, -tied, -tied * decided, tied * (win - lose) / 2
        )

    def tie(self, gap: np.ndarray, extra: np.ndarray) -> Slopes:
        win, tied, lose = self._chances(gap, extra)
        decided = win + lose
        return Slopes(
            (lose - win) / 2, -win * lose - tied * decided / 4, decided, -tied * decided, tied * (win - lose) / 2
        )

    def start(self, tied: np.ndarray) -> np.ndarray:
        odds = np.clip(tied, 0.01, 0.99) / (1 - np.clip(tied, 0.01, 0.99))
        return np.log(2 * odds)


class RaoKupper:
    """P(i beats j) = 1 / (1 + exp(extra - gap)), a tie where neither does (Rao & Kupper 1967, J. Amer.
    Statist. Assoc. 62:194, with theta = exp(extra)): a lead below the threshold `extra` > 0 is not noticed."""

    least = 0.0

    def win(self, gap: np.ndarray, extra: np.ndarray) -> Slopes:
        miss = logistic(extra - gap)
        bend = miss * logistic(gap - extra)
        return Slopes(miss, -bend, -miss, -bend, bend)

    def tie(self, gap: np.ndarray, extra: np.ndarray) -> Slopes:
        # The chance is logistic(extra + gap) logistic(extra - gap) (1 - exp(-2 extra)).
        over, under = logistic(-extra - gap), logistic(gap - extra)
        bend_over, bend_under = over * (1 - over), under * (1 - under)
        barrier = np.expm1(2 * extra)
        return Slopes(
            over - under,
            -bend_over - bend_under,
            over + under + 2 / barrier,
            -bend_over - bend_under - 4 * (1 / barrier + 1 / barrier**2),
            bend_under - bend_over,
        )

    def start(self, tied: np.ndarray) -> np.ndarray:
        return 2 * np.arctanh(np.clip(tied, 0.01, 0.99))
