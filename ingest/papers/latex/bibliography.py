"""How citations read: `Ammar et al. (2018)`, `(Ammar et al., 2018)` or `[3]`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingest.papers.latex.project import Project, decode, without_comments
from ingest.papers.latex.scan import argument, option

_ITEM = re.compile(r"\\bibitem(?![A-Za-z])")
_NATBIB = re.compile(r"^(.*?)\(([^()]*)\)", re.DOTALL)
_CITE_IS_PARENTHETICAL = re.compile(
    r"\\usepackage\s*(?:\[[^\]]*\])?\s*\{[^}]*\b(?:acl|emnlp|naacl|eacl|coling|lrec)[-\w]*\}", re.IGNORECASE
)


@dataclass(frozen=True)
class Entry:
    """How an entry of the bibliography is cited; in LaTeX."""

    authors: str
    year: str
    """Empty where entries are cited by number or by a label, which is then in `authors`."""


@dataclass
class Bibliography:
    """The entries by key, and what plain \\cite does."""

    entries: dict[str, Entry] = field(default_factory=dict)
    parenthetical: bool = False
    """Whether \\cite puts authors and year in parentheses, as \\citep does."""

    def cite(self, command: str, keys: str, note: str = "") -> str:
        """What stands in the text for a citation, in LaTeX; nothing for keys that are not in the bibliography."""
        entries = [self.entries[key.strip()] for key in keys.split(",") if key.strip() in self.entries]
        if not entries:
            return ""
        tail = f", {note}" if note else ""
        if not entries[0].year:
            return f"[{', '.join(entry.authors for entry in entries)}{tail}]"
        command = command.rstrip("*").lower()
        if command in ("citeauthor", "citename"):
            return "; ".join(entry.authors for entry in entries)
        if command in ("citeyear", "citeyearpar", "shortcite", "shortcites"):
            years = ", ".join(entry.year for entry in entries)
            return years if command == "citeyear" else f"({years}{tail})"
        if command in ("citet", "textcite", "newcite") or (command == "cite" and not self.parenthetical):
            return "; ".join(f"{entry.authors} ({entry.year}{tail})" for entry in entries)
        if command in ("citealt",):
            return "; ".join(f"{entry.authors} {entry.year}" for entry in entries) + tail
        listed = "; ".join(f"{entry.authors}, {entry.year}" for entry in entries) + tail
        return listed if command == "citealp" else f"({listed})"


def read_bibliography(project: Project) -> Bibliography:
    """From the .bbl file beside the main file, another one, or the text itself."""
    own = project.main.rsplit(".", 1)[0] + ".bbl"
    lists = [own] if own in project.files else [name for name in project.files if name.endswith(".bbl")]
    text = "\n".join(without_comments(decode(project.files[name])) for name in lists) or project.body
    read = Bibliography(parenthetical=bool(_CITE_IS_PARENTHETICAL.search(project.preamble)))
    for number, item in enumerate(_ITEM.finditer(text), start=1):
        label, at = option(text, item.end())
        key, _ = argument(text, at)
        read.entries.setdefault(key.strip(), _entry(label, number))
    return read


def _entry(label: str | None, number: int) -> Entry:
    if label is None:
        return Entry(str(number), "")
    label = re.sub(r"\\natexlab\s*\{([^}]*)\}", r"\1", label.strip())
    if label.startswith("{") and label.endswith("}"):
        label = label[1:-1]
    natbib = _NATBIB.match(label)
    if natbib and not natbib[1].strip():
        return Entry(str(number), "")
    if natbib:
        return Entry(natbib[1].strip(), natbib[2].strip().strip("{}"))
    return Entry(label, "")
