"""Deletes data that is not needed any more, a few pages in each run of maintenance.

One pass goes through all tables. Each run saves the place at which it stopped, and the next run continues
there. A new pass starts once a day.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

from shared.errors import StorageUnavailable
from shared.logs import logger
from shared.storage.maintenance_lease import MaintenanceLease
from shared.storage.old_rows import OldRows

PASS_EVERY = timedelta(days=1)
#: A tenant with 40,000 mailboxes has some 120,000 events a day: as many rows must go. These are twice that.
PAGES_A_RUN = 5
PAGE_SIZE = 500
#: concurrent deletions
_WRITERS = 8


class Cleanup:
    """Deletes the old rows of these tables, by their names, which are passed in order."""

    def __init__(
        self,
        tables: Mapping[str, OldRows],
        *,
        lease: MaintenanceLease,
        service_time: Callable[[], datetime | None],
    ) -> None:
        """`service_time` returns the time of the table service, None if it does not show it."""
        self._tables = tables
        self._lease = lease
        self._service_time = service_time

    def delete_some(self, check: Callable[[], None]) -> Mapping[str, int]:
        """Continue the pass, or start one that is due; return how many rows of each table were deleted.

        If storage fails, the pass ends until the next is due: nothing else depends on it.

        Raises:
            OutOfTime: by `check`, before a page; the next run continues there.
        """
        deleted: Counter[str] = Counter()
        try:
            self._delete_pages(check, deleted)
        except StorageUnavailable as error:
            logger().warning("maintenance.cleanup_failed", detail=str(error))
            with suppress(StorageUnavailable):  # the place may be what the service refuses
                self._lease.save_notes(cleanup_table="", cleanup_place="")
        return {name: number for name, number in deleted.items() if number}

    def _delete_pages(self, check: Callable[[], None], deleted: Counter[str]) -> None:
        now = self._service_time()
        if now is None:
            return
        notes = self._lease.notes()
        table, place = str(notes.get("cleanup_table") or ""), str(notes.get("cleanup_place") or "")
        if table not in self._tables:
            begun = notes.get("cleanup_begun")
            if isinstance(begun, datetime) and begun <= now < begun + PASS_EVERY:
                return
            self._lease.save_notes(cleanup_begun=now)
            table, place = next(iter(self._tables)), ""
        for _ in range(PAGES_A_RUN):
            check()
            place = self._delete_page(table, now, place, deleted)
            if not place:
                table = self._after(table)
            self._lease.save_notes(cleanup_table=table, cleanup_place=place)
            if not table:
                return

    def _delete_page(self, table: str, now: datetime, place: str, deleted: Counter[str]) -> str:
        """Delete the old rows of one page, and return the next place; empty at the end of the table."""
        rows = self._tables[table]
        page = rows.page(now, place=place, size=PAGE_SIZE)
        with ThreadPoolExecutor(_WRITERS, "cleanup") as writers:
            deleted[table] += sum(writers.map(rows.delete, page.rows))
        return page.next_place

    def _after(self, table: str) -> str:
        """Return the table that follows; empty after the last."""
        names = list(self._tables)
        return "".join(names[names.index(table) + 1 :][:1])
