"""Reads the coming events of a mailbox, and explains each."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cli.desk import open_desk
from cli.explained_event import Explained, with_explanation
from cli.live import chosen_policy, explained_event
from shared.desk.calendars_of_mailbox import UnreadCalendar
from shared.desk.coming_events import coming_events
from shared.graph.protocol.calendar_json import UnreadableItem
from shared.worker.events.calendar_pages import CalendarSearch

#: Graph shows five years of a calendar at most.
LONGEST_TIME = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class Listing:
    """Events with their explanations, events and calendars that can't be read, and what is left out."""

    events: tuple[Explained, ...]
    unreadable: tuple[UnreadableItem, ...]
    unread_calendars: tuple[UnreadCalendar, ...]
    more: int
    is_cut: bool


def read_coming(
    mailbox: str,
    ahead: timedelta,
    most: int,
    rules: Path | None,
    settings: Path | None,
    *,
    at: datetime | None = None,
) -> Listing:
    """Return the first `most` events of the time from now on, each series once.

    Raises:
        Refused: the rules can't be read.
        Failed: the rules have errors, or Graph or storage fail.
    """
    with open_desk(settings) as desk:
        policy, reader, now = chosen_policy(desk, rules), desk.event_reader(), desk.world.now()
        search = CalendarSearch(mailbox=mailbox, start=now, until=now + ahead, policy=policy)
        found = coming_events(reader, search, at or now, most=most)
        events = tuple(
            replace(
                with_explanation(explained_event(desk, reader, policy, each.live, at or now)),
                next_start=each.next_start,
                calendar=each.calendar,
            )
            for each in found.events
        )
    return Listing(events, found.unreadable, found.unread_calendars, found.more, found.is_cut)
