"""The page of laws: what `evalhub law fit --save` keeps is what one sees."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from app.site.write import write_site
from app.snapshot import published
from evalhub.store import snapshot
from evalhub.store.hub import Hub
from tests.aggregate.laws.families import SIZES, simulated
from tests.app.conftest import open_page, words
from tests.cli.helpers import evalhub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A family on the law and one that bends, of five models, each on its own source."""
    path = tmp_path_factory.mktemp("laws") / "hub"
    for source, bend in (("straight", 0.0), ("bent", -0.05)):
        family, _ = simulated(2, samples=30, bend=bend)
        rows = [
            (f"{source}-{size:.0e}", f"{source} q{sample}", x, n, x / n)
            for size, xs, ns in zip(SIZES, family.passes.T, family.attempts.T, strict=True)
            for sample, (x, n) in enumerate(zip(xs, ns, strict=True))
        ]
        table = path.parent / f"{source}.parquet"
        columns = ["model", "sample", "passes", "attempts", "value"]
        frame = pl.DataFrame(rows, schema=columns, orient="row")
        frame.with_columns(pl.col("passes", "attempts").cast(pl.Int64)).write_parquet(table)
        assert evalhub("import", table, "--source", source, "--hub", path).code == 0
        sizes = ",".join(f"{source}-{size:.0e}={size:.0f}" for size in SIZES)
        call = ("law", "fit", "--source", source, "--sizes", sizes, "--predict", "10B", "--resamples", 100)
        said = evalhub(*call, "--save", f"{source}-family", "--hub", path)
        assert said.code == 0 and f"kept as {source}-family" in said.out
    with Hub(path) as opened:
        snapshot.publish(opened)
    return path


def test_a_law_stands_with_its_verdict_and_forecast(hub: Path) -> None:
    app = open_page("laws", snapshot.folder(hub), family="straight-family")
    said = words(app)
    assert not app.exception and "not rejected" in said and "no bend is seen" in said
    assert "A model of 10B weights would pass" in said
    forecasts, family = (frame.value for frame in app.dataframe)
    assert list(forecasts["way"])[:2] == ["law, sample by sample", "law of the mean"]
    assert abs(forecasts["error"][0]) < 0.03 and forecasts["low"][0] < forecasts["high"][0]
    assert len(family) == len(SIZES) and (abs(family["law"] - family["measured"]) < 0.05).all()
    command = app.code[0].value
    assert command.startswith("evalhub law fit --source straight --sizes straight-1e+07=10000000,")
    assert str(hub) not in command


def test_a_family_that_bends_is_rejected_and_warned_of(hub: Path) -> None:
    app = open_page("laws", snapshot.folder(hub), family="bent-family")
    assert "rejected" in words(app) and "gain more than the law says" in words(app)
    assert any("wrong on the side" in one.value for one in app.warning)


def test_the_site_has_verdicts_and_forecasts(hub: Path, tmp_path: Path) -> None:
    write_site(published(snapshot.folder(hub)), tmp_path / "site")
    page = (tmp_path / "site/laws.html").read_text("utf-8")
    assert "bent-3e+09, has a pass rate of" in page and "side the law" in page
    (picture,) = (tmp_path / "site/data").glob("law-bent-family*.svg")
    assert picture.read_text("utf-8").startswith("<svg") and f'src="data/{picture.name}"' in page
    assert ">rejected<" in page and ">not rejected<" in page
    assert 'href="laws.html"' in (tmp_path / "site/index.html").read_text("utf-8")
    kept = pl.read_csv(tmp_path / "site/data/laws.csv")
    assert kept["family"].to_list() == ["bent-family", "straight-family"] and kept["samples"].to_list() == [30, 30]


def test_new_measurements_are_told_and_a_law_can_be_forgotten(hub: Path) -> None:
    more = hub.parent / "more.csv"
    more.write_text("model,sample,value\nbent-1e+07,bent q99,1\n")
    assert evalhub("import", more, "--source", "bent", "--hub", hub).code == 0
    with Hub(hub) as opened:
        snapshot.publish(opened)
    app = open_page("laws", snapshot.folder(hub), family="bent-family")
    assert any("1 model of this family measured since" in one.value for one in app.warning)
    for name in ("bent-family", "straight-family"):
        assert evalhub("law", "forget", name, "--hub", hub).code == 0
    again = evalhub("law", "forget", "bent-family", "--hub", hub)
    assert again.code == 1 and again.err.strip() == "evalhub: no law is kept as 'bent-family'; there are: none"
    with Hub(hub) as opened:
        snapshot.publish(opened)
    app = open_page("laws", snapshot.folder(hub))
    assert "No family has a law here" in words(app)


def test_a_name_that_is_none_and_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("model,parameters,value\n")
    for call, said in (
        ((tmp_path / "one.csv", "--save", "a"), "--save are about the hub"),
        (("--save", "a b"), "is no name"),
    ):
        done = evalhub("law", "fit", *call, "--hub", tmp_path / "hub")
        assert done.code != 0 and said in done.err
