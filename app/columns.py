"""The columns of the tables: what each is called, how it is written, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from app.wording import number_format
from evalhub import charts

THIN_SAMPLES, THIN_CLUSTERS = 30, 10
"""Fewer common samples or clusters than these are marked."""

TAKES = {
    "cost": "Mean cost of one attempt on these samples in US dollars, prompt included. Unknown is not free.",
    "parameters": "Number of weights, all experts included. Unknown is not 0.",
    "released": "The day that the model came out.",
    "density": "The size at which the hub's ladder of reference models scores as much, over the model's own; 1 "
    "for the ladder itself. Empty where the size is unknown or the score lies outside the ladder's.",
    "per_correct": "Cost of an attempt over the mean pass rate: US dollars for a correct answer.",
    "ideal_cost": "US dollars that an attempt would cost on the hub's accelerator, alone and undisturbed.",
    "ideal_per_correct": "Idealized cost of an attempt over the mean pass rate.",
    "ideal_seconds": "Seconds that an attempt would take on the hub's accelerator, alone and undisturbed: by the "
    "roofline, calibrated where runs were measured.",
}

RANKING = {
    "rank": "The ranks that the data allow, for all models at once: `1–2` may be first or second. `–`: beside no "
    "other model.",
    "model": "The model, with the user's own settings in brackets where it ran under some.",
    "score": "The method's estimate; its unit stands above the table.",
    "low": "Lower end of the interval around the score.",
    "high": "Upper end of the interval around the score.",
    "tie": "Models with the same letter cannot be told apart from the first one that has it. Where one can, the "
    "next letter begins. Those behind it share that one, though some of their ranks may reach farther up. Empty: "
    "shared with none.",
    "samples": "Samples on which the model was measured. Missing ones are not counted as wrong.",
    "coverage": "Of the samples that any model of its group was measured on, the share that it was measured on.",
    "size": f"{TAKES['parameters']} Empty: unknown.",
    "cost": f"{TAKES['cost']} The mean is of attempts whose price is known. Empty: known of none.",
    "released": f"{TAKES['released']} Empty: unknown.",
    "note": f"`thin coverage`: measured on fewer than {charts.THIN_BELOW:.0%} of the samples, compare with care. "
    "`chance baseline`: not a model; what guessing or silence scores.",
}

PLACES = {
    "source": "Where the samples come from; `all samples` is the whole pool.",
    "model": RANKING["model"],
    "score": RANKING["score"],
    "low": RANKING["low"],
    "high": RANKING["high"],
    "rank": RANKING["rank"],
    "of": "Models of its group in that ranking, chance baselines included.",
    "group": "Which of the ranking's groups it is in: its rank is among the models of that one. Empty: the "
    "ranking is one group.",
    "samples": RANKING["samples"],
    "coverage": RANKING["coverage"],
    "unit": "What a score is. Only scores of one unit can be set against each other.",
}

SAMPLES = {
    "source": "The source that brought the sample first.",
    "id": "The sample's name within its source.",
    "question": "How the prompt begins. Empty: only the sample's name is known.",
    "settings": "The user's own settings; empty where it was asked as its source asks.",
    "pass rate": "Estimated chance that one attempt passes. Empty where it is missing.",
    "low": "Lower end of the exact interval over the attempts on this one sample.",
    "high": "Upper end of the exact interval over the attempts on this one sample.",
    "passes": "Counted attempts that passed.",
    "attempts": "Attempts that count: judged ones, up to the last pass that was needed.",
    "uncounted": "Attempts without a verdict: truncated, refused, timed out, failed. Not wrong answers.",
    "reason": "Why the pass rate is missing.",
}

TAGS = {
    "tag": "A tag of the samples. A sample of several tags counts in each; one without any, under `no tag`.",
    "difference": "Mean over these samples of the first model's pass rate minus the second's.",
    "low": "Lower end of the interval around the difference, for this row alone.",
    "high": "Upper end of the interval around the difference, for this row alone.",
    "first": "Mean pass rate of the first model.",
    "second": "Mean pass rate of the second model.",
    "samples": "Samples on which both have a pass rate. Where one has none, the sample is left out, not wrong.",
    "clusters": "Groups of samples that share a paper, an image or a document. They decide the interval's width.",
    "note": f"`thin`: fewer than {THIN_SAMPLES} samples or {THIN_CLUSTERS} clusters. The interval says how little "
    "is known.",
}

GRADES = {
    "metric": "What was measured, where it is no pass rate.",
    "samples": "Samples that both were measured on by it.",
    "first": "Mean value of the first model on these samples.",
    "second": "Mean value of the second model.",
    "difference": "Mean over these samples of the first model's value minus the second's.",
    "low": "Lower end of the interval around the difference, for this row alone.",
    "high": "Upper end of the interval around the difference, for this row alone.",
    "first better": "Samples on which the first does better, whichever direction is better.",
    "ties": "Samples on which both do as well.",
    "second better": "Samples on which the second does better.",
}

FRONTIER = {
    "model": RANKING["model"],
    "score": RANKING["score"],
    "low": RANKING["low"],
    "high": RANKING["high"],
    "front": "`on the front`: no model has as high a score for less, nor a higher one for no more. "
    "`within reach`: its interval reaches the best score for no more. `behind`: it does not.",
    "at least": "Lower end of the interval of what it is set against. Empty: no bound, or no interval.",
    "at most": "Upper end of the same.",
    "roofline": "The same seconds, if the accelerator did what its maker says and starting took nothing.",
    "priced": "Share of the model's attempts of which the price is known; the cost is their mean.",
    "samples": RANKING["samples"],
    "coverage": RANKING["coverage"],
    "note": RANKING["note"],
}

PICKED = {
    "source": SAMPLES["source"],
    "id": SAMPLES["id"],
    "question": SAMPLES["question"],
    "relevance": "Estimated chance that the sample is what the text means.",
}

NEIGHBOURS = {
    "tag": TAGS["tag"],
    "difference": "Mean over these samples of this model's pass rate minus that of its neighbours.",
    "low": TAGS["low"],
    "high": TAGS["high"],
    "this model": "Its mean pass rate.",
    "neighbours": "Mean pass rate of its neighbours.",
    "samples": "Samples on which it and all of its neighbours have a pass rate. Missing is left out, not wrong.",
    "clusters": TAGS["clusters"],
    "note": TAGS["note"],
}

CURVE = {
    "k": "Number of attempts.",
    "score": "Mean chance that at least one of them passes.",
    "low": "Lower end of the 95 % interval around it.",
    "high": "Upper end of the 95 % interval around it.",
    "all": "Mean chance that all of them pass (pass^k); empty where samples stopped at fewer passes.",
    "all_low": "Lower end of the 95 % interval around that.",
    "all_high": "Upper end of the 95 % interval around that.",
    "samples": "Samples behind it: the same for each k.",
}

VERDICTS = {
    "family": "What the family is called.",
    "models": "How many models it has.",
    "samples": "That all of them were measured on.",
    "alpha": "How fast failure falls with size; its interval, where samples are known, is from low to high.",
    "low": "Lower end of an interval.",
    "high": "Upper end.",
    "verdict": "Whether the family may be said to follow the law: rejected means that it bends away from it.",
    "p": "Chance of a bend as large by luck alone, if it followed the law.",
    "laid": "The day on which the law was laid.",
}

FORECASTS = {
    "way": "Who foretells it: the law, or a simpler rule.",
    "forecast": "Pass rate that the smaller models let expect.",
    "low": "Lower end of its interval; empty where the way knows none.",
    "high": "Upper end of its interval.",
    "error": "Forecast minus what was measured.",
}

FAMILY = {
    "model": "The model, from the smallest to the largest.",
    "parameters": "Number of its weights.",
    "measured": "Its mean pass rate.",
    "law": "Mean pass rate by the law through all models.",
}

SPENDING = {
    "settings": SAMPLES["settings"],
    "attempts": "All attempts that were kept.",
    "prompt tokens": "Mean per attempt, as the model counts them; empty where unknown.",
    "tokens": "Generated tokens, mean per attempt.",
    "seconds": "Median of an attempt, from its first token asked to its last got, beside others of its batch.",
    "tokens per second": "Generated tokens by the seconds of one attempt; a batch as a whole is faster.",
    "dollars": "US dollars for all attempts of known price, prompts included; empty where no price is known.",
    "dollars per 1,000": "The same for a thousand attempts.",
}

ANSWERS = {
    "model": "The model.",
    **{
        name: SAMPLES[name]
        for name in ("settings", "pass rate", "low", "high", "passes", "attempts", "uncounted", "reason")
    },
}

DISAGREEMENTS = {
    "source": SAMPLES["source"],
    "id": SAMPLES["id"],
    "question": SAMPLES["question"],
    "first": "Pass rate of the first model on this sample.",
    "second": "Pass rate of the second model on this sample.",
    "difference": "The first minus the second.",
}

PAIRS = {
    "model": "The model whose wins are counted.",
    "against": "The other model.",
    "share": "Share of the common samples on which the model does better, a tie being half.",
    "wins": "Samples on which it does better. Of two pass rates, the chance that only this model passes an "
    "attempt is its win, so that wins need not be whole.",
    "ties": "Samples on which neither does better.",
    "losses": "Samples on which the other one does better.",
    "samples": "Samples, and votes of people, on which both were compared. Missing results are left out.",
}


def config(meaning: Mapping[str, str], frame: pl.DataFrame) -> dict[str, Any]:
    """How to show the columns of `frame` that `meaning` explains."""
    shown: dict[str, Any] = {}
    for name, text in meaning.items():
        if name not in frame.columns:
            continue
        if name == "coverage":
            shown[name] = st.column_config.ProgressColumn(
                name, help=text, format="percent", min_value=0, max_value=1, width="small", color=charts.BLUE
            )
        elif name == "size":
            shown[name] = st.column_config.NumberColumn(name, help=text, format="compact", width="small")
        elif frame[name].dtype.is_float():
            shown[name] = st.column_config.NumberColumn(
                name, help=text, format=_format(frame, name), width="small"
            )
        elif frame[name].dtype.is_integer():
            shown[name] = st.column_config.NumberColumn(name, help=text, width="small")
        elif frame[name].dtype == pl.Date:
            shown[name] = st.column_config.DateColumn(name, help=text, format="YYYY-MM-DD", width="small")
        else:
            shown[name] = st.column_config.TextColumn(name, help=text)
    return shown


def explain(meaning: Mapping[str, str], frame: pl.DataFrame) -> None:
    """The same meanings as a list, for those who do not hover."""
    st.markdown("\n".join(f"- **{name}**: {text}" for name, text in meaning.items() if name in frame.columns))


def height(frame: pl.DataFrame, most: int) -> int:
    """Pixels for up to `most` rows and the header."""
    return 35 * (min(max(len(frame), 1), most) + 1) + 3


def _format(frame: pl.DataFrame, name: str) -> str:
    """A score and its ends have the same digits."""
    scores = ("score", "low", "high")
    alike = scores if name in scores else (name,)
    numbers = pl.concat([frame[column].cast(pl.Float64) for column in alike if column in frame.columns]).abs()
    finite = numbers.filter(numbers.is_finite())
    return number_format(finite.median() or 0.0, finite.max() or 0.0)
