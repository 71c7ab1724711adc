"""Logs of Inspect, as it writes them."""

from __future__ import annotations

import copy
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.importer import Log, Told
from ingest.importers.inspect import Inspect
from tests.importers.damaged import read

STORED, DEFLATED, ZSTD = 0, 8, 93

HEADER: dict[str, Any] = {
    "version": 2,
    "status": "success",
    "eval": {
        "created": "2026-01-01T00:00:00+00:00",
        "task": "sums",
        "task_args": {},
        "dataset": {"name": "sums", "samples": 100},
        "model": "org/model",
        "model_generate_config": {},
        "config": {},
        "packages": {"inspect_ai": "0.3.154"},
        "scorers": [{"name": "match", "metrics": [{"name": "inspect_ai/accuracy"}]}],
    },
    "plan": {"name": "plan", "steps": [{"solver": "generate", "params": {}}], "config": {}},
    "results": {"total_samples": 0, "scores": []},
}


def header(**changed: Any) -> dict[str, Any]:
    """A header; `eval_`, `plan` and `results` are merged into it, anything else takes the place of its like."""
    made = copy.deepcopy(HEADER)
    for key, value in changed.items():
        if key in ("eval_", "plan", "results"):
            made[key.rstrip("_")] |= value
        else:
            made[key] = value
    return made


def summary(name: int | str, *, epoch: int = 1, score: Any = "C", **changed: Any) -> dict[str, Any]:
    """A summary of one sample in one epoch. score: None for no scores at all."""
    made = {
        "id": name,
        "epoch": epoch,
        "input": f"What is {name} + 1?",
        "target": f" {name} and one",
        "scores": {} if score is None else {"match": {"value": score, "answer": "x"}},
        "completed": True,
        **changed,
    }
    return {key: value for key, value in made.items() if value is not None}


def packed(path: Path, members: dict[str, Any], method: int = DEFLATED) -> Path:
    """A zip file of these members; those that are no bytes are written as JSON."""
    out, directory = bytearray(), bytearray()
    for name, content in members.items():
        raw = content if isinstance(content, bytes) else json.dumps(content, indent=2).encode()
        sizes = zlib.crc32(raw), len(data := _compressed(raw, method)), len(raw), len(name.encode())
        common = struct.pack("<HHHHHIIIHH", 20, 0x800, method, 0, 0, *sizes, 0)
        entry = struct.pack("<HHHII", 0, 0, 0, 0, len(out))
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common + entry + name.encode()
        out += b"PK\x03\x04" + common + name.encode() + data
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(out), 0)
    path.write_bytes(out + directory + b"PK\x05\x06" + end)
    return path


def _compressed(raw: bytes, method: int) -> bytes:
    if method == DEFLATED:
        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return deflate.compress(raw) + deflate.flush()
    if method == ZSTD:  # two frames, as Inspect writes what is large
        halves = (raw[: len(raw) // 2], raw[len(raw) // 2 :])
        return b"".join(pa.Codec("zstd").compress(half).to_pybytes() for half in halves)
    return raw


def archived(
    folder: Path,
    summaries: list[Any],
    head: dict[str, Any] | None = None,
    *,
    whole: dict[str, Any] | None = None,
    method: int = DEFLATED,
) -> Path:
    """A finished `.eval` log. whole: samples' own files."""
    head = head or header()
    start = {key: head[key] for key in ("version", "eval", "plan")}
    members = {"_journal/start.json": start, **(whole or {}), "summaries.json": summaries, "header.json": head}
    return packed(folder / "log.eval", members, method)


def imported(path: Path, told: Told | None = None) -> Log:
    return read(Inspect(), path, told)
