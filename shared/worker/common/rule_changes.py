"""When changed rule files may be judged: not while somebody is still bringing them, one after the other.

A sync that deletes one file before it uploads another leaves a valid policy in between, which may enable what
the missing file forbids; and a link, once added, stays. So a set of files counts when it was seen twice.
"""

from datetime import datetime, timedelta
from typing import Protocol

from shared.errors import StorageUnavailable
from shared.rule_files.loader import RuleFile, rules_hash

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
    """Remembers what was seen last, and since when."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._seen: str | None = None
        self._since: datetime | None = None

    def are_over(self, found: str, now: datetime) -> bool:
        """Return whether the files of this hash, which lie there now, have come to rest."""
        is_first = self._since is None
        # A clock that was set back tells nothing of how long they have been there.
        if self._since is None or found != self._seen or now < self._since:
            self._seen, self._since = found, now
        return now - self._since >= LOOK_EVERY or self._is_known(found, now, is_first=is_first)

    def _is_known(self, found: str, now: datetime, *, is_first: bool) -> bool:
        """Return whether another process has seen the same before: this one may live for one look only."""
        try:
            if now - self._keeper.seen_since(found, now) >= LOOK_EVERY:
                return True
            kept = self._keeper.read()
        except StorageUnavailable:
            return False  # said when they are to be kept; the next look of this process will tell
        # The very first rules of all don't wait: no policy was in force that they could be half of.
        return rules_hash(kept) == found if kept else is_first
