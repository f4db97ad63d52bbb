"""Goes through the mailboxes of a backfill, once to count and once to write, and shows the totals."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import typer

from cli.backfill_totals import BackfillTotals
from cli.formats import backfill_json, backfill_text
from cli.output import Exit, print_json
from cli.progress import Progress
from shared.desk.backfill import Backfill, BackfillRun, MailboxSearch, SearchStatus
from shared.storage.sorted_id_file import SortedIdFile
from shared.worker.mailboxes.scope import why_unusable

#: Mailboxes that are searched concurrently, with one request each.
_SEARCHERS = 4
#: Mailboxes in one batch: Ctrl-C waits until a batch is searched.
_BATCH = 16


@dataclass(frozen=True, slots=True)
class BackfillSession:
    """A run with its mailboxes, and how to show it."""

    part: Backfill
    run: BackfillRun
    scope: SortedIdFile
    notes: tuple[str, ...]
    as_json: bool
    is_report_only: bool

    def process_all(self, *, writes: bool) -> BackfillTotals:
        """Search every mailbox, put its changes on the queue if it `writes`, and return the totals."""
        totals = BackfillTotals()
        run = self.part.with_free_slots(self.run)
        if writes:
            self.part.record_start(run)
        try:
            activity = "Queueing" if writes else "Searching"
            with Progress(activity, len(self.scope)) as progress, closing(self._searches(run)) as searches:
                for search in searches:
                    self._process(search, run, totals, writes=writes)
                    progress.step()
            if writes and not totals.left:
                self.part.record_end(run)
        except KeyboardInterrupt:
            self.show(totals, queued=writes, stopped=True)
            raise typer.Exit(Exit.STOPPED) from None
        return totals

    def show(self, totals: BackfillTotals, *, queued: bool, stopped: bool = False) -> None:
        """Print the totals."""
        if self.as_json:
            print_json(backfill_json.document(self.run, totals, self.notes, queued=queued, stopped=stopped))
        else:
            backfill_text.show_totals(
                totals, queued=queued, stopped=stopped, is_report_only=self.is_report_only
            )

    def _searches(self, run: BackfillRun) -> Generator[MailboxSearch, None, None]:
        entries = iter(self.scope)
        with ThreadPoolExecutor(_SEARCHERS, "backfill") as searchers:
            while batch := list(islice(entries, _BATCH)):
                yield from searchers.map(lambda entry: self._search(entry, run), batch)

    def _search(self, entry: tuple[str, str], run: BackfillRun) -> MailboxSearch:
        mailbox, text = entry
        if why := why_unusable(text):
            return MailboxSearch(mailbox=mailbox, status=SearchStatus.NO_CALENDAR, why=why)
        return self.part.search(mailbox, run)

    def _process(
        self, search: MailboxSearch, run: BackfillRun, totals: BackfillTotals, *, writes: bool
    ) -> None:
        if search.status is not SearchStatus.SEARCHED:
            totals.add(search, None)
            return
        schedule = self.part.schedule(search, run)
        if writes:
            self.part.send(search.mailbox, schedule, run)
        totals.add(search, schedule)
