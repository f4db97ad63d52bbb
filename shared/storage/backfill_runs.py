"""Stores in the `backfills` table how far each backfill has come, so that the same command can resume it."""

from dataclasses import dataclass
from datetime import datetime

from shared.storage.tables import Table, hashed

BACKFILLS = "backfills"
_RUNS = "runs"


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has not ended: it searches for events until `until`. Times are aware UTC."""

    id: str
    started: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """What the last run did in a mailbox: its changes are due until `until`; `sent`, all are on the queue."""

    run: str = ""
    until: datetime | None = None
    sent: bool = False


class BackfillRuns:
    """The runs, by their `purpose`, and what they did in each mailbox.

    Every method raises StorageUnavailable if the table can't be read or written.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def open_run(self, purpose: str) -> OpenRun | None:
        """Return the run for this purpose that has not ended, None if there is none."""
        row = self._table.read(_RUNS, hashed(purpose))
        if row is None or row.values.get("ended"):
            return None
        started, until = row.values.get("started"), row.values.get("until")
        if not isinstance(started, datetime) or not isinstance(until, datetime):
            return None  # a damaged row: a new run is safe, because the worker writes nothing twice
        return OpenRun(str(row.values.get("run")), started, until)

    def write_run(self, purpose: str, run: OpenRun, *, ended: bool = False) -> None:
        """Record that a run has started, or has ended."""
        values = {"run": run.id, "started": run.started, "until": run.until, "ended": ended}
        self._table.merge(_RUNS, hashed(purpose), values)

    def booking(self, mailbox: str) -> Booking:
        """Return what the last run did in a mailbox."""
        row = self._table.read(mailbox[:2], mailbox)
        until = row and row.values.get("until")
        if row is None or not isinstance(until, datetime):
            return Booking()
        return Booking(str(row.values.get("run")), until, row.values.get("sent") is True)

    def book(self, mailbox: str, booking: Booking) -> None:
        """Record what a run does in a mailbox."""
        assert booking.until is not None
        values = {"run": booking.run, "until": booking.until, "sent": booking.sent}
        self._table.merge(mailbox[:2], mailbox, values)
