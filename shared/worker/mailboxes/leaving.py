"""Who leaves the scope is unsubscribed, unless too many leave at once: those are held for a day.

A wrong rule, a wrong tenant or a directory that tells half the truth looks like many people who leave. So the
subscriptions of more than a few stay until the same set of mailboxes has been outside for a day, or an admin
has confirmed just that set. Nothing is written to them meanwhile: the worker reads `held` in their rows.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.messages import TaskReason
from shared.storage.mailboxes import Mailbox
from shared.storage.removal_hold import RemovalHold, RemovalHolds
from shared.storage.sorted_id_file import SortedIdFile

#: so many may always leave in one run, and so large a part of those that are watched
FEW = 10
PART = 0.05
STANDS = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """A mailbox whose subscription is to end; `held` is the hold that its row names, empty for none."""

    mailbox: str
    reason: TaskReason
    held: str = ""


class Leavers:
    """Those who leave in one run, on disk in the order of ids: memory does not grow with the tenant."""

    def __init__(self, file: SortedIdFile) -> None:
        self._file = file

    def add(self, leavers: Iterable[Leaver]) -> None:
        """Add some."""
        self._file.add((one.mailbox, f"{one.reason} {one.held}") for one in leavers)

    def __len__(self) -> int:
        return len(self._file)

    def __iter__(self) -> Iterator[Leaver]:
        for mailbox, words in self._file:
            reason, _, held = words.partition(" ")
            yield Leaver(mailbox=mailbox, reason=TaskReason(reason), held=held)

    def hash(self) -> str:
        """Return what names exactly this set of mailboxes."""
        whole = hashlib.sha256()
        for one in self:
            whole.update(f"{one.mailbox}\n".encode())
        return whole.hexdigest()[:16]


def are_too_many(leavers: int, watched: int) -> bool:
    """Whether so many of the watched mailboxes are more than may leave without a question."""
    return leavers > max(FEW, watched * PART)


def is_released(row: Mailbox, hold: RemovalHold | None) -> bool:
    """Whether the mailbox was held, and may go."""
    return hold is not None and hold.is_released and row.held == hold.id


class Gatekeeper:
    """Decides whether those who leave may go."""

    def __init__(self, holds: RemovalHolds) -> None:
        self._holds = holds

    def current(self) -> RemovalHold | None:
        """Return the hold of earlier runs."""
        return self._holds.read()

    def judge(self, leavers: Leavers, *, watched: int, confirmed: str, new_id: str) -> RemovalHold | None:
        """Return the hold that these leavers are in now; None where all of them may go.

        `confirmed` is the hash that an admin says yes to, empty for none.

        Raises:
            StorageUnavailable: the hold can't be read or written.
        """
        before = self._holds.read()
        open_hold = before if before and not before.is_released else None
        if not are_too_many(len(leavers), watched):
            if open_hold:
                self._holds.clear()
            return None
        found = leavers.hash()
        if open_hold is None or open_hold.hash != found:
            held_by = open_hold.id if open_hold else new_id
            open_hold = RemovalHold(id=held_by, hash=found, number=len(leavers))
            self._holds.write(open_hold)
        if confirmed == found or open_hold.age >= STANDS:
            open_hold = replace(open_hold, is_released=True)
            self._holds.write(open_hold)
        return open_hold
