"""easy-VQA: questions on the colour and shape of one figure, out of the wheel `easy-vqa` (Victor Zhou)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.records import Condition, Sample
from ingest.source import SourceError

_YES_NO = ("no", "yes")

_CONDITION = Condition(
    form="chat",
    template="{prompt}\nAnswer with one of: {choices}.",
    temperature=0.6,
    top_p=0.95,
    max_tokens=16,
)


class EasyVQA:
    """Images of 64 x 64 pixels with one coloured shape; the questions on an image form a cluster."""

    summary = "9,673 questions on 1,000 small images of coloured shapes"

    def samples(self, *, split: str = "test", limit: int | None = None) -> Iterator[Sample]:
        """Yield questions in the order of the package, all of an image's questions together.

        Args:
            split: `test` or `train`.
            limit: only the first so many.
        """
        try:
            import easy_vqa
        except ImportError as error:
            raise SourceError("easy-vqa is not installed: pip install easy-vqa") from error
        if split not in ("test", "train"):
            raise SourceError(f"easy-vqa has the splits test and train, not '{split}'")
        questions = {"test": easy_vqa.get_test_questions, "train": easy_vqa.get_train_questions}[split]()
        paths = {"test": easy_vqa.get_test_image_paths, "train": easy_vqa.get_train_image_paths}[split]()
        names = tuple(sorted(set(easy_vqa.get_answers()) - set(_YES_NO)))
        images: dict[int, bytes] = {}
        for number, (question, answer, image) in enumerate(list(zip(*questions, strict=True))[:limit]):
            if image not in images:
                images = {image: Path(paths[image]).read_bytes()}
            yield Sample(
                source="easy-vqa",
                source_id=f"{split}/{number}",
                prompt=question,
                choices=_YES_NO if answer in _YES_NO else names,
                reference=answer,
                grader="choice",
                images=(images[image],),
                condition=_CONDITION,
                cluster=f"easy-vqa/{split}/{image}",
                tags=(("yes or no",) if answer in _YES_NO else ("what",)),
                licence="MIT",
            )
