"""One reader, fuzzed in this process: see `benchmarks.fuzz.__main__`."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.fuzz.readers import READERS

_COVERED = [
    *("ingest", "aggregate", "evalhub.filters", "evalhub.backends", "evalhub.live", "evalhub.backup"),
    "transformers.integrations.gguf",
]
"""Packages whose branches guide the search."""

_LONGEST = 10_000
"""Characters of an error, which a user is to read."""


def fuzz(name: str, runs: int, seed: int, keep: Path, folder: Path) -> None:
    """Does not return: libFuzzer ends the process.

    keep: takes the input of a finding. folder: an empty one to work in.
    """
    import atheris

    reader = READERS[name]
    with atheris.instrument_imports(include=_COVERED):
        call, told = reader.make(folder)

    corpus = folder / "corpus"
    corpus.mkdir()
    for number, content in enumerate((*reader.seeds, *reader.more())):
        (corpus / str(number)).write_bytes(content)
    escaped = (word.replace("\\", "\\\\").replace('"', '\\"') for word in (*reader.words, "{", "}"))
    words = folder / "words"
    words.write_text("".join(f'"{word}"\n' for word in escaped))

    def once(content: bytes) -> None:
        if not content:
            return
        try:
            call(content)
        except told as error:
            if not 0 < len(str(error).strip()) < _LONGEST:
                raise AssertionError(f"an error that says nothing, or too much: {error!r:.200}") from error

    limits = [f"-runs={runs}", f"-seed={seed}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=2048"]
    places = ["-verbosity=0", f"-dict={words}", f"-artifact_prefix={keep}/{name}-", str(corpus)]
    atheris.Setup([sys.argv[0], *limits, *places], once)
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
