"""What the last maintenance saw of all mailboxes, in one row: health reads it instead of the whole table."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.storage.tables import Table

#: the table that maintenance keeps its own notes in
_PARTITION, _ROW = "maintenance", "last-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """A run of maintenance that came to its end; moments are aware UTC."""

    finished: datetime
    #: how many mailboxes the rules include; None where the directory did not tell
    scope: int | None
    #: how many mailboxes there are of each `Watch`
    mailboxes: Mapping[str, int] = field(default_factory=dict)
    #: when the first subscription of a watched mailbox ends, unless it is renewed
    soonest_expiry: datetime | None = None


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
        }
        self._table.merge(_PARTITION, _ROW, values)

    def read(self) -> LastRun | None:
        """Return the last run; None where there was none."""
        row = self._table.read(_PARTITION, _ROW)
        if row is None:
            return None
        values = row.values
        return LastRun(
            finished=values["finished"],
            scope=int(values["scope"]) if values["scope"] else None,
            mailboxes=json.loads(values["mailboxes"]),
            soonest_expiry=values["soonest_expiry"] or None,
        )
