"""The monthly refresh: from arXiv to a published ranking, in stages that a kill does not undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from evalhub.backends.kinds import kind_of
from evalhub.errors import EvalhubError
from evalhub.live.files import keep
from evalhub.live.making import Making
from evalhub.live.months import Month
from evalhub.live.release import Release, source_of
from evalhub.live.settings import Settings
from evalhub.live.steps import Steps
from evalhub.scoring.run import Watcher
from evalhub.store.hub import Hub
from evalhub.store.refresh_stages import STAGES, stages
from evalhub.store.releases import asked_captions, release, releases, taken
from evalhub.telling import Tell
from evalhub.wording import tallied
from ingest.papers.read import PaperFiles
from ingest.papers.records import Paper
from ingest.records import content_hash


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What hears how a refresh goes on."""

    stage: Callable[[str, Mapping[str, Any] | None], None]
    """A stage begins (None), or is done, with its counts."""

    tell: Tell
    """Within a stage."""

    waiting: Callable[[str], AbstractContextManager[Any]]
    """While a model is loaded."""

    watching: Callable[[str], AbstractContextManager[Watcher]]
    """While a model is scored."""


def check_month(month: Month, today: date) -> None:
    """Whether a month can be refreshed.

    Raises:
        EvalhubError: it is not over: a release never changes, so its papers must all be there.
    """
    if today < month.next.first:
        raise EvalhubError(f"{month} is not over: refresh it from {month.next.first} on")


def stages_left(hub: Hub, month: Month) -> list[str]:
    """The stages that a refresh of a month would run."""
    done = {one.stage for one in stages(hub, str(month)) if one.status == "done"}
    return [stage for stage in STAGES if stage not in done]


def refresh(hub: Hub, month: Month, since: date | None, settings: Settings, heard: Heard) -> Release:
    """Bring a month's release about, from where an earlier call left it.

    Args:
        since: first day of the papers' window; the month's own where None.

    Raises:
        ingest.arxiv.errors.SourceDown: arXiv does not answer; the same call goes on later.
        EvalhubError: the month is not over or empty, nothing is left of it, or a model cannot be scored.
        KeyboardInterrupt: the user stopped it while a model was scored.
    """
    check_month(month, datetime.now(UTC).date())
    window = {"categories": list(settings.categories), "since": str(since or month.first)}
    frozen = {one.name: one for one in releases(hub)}.get(str(month))
    if frozen and since and frozen.recipe.get("since") != window["since"]:
        raise EvalhubError(f"{month} is frozen with papers since {frozen.recipe.get('since')}, and never changes")
    if not stages_left(hub, month):
        return release(hub, str(month))
    for name in settings.models:
        kind_of(name)  # a wrong name is told before an hour of other work
    making = Making(hub, str(month), settings, heard.tell)
    collected = making.folder / "collected.msgpack"
    steps = Steps(hub, str(month), heard.stage)
    if not frozen:
        # What was done so far counts only for the same papers and rules: others may have been released meanwhile.
        making.begin(content_hash([window, _ruled(settings), sorted(taken(hub))]))
    steps.run("collect", lambda: _collect(hub, month, since, settings, heard.tell, collected))
    steps.run("extract", lambda: making.extract(_collected(collected), asked_captions(hub)))
    steps.run("write", making.write)
    steps.run("filter", making.filter)
    steps.run("freeze", lambda: making.freeze(steps.counts, window))
    steps.run("score", lambda: _score(hub, month, settings, heard))
    steps.run("rank", lambda: _rank(hub))
    steps.run("publish", lambda: _publish(hub))
    making.clear()
    return release(hub, str(month))


def _ruled(settings: Settings) -> dict[str, Any]:
    """The settings that decide what a release holds."""
    return {name: value for name, value in asdict(settings).items() if name not in _AFTERWARDS}


_AFTERWARDS = ("models", "attempts", "day", "contact")
"""Settings that may be changed while a release is made."""


def _collect(
    hub: Hub, month: Month, since: date | None, settings: Settings, tell: Tell, kept: Path
) -> dict[str, Any]:
    from ingest.arxiv.client import Client
    from ingest.arxiv.collect import Collection
    from ingest.arxiv.records import Window

    before = {paper_id for paper_id, _ in taken(hub)}
    collection = Collection(
        Window(categories=settings.categories, since=since or month.first, until=month.next.first),
        Client(hub.path / "live" / "arxiv", contact=settings.contact),
        licences=settings.licences,
        limit=settings.papers,
        taken=lambda paper_id, _: paper_id in before,
        progress=lambda what, done, total: tell(f"arXiv, {what}: {done:,} of {total:,}"),
    )
    files = []
    for one in collection:
        about = Paper(
            paper_id=one.paper_id,
            version=one.version,
            title=one.title,
            licence=one.licence,
            published_at=one.first_published_at,
            categories=one.categories,
            url=one.url,
        )
        files.append((about, [str(path) for path in (one.source, one.pdf) if path]))
    if not files:
        left = tallied(collection.counts())
        raise EvalhubError(
            f"{month} is empty: {', '.join(settings.categories)} gave no paper that can be used"
            + (f"; left out: {left}" if left else "; arXiv names none")
        )
    keep(kept, files)
    return {"papers": len(files), "left_out": collection.counts()}


def _collected(kept: Path) -> list[PaperFiles]:
    found = msgspec.msgpack.decode(kept.read_bytes(), type=list[tuple[Paper, list[str]]])
    return [PaperFiles(tuple(map(Path, paths)), about) for about, paths in found]


def _score(hub: Hub, month: Month, settings: Settings, heard: Heard) -> dict[str, Any]:
    from evalhub.scoring.plan import Plan
    from evalhub.scoring.session import score_model

    # As many attempts of each sample, whatever they come to.
    plan = Plan(passes=None, max_attempts=settings.attempts)
    scored: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for model in settings.models:
        try:
            session = score_model(
                hub,
                model,
                plan,
                chosen_sources=[source_of(str(month))],
                waiting=heard.waiting,
                watching=heard.watching,
            )
        except EvalhubError as error:
            failed[model] = str(error)
            continue
        if session.summary.interrupted:
            raise KeyboardInterrupt
        (part,) = session.to_json()["sources"]
        scored[model] = {name: part[name] for name in ("samples", "attempts", "rate", "low", "high")}
    if failed:
        why = "; ".join(f"{model}: {reason}" for model, reason in failed.items())
        raise EvalhubError(f"not every model could be scored; mend it, or take it out of live.toml: {why}")
    return {"models": scored}


def _rank(hub: Hub) -> dict[str, Any]:
    from evalhub.ranking import NothingMeasured, rank_everything

    try:
        return {"rankings": rank_everything(hub)}
    except NothingMeasured:  # where live.toml names no models, and nobody has scored any
        return {"rankings": 0}


def _publish(hub: Hub) -> dict[str, Any]:
    from evalhub.store.snapshot import publish

    return {"snapshot": publish(hub)}
