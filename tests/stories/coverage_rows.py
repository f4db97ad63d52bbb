"""The rows of the coverage table in docs/mailboxes.md: which events are covered, and why others are not.

`python -m tests.stories.coverage_rows` writes the table. `test_coverage_rows.py` builds every row. To add one,
add it here: `place` creates its mailbox and calendar, `create` its event.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.graph import DirectoryUser
from tests.stories.conftest import Story

PAGE = Path(__file__).parents[2] / "docs" / "mailboxes.md"
MARKED = re.compile(r"(?<=<!-- coverage -->\n).*(?=\n<!-- /coverage -->)", re.DOTALL)
GUEST = "bo@fabrikam.com"
SERIES: Mapping[str, Any] = {
    "recurrence": {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "endDate", "startDate": "2026-11-24", "endDate": "2026-11-30"},
    }
}
#: the settings of the rules: `calendars`, and which mailboxes are in scope
OWNED = "calendars: owned\nmailboxes: {include: all}"
DEFAULT = "calendars: default\nmailboxes: {include: all}"
SHARED = "calendars: owned\nmailboxes: {include: all, kinds: [user, shared]}"


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox, and one of its calendars by id, "" for the default one."""

    user: DirectoryUser
    calendar: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCoverage:
    """What Joinlink does about an event."""

    #: A notification leads to a decision.
    notified: bool
    #: A sweep reads the calendar.
    swept: bool
    #: A backfill reads the calendar.
    backfilled: bool
    #: The event gets its link.
    written: bool


ALL = EventCoverage(notified=True, swept=True, backfilled=True, written=True)
NOT_NOTIFIED = EventCoverage(notified=False, swept=True, backfilled=True, written=True)
NOT_WRITTEN = EventCoverage(notified=True, swept=True, backfilled=True, written=False)
NONE = EventCoverage(notified=False, swept=False, backfilled=False, written=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """One row: its first three cells, the coverage, and the reason where something is missing.

    `place` gets a name for a new mailbox. `create` returns the id of the event; None if there can't be one.
    """

    mailbox: str
    calendar: str
    event: str
    coverage: EventCoverage
    why: str = ""
    place: Callable[[Story, str], Place]
    create: Callable[[Story, Place], str | None]
    rules: str = OWNED


def _person(story: Story, name: str, **properties: Any) -> Place:
    return Place(story.add_person(name, watched=False, **properties))


def _shared_mailbox(story: Story, name: str) -> Place:
    return _person(story, name, kind="shared", enabled=False)


def _further(story: Story, name: str, **properties: Any) -> Place:
    user = story.add_person(name, watched=False)
    return Place(user, story.stage.graph.add_calendar(user.id, "Further", **properties))


def _shared_in(story: Story, name: str) -> Place:
    return _further(story, name, shared_by=story.add_person(f"{name}s-colleague", watched=False))


def _group(story: Story, name: str) -> Place:
    """The stand-in has no groups with calendars, so a user stands for one that owns a calendar."""
    group = story.stage.graph.add_user("Sales", f"{name}-sales@contoso.com", enabled=False)
    return _further(story, name, shared_by=group)


def _meeting(story: Story, place: Place, **properties: Any) -> str:
    return story.create_meeting_in(place.calendar, place.user, GUEST, **properties)


def _series(story: Story, place: Place) -> str:
    return _meeting(story, place, **SERIES)


def _changed_occurrence(story: Story, place: Place) -> str:
    master = _series(story, place)
    return story.stage.graph.people.change_occurrence(place.user.id, master, 1, subject="Moved")


def _invitation(story: Story, place: Place) -> str:
    organizer = story.stage.graph.add_user("Organizer", f"organizer-{place.user.address}", enabled=False)
    story.create_meeting(organizer, place.user.address, GUEST)
    [copy] = story.events(place.user)
    return copy


def _no_event(_story: Story, _place: Place) -> None:
    """Return no event: there is no mailbox."""


ROWS = (
    CoverageRow(
        mailbox="a person",
        calendar="default",
        event="own meeting",
        coverage=ALL,
        place=_person,
        create=_meeting,
    ),
    CoverageRow(
        mailbox="a person",
        calendar="default",
        event="own series",
        coverage=ALL,
        place=_person,
        create=_series,
    ),
    CoverageRow(
        mailbox="a person",
        calendar="default",
        event="changed occurrence of an own series",
        coverage=ALL,
        why="its series is decided and written as a whole",
        place=_person,
        create=_changed_occurrence,
    ),
    CoverageRow(
        mailbox="a person",
        calendar="default",
        event="invitation from another person",
        coverage=NOT_WRITTEN,
        why="only the organizer's event can be written: `not_organizer`",
        place=_person,
        create=_invitation,
    ),
    CoverageRow(
        mailbox="a person",
        calendar="another that the person owns",
        event="own meeting",
        coverage=NOT_NOTIFIED,
        why="Graph reports the default calendar only; [see how late](#calendars)",
        place=_further,
        create=_meeting,
    ),
    CoverageRow(
        mailbox="a person",
        calendar="the same, with `calendars: default`",
        event="own meeting",
        coverage=NONE,
        why="the rules leave it out",
        place=_further,
        create=_meeting,
        rules=DEFAULT,
    ),
    CoverageRow(
        mailbox="a person",
        calendar="shared by another person",
        event="any",
        coverage=NONE,
        why="it is covered in its owner's mailbox",
        place=_shared_in,
        create=_meeting,
    ),
    CoverageRow(
        mailbox="a person",
        calendar="birthdays, holidays",
        event="any",
        coverage=NONE,
        why="the mailbox can't edit it",
        place=lambda story, name: _further(story, name, can_edit=False),
        create=_meeting,
    ),
    CoverageRow(
        mailbox="a person",
        calendar="of a Microsoft 365 group",
        event="any",
        coverage=NONE,
        why="the group owns it",
        place=_group,
        create=_meeting,
    ),
    CoverageRow(
        mailbox="a shared mailbox",
        calendar="default",
        event="own meeting",
        coverage=NONE,
        why="neither named nor in `kinds`: [shared mailboxes](#shared-mailboxes)",
        place=_shared_mailbox,
        create=_meeting,
    ),
    CoverageRow(
        mailbox="the same, with `kinds: [user, shared]`",
        calendar="default",
        event="own meeting",
        coverage=ALL,
        place=_shared_mailbox,
        create=_meeting,
        rules=SHARED,
    ),
    CoverageRow(
        mailbox="a room",
        calendar="default",
        event="own meeting",
        coverage=NONE,
        why="rooms organize no meetings: `room`",
        place=lambda story, name: _person(story, name, kind="room"),
        create=_meeting,
    ),
    CoverageRow(
        mailbox="a device",
        calendar="default",
        event="own meeting",
        coverage=NONE,
        why="devices organize no meetings: `room`",
        place=lambda story, name: _person(story, name, kind="equipment"),
        create=_meeting,
    ),
    CoverageRow(
        mailbox="a disabled account",
        calendar="default",
        event="own meeting",
        coverage=NONE,
        why="`account_disabled`",
        place=lambda story, name: _person(story, name, enabled=False),
        create=_meeting,
    ),
    CoverageRow(
        mailbox="a guest",
        calendar="none in this tenant",
        event="none",
        coverage=NONE,
        why="the mailbox is in another tenant: `guest`",
        place=lambda story, name: Place(story.stage.graph.add_guest(name, f"{name}@fabrikam.com")),
        create=_no_event,
    ),
    CoverageRow(
        mailbox="without a licence, or on-premises",
        calendar="none in the cloud",
        event="none",
        coverage=NONE,
        why="Graph has no mailbox: `unusable`, tried again every day",
        place=lambda story, name: _person(story, name, mailbox=False),
        create=_no_event,
    ),
)


def table() -> str:
    """Return the table of the docs."""
    head = ("mailbox", "calendar", "event", "notified", "swept", "backfilled", "written", "why not, or how")
    lines = [head, ("---",) * len(head), *(_cells(row) for row in ROWS)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: CoverageRow) -> tuple[str, ...]:
    one = row.coverage
    marks = ("yes" if each else "no" for each in (one.notified, one.swept, one.backfilled, one.written))
    return (row.mailbox, row.calendar, row.event, *marks, row.why)


if __name__ == "__main__":
    PAGE.write_text(MARKED.sub(lambda _: table(), PAGE.read_text()))
