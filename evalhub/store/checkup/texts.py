"""Every text and image that a row names is there, and is what its name says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from evalhub.store.checkup.finding import BACKUP, Finding, shortened
from evalhub.store.hub import Hub
from evalhub.telling import Tell

_NAMED = """
    SELECT output AS hash, 'attempt' AS kind FROM attempt
    UNION ALL SELECT output, 'verdict' FROM verdict
    UNION ALL SELECT unnest(images), 'sample' FROM sample
    UNION ALL SELECT image, 'text read in an image' FROM image_text
    UNION ALL SELECT unnest(json_extract_string(question, '$.images[*]')), 'removed question' FROM removed_question
"""


def check_texts(hub: Hub, tell: Tell, *, drop: bool) -> Iterator[Finding]:
    """Go through all texts once.

    drop: those that nothing names may be dropped.
    """
    database = hub.database
    database.execute("CREATE OR REPLACE TEMP TABLE present (hash VARCHAR)")
    wrong: list[str] = []
    seen = 0
    for part in hub.blobs.checked():
        hub.insert("INSERT INTO present SELECT hash FROM given", pl.DataFrame({"hash": list(part)}))
        wrong += [name for name, right in part.items() if not right]
        seen += len(part)
        tell(f"{seen:,} texts and images held against their hashes")
    if wrong:
        what = f"{len(wrong):,} texts or images are not what their names say: {shortened(wrong)}"
        yield Finding(check="texts", fault=True, what=what, todo=BACKUP)
    tell("texts and images that rows name")
    rows = database.execute(
        f"""
        SELECT kind, count(DISTINCT hash), any_value(hash) FROM ({_NAMED}) ANTI JOIN present USING (hash)
        GROUP BY kind ORDER BY kind
        """
    ).fetchall()
    for kind, lacking, example in rows:
        todo = "evalhub ingest SOURCE brings images back; else " + BACKUP if kind == "sample" else BACKUP
        what = f"{lacking:,} texts or images that a {kind} names are not there, such as {example}"
        yield Finding(check="texts", fault=True, what=what, todo=todo)
    spare = [name for (name,) in database.execute(f"FROM present ANTI JOIN ({_NAMED}) USING (hash)").fetchall()]
    database.execute("DROP TABLE present")
    if spare:
        todo = "nothing: they cost room only" + (
            "" if drop else "; evalhub doctor --mend --drop-unnamed drops them"
        )
        yield Finding(
            check="texts",
            fault=False,
            what=f"{len(spare):,} texts that nothing names, as a kill leaves them",
            todo=todo,
            mend=_dropping(hub, spare) if drop else None,
        )


def _dropping(hub: Hub, names: list[str]) -> Callable[[], None]:
    return lambda: hub.blobs.drop(names)
