"""evalhub: one pool of test samples, every model's result on each, rankings that say how sure they are.

The names that a script needs, each imported when it is first used:

    import evalhub
    with evalhub.Hub(path) as hub:
        ranking = evalhub.rank_hub(hub, method="auto")
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Condition": "ingest.records",
    "EvalhubError": "evalhub.errors",
    "Hub": "evalhub.store.hub",
    "Measurements": "aggregate.measurements",
    "Model": "ingest.records",
    "Plan": "evalhub.scoring.score",
    "Ranking": "aggregate.ranking",
    "Sample": "ingest.records",
    "Selection": "evalhub.selection",
    "add_samples": "evalhub.store.samples",
    "ingest": "evalhub.pool",
    "publish": "evalhub.store.snapshot",
    "rank_everything": "evalhub.ranking",
    "rank_files": "evalhub.ranking",
    "rank_hub": "evalhub.ranking",
    "score_model": "evalhub.scoring.session",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'evalhub' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
