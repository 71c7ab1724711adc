"""Vectors of samples, one for each encoder, and the texts that they and the words come from.

Samples of which only a name is known are not searched by text: a name tells nothing of the question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from evalhub.store.hub import Hub
from evalhub.store.reads import Reads
from evalhub.store.sample_columns import HAS_TEXT

_TOGETHER = 50_000
"""Samples that are read at a time."""

_TEXTS = """
    SELECT sample_id, prompt, choices, reference, tags, coalesce(image_text, '') AS image_text FROM sample
    LEFT JOIN (
        SELECT sample_id, string_agg(text, chr(10) ORDER BY image) AS image_text
        FROM (SELECT sample_id, unnest(images) AS image FROM sample WHERE modality = 'image')
        JOIN image_text USING (image) GROUP BY sample_id
    ) USING (sample_id)
"""


def without_vector(hub: Hub, encoder: str) -> list[str]:
    """Ids of samples with a text that the encoder has not seen, in pool order."""
    rows = hub.database.execute(
        f"""
        SELECT sample_id FROM sample
        ANTI JOIN (SELECT sample_id FROM vector WHERE encoder = ?) USING (sample_id)
        WHERE {HAS_TEXT} ORDER BY sample.rowid
        """,
        [encoder],
    ).fetchall()
    return [sample_id for (sample_id,) in rows]


def texts_of(hub: Hub, sample_ids: Sequence[str]) -> pl.DataFrame:
    """sample_id, prompt, choices, reference (JSON), tags, image_text (read in the images) of samples, in the order
    of their ids."""
    return _in_order(hub, _TEXTS, sample_ids)


def all_texts(hub: Hub, together: int = _TOGETHER) -> Iterator[pl.DataFrame]:
    """What `texts_of` gives, of all samples with a text in the order of ids, so many at a time."""
    last = ""
    while True:
        part = hub.frame(
            f"{_TEXTS} WHERE sample_id > $last AND {HAS_TEXT} ORDER BY sample_id LIMIT $together",
            {"last": last, "together": together},
        )
        if part.is_empty():
            return
        yield part
        last = part["sample_id"][-1]


def put_vectors(
    hub: Hub, encoder: str, sample_ids: Sequence[str], vectors: np.ndarray, scales: np.ndarray
) -> None:
    """Keep quantised vectors: int8 (N, D) and float32 (N,), as `kernels.dots.quantised` gives them."""
    frame = pl.DataFrame(
        {
            "sample_id": list(sample_ids),
            "encoder": [encoder] * len(sample_ids),
            "scale": scales.astype(np.float32),
            "bytes": [row.tobytes() for row in np.ascontiguousarray(vectors, dtype=np.int8)],
        }
    )
    hub.insert("INSERT OR REPLACE INTO vector BY NAME SELECT * FROM given", frame)


_VECTORS = f"""
    FROM vector JOIN sample USING (sample_id)
    WHERE encoder = $encoder AND {HAS_TEXT} AND ($only IS NULL OR list_contains($only::VARCHAR[], sample_id))
"""


def load_vectors(
    pool: Reads, encoder: str, only: Sequence[str] | None = None
) -> tuple[pl.Series, np.ndarray, np.ndarray]:
    """Ids of all samples with a text, or only of these, in order, and their quantised vectors: int8 (N, D) and
    float32 (N,).

    Raises:
        ValueError: a vector has another length than the others; the file is damaged.
    """
    given = {"encoder": encoder, "only": None if only is None else list(only)}
    ids = pool.frame(f"SELECT sample_id {_VECTORS} ORDER BY sample_id", given)["sample_id"]
    # Batch by batch, each row into its place: the database would sort, and Arrow hold, a copy of every vector.
    batches = pool.database.sql(
        f"""
        WITH placed AS (SELECT sample_id, row_number() OVER (ORDER BY sample_id) - 1 AS place {_VECTORS})
        SELECT place, scale, bytes FROM vector JOIN placed USING (sample_id) WHERE encoder = $encoder
        """,
        params=given,
    ).to_arrow_reader(_TOGETHER)
    return ids, *_filled(batches, len(ids))


def load_ordered(board: Reads) -> tuple[pl.Series, np.ndarray, np.ndarray]:
    """The same of a snapshot, where the vectors of one encoder lie in order of ids.

    Raises:
        ValueError: a vector has another length than the others; the file is damaged.
    """
    ids = board.frame("SELECT sample_id FROM vector")["sample_id"]
    query = "SELECT row_number() OVER () - 1 AS place, scale, bytes FROM vector"
    return ids, *_filled(board.database.sql(query).to_arrow_reader(_TOGETHER), len(ids))


def _filled(batches: Iterable[pa.RecordBatch], count: int) -> tuple[np.ndarray, np.ndarray]:
    """int8 (count, D) and float32 (count,) from batches of place, scale, bytes."""
    vectors, scales = np.empty((count, 0), np.int8), np.empty(count, np.float32)
    for batch in batches:
        if not vectors.shape[1] and len(batch):
            vectors = np.empty((count, len(batch["bytes"][0].as_py())), np.int8)
        rows, place = _bytes(batch["bytes"]), batch["place"].to_numpy()
        if len(rows) != len(batch) * vectors.shape[1]:
            raise ValueError("vectors differ in length")
        vectors[place] = rows.reshape(len(batch), vectors.shape[1])
        scales[place] = batch["scale"].to_numpy()
    return vectors, scales


def _bytes(chunk: pa.BinaryArray) -> np.ndarray:
    """What the rows hold, one behind the other: they lie so already."""
    offsets = np.frombuffer(chunk.buffers()[1], np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    return np.frombuffer(chunk.buffers()[2], np.int8)[offsets[0] : offsets[-1]]


def pool_fingerprint(hub: Hub) -> tuple[int, str]:
    """Number of samples with a text, and what is another text as soon as one of them came or went or an image was
    read."""
    count, mixed, read = hub.database.execute(
        f"""
        SELECT count(*), coalesce(bit_xor(hash(sample_id)), 0)::VARCHAR,
               (SELECT coalesce(bit_xor(hash(image, text)), 0)::VARCHAR FROM image_text WHERE text <> '')
        FROM sample WHERE {HAS_TEXT}
        """
    ).fetchall()[0]
    return count, f"{count} {mixed} {read}"


def known_by_name(hub: Hub) -> int:
    """Number of samples without a text."""
    (count,) = hub.database.execute(f"SELECT count(*) FROM sample WHERE NOT ({HAS_TEXT})").fetchall()[0]
    return int(count)


def named(pool: Reads, sample_ids: Sequence[str]) -> pl.DataFrame:
    """sample_id, source, source_id and prompt of samples, in the order of their ids as given."""
    return _in_order(pool, "SELECT sample_id, source, source_id, prompt FROM sample", sample_ids)


def _in_order(pool: Reads, columns: str, sample_ids: Sequence[str]) -> pl.DataFrame:
    """Columns of samples in the order of their ids as given; null where the pool has no such sample."""
    wanted = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    rows = pool.frame(f"{columns} WHERE sample_id IN (SELECT unnest($ids::VARCHAR[]))", {"ids": list(sample_ids)})
    return wanted.join(rows, on="sample_id", how="left", maintain_order="left")


def sample_ids_where(hub: Hub, query: str, parameters: Mapping[str, object]) -> list[str]:
    """Ids that a query of samples gives, in pool order."""
    found = hub.frame(
        f"SELECT sample_id FROM sample JOIN ({query}) USING (sample_id) ORDER BY sample.rowid", parameters
    )
    return found["sample_id"].to_list()
