"""Decides whether mailboxes that left the scope may be unsubscribed. Too many at once are held for a day.

A wrong rule, a wrong tenant or an incomplete answer of the directory looks as if many mailboxes left. So if
too many leave, they keep their subscriptions. The hold ends after the same set has been outside for a day, or
if an admin confirms exactly that set. Until then Joinlink does not write to them: the worker reads `held` in
their rows.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.messages import TaskReason
from shared.storage.mailboxes import Mailbox
from shared.storage.removal_hold import RemovalHold, RemovalHolds
from shared.storage.sorted_id_file import SortedIdFile

#: This many may leave in one run, and this share of the subscribed mailboxes.
MOST_REMOVALS = 10
MOST_REMOVALS_SHARE = 0.05
#: A set of mailboxes is released after it was the same for this long.
HOLD_TIME = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A mailbox whose subscription must end; `held` is the hold that its row names, empty for none."""

    mailbox: str
    reason: TaskReason
    held: str = ""


class PendingRemovals:
    """The removals of one run, on disk in the order of ids, so that memory does not grow with the tenant."""

    def __init__(self, file: SortedIdFile) -> None:
        self._file = file

    def add(self, removals: Iterable[Removal]) -> None:
        """Add removals."""
        self._file.add((one.mailbox, f"{one.reason} {one.held}") for one in removals)

    def __len__(self) -> int:
        return len(self._file)

    def __iter__(self) -> Iterator[Removal]:
        for mailbox, text in self._file:
            reason, _, held = text.partition(" ")
            yield Removal(mailbox=mailbox, reason=TaskReason(reason), held=held)

    def hash(self) -> str:
        """Return a hash that identifies exactly this set of mailboxes."""
        digest = hashlib.sha256()
        for one in self:
            digest.update(f"{one.mailbox}\n".encode())
        return digest.hexdigest()[:16]


def are_too_many(removals: int, subscribed: int) -> bool:
    """Return whether so many of the subscribed mailboxes must not leave without a confirmation."""
    return removals > max(MOST_REMOVALS, subscribed * MOST_REMOVALS_SHARE)


def is_released(row: Mailbox, hold: RemovalHold | None) -> bool:
    """Return whether the mailbox was held, and may now be unsubscribed."""
    return hold is not None and hold.is_released and row.held == hold.id


class RemovalGuard:
    """Holds removals if there are too many, and releases the hold."""

    def __init__(self, holds: RemovalHolds) -> None:
        self._holds = holds

    def current(self) -> RemovalHold | None:
        """Return the hold of earlier runs."""
        return self._holds.read()

    def check(
        self, removals: PendingRemovals, *, subscribed: int, confirmed: str, new_id: str
    ) -> RemovalHold | None:
        """Return the hold that these removals are in now; None if all of them may happen.

        `confirmed` is the hash that an admin confirms, empty for none.

        Raises:
            StorageUnavailable: the hold can't be read or written.
        """
        stored = self._holds.read()
        hold = stored if stored and not stored.is_released else None
        if not are_too_many(len(removals), subscribed):
            if hold:
                self._holds.clear()
            return None
        current = removals.hash()
        if hold is None or hold.hash != current:
            hold = RemovalHold(id=hold.id if hold else new_id, hash=current, number=len(removals))
            self._holds.write(hold)
        if confirmed == current or hold.age >= HOLD_TIME:
            hold = replace(hold, is_released=True)
            self._holds.write(hold)
        return hold
