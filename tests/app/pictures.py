"""Takes pictures of every page of the leaderboard, light and dark, wide and on a phone, for docs/board.

python -m tests.app.pictures SNAPSHOTS_DIR docs/board
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from urllib.parse import urlencode

import duckdb
from PIL import Image

from tests.app.screenshot import chromium, look, served, settled

WIDE, PHONE = 1280, 400
"""Pixels across."""

TALLEST = {WIDE: 1500, PHONE: 1700}
"""Pixels of a page that are pictured; a longer one is cut there."""

COLOURS = 96
"""Of a picture's palette: enough for text, bars and thumbnails, and a third of the size."""

BUILT_FROM = "electric charge and magnetic field"
"""What the pictured benchmark is about."""


def addresses(snapshots: Path) -> dict[str, tuple[str, str]]:
    """Each page's name with its address and a text that shows that it has been drawn.

    Pictured are the two models with the most measured samples, and the sample with an image that most models were
    measured on, if there is one.
    """
    name = (snapshots / "current").read_text("utf-8").strip()
    with duckdb.connect(str(snapshots / f"{name}.duckdb"), read_only=True) as snapshot:

        def names(rest: str) -> list[str]:
            return [row[0] for row in snapshot.execute(f"SELECT {rest}").fetchall()]

        pair = names("model_id FROM measurement GROUP BY 1 ORDER BY count(value) DESC, avg(value) DESC LIMIT 2")
        samples = names(
            "sample_id FROM sample JOIN measurement USING (sample_id) WHERE len(images) > 0"
            " GROUP BY 1 ORDER BY count(DISTINCT model_id) DESC, count(DISTINCT value) DESC, 1 LIMIT 1"
        )
    return {
        "ranking": ("", "About this ranking"),
        "frontier": ("frontier?against=size", "What these columns mean"),
        "build": (f"build?{urlencode({'text': BUILT_FROM})}", "Save them"),
        "compare": (
            f"compare?{urlencode(dict(zip(('first', 'second'), pair, strict=True)))}",
            "Where they disagree most",
        ),
        "win-rates": ("win_rates", "Each pair"),
        "model": (f"model?{urlencode({'model': pair[0]})}", "Strengths"),
        "sample": (f"sample?{urlencode({'sample': ' '.join(samples)})}", "Models"),
        "laws": ("laws", "Its models"),
        "live": ("live", "Releases"),
        "about": ("about", "Hashes"),
    }


def small(png: bytes) -> bytes:
    """The picture in few colours, as PNG."""
    packed = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def main() -> None:
    """Write NAME-{wide,phone}-{light,dark}.png of each page into the folder."""
    parser = argparse.ArgumentParser(description="Take pictures of every page of the leaderboard.")
    parser.add_argument("snapshots", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", help="names of pages")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with served(arguments.snapshots) as url, chromium() as browser:
        for name, (address, text) in addresses(arguments.snapshots).items():
            if arguments.only and name not in arguments.only:
                continue
            for width, across in ((WIDE, "wide"), (PHONE, "phone")):
                for dark in (False, True):
                    look(browser, width, TALLEST[width], dark=dark)
                    browser.get(f"{url}/{address}")
                    settled(browser, text)
                    shade = "dark" if dark else "light"
                    (arguments.out / f"{name}-{across}-{shade}.png").write_bytes(
                        small(browser.get_screenshot_as_png())
                    )


if __name__ == "__main__":
    main()
