"""One text out of the files of a LaTeX source: the main file found, what it inputs put in, comments taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from ingest.papers.archive import Files
from ingest.papers.limits import PaperError

_MOST_CHARACTERS = 20_000_000
_DEEPEST = 20
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*(\n[ \t]*)?")
_UNREAD = re.compile(
    r"\\begin\{(comment|verbatim\*?|lstlisting|filecontents\*?)\}.*?\\end\{\1\}|\\iffalse(?![A-Za-z]).*?\\fi(?![A-Za-z])",
    re.DOTALL,
)
_INPUT = re.compile(
    r"\\(?:(?:input|include|subfile)\s*\{([^{}]*)\}|input\s+([^\s{}\\]+)"
    r"|(?:sub)?import\*?\s*\{([^{}]*)\}\s*\{([^{}]*)\})"
)
_CLASS = re.compile(r"\\document(?:class|style)\b")
_BEGIN = "\\begin{document}"
_USUAL_NAMES = ("main", "ms", "paper", "article", "manuscript")


def decode(content: bytes) -> str:
    """Text of a source file: UTF-8, else Latin-1, with plain line ends."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_comments(text: str) -> str:
    """Comments, verbatim blocks and what is switched off left out."""
    return _UNREAD.sub("", _COMMENT.sub(_kept_of_comment, text))


def _kept_of_comment(comment: re.Match[str]) -> str:
    """The line end goes with the comment, unless an empty line, which ends a paragraph, comes next."""
    text, end = comment.string, comment.end()
    ends_paragraph = comment[2] is not None and end < len(text) and text[end] == "\n"
    return comment[1] + ("\n" if ends_paragraph else "")


class Project:
    """The text of a paper: `preamble` and `body`, with inputs in place and comments gone; `files` as given."""

    def __init__(self, files: Files) -> None:
        """Read the sources.

        Raises:
            PaperError: there is no main file, or its inputs never end.
        """
        self.files = files
        self._texts = {
            name: without_comments(decode(content))
            for name, content in files.items()
            if PurePosixPath(name).suffix.lower() in (".tex", ".ltx", ".latex", ".txt", "") and b"\\" in content
        }
        self.main = self._find_main()
        self.folder = PurePosixPath(self.main).parent
        self._size = 0
        text = self._flat(self.main, 0)
        self.preamble, _, rest = text.partition(_BEGIN)
        self.body = rest.partition("\\end{document}")[0]

    def resolve(self, name: str, suffixes: Iterable[str]) -> str | None:
        """The file that a name in the text means, which may lack one of the suffixes; None where there is none."""
        name = name.strip().strip('"').strip()
        suffixes = list(suffixes)
        for folder in (self.folder, PurePosixPath()):
            for suffix in ("", *suffixes):
                path = _normal(folder / (name + suffix))
                if path in self.files and (suffix or PurePosixPath(path).suffix):
                    return path
        wanted = {_normal(PurePosixPath(name + suffix)).lower() for suffix in ("", *suffixes)}
        return next((path for path in self.files if path.lower() in wanted), None)

    def _find_main(self) -> str:
        roots = [name for name, text in self._texts.items() if _CLASS.search(text) and _BEGIN in text]
        if not roots:
            raise PaperError("the source has no LaTeX file with \\documentclass and \\begin{document}")
        said = [name for name in roots if name in self._said_to_be_main()]
        inputs = {PurePosixPath(m[1] or m[2] or "").stem for t in self._texts.values() for m in _INPUT.finditer(t)}
        free = [name for name in roots if PurePosixPath(name).stem not in inputs]

        def rank(name: str) -> tuple[bool, int, int, str]:
            path = PurePosixPath(name)
            usual = path.stem.lower() in _USUAL_NAMES
            return (not usual, len(path.parts), -len(self._texts[name]), name)

        return min(said or free or roots, key=rank)

    def _said_to_be_main(self) -> set[str]:
        """What arXiv's own note on the upload names."""
        said = set()
        for note in ("00README.XXX", "00README.json", "00README.yaml"):
            if note in self.files:
                words = re.findall(r"[\w./-]+\.tex", decode(self.files[note]))
                said.update(words[:1])
        return said

    def _flat(self, name: str, depth: int) -> str:
        text = self._texts.get(name, "")
        self._size += len(text)
        if depth > _DEEPEST or self._size > _MOST_CHARACTERS:
            raise PaperError("the LaTeX files input each other without end")

        def put_in(found: re.Match[str]) -> str:
            wanted = found[1] or found[2] or f"{found[3] or ''}/{found[4] or ''}"
            path = self.resolve(wanted, (".tex", ".ltx"))
            return self._flat(path, depth + 1) if path in self._texts else ""

        return _INPUT.sub(put_in, text)


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", "..", "/"):
            parts.append(part)
    return "/".join(parts)
