"""What questions say: several ways for each operation."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

PREFACES = (
    "The picture shows {item}{caption}.",
    "You see {item}{caption}.",
    "This is {item}{caption}.",
)

_WAYS = {
    "lookup": (
        "What does the table give for {cell}?",
        "Which entry does the table hold for {cell}?",
        "Read off the entry for {cell}.",
    ),
    "find": (
        "Which row has {value} in {column}?",
        "In {column}, beside which row does {value} stand?",
        "{value} is the entry of which row in {column}?",
    ),
    "meets": (
        "Which row has a value {conditions}{without}?",
        "Name the row with a value {conditions}{without}.",
    ),
    "extreme among": (
        "Which of the rows in the options has the {end} value in {column}?",
        "Of the rows named in the options, which one has the {end} entry in {column}?",
    ),
    "extreme": (
        "Which row has the {end} value in {column}{without}?",
        "In {column}, which row holds the {end} value{without}?",
        "Where in {column} does the {end} value stand{without}? Name the row.",
    ),
    "extreme value": (
        "What is the {end} value in {column}{without}?",
        "Which number is the {end} one in {column}{without}?",
    ),
    "rank": (
        "If the rows are sorted by {column} with the {end} value first{without}, at which place is {row}?",
        "Counting from the {end} value in {column}{without}, which place does {row} take?",
    ),
    "count": (
        "How many rows have a value {than} {value} in {column}{without}?",
        "In {column}, how many values are {than} {value}{without}?",
    ),
    "wins": (
        "In how many rows is the value in {first} larger than that in {second}{without}?",
        "Comparing row by row, how often is {first} above {second}{without}?",
    ),
    "difference": (
        "In {column}, what is the value of {first} minus that of {second}?",
        "What is left when the value of {second} is subtracted from that of {first} in {column}?",
        "Compute {first} minus {second} for {column}.",
    ),
    "difference across": (
        "For {row}, what is {first} minus {second}?",
        "Subtract {second} from {first} in the row {row}: what is the result?",
    ),
    "ratio": (
        "In {column}, what is the value of {first} divided by that of {second}?",
        "In {column}, divide the value of {first} by that of {second}: what is the result?",
    ),
    "aggregate": (
        "What is the {function} of {column} over {rows}?",
        "Over {rows}, what is the {function} of the values in {column}?",
        "Compute the {function} of {column} for {rows}.",
    ),
    "compare": (
        "For {row}, which is larger, {first} or {second}, and by how much?",
        "In the row {row}, does {first} or {second} have the larger value, and what is the difference?",
    ),
    "trend": (
        "In {column}, how does the value change from {a} to {b}, and then from {b} to {c}?",
        "Go through {a}, {b} and {c} in this order: how does the value in {column} move?",
    ),
    "trend across": (
        "For {row}, how does the value change from {a} to {b}, and then from {b} to {c}?",
        "Go through {a}, {b} and {c} in this order: how does the value of {row} move?",
    ),
    "tick": (
        "What is the {end} number printed at the {axis} axis?",
        "At the {axis} axis, which is the {end} of the numbers?",
    ),
    "turned label": ("What is the label of the vertical axis?", "What is written along the vertical axis?"),
    "shown": (
        "Which of these labels is written in the figure?",
        "Only one of these labels can be read in the figure. Which one?",
    ),
    "panel": ("What does panel ({letter}) show?", "Which of these is the caption of panel ({letter})?"),
    "caption": (
        "Which of these captions belongs to the figure in the picture?",
        "The picture is a figure of a paper. What is its caption?",
    ),
    "cited": (
        "Of which picture, numbered in their order, does this paragraph speak?\n\n{paragraph}",
        "Which picture, numbered in their order, is this paragraph of a paper about?\n\n{paragraph}",
    ),
}

FUNCTIONS = {
    "mean": "mean",
    "median": "median",
    "sum": "sum",
    "range": "spread (largest minus smallest)",
}

_PLACES = {1: "", 2: "second-", 3: "third-"}
_SCALES = {"k": "thousands (k)", "M": "millions (M)", "B": "billions (B)", "T": "trillions (T)"}
_SINGLE = str.maketrans("“”", "‘’")
_ABBREVIATIONS = {
    "al",
    "vs",
    "e.g",
    "i.e",
    "cf",
    "fig",
    "figs",
    "tab",
    "eq",
    "sec",
    "approx",
    "resp",
    "no",
    "w.r.t",
}
_LONGEST_CAPTION = 160


def said(operation: str, rng: random.Random, **parts: str) -> str:
    """A question, in one of its ways."""
    text = rng.choice(_WAYS[operation]).format(**parts)
    return text[0].upper() + text[1:]


def quoted(name: str) -> str:
    """A name in quotation marks; its own become single ones."""
    return f"“{name.translate(_SINGLE)}”"


def listed(names: Sequence[str]) -> str:
    """Quoted names in a sentence."""
    *first, last = map(quoted, names)
    return f"{', '.join(first)} and {last}" if first else last


def preface(kind: str, number: str, caption: str, rng: random.Random) -> str:
    """What stands before a question: which table or figure this is, with the first sentence of its caption."""
    start = first_sentence(caption)
    name = f", {quoted(start)}" if start else ""
    item = f"{kind} {number} of a paper" if number else f"a {kind.lower()} of a paper"
    return rng.choice(PREFACES).format(item=item, caption=name)


def first_sentence(caption: str) -> str:
    """The first sentence of a caption, without its period, cut between words where it is long."""
    sentence = caption.strip()
    for stop in re.finditer(r"(\S+)[.!?]\s+(?=[A-Z*†‡])", sentence):
        if stop[1].casefold().lstrip("(") not in _ABBREVIATIONS:
            sentence = sentence[: stop.end(1)]
            break
    sentence = sentence.rstrip(". ")
    if len(sentence) <= _LONGEST_CAPTION:
        return sentence
    return sentence[:_LONGEST_CAPTION].rsplit(" ", 1)[0] + " …"


def ordinal(place: int) -> str:
    """What stands before `largest`: nothing for the first place, `second-`, `third-`."""
    return _PLACES[place]


def form(decimals: int, unit: str = "", scale: str = "") -> str:
    """How a free number is to be written, as a sentence behind the question."""
    measured = _measured(unit, scale)
    digits = "to a whole number" if decimals <= 0 else f"to {decimals} decimal{'s' * (decimals > 1)}"
    return f" Give the result {measured + ', ' if measured else ''}{digits}."


def options_in(unit: str = "", scale: str = "") -> str:
    """What numbers to choose from are counted in, as a sentence behind the question; nothing where they are
    plain."""
    measured = _measured(unit, scale)
    return f" The options are {measured}." if measured else ""


def _measured(unit: str, scale: str) -> str:
    """`in millions (ms)`."""
    parts = [_SCALES[scale]] if scale else []
    if unit:
        parts.append(f"({unit})" if parts else unit)
    return " ".join(["in", *parts]) if parts else ""
