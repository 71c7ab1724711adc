"""What filters say of models, and what is known of a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from evalhub.errors import EvalhubError
from evalhub.store.aliases import aliases
from evalhub.store.columns import Column, relation
from evalhub.store.hub import Hub
from evalhub.store.results import add_model
from evalhub.store.wanted import CUTOFF
from ingest.nearest import nearest
from ingest.records import Model

MODEL_COLUMNS = (
    Column("model", "text", "its name, as rankings show it", "model.model_id"),
    Column("parameters", "number", "number of weights", "model.parameters"),
    Column("licence", "text", "SPDX name", "nullif(model.licence, '')"),
    Column("open_weights", "boolean", "whether anyone can have its weights", "model.open_weights"),
    Column("released", "date", "release date", "model.released"),
    Column("cutoff", "date", "last date of its training data", "model.cutoff"),
)


def models_where(
    hub: Hub, condition: str, columns: Collection[str], parameters: Mapping[str, object]
) -> tuple[str, ...]:
    """Ids of the models, in order, for which a condition holds that names these columns. What stands under another
    name of a model does not count."""
    models = relation("model_id", "model", MODEL_COLUMNS, columns)
    query = f"""
        SELECT model_id FROM ({models})
        WHERE ({condition}) AND model_id NOT IN (SELECT alias FROM alias) ORDER BY model_id
    """
    return tuple(hub.frame(query, parameters)["model_id"])


def known_models(hub: Hub) -> dict[str, Model]:
    """What is known of each model, by name, in order; other names of a model are not among them."""
    names = [field.name for field in fields(Model)]
    rows = hub.database.execute(f"SELECT {', '.join(names)} FROM model ORDER BY model_id").fetchall()
    others = aliases(hub)
    return {row[0]: Model(**dict(zip(names, row, strict=True))) for row in rows if row[0] not in others}


def cutoff_of(hub: Hub, model_id: str) -> date | None:
    """Last date of a model's training data, by any of its names; None where unknown."""
    found: date | None = hub.database.execute(
        f"""
        WITH named AS (SELECT coalesce(min(model_id), $name) AS model_id FROM alias WHERE alias = $name)
        SELECT {CUTOFF} FROM named LEFT JOIN model USING (model_id)
        """,
        {"name": model_id},
    ).fetchall()[0][0]
    return found


def set_facts(hub: Hub, name: str, facts: Mapping[str, Any], *, new: bool = False) -> str:
    """Put facts of a model, by the names of `Model`'s fields, in the place of what was known. Returns its id.

    new: make the model where the hub does not have it.

    Raises:
        EvalhubError: the hub does not have it.
    """
    model_id = aliases(hub).get(name, name)
    known = known_models(hub)
    if model_id not in known:
        if not new:
            near = "".join(f", did you mean {one}?" for one in nearest(name, known))
            raise EvalhubError(
                f"no model is called '{name}'{near or ';'} evalhub model list shows those there are, "
                "and --new adds it"
            )
        add_model(hub, Model(model_id=model_id))
    if facts:
        columns = ", ".join(f"{field} = ?" for field in facts)
        hub.database.execute(f"UPDATE model SET {columns} WHERE model_id = ?", [*facts.values(), model_id])
    return model_id
