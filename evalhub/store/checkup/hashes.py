"""What is named by the hash of its content still has that content."""

from __future__ import annotations

import json
from collections.abc import Iterator

from evalhub.live.release import release_id
from evalhub.store.benchmarks import load
from evalhub.store.checkup.finding import BACKUP, Finding, shortened
from evalhub.store.hub import Hub
from evalhub.store.releases import proofs, releases
from evalhub.telling import Tell
from ingest.records import Condition, content_hash

_TOGETHER = 10_000


def check_samples(hub: Hub, tell: Tell) -> Iterator[Finding]:
    """Samples and conditions."""
    wrong: list[str] = []
    seen, last = 0, ""
    while rows := hub.database.execute(
        f"""
        SELECT sample_id, prompt, images, choices, reference, grader FROM sample
        WHERE sample_id > ? ORDER BY sample_id LIMIT {_TOGETHER}
        """,
        [last],
    ).fetchall():
        wrong += [row[0] for row in rows if _sample_id(*row[1:]) != row[0]]
        seen, last = seen + len(rows), rows[-1][0]
        tell(f"{seen:,} samples held against their ids")
    yield from _changed("sample", wrong)
    specs = hub.database.execute("SELECT condition_id, spec FROM condition ORDER BY 1").fetchall()
    yield from _changed(
        "condition", [name for name, spec in specs if Condition.from_json(json.loads(spec)).condition_id != name]
    )


def check_frozen(hub: Hub, tell: Tell) -> Iterator[Finding]:
    """Benchmarks and releases."""
    tell("benchmarks and releases")
    ids = hub.database.execute("SELECT benchmark_id FROM benchmark ORDER BY 1").fetchall()
    yield from _changed("benchmark", [name for (name,) in ids if load(hub, name).benchmark_id != name])
    yield from _changed(
        "release", [one.name for one in releases(hub) if release_id(proofs(hub, one.name)) != one.release_id]
    )


def _sample_id(prompt: str, images: list[str], choices: list[str], reference: str, grader: str) -> str:
    return content_hash(
        {
            "prompt": prompt,
            "images": images,
            "choices": choices,
            "reference": json.loads(reference),
            "grader": grader,
        }
    )


def _changed(kind: str, names: list[str]) -> Iterator[Finding]:
    if names:
        what = f"{len(names):,} of kind {kind} do not have the content that their hash names: {shortened(names)}"
        yield Finding(check="hashes", fault=True, what=what, todo=BACKUP)
