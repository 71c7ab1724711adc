"""What models are made of, beyond their size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from evalhub.runtime.roofline import Architecture
from evalhub.store.hub import Hub


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Each fact is None where unknown."""

    active_parameters: int | None = None
    """Weights that a token passes through: of a mixture of experts, without those that are not asked."""

    layers: int | None = None

    query_width: int | None = None
    """Attention heads times their width."""

    kv_width: int | None = None
    """Numbers that a layer keeps of a token: keys and values."""


def shape_of(architecture: Architecture) -> dict[str, int]:
    """The facts of an architecture, by the names of `Shape`'s fields."""
    return {
        "active_parameters": architecture.active,
        "layers": architecture.layers,
        "query_width": architecture.query_width,
        "kv_width": architecture.kv_width,
    }


_NAMES = [field.name for field in fields(Shape)]


def shapes(hub: Hub) -> dict[str, Shape]:
    """By model id, of those of which something is known."""
    rows = hub.database.execute(f"SELECT model_id, {', '.join(_NAMES)} FROM model_shape ORDER BY model_id")
    return {row[0]: Shape(**dict(zip(_NAMES, row[1:], strict=True))) for row in rows.fetchall()}


def set_shape(hub: Hub, model_id: str, facts: Mapping[str, int | None]) -> None:
    """Put facts of a model that the hub has, by the names of `Shape`'s fields, in the place of what was known."""
    if not facts:
        return
    columns = ", ".join(facts)
    hub.database.execute(
        f"""
        INSERT INTO model_shape (model_id, {columns}) VALUES (?, {", ".join("?" * len(facts))})
        ON CONFLICT DO UPDATE SET {", ".join(f"{field} = excluded.{field}" for field in facts)}
        """,
        [model_id, *facts.values()],
    )
