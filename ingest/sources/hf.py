"""Data sets of Hugging Face's hub, and files and folders that its library `datasets` can read."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from ingest.records import Sample
from ingest.source import SourceError
from ingest.sources.items import ANSWERS


class HuggingFace:
    """`evalhub ingest hf:REPO`. Options name the columns; a prompt may be a template of them. A reference that is
    an index or a letter into the choices becomes the choice."""

    summary = "a data set of Hugging Face's hub, or a local one: hf:REPO, hf:FILE; options name its columns"

    def samples(
        self,
        *,
        path: str = "",
        config: str = "",
        split: str = "",
        prompt: str = "",
        reference: str = "",
        choices: tuple[str, ...] = (),
        id: str = "",
        image: tuple[str, ...] = (),
        tags: tuple[str, ...] = (),
        cluster: str = "",
        licence: str = "",
        published_at: str = "",
        reference_after: str = "",
        count_from: int | None = None,
        answer: str = "generate",
        limit: int | None = None,
    ) -> Iterator[Sample]:
        """Yield the rows of a split in order.

        Args:
            path: the data set, a file or a folder; `evalhub ingest hf:REPO` sets it.
            config: which part of the data set, where it has several.
            split: `test` where there is one, or the only one.
            prompt: a column, or a text with columns in braces; `\\n` in it is a new line.
            reference: a column. `column.key` is a value within a column, here and elsewhere.
            choices: one column with a list, or a column for each choice.
            id: a column; else `id` where there is one; else the row's number.
            image: columns; else those that the data set says are images.
            tags: columns.
            cluster: a column.
            licence: a column, or the licence itself; else that of the data set.
            published_at: a column, or the day itself.
            reference_after: only what follows this text in the reference, as `####` in GSM8K.
            count_from: 0 or 1, where references are places and do not say themselves from what they are counted.
            answer: `likelihood` asks how likely each choice, or the reference, is behind the prompt as it stands.
            limit: only the first so many rows.
        """
        if not path:
            raise SourceError("name the data set: evalhub ingest hf:REPO, or hf:FILE")
        if answer not in ANSWERS:
            raise SourceError(f"answer={answer}: give generate or likelihood")
        if count_from not in (None, 0, 1):
            raise SourceError(f"count_from={count_from}: places are counted from 0 or 1")
        if find_spec("datasets") is None:
            raise SourceError('datasets is not installed: pip install "evalhub[hf]"')
        from ingest.sources.hf_columns import Columns
        from ingest.sources.hf_data import opened
        from ingest.sources.hf_rows import Rows

        with opened(path, config, split) as data:
            columns = Columns.of(
                data.rows.features,
                prompt=prompt,
                reference=reference,
                choices=choices,
                id=id,
                image=image,
                tags=tags,
                cluster=cluster,
                licence=licence,
                published_at=published_at,
            )
            rows = Rows(data, columns, after=reference_after, count_from=count_from, answer=answer)
            # All are made before the first one leaves: a broken row adds nothing. None is kept, images are big.
            for _ in rows.samples(limit):
                pass
            yield from rows.samples(limit)
