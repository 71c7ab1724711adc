"""Where prompts lie that slots share: runs of tokens in one long row of them."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import ref

from evalhub.engine.prompts import Prompt


@dataclass(eq=False)
class _Lodger:
    """A prompt that lies in the pool."""

    prompt: ref[Prompt]
    """Held by who uses it; one that nobody holds any more is asked for no more."""

    length: int
    start: int
    users: int = 0
    used: int = 0
    """When it was asked for last."""

    @property
    def end(self) -> int:
        return self.start + self.length


class Pool:
    """Gives prompts their places. Those that nobody uses stay until their place is needed, the ones used last
    longest.

    Args:
        tokens: of the whole pool.
    """

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self._lodgers: list[_Lodger] = []
        """In order of their places."""

        self._clock = 0

    def take(self, prompt: Prompt) -> tuple[int, bool] | None:
        """A place for one more user of a prompt, and whether the prompt is new there; None where there is no room
        beside those that are in use."""
        self._clock += 1
        lodger = next((one for one in self._lodgers if one.prompt() is prompt), None)
        fresh = lodger is None
        if lodger is None:
            start = self._gap(prompt.length)
            while start is None:
                idle = [one for one in self._lodgers if not one.users]
                if not idle:
                    return None
                self._lodgers.remove(min(idle, key=lambda one: one.used))
                start = self._gap(prompt.length)
            lodger = _Lodger(ref(prompt), prompt.length, start)
            self._lodgers.append(lodger)
            self._lodgers.sort(key=lambda one: one.start)
        lodger.users += 1
        lodger.used = self._clock
        return lodger.start, fresh

    def leave(self, prompt: Prompt) -> None:
        """One user less."""
        next(one for one in self._lodgers if one.prompt() is prompt).users -= 1

    def _gap(self, length: int) -> int | None:
        """The first place that has room."""
        free = 0
        for lodger in self._lodgers:
            if lodger.start - free >= length:
                return free
            free = lodger.end
        return free if self.tokens - free >= length else None
