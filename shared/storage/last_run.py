"""What the last maintenance saw of all mailboxes, in one row: health reads it instead of the whole table."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.errors import StorageUnavailable
from shared.storage.tables import Row, Table

#: the table that maintenance keeps its own notes in
_PARTITION, _ROW = "maintenance", "last-run"
#: doubts that are kept, and letters of each
_MOST_DOUBTS, _LONGEST_DOUBT = 20, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """A run of maintenance that finished; moments are aware UTC."""

    #: by the clock of the machine that ran it
    finished: datetime
    #: how many mailboxes the rules include; None where the directory did not tell
    scope: int | None
    #: how many mailboxes there are of each `Watch`
    mailboxes: Mapping[str, int] = field(default_factory=dict)
    #: when the first subscription of a watched mailbox ends, unless it is renewed
    soonest_expiry: datetime | None = None
    #: why nobody is unsubscribed for now
    doubts: tuple[str, ...] = ()
    #: how many mailboxes are held, and the hash that confirms just those; 0 and empty where none are
    held: int = 0
    held_hash: str = ""
    #: since when no run has done all that was due; None where the last one did
    unfinished_since: datetime | None = None
    #: how long ago it finished, by the table service's time; None where nobody measured it
    age: timedelta | None = None

    def age_at(self, now: datetime) -> timedelta:
        """Return how long ago it finished: by the service's time, else by the clock that says `now`."""
        return now - self.finished if self.age is None else self.age


class LastRuns:
    """Keeps the last run. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def write(self, run: LastRun) -> None:
        """Keep this run instead of the one before."""
        # An empty text is what empties a column: a merge passes null over.
        values = {
            "finished": run.finished,
            "scope": "" if run.scope is None else str(run.scope),
            "mailboxes": json.dumps(dict(run.mailboxes)),
            "soonest_expiry": run.soonest_expiry or "",
            "doubts": json.dumps([doubt[:_LONGEST_DOUBT] for doubt in run.doubts[:_MOST_DOUBTS]]),
            "held": run.held,
            "held_hash": run.held_hash,
            "unfinished_since": run.unfinished_since or "",
        }
        self._table.merge(_PARTITION, _ROW, values)

    def has_any(self) -> bool:
        """Tell whether there was a run, whatever its row holds."""
        return self._table.read(_PARTITION, _ROW) is not None

    def read(self) -> LastRun | None:
        """Return the last run; None where there was none. A damaged row counts as unavailable."""
        row = self._table.read(_PARTITION, _ROW)
        if row is None:
            return None
        try:
            return _last_run(row)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StorageUnavailable(
                f"the row {_ROW} of the table {_PARTITION} is damaged; the next maintenance writes it again"
            ) from error


def _last_run(row: Row) -> LastRun:
    """Read a row. Raises KeyError, TypeError, ValueError or AttributeError for what we never write."""
    values = row.values
    finished = _moment(values["finished"])
    if finished is None:
        raise TypeError("expected a moment")
    return LastRun(
        finished=finished,
        scope=int(values["scope"]) if values["scope"] else None,
        mailboxes={str(watch): int(number) for watch, number in json.loads(values["mailboxes"]).items()},
        soonest_expiry=_moment(values["soonest_expiry"]),
        doubts=tuple(str(doubt) for doubt in json.loads(values.get("doubts") or "[]")),
        held=int(values.get("held") or 0),
        held_hash=str(values.get("held_hash") or ""),
        unfinished_since=_moment(values.get("unfinished_since")),
        age=row.age,
    )


def _moment(value: Any) -> datetime | None:
    if value and not isinstance(value, datetime):
        raise TypeError("expected a moment")
    return value or None
