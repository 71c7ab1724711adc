"""Text that was read in the images of samples."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalhub.store.hub import Hub


def unread_images(hub: Hub) -> list[str]:
    """Hashes of the pool's images that nobody has read, in order."""
    rows = hub.database.execute(
        "SELECT image FROM (SELECT DISTINCT unnest(images) AS image FROM sample WHERE modality = 'image') "
        "ANTI JOIN image_text USING (image) ORDER BY image"
    ).fetchall()
    return [image for (image,) in rows]


def put_image_texts(hub: Hub, reader: str, images: Sequence[str], texts: Sequence[str]) -> None:
    """Keep what was read. Vectors of samples that now say more are dropped, to be made anew."""
    frame = pl.DataFrame({"image": list(images), "reader": [reader] * len(images), "text": list(texts)})
    with hub.transaction():
        hub.insert("INSERT OR REPLACE INTO image_text BY NAME SELECT * FROM given", frame)
        hub.database.execute(
            "DELETE FROM vector WHERE sample_id IN (SELECT sample_id FROM sample WHERE list_has_any(images, ?))",
            [[image for image, text in zip(images, texts, strict=True) if text]],
        )
