"""Logs read as the hub reads them, whole and damaged, and what must hold of either."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

from ingest.importer import Importer, Log, LogError, Told

Check = Callable[[Log], None]


def read(importer: Importer, key: Path, told: Told | None = None) -> Log:
    """The log to which a file is the key; it must be recognised."""
    files = importer.claim(key, key.read_bytes()[:65536])
    assert files is not None and files[0] == key
    log = importer.read(files, told or Told())
    assert_adds_up(log)
    return log


def claims(importer: Importer, path: Path) -> bool:
    return importer.claim(path, path.read_bytes()[:65536]) is not None


def assert_adds_up(log: Log) -> None:
    """Every row is kept or refused; what is missing has a reason, what is not has none."""
    assert log.rows == log.results.height + log.votes.height + log.refused.total()
    assert log.results.filter((log.results["reason"] == "") == log.results["value"].is_null()).is_empty()
    assert set(log.results["sample"]) <= set(log.samples)
    assert set(log.results["condition"]) == set(log.conditions)
    assert set(log.results["metric"]) <= set(log.scales)


def values(log: Log) -> set[tuple[object, ...]]:
    """What a log says: values that are there, and votes."""
    kept = log.results.filter(log.results["value"].is_not_null())
    cells = kept.select("model", "sample", "metric", "attempt", "value").rows()
    return {*cells, *log.votes.select("model_a", "model_b", "sample", "outcome", "judge").rows()}


def assert_survives(
    importer: Importer,
    key: Path,
    *,
    told: Told | None = None,
    also: tuple[Path, ...] = (),
    check: Check | None = None,
) -> None:
    """Cut each file of a log short at 50 places and turn 400 of its bits: an error in one line, or a log that
    adds up. Of a key cut short nothing is read that the whole log does not say, and what lacks is told.

    also: files beside the key that are damaged too. check: what else must hold of logs with a byte turned.
    """
    rng = random.Random(5)
    files = importer.claim(key, key.read_bytes()[:65536])
    assert files is not None
    whole = values(importer.read(files, told or Told()))
    for path in (key, *also):
        content = path.read_bytes()
        for place in (0, *rng.choices(range(len(content)), k=49)):
            path.write_bytes(content[:place])
            log = _read(importer, files, told)
            if log and path == key and values(log) != whole:
                assert values(log) < whole
                # Cut behind a line's end, nothing tells that more lines followed.
                assert log.partial or content[:place].endswith(b"\n") or content[place : place + 1] == b"\n"
        for _ in range(400):
            damaged = bytearray(content)
            damaged[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
            path.write_bytes(damaged)
            log = _read(importer, files, told)
            if log and check:
                check(log)
        path.write_bytes(content)


ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        -1,
        0,
        1,
        2**31,
        10**30,
        1e308,
        float("nan"),
        float("inf"),
        "",
        "1",
        "nan",
        "\ud800",
        "/",
    ),
    *(
        [],
        {},
        [None],
        [[1]],
        {"name": None},
        {"text": 7},
        {"name": ["a"]},
        reduce(lambda deep, _: [deep], range(800), 0),
    ),
)
"""What may stand in a file where something else is expected."""


def assert_any_json_will_do(
    importer: Importer, key: Path, *, told: Told | None = None, also: tuple[Path, ...] = ()
) -> None:
    """Put other things in the place of what stands in the files, or take it away, 150 times: as above."""
    rng = random.Random(7)
    files = importer.claim(key, key.read_bytes()[:65536])
    assert files is not None
    for path in (key, *also):
        content = path.read_text()
        for _ in range(150):
            lines = content.splitlines() if path.suffix == ".jsonl" else [content]
            place = rng.randrange(len(lines))
            lines[place] = json.dumps(_odd(json.loads(lines[place]), rng))
            path.write_text("\n".join(lines))
            _read(importer, files, told)
        path.write_text(content)


def _odd(whole: Any, rng: random.Random) -> Any:
    places = [(whole, name) for name in _names(whole)]
    for inner, name in places:
        if isinstance(inner[name], dict | list):
            places.extend((inner[name], one) for one in _names(inner[name]))
    inside, name = rng.choice(places)
    if rng.random() < 0.2:
        del inside[name]
    else:
        inside[name] = rng.choice(ODD)
    return whole


def _names(inner: dict[str, Any] | list[Any]) -> list[Any]:
    return list(inner) if isinstance(inner, dict) else list(range(len(inner)))


def _read(importer: Importer, files: tuple[Path, ...], told: Told | None) -> Log | None:
    importer.claim(files[0], files[0].read_bytes()[:65536])
    try:
        log = importer.read(files, told or Told())
    except LogError as error:
        assert str(error) and "\n" not in str(error)
        return None
    assert_adds_up(log)
    return log
