"""Models by several names, and what may be one and was not merged."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from evalhub.errors import EvalhubError
from evalhub.store.hub import Hub
from ingest.nearest import nearest


@dataclass(frozen=True)
class Doubt:
    """Two models or samples that may be one. Nothing is merged by guess."""

    kind: str
    """model or sample."""

    first: str
    second: str
    why: str


def aliases(hub: Hub) -> dict[str, str]:
    """The model behind each other name."""
    return dict(hub.database.execute("SELECT alias, model_id FROM alias ORDER BY ALL").fetchall())


def model_names(hub: Hub) -> list[str]:
    """All names of models, as recorded."""
    return [row[0] for row in hub.database.execute("SELECT model_id FROM model ORDER BY 1").fetchall()]


def add_alias(hub: Hub, alias: str, model_id: str) -> None:
    """From now on, what is recorded under the first name counts for the model of the second.

    Raises:
        EvalhubError: the second is no model's name, or the two are one already, or it would go round in a circle.
    """
    known = aliases(hub)
    target = known.get(model_id, model_id)
    names = model_names(hub)
    if target not in names:
        near = "".join(f", did you mean {one}?" for one in nearest(model_id, names)) or ":"
        raise EvalhubError(f"no model is called '{model_id}'{near} evalhub model list shows those there are")
    if known.get(alias, alias) == target:
        raise EvalhubError(f"'{alias}' and '{model_id}' are one model already")
    with hub.transaction() as database:
        database.execute("INSERT OR REPLACE INTO alias VALUES (?, ?, now())", [alias, target])
        # Whoever was another name of the first is one of the second now.
        database.execute("UPDATE alias SET model_id = ? WHERE model_id = ?", [target, alias])


def drop_alias(hub: Hub, alias: str) -> str:
    """Let a name stand for itself again. Returns the model that it stood for.

    Raises:
        EvalhubError: it is no other name of any model.
    """
    target = aliases(hub).get(alias)
    if target is None:
        raise EvalhubError(f"'{alias}' is no other name of a model: evalhub model list shows those there are")
    hub.database.execute("DELETE FROM alias WHERE alias = ?", [alias])
    return target


def add_doubts(hub: Hub, import_id: str, doubts: list[Doubt]) -> None:
    """Keep what an import left open."""
    frame = pl.DataFrame(
        [(doubt.kind, doubt.first, doubt.second, doubt.why, import_id) for doubt in doubts],
        schema=dict.fromkeys(("kind", "first", "second", "why", "import_id"), pl.String),
        orient="row",
    ).unique(["kind", "first", "second"], maintain_order=True)
    hub.insert("INSERT OR IGNORE INTO doubt SELECT * FROM given", frame)


def doubts(hub: Hub) -> list[Doubt]:
    """What may be one, as far as no alias has settled it."""
    rows = hub.database.execute(
        """
        SELECT kind, first, second, why FROM doubt
        WHERE kind <> 'model' OR coalesce((SELECT model_id FROM alias WHERE alias = first), first)
              <> coalesce((SELECT model_id FROM alias WHERE alias = second), second)
        ORDER BY ALL
        """
    ).fetchall()
    return [Doubt(*row) for row in rows]
