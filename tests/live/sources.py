"""Papers with tables of random numbers, as LaTeX and as a replay of arXiv."""

from __future__ import annotations

import json
import random
from pathlib import Path

from ingest.arxiv.replay.papers import LIST

_NAMES = ("Falcon", "Kestrel", "Merlin", "Osprey", "Harrier", "Condor", "Buzzard", "Goshawk")
_SETS = ("Alpha", "Beta", "Gamma", "Delta")


def tex(seed: int) -> str:
    """A paper with one table."""
    rng = random.Random(seed)
    rows = "\n".join(
        f"{name} & " + " & ".join(f"{rng.uniform(20, 95):.1f}" for _ in _SETS) + r" \\"
        for name in rng.sample(_NAMES, 6)
    )
    return rf"""\documentclass{{article}}
\title{{Birds of prey, part {seed}}}
\begin{{document}}
Table~\ref{{tab:main}} compares models.
\begin{{table}}
\begin{{tabular}}{{lrrrr}}
\toprule
Model & {" & ".join(_SETS)} \\
\midrule
{rows}
\bottomrule
\end{{tabular}}
\caption{{Accuracy on four data sets in study {seed}.}}
\label{{tab:main}}
\end{{table}}
\end{{document}}
"""


def source(folder: Path, seed: int) -> Path:
    """A folder with the paper's source."""
    folder.mkdir(parents=True)
    (folder / "main.tex").write_text(tex(seed))
    return folder


def replayed(folder: Path, **papers: tuple[str, str]) -> Path:
    """A folder for a replay of arXiv. papers: by name, the day of submission and the address of the licence."""
    lines = []
    for number, (name, (day, licence)) in enumerate(papers.items(), 1):
        source(folder / name, number)
        lines.append(
            {
                "id": f"{day[2:4]}{day[5:7]}.{number:05}",
                "submitted": f"{day}T12:00:00Z",
                "categories": ["cs.CL"],
                "title": f"Birds, {name}",
                "licence": licence,
                "source": name,
            }
        )
    (folder / LIST).write_text("\n".join(json.dumps(line) for line in lines))
    return folder
