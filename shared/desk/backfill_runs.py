"""The `backfills` table: how far each backfill has come, so that whoever runs it again goes on there."""

from dataclasses import dataclass
from datetime import datetime

from shared.storage.tables import Table, hashed

BACKFILLS = "backfills"
_RUNS = "runs"


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has not come to its end: events until `until` are looked at; moments are aware UTC."""

    id: str
    started: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Booked:
    """What the last run did in a mailbox: its changes come until then; `sent` once all are on the queue."""

    run: str = ""
    until: datetime | None = None
    sent: bool = False


class Backfills:
    """Reads and writes runs, by their `purpose` in words, and what they did in each mailbox.

    Raises StorageUnavailable where the table can't be read or written.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def open_run(self, purpose: str) -> OpenRun | None:
        """Return the run for this purpose that has not ended, None where there is none."""
        row = self._table.read(_RUNS, hashed(purpose))
        if row is None or row.values.get("ended"):
            return None
        started, until = row.values.get("started"), row.values.get("until")
        if not isinstance(started, datetime) or not isinstance(until, datetime):
            return None  # damaged: another run begins, and the worker writes nothing twice
        return OpenRun(str(row.values.get("run")), started, until)

    def note_run(self, purpose: str, run: OpenRun, *, ended: bool = False) -> None:
        """Note that a run has begun, or has ended."""
        values = {"run": run.id, "started": run.started, "until": run.until, "ended": ended}
        self._table.merge(_RUNS, hashed(purpose), values)

    def mailbox(self, mailbox: str) -> Booked:
        """Return what the last run did in a mailbox."""
        row = self._table.read(mailbox[:2], mailbox)
        until = row and row.values.get("until")
        if row is None or not isinstance(until, datetime):
            return Booked()
        return Booked(str(row.values.get("run")), until, row.values.get("sent") is True)

    def book(self, mailbox: str, booked: Booked) -> None:
        """Note what a run does in a mailbox."""
        assert booked.until is not None
        values = {"run": booked.run, "until": booked.until, "sent": booked.sent}
        self._table.merge(mailbox[:2], mailbox, values)
