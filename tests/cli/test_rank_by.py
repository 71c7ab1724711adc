"""`evalhub rank --by COLUMN`: one ranking for each value beside the overall one."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from tests.cli.helpers import evalhub, written
from tests.store.items import item

FRAME = pl.DataFrame(
    [
        {"model": model, "sample": f"{subject}{i}", "value": float(i % 10 < passed), "subject": subject}
        for subject, rates in {"art": {"a": 9, "b": 2}, "law": {"a": 2, "b": 9}}.items()
        for model, passed in rates.items()
        for i in range(40)
    ]
)


def test_each_value_has_the_ranking_that_it_alone_would_have(tmp_path: Path) -> None:
    """The overall ranking keeps its place in the JSON."""
    path = written(FRAME, tmp_path / "t.parquet")
    found = evalhub("rank", path, "--by", "subject", "--method", "mean", "--json").json
    assert (found["by"], found["samples"], found["left_out"]) == ("subject", 80, {})
    for subject, part in found["parts"].items():
        alone = written(FRAME.filter(pl.col("subject") == subject), tmp_path / "one.csv")
        assert part == evalhub("rank", alone, "--method", "mean", "--json").json
    best = {subject: part["models"][0]["model"] for subject, part in found["parts"].items()}
    assert best == {"art": "a", "law": "b"}


def test_the_column_is_the_tag_for_the_methods(tmp_path: Path) -> None:
    """In the place of one that is there, but for source."""
    tagged = FRAME.with_columns(tag=pl.lit("t") + (pl.int_range(pl.len()) % 3).cast(pl.String), source="subject")
    tagged = tagged.with_columns(pl.col("tag").first().over("sample"))
    as_tag = FRAME.rename({"subject": "tag"})

    def models(frame: pl.DataFrame, *more: str) -> object:
        return evalhub("rank", written(frame, tmp_path / "t.csv"), "--json", *more).json["models"]

    assert models(FRAME, "--by", "subject") == models(as_tag) == models(tagged, "--by", "subject")
    assert models(tagged, "--by", "source") == models(tagged) == models(tagged, "--by", "tag")
    assert models(tagged.drop("tag"), "--by", "source") == models(as_tag)


def test_a_part_with_too_little_does_not_end_the_command(tmp_path: Path) -> None:
    """It says so in a line, and rows without a value are told too."""
    lone = pl.DataFrame({"model": ["a", "a"], "sample": ["x", "y"], "value": [1.0, 0.0], "subject": ["tax", None]})
    path = written(pl.concat([FRAME, lone]), tmp_path / "t.csv")
    done = evalhub("rank", path, "--by", "subject")
    assert done.code == 0
    assert "not ranked: subject tax: only a was measured there" in done.out
    assert "in no part: 1 samples or votes have no subject" in done.out
    assert done.out.index("Ranking by auto") < done.out.index("subject art:") < done.out.index("subject law:")
    found = evalhub("rank", path, "--by", "subject", "--json").json
    assert found["left_out"] == {"tax": "only a was measured there"} and found["parts"].keys() == {"art", "law"}


def test_votes_have_parts_too(tmp_path: Path) -> None:
    """With a sample or without; a sample in two parts is refused."""
    votes = pl.DataFrame(
        {
            "model_a": ["a"] * 6,
            "model_b": ["b"] * 6,
            "outcome": ["a", "a", "tie", "b", "b", "b"],
            "sample": ["1", "1", None, "2", None, "3"],
            "language": ["de", "de", "de", "fr", "fr", None],
        }
    )
    rank = ("rank", "--by", "language", "--method", "bradley-terry", "--json")
    for frame in (votes, votes.drop("sample")):
        found = evalhub(*rank, written(frame, tmp_path / "v.csv")).json
        best = {name: part["models"][0]["model"] for name, part in found["parts"].items()}
        assert best == {"de": "a", "fr": "b"}
    torn = votes.with_columns(sample=pl.lit("1"))
    assert "sample '1' is in two languages" in evalhub(*rank, written(torn, tmp_path / "v.csv")).line


def test_columns_that_cannot_be_ranked_by(tmp_path: Path) -> None:
    path = written(FRAME, tmp_path / "t.csv")
    assert evalhub("rank", path, "--by", "topic").line == (
        "no column 'topic' to rank by; there are model, sample, value, subject"
    )
    for column in ("model", "sample"):
        assert "tells no group of samples" in evalhub("rank", path, "--by", column).line


def test_the_hub_by_tag_and_by_source(hub_path: Path) -> None:
    """A sample's first tag, or its source where it has none; a ranking asked for like this is kept whole."""
    with Hub(hub_path) as hub:
        shop = [item(str(i), tags=("red" if i % 2 else "blue", "x"), reference="0") for i in range(6)]
        add_samples(hub, [*shop, item("m", source="market", reference="0")])
    for model in ("baseline:random", "baseline:empty"):
        evalhub("score", model, "--max-attempts", 2, "--hub", hub_path)
    found = evalhub("rank", "--by", "tag", "--json", "--hub", hub_path).json
    assert {name: part["samples"] for name, part in found["parts"].items()} == {"blue": 3, "red": 3, "market": 1}
    assert found["samples"] == 7
    found = evalhub("rank", "--by", "source", "--json", "--hub", hub_path).json
    assert {name: part["samples"] for name, part in found["parts"].items()} == {"market": 1, "shop": 6}


def test_only_rankings_that_the_board_can_make_again_are_kept(hub_path: Path) -> None:
    """An unusual level or balance is for the one who asked."""
    with Hub(hub_path) as hub:
        add_samples(hub, [item(str(i), reference="0") for i in range(4)])
    evalhub("score", "baseline:random", "--max-attempts", 2, "--hub", hub_path)
    evalhub("rank", "--method", "mean", "--hub", hub_path)
    for more in (["--level", "0.5"], ["--balance", "sources"], ["--seed", "3"]):
        done = evalhub("rank", "--method", "mean", *more, "--hub", hub_path)
        assert done.code == 0, done.err
    with Hub(hub_path) as hub:
        kept = hub.database.execute("SELECT level FROM ranking WHERE method = 'mean'").fetchall()
    assert kept == [(0.95,)]
