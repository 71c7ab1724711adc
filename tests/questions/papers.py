"""Papers made by hand: tables as papers print them, with pictures that show something."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from ingest.papers.records import Cell, Figure, Panel, Paper, Region, Table, Word

Printed = Sequence[Sequence[str]]


@cache
def picture(text: str, size: tuple[int, int] = (400, 120)) -> bytes:
    """A PNG with some writing."""
    image = Image.new("L", size, 255)
    for line in range(0, size[1], 20):
        ImageDraw.Draw(image).text((5, line), text * 4, fill=0)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def cells(printed: Printed) -> tuple[Cell, ...]:
    """Cells that span nothing."""
    return tuple(
        Cell(text=text, row=row, column=column)
        for row, line in enumerate(printed)
        for column, text in enumerate(line)
    )


def table(printed: Printed, *, number: str = "1", caption: str = "Some results.", **fields: Any) -> Table:
    """A table of such texts, its first row and column headers unless told otherwise."""
    given = {"cells": cells(printed), "header_rows": 1, "header_columns": 1, "route": "latex", **fields}
    image = picture(f"{number} {caption[:9]}")
    region = Region(page=3, box=(72.0, 90.0, 300.0, 200.0))
    return Table(**{"number": number, "caption": caption, "image": image, "region": region, **given})


SCORES = (
    ("Field", "Precision", "Recall", "F1"),
    ("title", "85.5", "84.1", "84.8"),
    ("authors", "92.1", "91.7", "91.9"),
    ("bibliography titles", "89.3", "89.4", "89.2"),
    ("bibliography authors", "97.1", "97.0", "97.3"),
    ("bibliography venues", "91.9", "89.7", "90.7"),
    ("bibliography years", "98.0", "98.4", "98.2"),
)
SIZES = (
    ("Source", "Papers", "Share"),
    ("PDF parses", "28.9M", "35.6%"),
    ("LaTeX dumps", "1.5M", "1.8%"),
    ("Publisher feeds", "73.4M", "90.4%"),
    ("DOI registry", "52.2M", "64.3%"),
    ("Archive copies", "1.7M", "2.0%"),
)
MODELS = (
    ("Model", "Params", "Dev acc. ↑", "Test acc. ↑", "Licence"),
    ("Tiny*", "14", "61.2 ± 0.4", "60.7 ± 0.5", "MIT"),
    ("Small", "70", "68.9 ± 0.3", "68.1 ± 0.2", "Apache"),
    ("Medium", "340", "74.4 ± 0.6", "—", "closed"),
    ("Large†", "1,300", "79.8 ± 0.1", "78.8 ± 0.3", "GPL"),
)
FILTERS = (
    ("Filter", "Number of papers"),
    ("No title", "20k"),
    ("No authors", "0.3M"),
    ("< 100 chars of text", "80.0M"),
    ("Not English", "15.2M"),
)


def words(*lines: tuple[str, float, float], upright: bool = True) -> list[Word]:
    """Words of 10 points height at such a left top corner, 6 points a letter."""
    made = []
    for text, left, top in lines:
        along = 6.0 * len(text)
        box = (left, top, left + along, top + 10) if upright else (left, top - along, left + 10, top)
        made.append(Word(text=text, box=box, upright=upright))
    return made


CHART = Figure(
    number="1",
    caption="Figure text left out here. Speed on two machines.",
    route="pdf",
    image=picture("chart"),
    words=tuple(
        words(("0", 50, 200), ("20", 100, 200), ("40", 150, 200), ("60", 200, 200))
        + words(("1.0", 30, 190), ("1.5", 30, 140), ("2.0", 30, 90), ("2.5", 30, 40))
        + words(("Batch", 100, 215), ("size", 134, 215))
        + words(("ours", 220, 50), ("baseline", 220, 65), ("oracle", 220, 80))
        + words(("per", 10, 120), ("second", 10, 99), upright=False)
        + words(("Tokens", 10, 160), upright=False)
    ),
)


def figure(
    number: str, caption: str, *citing: str, panels: Sequence[str] = (), labels: Sequence[str] = ()
) -> Figure:
    """A figure of pixels, or with these labels."""
    lettered = tuple(Panel(letter=letter, caption=text) for letter, text in zip("abcdef", panels, strict=False))
    image = picture(f"figure {number}")
    written = tuple(words(*((text, 20, 30 * place) for place, text in enumerate(labels))))
    return Figure(
        number=number,
        caption=caption,
        citing=citing,
        route="latex",
        image=image,
        panels=lettered,
        words=written,
    )


def paper(*tables: Table, figures: Sequence[Figure] = (), name: str = "arXiv:2401.01234") -> Paper:
    """A paper with these."""
    return Paper(
        paper_id=name,
        version="v2",
        licence="CC-BY-4.0",
        published_at=date(2024, 1, 5),
        categories=("cs.CL", "cs.LG"),
        tables=tables,
        figures=tuple(figures),
    )


def usual() -> Paper:
    """A paper with one of each."""
    return paper(
        table(SCORES, number="1", caption="Results of the ScienceParse system."),
        table(SIZES, number="2", caption="Where papers come from. Categories overlap."),
        table(MODELS, number="3", caption="Language models, three seeds each.", units=("", "M", "%", "%", "")),
        table(FILTERS, number="4", caption="Post-processing data quality filters"),
        figures=[
            CHART,
            figure(
                "2",
                "(a) Growth of the corpus by year of publication.",
                "Figure 2 shows how the corpus grew, with all the years of publication on record.",
                labels=("Records per year", "Kinds per archive", "Pages per type", "greedy", "random", "sampled"),
            ),
            figure(
                "3",
                "Confusion of the classifier on held-out text.",
                "Errors of the classifier on held-out documents are rare (see Figure 3), for lack of long ones.",
            ),
            figure(
                "4",
                "Overview of the pipeline.",
                "Fig. 4 shows the pipeline, an overview from a document's arrival to its place in the release.",
                panels=("in", "out"),
            ),
            figure("5", "Attention heads by layer.", "As Figures 4 and 5 show, all is well."),
        ],
    )


# fmt: off
NAMES = (
    "amber", "basil", "cedar", "dahlia", "elder", "fennel", "ginger", "hazel", "iris", "juniper", "kelp",
    "laurel", "maple", "nettle", "olive", "poppy", "quince", "rowan", "sage", "thyme", "umber", "violet",
    "willow", "yarrow", "zinnia",
)
# fmt: on


def invented(seed: int) -> Paper:
    """A paper with three tables of random size and values, some of them missing."""
    rng = random.Random(seed)
    tables = []
    for number in "123":
        names = rng.sample(NAMES, rng.randint(4, 9))
        columns = rng.sample(["BLEU", "ROUGE", "METEOR", "chrF", "TER", "COMET"], rng.randint(1, 4))
        decimals, level = rng.choice([0, 1, 2]), rng.choice([30, 500])
        lines = [[f"{rng.uniform(level, 2 * level):.{decimals}f}" for _ in columns] for _ in names]
        if rng.random() < 0.3:
            lines[rng.randrange(len(lines))][0] = "—"
        printed = [["System", *columns], *([name, *line] for name, line in zip(names, lines, strict=True))]
        tables.append(table(printed, number=number, caption=f"Quality of {rng.choice(NAMES)} systems."))
    return paper(*tables, name=f"file:{seed:016x}")


ODD = (
    "|—|n/a|1.5|-2.5|1,234|12.3 ± 0.4|3.4M|25k|45%|9.1M (3%)|2020|1e5|0|$5|Total|foo|bar†|“cited” name|{prompt}|R²"
    "|a|\\x|1|x, by 1|†|7.25|x|y" + "|long" * 20
)


def odd(seed: int) -> Table:
    """A table of what one finds in papers, in no good order."""
    rng = random.Random(seed)
    width, height = rng.randint(2, 5), rng.randint(2, 7)
    texts = [[rng.choice(ODD.split("|")) for _ in range(width)] for _ in range(height)]
    for number, line in enumerate(texts):
        if seed % 2:
            line[0] = f"name {number}"
        line[1:] = [text if rng.random() < 0.5 else f"{rng.uniform(-9, 99):.1f}" for text in line[1:]]
    return table(texts, header_rows=rng.randint(0, 2), header_columns=rng.randint(0, 2))
