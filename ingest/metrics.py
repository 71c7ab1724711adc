"""What values of a metric are: their kind, which way is better, and where they lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["binary", "numeric", "ordinal"]
Direction = Literal["up", "down"]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How the values of a metric are to be read."""

    direction: Direction
    """`up`: higher is better; `down`: lower is better."""

    low: float = -math.inf
    """The least that a value can be."""

    high: float = math.inf
    """The most that a value can be."""

    kind: Kind = "numeric"
    """`binary`: a chance of passing; `ordinal`: whole grades in order; `numeric`: any number."""

    def __post_init__(self) -> None:
        if self.kind == "binary":
            object.__setattr__(self, "low", max(self.low, 0.0))
            object.__setattr__(self, "high", min(self.high, 1.0))

    def holds(self, value: float) -> bool:
        """Whether a value is possible at all."""
        return math.isfinite(value) and self.low <= value <= self.high


PASS = Scale(direction="up", low=0.0, high=1.0, kind="binary")
"""0 fails, 1 passes; between them lie rates of passing."""

SHARE = Scale(direction="up", low=0.0, high=1.0)
UP = Scale(direction="up")
_COST = Scale(direction="down", low=0.0)
_POINTS = Scale(direction="up", low=0.0, high=100.0)

_NAMES = {
    PASS: """
        acc accuracy acc_norm acc_bytes acc_mutual_info exact_match exact_match_mc quasi_exact_match em
        prefix_exact_match quasi_prefix_exact_match final_number_exact_match multiple_choice_accuracy math_equiv
        math_equiv_chain_of_thought pass passed pass_rate pass@1 success solved resolved correct is_correct hit
        match includes choice pattern contains strict_match flexible_match prompt_level_strict_acc
        prompt_level_loose_acc base plus
    """,
    SHARE: """
        f1 f1_score macro_f1 micro_f1 bleu_1 bleu_4 rouge_1 rouge_2 rouge_l rouge1 rouge2 rougel ndcg ndcg@10 mrr
        recall precision anls iou ifeval_strict_accuracy inst_level_strict_acc inst_level_loose_acc win_rate
    """,
    _POINTS: "bleu chrf meteor sacrebleu",
    UP: "score rating grade reward judge_score value loglikelihood logprob log_likelihood",
    _COST: """
        perplexity word_perplexity byte_perplexity bits_per_byte bits_per_character loss nll ppl wer cer ter error
        error_rate brier_score brier mae mse rmse edit_distance latency toxicity toxic_fraction
        expected_max_toxicity
    """,
}
_KNOWN = {name: scale for scale, names in _NAMES.items() for name in names.split()}


def known_scale(metric: str) -> Scale | None:
    """What a metric of this name is everywhere, whatever the case, spaces and hyphens; None where nobody knows.

    Of a name with a path, as in `gsm8k/exact_match,strict-match`, the metric's own part counts.
    """
    name = metric.rpartition("/")[2].partition(",")[0].strip().lower()
    name = name.replace(" ", "_").replace("-", "_")
    return _KNOWN.get(name)
