"""When changed rule files may be judged: not while somebody is still bringing them, one after the other.

A sync that deletes one file before it uploads another leaves a valid policy in between, which may enable what
the missing file forbids; and a link, once added, stays. So a set of files counts when it was seen twice.
"""

from datetime import datetime, timedelta
from typing import Protocol

from shared.errors import StorageUnavailable
from shared.rules.loader import RuleFile, rules_hash

LOOK_EVERY = timedelta(minutes=1)


class Keeper(Protocol):
    """What outlives a process: the last good files, and what was seen last; raises StorageUnavailable."""

    def read(self) -> tuple[RuleFile, ...]:
        """Return what was kept last, none if nothing was."""

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        """Keep these instead, if they are others."""

    def seen_since(self, rules: str, now: datetime) -> datetime:
        """Return since when no process has seen others than these, by their hash: from now on, if one has."""


class RuleChanges:
    """Remembers what the last look saw."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._seen: str | None = None

    def are_over(self, found: str, now: datetime) -> bool:
        """Return whether the files of this hash, which lie there now, have come to rest."""
        before, self._seen = self._seen, found
        return found == before or self._is_known(found, now, is_first=before is None)

    def _is_known(self, found: str, now: datetime, *, is_first: bool) -> bool:
        """Return whether another process has seen the same before: this one may live for one look only."""
        try:
            if now - self._keeper.seen_since(found, now) >= LOOK_EVERY:
                return True
            kept = self._keeper.read()
        except StorageUnavailable:
            # Said when they are to be kept; without its storage the app does nothing anyway.
            return is_first
        # The very first rules of all need not wait: there are none that they could be half of.
        return rules_hash(kept) == found if kept else is_first
