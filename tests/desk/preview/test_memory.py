"""The memory of a preview does not grow with the meetings of a mailbox."""

import tracemalloc
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from shared.desk.preview.journal import PreviewJournal
from shared.desk.preview.mailbox_reader import HeldSet, MailboxReader
from shared.desk.preview.preview_scope import ScopeEntry
from shared.desk.preview.totals import PreviewTotals
from shared.domain.event import Attendee, Calendar, Event
from shared.graph.protocol.calendar_json import CalendarPage
from shared.rules.facts import Facts
from tests.desk.preview.samples import NOW, SET, WINDOW

if TYPE_CHECKING:
    from shared.graph.client import Graph

PAGE = 50


@dataclass
class EndlessGraph:
    """A calendar with so many events, every other one of a series of its own."""

    events: int

    def calendar_page(self, _mailbox: str, _window: Any, *, cursor: str, **_more: Any) -> CalendarPage:
        """Return the next page."""
        first = int(cursor or 0)
        rest = first + PAGE
        page = tuple(self._event(number) for number in range(first, min(rest, self.events)))
        return CalendarPage(page, (), str(rest) if rest < self.events else "")

    def event(self, _mailbox: str, event: str) -> Event:
        """Return a series."""
        return self._event(int(event) * 2)

    def mailbox_purpose(self, _mailbox: str) -> str:
        """Return that of a person."""
        return "user"

    def default_calendar(self, _mailbox: str) -> Calendar:
        """Return a calendar with a provider."""
        return Calendar(
            id="c",
            default_online_meeting_provider="teamsForBusiness",
            allowed_online_meeting_providers=("teamsForBusiness",),
        )

    def _event(self, number: int) -> Event:
        start = NOW + timedelta(minutes=number)
        return Event(
            id=str(number),
            etag="w",
            type="occurrence" if number % 2 else "singleInstance",
            series_master_id=str(number // 2) if number % 2 else None,
            subject="customer",
            organizer="ada@contoso.com",
            is_organizer=True,
            start=start,
            end=start + timedelta(hours=1),
            attendees=(Attendee(address=f"g{number}@fabrikam.com", type="required"),),
            body="",
        )


def peak(folder: Path, meetings: int) -> int:
    """Return the most bytes that a preview has at one time."""
    graph = cast("Graph", EndlessGraph(meetings))
    reader = MailboxReader(
        sets=(HeldSet(rules=SET, policies=SET.policies(NOW), facts=Facts()),),
        window=WINDOW,
        graph=lambda: graph,
        memory=None,
        known_purpose=lambda _mailbox: "",
        department=lambda _mailbox: None,
        with_subjects=True,
        wait=lambda _time: None,
    )
    totals = PreviewTotals.of((SET,), WINDOW, listed=20)
    tracemalloc.start()
    try:
        with (
            PreviewJournal(folder, f"{meetings}", NOW) as journal,
            closing(reader.read(ScopeEntry("ada", ("",)))) as mailbox,
        ):
            journal.add(mailbox)
            totals.add(mailbox)
            journal.delete()
        assert totals.meetings == meetings
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ten_times_as_many_meetings_need_little_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held longest are a page of events and the meetings that a report lists."""
    monkeypatch.setattr("shared.desk.preview.meeting_file._IN_MEMORY", 1000)
    peak(tmp_path, 100)  # what is loaded once
    few, many = peak(tmp_path, 100), peak(tmp_path, 1000)

    assert many < 3 * few  # the collector of cycles lets it vary; held whole, it would be ten times as much
