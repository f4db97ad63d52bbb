"""One run of maintenance: what it saw, what it asked for, and whether it may go on."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.errors import OutOfTime
from shared.storage.mailboxes import Mailbox
from shared.storage.maintenance_lease import MaintenanceLease
from shared.storage.removal_hold import RemovalHold
from shared.worker.mailboxes.watch import Watch, watch_of

#: The function is stopped after five minutes (host.json); the next run does what this one did not.
_BOUND = timedelta(minutes=4)
#: how often the lease is renewed; it lasts four times as long
_RENEW_EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class Run:
    """One run: what it found, and what it asked for."""

    id: str
    started: datetime
    #: the hash that an admin says yes to, empty for none
    confirmed: str = ""
    is_scope_known: bool = True
    doubts: tuple[str, ...] = ()
    scope: int = 0
    #: why it ended early, empty where it did not
    stopped: str = ""
    #: False where more was due than a quarter of an hour may hold
    complete: bool = True
    watches: Counter[str] = field(default_factory=Counter)
    #: mailboxes that have a subscription
    watched: int = 0
    tasks: Counter[str] = field(default_factory=Counter)
    #: columns that held a moment too far ahead, and how many of each
    repaired: Counter[str] = field(default_factory=Counter)
    soonest_expiry: datetime | None = None
    hold: RemovalHold | None = None

    def see(self, row: Mailbox) -> None:
        """Count a mailbox as it is."""
        watch = watch_of(row, self.started)
        self.watches[watch] += 1
        self.watched += bool(row.subscription)
        if watch is Watch.WATCHED and row.expires:
            self.soonest_expiry = min(row.expires, self.soonest_expiry or row.expires)

    @property
    def held(self) -> int:
        """How many mailboxes are held and not released."""
        return self.hold.number if self.hold and not self.hold.is_released else 0

    @property
    def held_hash(self) -> str:
        """The hash that confirms just those; empty where none are held."""
        return self.hold.hash if self.hold and self.held else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintained:
    """The result of a run, in words for an admin where it did nothing or not all."""

    #: mailboxes in scope, None where that could not be told
    scope: int | None = None
    #: how many tasks of each kind were put on the queue
    tasks: Mapping[str, int] = field(default_factory=dict)
    #: False where the next run does the rest
    complete: bool = True
    another_is_at_work: bool = False
    trouble: tuple[str, ...] = ()
    #: mailboxes that left the scope and are held, and the hash that confirms just those
    held: int = 0
    held_hash: str = ""
    #: whether the hash that an admin gave released a hold
    is_confirmed: bool = False


class Turn:
    """A run's turn: it ends when its time is over, or another run has the lease."""

    def __init__(self, lease: MaintenanceLease, run: Run, now: Callable[[], datetime]) -> None:
        self._lease = lease
        self._run = run
        self._now = now
        self._renewed = run.started

    def check(self) -> None:
        """Return if the run may act now, the lease renewed where that is due.

        Raises:
            OutOfTime: it may not; `stopped` of the run says why.
            StorageUnavailable: the lease can't be read or renewed.
        """
        now = self._now()
        # A clock that was set back is as good as one that runs on: both ask the lease.
        if not timedelta(0) <= now - self._run.started < _BOUND:
            self._stop("out_of_time")
        if not timedelta(0) <= now - self._renewed < _RENEW_EVERY:
            if not self._lease.renew(self._run.id):
                self._stop("lease_lost")
            self._renewed = now

    def _stop(self, why: str) -> None:
        self._run.stopped, self._run.complete = why, False
        raise OutOfTime("the time for this run of maintenance is over")
