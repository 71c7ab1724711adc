"""Tables as other programs write them: separators, decimal commas, UTF-16, gzip, capital letters."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from ingest.importer import LogError, Told
from ingest.importers.table import Table, columns_of
from ingest.metrics import UP
from ingest.tables import frames

CSV = "model,sample,value\nm,1,1\nm,2,0\n"
JSONL = '{"model":"m","sample":"1","value":1}\n{"model":"m","sample":"2","value":0}\n'
TABBED = CSV.replace(",", "\t")
PARTED = CSV.replace(",", ";")


def packed(content: bytes) -> bytes:
    """Without the time in it: workers of a test run must name its cases alike."""
    return gzip.compress(content, mtime=0)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def rows(path: Path) -> list[tuple[object, ...]]:
    return pl.concat(frames(path)).select("model", "sample", pl.col("value").cast(pl.Float64)).rows()


def values(path: Path) -> list[float]:
    """As an import takes them."""
    return Table().read((path,), Told()).results["value"].to_list()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", PARTED.encode()),
        ("t.csv", TABBED.encode()),
        ("t.TSV", TABBED.encode()),
        ("t.tsv", CSV.encode()),
        ("t.csv", b"\xef\xbb\xbf" + PARTED.encode()),
        ("t.csv", b"\r\n" + PARTED.replace("\n", "\r\n").encode()),
        ("t.csv", CSV.encode("utf-16")),
        ("t.csv", b"\xfe\xff" + TABBED.encode("utf-16-be")),
        ("t.csv", packed(CSV.encode())),
        ("t.csv.gz", packed(PARTED.encode())),
        ("t.tsv.GZ", packed(TABBED.encode("utf-16"))),
        ("t.jsonl", JSONL.encode("utf-16")),
        ("t.jsonl", b"\xef\xbb\xbf" + JSONL.encode()),
        ("t.jsonl.gz", packed(JSONL.encode())),
    ],
)
def test_every_way_to_write_a_table_is_the_same_table(name: str, content: bytes, tmp_path: Path) -> None:
    path = written(tmp_path / name, content)
    assert columns_of(path, content) == ("model", "sample", "value")
    assert rows(path) == [("m", "1", 1.0), ("m", "2", 0.0)]
    log = Table().read((path,), Told())
    assert (log.source, log.warnings) == ("table:t", [])


def test_what_stands_in_quotes_parts_nothing(tmp_path: Path) -> None:
    quoted = written(tmp_path / "t.csv", b'"a, b";model;sample;value\n1;m;1;1\n')
    assert rows(quoted) == [("m", "1", 1.0)]
    commas = written(tmp_path / "u.csv", b"model,sample,value,a;b;c;d;e\nm,1,1,x\n")
    assert rows(commas) == [("m", "1", 1.0)]


def test_decimal_commas(tmp_path: Path) -> None:
    """Are read where cells are parted by something else and no comma could part thousands."""
    head = "model;sample;value\n"
    for cells, read in (
        (("0,91", "0,5", "1"), [0.91, 0.5, 1.0]),
        (("-0,250", "n/a", " 1"), [-0.25, None, 1.0]),
        (("1,234", "1,5"), [1.234, 1.5]),
    ):
        text = head + "".join(f"m;{place};{cell}\n" for place, cell in enumerate(cells))
        path = written(tmp_path / "t.csv", text.encode())
        assert Table().read((path,), Told(scales={"": UP})).results["value"].to_list() == read
    for unsure in ("m;1;1,234\nm;2;2,345\n", "m;1;1,23\nm;2;2.5\n"):
        with pytest.raises(LogError, match="it has a decimal comma: write a point"):
            values(written(tmp_path / "t.csv", (head + unsure).encode()))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", CSV.encode("utf-16")[:-1], "damaged or cut short"),
        ("t.csv.gz", packed(CSV.encode() * 99)[:60], "damaged or cut short"),
        ("t.jsonl.gz", packed(JSONL.encode() * 99)[:90], "damaged or cut short"),
        ("t.csv.gz", b"\x1f\x8bno gzip", "damaged or cut short"),
        ("t.jsonl", JSONL.encode() + b'{"model":"m","value":1,"value":0}\n', "the key 'value' twice in row 3"),
    ],
)
def test_what_is_damaged_is_one_line(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    path = written(tmp_path / name, content)
    for read in (rows, values):
        with pytest.raises(LogError, match=said) as failed:
            read(path)
        assert "\n" not in str(failed.value)


def test_capital_letters_make_no_difference(tmp_path: Path) -> None:
    """But for a column that is called exactly so, and where two are alike."""
    path = written(tmp_path / "t.csv", b"Model,SAMPLE,Value,Attempt\nm,1,1,0\nm,1,0,1\n")
    assert rows(path) == [("m", "1", 1.0), ("m", "1", 0.0)]
    log = Table().read((path,), Told())
    assert log.warnings == ["took Attempt for attempt, Model for model, SAMPLE for sample, Value for value"]
    assert log.results["attempt"].to_list() == [0, 1] and list(log.scales) == ["value"]
    exact = written(tmp_path / "u.csv", b"Model,model,sample,value\nx,m,1,1\n")
    assert rows(exact) == [("m", "1", 1.0)]
    for read in (rows, values):
        with pytest.raises(LogError, match="has no column model; it has Model, MODEL"):
            read(written(tmp_path / "v.csv", b"Model,MODEL,sample,value\nx,m,1,1\n"))
    votes = Table().read((written(tmp_path / "w.csv", b"Model_A,Model_B,Outcome\nx,y,left\n"),), Told()).votes
    assert votes["outcome"].to_list() == ["a"]
