"""The README.md of a data set: where its samples come from, and under which licences."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from evalhub.wording import plain, tallied

_MARKUP = re.compile(r"[|&<>`\\*\[\]!~$]|(?<!\w)_|_(?!\w)")
"""What is more than itself in a cell of a table; an underscore within a word is not."""

_CARD = """\
---
license: {licences}
configs:
- config_name: default
  data_files:
  - split: test
    path: {file}
---

# {count:,} samples from evalhub

Test items, without any results. Load them with

```python
from datasets import load_dataset

samples = load_dataset("FOLDER", split="test")
```

They are for testing: a model that was trained on them cannot be tested with them.

## Sources and licences

The licences are those that the sources state; where a source states none, ask it before you pass its samples on.

| source | samples | licence |
|---|---:|---|
{sources}

## Columns

| column | what it is |
|---|---|
{columns}
"""


def data_card(counts: Mapping[tuple[str, str], int], columns: Mapping[str, str], file: str) -> str:
    """The card of samples that are counted by source and licence.

    columns: what each says. file: the samples, within the folder.
    """
    known = {_hub_licence(licence) for _, licence in counts}
    of_source: dict[str, dict[str, int]] = defaultdict(dict)
    for (source, licence), count in sorted(counts.items()):
        of_source[source][licence or "not stated"] = count
    return _CARD.format(
        licences="[" + ", ".join(sorted(known)) + "]" if len(known) > 1 else known.pop(),
        file=file,
        count=sum(counts.values()),
        sources="\n".join(
            f"| {_cell(source)} | {sum(licences.values()):,} | {_cell(_shares(licences))} |"
            for source, licences in of_source.items()
        ),
        columns="\n".join(f"| `{name}` | {text} |" for name, text in columns.items()),
    )


def _shares(licences: Mapping[str, int]) -> str:
    if len(licences) == 1:
        return next(iter(licences))
    return tallied(licences)


def _hub_licence(licence: str) -> str:
    """A licence as the hub calls it: SPDX names in small letters."""
    name = licence.lower()
    return name if re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", name) else "other" if name else "unknown"


def _cell(text: str) -> str:
    """A text as it reads, whatever Markdown, HTML or a table would make of its signs."""
    return _MARKUP.sub(lambda sign: f"&#{ord(sign[0])};", " ".join(plain(text).split()))
