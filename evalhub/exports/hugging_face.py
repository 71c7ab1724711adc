"""Samples as a data set folder of Hugging Face's `datasets`, with their images."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from evalhub.exports.data_card import data_card
from evalhub.exports.exported import Exported
from evalhub.exports.samples import as_text, chosen_samples
from evalhub.exports.scope import check_scope
from evalhub.exports.target import check_folder, fresh_folder
from evalhub.store.hub import Hub
from evalhub.store.releases import proofs_of
from evalhub.telling import Tell
from ingest.records import Sample

FILE = "data/test.parquet"

_TEXT, _TEXTS = {"dtype": "string", "_type": "Value"}, {"feature": {"dtype": "string", "_type": "Value"}}
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_TYPES: dict[str, tuple[pa.DataType, dict[str, Any]]] = {
    "text": (pa.string(), _TEXT),
    "texts": (pa.list_(pa.string()), {**_TEXTS, "_type": "Sequence"}),
    "images": (pa.list_(_IMAGE), {"feature": {"_type": "Image"}, "_type": "Sequence"}),
    "date": (pa.date32(), {"dtype": "date32", "_type": "Value"}),
}
"""How `datasets` calls the types; as Sequence all its versions know a list."""

COLUMNS = {
    "id": ("text", "hash of prompt, images, choices, reference and grader: the sample's id in evalhub"),
    "source": ("text", "where it comes from"),
    "source_id": ("text", "its name there"),
    "prompt": ("text", "the question alone"),
    "images": ("images", "that belong to the question, in order"),
    "choices": ("texts", "options, in order; none where the answer is free"),
    "reference": ("text", "the right answer, or what a grader needs, as JSON where it is no text"),
    "grader": ("text", "who judges an answer in evalhub"),
    "template": ("text", "the text around the prompt, as the source wants it asked"),
    "preamble": ("text", "what stands before it: worked examples, or the system message of a chat"),
    "cluster": ("text", "what it shares with other samples, such as a paper; empty where nothing"),
    "tags": ("texts", "subjects and skills"),
    "licence": ("text", "SPDX name; empty where unknown"),
    "published_at": ("date", "when it became public; none where unknown"),
    "paper": ("text", "of a live sample: the paper it was written from, with its licence, as JSON; else empty"),
    "proof": ("text", "of a live sample: the program behind its answer, what it ran on, and where, as JSON"),
}
"""Columns, each with its type and what it says."""


def export_data_set(hub: Hub, out: Path, *, source: str, limit: int | None, force: bool, tell: Tell) -> Exported:
    """Write samples, without any results, into a folder that `datasets.load_dataset` reads.

    limit: of each source, spread over its tags.

    Raises:
        EvalhubError: there is nothing to export, or something is in its place.
    """
    check_scope(hub, source)
    check_folder(out, force)
    done = Exported(path=out)
    counts: Counter[tuple[str, str]] = Counter()
    features = {name: _TYPES[kind][1] for name, (kind, _) in COLUMNS.items()}
    schema = pa.schema(
        [(name, _TYPES[kind][0]) for name, (kind, _) in COLUMNS.items()],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    with fresh_folder(out) as folder:
        (folder / FILE).parent.mkdir()
        with parquet.ParquetWriter(folder / FILE, schema, compression="zstd") as writer:
            for batch in chosen_samples(hub, source, limit, done, tell):
                proofs = proofs_of(hub, [sample.sample_id for sample in batch])
                rows = [_row(sample, *proofs.get(sample.sample_id, ("", ""))) for sample in batch]
                writer.write_table(pa.Table.from_pylist(rows, schema))
                counts.update((sample.source, sample.licence) for sample in batch)
        done.rows = done.samples = counts.total()
        (folder / "README.md").write_text(
            data_card(counts, {name: text for name, (_, text) in COLUMNS.items()}, FILE), "utf-8"
        )
    return done


def _row(sample: Sample, proof: str, paper: str) -> dict[str, Any]:
    return {
        "id": sample.sample_id,
        "source": sample.source,
        "source_id": sample.source_id,
        "prompt": sample.prompt,
        "images": [{"bytes": image, "path": None} for image in sample.images],
        "choices": list(sample.choices),
        "reference": as_text(sample.reference),
        "grader": sample.grader,
        "template": sample.condition.template,
        "preamble": sample.condition.preamble,
        "cluster": sample.cluster,
        "tags": list(sample.tags),
        "licence": sample.licence,
        "published_at": sample.published_at,
        "paper": paper,
        "proof": proof,
    }
