"""The state of one run of maintenance, its result, and the limits that end it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.errors import OutOfTime
from shared.storage.mailboxes import Mailbox
from shared.storage.maintenance_lease import MaintenanceLease
from shared.storage.removal_hold import RemovalHold
from shared.worker.mailboxes.coverage import Coverage, coverage_of, is_lapsing

#: The host stops the function after five minutes (host.json); the next run does the rest.
_TIME_LIMIT = timedelta(minutes=4)
#: how often the lease is renewed; it lasts four times as long
_RENEW_EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class MaintenanceRun:
    """What one run found, and which tasks it requested."""

    id: str
    started: datetime
    #: the hash of the mailboxes that an admin lets leave, empty for none
    confirmed: str = ""
    is_scope_known: bool = True
    #: why the scope is doubtful
    doubts: tuple[str, ...] = ()
    #: mailboxes in scope
    scope: int = 0
    #: why it ended early, empty if it did not
    stopped: str = ""
    #: False if the next run must do the rest
    is_complete: bool = True
    #: whether an admin stopped Joinlink
    is_stopped: bool = False
    coverage: Counter[str] = field(default_factory=Counter)
    #: mailboxes that have a subscription
    subscribed: int = 0
    tasks: Counter[str] = field(default_factory=Counter)
    #: how often each column had a timestamp too far in the future
    repaired: Counter[str] = field(default_factory=Counter)
    #: how many old rows of each table were deleted
    removed: Counter[str] = field(default_factory=Counter)
    soonest_expiry: datetime | None = None
    #: watched mailboxes whose subscription will end soon, because its renewal is long overdue
    lapsing: int = 0
    hold: RemovalHold | None = None

    def count(self, row: Mailbox) -> None:
        """Count a mailbox by its coverage."""
        coverage = coverage_of(row, self.started)
        self.coverage[coverage] += 1
        self.subscribed += bool(row.subscription)
        if coverage is Coverage.WATCHED and row.expires:
            self.soonest_expiry = min(row.expires, self.soonest_expiry or row.expires)
            self.lapsing += is_lapsing(row, self.started)

    @property
    def is_scope_certain(self) -> bool:
        """Whether the scope was read without doubts, so that mailboxes may leave."""
        return self.is_scope_known and not self.doubts

    @property
    def held(self) -> int:
        """How many mailboxes are held and not released."""
        return self.hold.number if self.hold and not self.hold.is_released else 0

    @property
    def held_hash(self) -> str:
        """The hash that confirms exactly the held mailboxes; empty if none are held."""
        return self.hold.hash if self.hold and self.held else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceResult:
    """The result of a run, for an admin."""

    #: mailboxes in scope, None if the scope could not be read
    scope: int | None = None
    #: how many tasks of each kind were put on the queue
    tasks: Mapping[str, int] = field(default_factory=dict)
    #: False if the next run must do the rest
    is_complete: bool = True
    is_another_run_active: bool = False
    problems: tuple[str, ...] = ()
    #: how many mailboxes left the scope and are held, and the hash that confirms exactly these
    held: int = 0
    held_hash: str = ""
    #: whether the hash that an admin gave released a hold
    is_confirmed: bool = False


class RunLimits:
    """Ends a run if its time is over, or if another run has taken the lease."""

    def __init__(self, lease: MaintenanceLease, run: MaintenanceRun, now: Callable[[], datetime]) -> None:
        self._lease = lease
        self._run = run
        self._now = now
        self._renewed = run.started

    def check(self) -> None:
        """Return if the run may continue; renew the lease if that is due.

        Raises:
            OutOfTime: the run must end; its `stopped` says why.
            StorageUnavailable: the lease can't be read or renewed.
        """
        now = self._now()
        # The clock may have been set back: a negative time counts as over.
        if not timedelta(0) <= now - self._run.started < _TIME_LIMIT:
            self._stop("out_of_time")
        if not timedelta(0) <= now - self._renewed < _RENEW_EVERY:
            if not self._lease.renew(self._run.id):
                self._stop("lease_lost")
            self._renewed = now

    def _stop(self, why: str) -> None:
        self._run.stopped, self._run.is_complete = why, False
        raise OutOfTime("the time for this run of maintenance is over")
