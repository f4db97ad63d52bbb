"""Reads the mailboxes of a preview, and makes the report of what was read, also after Ctrl-C."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from cli.progress import Progress
from shared.desk.preview.journal import PreviewJournal
from shared.desk.preview.mailbox_reader import MailboxReader, PreviewWindow
from shared.desk.preview.parallel_reading import StopSignal, read_all
from shared.desk.preview.preview_scope import PreviewScope, ScopeEntry
from shared.desk.preview.previewed import ReadStatus
from shared.desk.preview.report import PreviewReport, rounds
from shared.desk.preview.rule_set import RuleSet
from shared.desk.preview.totals import ListedMeeting, PreviewTotals
from shared.desk.preview.unknowable import UNKNOWABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewSession:
    """A preview with its mailboxes; `most_listed` is how many meetings are listed, None is all."""

    sets: tuple[RuleSet, ...]
    window: PreviewWindow
    scope: PreviewScope
    sample: int | None
    journal: PreviewJournal
    reader: MailboxReader
    signal: StopSignal
    most_listed: int | None
    with_subjects: bool
    memory_unknown: str
    notes: tuple[str, ...]

    def run(self) -> PreviewReport:
        """Read the mailboxes that are left, and return the report; Ctrl-C ends the reading."""
        totals = self._new_totals()
        for mailbox in self.journal:
            totals.add(mailbox)
        is_stopped, began, before = False, monotonic(), len(self.journal)
        try:
            self._read_rest(totals)
        except KeyboardInterrupt:
            is_stopped = True
            totals = self._new_totals()  # Ctrl-C may have come amid an addition
            for mailbox in self.journal:
                totals.add(mailbox)
        took, read = timedelta(seconds=monotonic() - began), totals.statuses.total() - before
        return self._report(totals, took / rounds(read) if read else None, is_stopped=is_stopped)

    def end(self, report: PreviewReport) -> None:
        """Delete the journal, unless the same command can resume."""
        if not (report.is_stopped or report.totals.left):
            self.journal.delete()

    def _read_rest(self, totals: PreviewTotals) -> None:
        entries = self._entries()
        left = self.chosen - len(self.journal)
        with (
            Progress("Reading", max(left, 1)) as progress,
            closing(read_all(entries, self.reader.read, self.signal)) as mailboxes,
        ):
            for mailbox in mailboxes:
                with closing(mailbox):
                    if mailbox.status is not ReadStatus.LEFT:
                        self.journal.add(mailbox)
                    totals.add(mailbox)
                progress.step()

    @property
    def chosen(self) -> int:
        """How many mailboxes the preview reads."""
        return len(self.scope) if self.sample is None else min(self.sample, len(self.scope))

    def _entries(self) -> Iterator[ScopeEntry]:
        return (entry for entry in self.scope.entries(self.sample) if entry.mailbox not in self.journal)

    def _new_totals(self) -> PreviewTotals:
        return PreviewTotals.of(self.sets, self.window, listed=self.most_listed or 0)

    def _report(
        self, totals: PreviewTotals, round_time: timedelta | None, *, is_stopped: bool
    ) -> PreviewReport:
        return PreviewReport(
            sets=self.sets,
            window=self.window,
            totals=totals,
            most_listed=self.most_listed,
            left_out=0 if self.most_listed is None else totals.listed.left_out,
            in_scope=len(self.scope),
            chosen=self.chosen,
            is_stopped=is_stopped,
            memory_unknown=self.memory_unknown,
            notes=self.notes,
            unknowable=UNKNOWABLE,
            round_time=round_time,
            with_subjects=self.with_subjects,
            meetings=self._listing(totals),
        )

    def _listing(self, totals: PreviewTotals) -> Callable[[], Iterator[ListedMeeting]]:
        if self.most_listed is not None:
            return lambda: iter(totals.listed.meetings())
        return lambda: (
            ListedMeeting(mailbox.mailbox, meeting)
            for mailbox in self.journal
            for meeting in mailbox.meetings
        )
