"""Stores the result of the last maintenance in one row, so that health need not read all mailboxes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.errors import StorageUnavailable
from shared.storage.tables import Row, Table

_PARTITION, _ROW = "maintenance", "last-run"
_MOST_DOUBTS, _LONGEST_DOUBT = 20, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceReport:
    """The result of a run of maintenance that finished; timestamps are aware UTC."""

    #: by the clock of the machine that ran it
    finished: datetime
    #: how many mailboxes the rules include; None if the directory could not be read
    scope: int | None
    #: how many mailboxes have each `Coverage`
    mailboxes: Mapping[str, int] = field(default_factory=dict)
    #: when the first subscription of a watched mailbox expires, unless it is renewed
    soonest_expiry: datetime | None = None
    #: how many watched mailboxes have a subscription whose renewal is late; None in rows of older releases
    lapsing: int | None = None
    #: why no mailbox is unsubscribed for now
    doubts: tuple[str, ...] = ()
    #: how many mailboxes are held, and the hash that confirms exactly these; 0 and empty if none are
    held: int = 0
    held_hash: str = ""
    #: since when no run has done all that was due; None if the last one did
    unfinished_since: datetime | None = None
    #: how long ago it finished, by the table service's time; None if it was not measured
    age: timedelta | None = None

    def age_at(self, now: datetime) -> timedelta:
        """Return how long ago it finished: by the service's time, else by the clock that shows `now`."""
        return now - self.finished if self.age is None else self.age


class MaintenanceReports:
    """Stores the last report. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def write(self, report: MaintenanceReport) -> None:
        """Replace the report."""
        # An empty text clears a column: a merge ignores null.
        values = {
            "finished": report.finished,
            "scope": "" if report.scope is None else str(report.scope),
            "mailboxes": json.dumps(dict(report.mailboxes)),
            "soonest_expiry": report.soonest_expiry or "",
            "lapsing": "" if report.lapsing is None else str(report.lapsing),
            "doubts": json.dumps([doubt[:_LONGEST_DOUBT] for doubt in report.doubts[:_MOST_DOUBTS]]),
            "held": report.held,
            "held_hash": report.held_hash,
            "unfinished_since": report.unfinished_since or "",
        }
        self._table.merge(_PARTITION, _ROW, values)

    def exists(self) -> bool:
        """Return whether there is a report, readable or not."""
        return self._table.read(_PARTITION, _ROW) is not None

    def read(self) -> MaintenanceReport | None:
        """Return the last report; None if there is none. Raises StorageUnavailable for a damaged row, too."""
        row = self._table.read(_PARTITION, _ROW)
        if row is None:
            return None
        try:
            return _report(row)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StorageUnavailable(
                f"the row {_ROW} of the table {_PARTITION} is damaged; the next maintenance replaces it"
            ) from error


def _report(row: Row) -> MaintenanceReport:
    """Parse a row. Raises KeyError, TypeError, ValueError or AttributeError for values we never write."""
    values = row.values
    finished = _timestamp(values["finished"])
    if finished is None:
        raise TypeError("expected a timestamp")
    return MaintenanceReport(
        finished=finished,
        scope=int(values["scope"]) if values["scope"] else None,
        mailboxes={str(name): int(number) for name, number in json.loads(values["mailboxes"]).items()},
        soonest_expiry=_timestamp(values["soonest_expiry"]),
        lapsing=int(lapsing) if (lapsing := values.get("lapsing")) else None,
        doubts=tuple(str(doubt) for doubt in json.loads(values.get("doubts") or "[]")),
        held=int(values.get("held") or 0),
        held_hash=str(values.get("held_hash") or ""),
        unfinished_since=_timestamp(values.get("unfinished_since")),
        age=row.age,
    )


def _timestamp(value: Any) -> datetime | None:
    if value and not isinstance(value, datetime):
        raise TypeError("expected a timestamp")
    return value or None
