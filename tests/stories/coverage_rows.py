"""The rows of the coverage table in docs/mailboxes.md: which events are covered, and why others are not.

`python -m tests.stories.coverage_rows` writes the table. `test_coverage_rows.py` builds every row. To add one,
add it here: `place` creates its mailbox and calendar, `create` its event.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.stories.conftest import Story
from tests.stories.coverage_places import (
    Place,
    after_a_hundred,
    changed_occurrence,
    following,
    following_without_link,
    further,
    group,
    guest_of_one_occurrence,
    invitation,
    large_body,
    meeting,
    moved_ahead,
    no_event,
    person,
    series,
    shared_in,
    shared_mailbox,
)
from tests.stories.coverage_setups import (
    ALL,
    DEFAULT,
    NAMED,
    NONE,
    NOT_NOTIFIED,
    NOT_WRITTEN,
    OWNED,
    SHARED,
    SILENT,
    SUBSCRIBED,
    CoverageSetup,
    EventCoverage,
)

PAGE = Path(__file__).parents[2] / "docs" / "mailboxes.md"
MARKED = re.compile(r"(?<=<!-- coverage -->\n).*(?=\n<!-- /coverage -->)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """One row: its first three cells, the coverage, and the reason where something is missing.

    `place` gets a name for a new mailbox. `create` returns the id of the event; None if there can't be one.
    """

    mailbox: str = "a person"
    calendar: str
    event: str
    coverage: EventCoverage
    why: str = ""
    place: Callable[[Story, str], Place] = person
    create: Callable[[Story, Place], str | None] = meeting
    setup: CoverageSetup = OWNED


ROWS = (
    CoverageRow(
        calendar="default",
        event="own meeting",
        coverage=ALL,
    ),
    CoverageRow(
        calendar="default",
        event="own series",
        coverage=ALL,
        create=series,
    ),
    CoverageRow(
        calendar="default",
        event="changed occurrence of an own series",
        coverage=ALL,
        why="its series is decided and written as a whole",
        create=changed_occurrence,
    ),
    CoverageRow(
        calendar="default",
        event="own series that is over, with an occurrence moved ahead",
        coverage=ALL,
        why="it is not over: [series](#series)",
        create=moved_ahead,
    ),
    CoverageRow(
        calendar="default",
        event="own series with a guest of one occurrence only",
        coverage=NOT_WRITTEN,
        why="conditions test the series: [series](#series)",
        create=guest_of_one_occurrence,
    ),
    CoverageRow(
        calendar="default",
        event='the new series after a change of "this and all following"',
        coverage=ALL,
        why="it is a new event: [series](#series)",
        create=following,
    ),
    CoverageRow(
        calendar="default",
        event="the same, if a person had removed the link from the old series",
        coverage=ALL,
        why="it is a new event: [series](#series)",
        create=following_without_link,
    ),
    CoverageRow(
        calendar="default",
        event="own meeting with a body over 1 MiB",
        coverage=NOT_WRITTEN,
        why="another join link may be in it: `insufficient_data`",
        create=large_body,
    ),
    CoverageRow(
        calendar="default",
        event="invitation from another person",
        coverage=NOT_WRITTEN,
        why="only the organizer's event can be written: `not_organizer`",
        create=invitation,
    ),
    CoverageRow(
        calendar="another that the person owns",
        event="own meeting",
        coverage=NOT_NOTIFIED,
        why="Graph reports the default calendar only; [see how late](#calendars)",
        place=further,
    ),
    CoverageRow(
        calendar="the same, if it has more than 100, and this one has its turn later",
        event="own meeting",
        coverage=NOT_NOTIFIED,
        why="each sweep searches the next 100; [see how late](#calendars)",
        place=after_a_hundred,
    ),
    CoverageRow(
        calendar="the same, with `JOINLINK_CALENDAR_SUBSCRIPTIONS=on`, if Graph notifies about it",
        event="own meeting",
        coverage=ALL,
        why="[not proven](unproven.md)",
        place=further,
        setup=SUBSCRIBED,
    ),
    CoverageRow(
        calendar="the same, if Graph does not notify about it",
        event="own meeting",
        coverage=NOT_NOTIFIED,
        why="nothing depends on these subscriptions",
        place=further,
        setup=SILENT,
    ),
    CoverageRow(
        calendar="the same, with `calendars: default`",
        event="own meeting",
        coverage=NONE,
        why="the rules leave it out",
        place=further,
        setup=DEFAULT,
    ),
    CoverageRow(
        calendar="shared by another person",
        event="any",
        coverage=NONE,
        why="it is covered in its owner's mailbox",
        place=shared_in,
    ),
    CoverageRow(
        calendar="birthdays, holidays",
        event="any",
        coverage=NONE,
        why="the mailbox can't edit it",
        place=lambda story, name: further(story, name, can_edit=False),
    ),
    CoverageRow(
        calendar="of a Microsoft 365 group",
        event="any",
        coverage=NONE,
        why="the group owns it",
        place=group,
    ),
    CoverageRow(
        mailbox="a shared mailbox",
        calendar="default",
        event="own meeting",
        coverage=NONE,
        why="neither named nor in `kinds`: [shared mailboxes](#shared-mailboxes)",
        place=shared_mailbox,
    ),
    CoverageRow(
        mailbox="the same, named in `include`",
        calendar="default",
        event="own meeting",
        coverage=ALL,
        place=shared_mailbox,
        setup=NAMED,
    ),
    CoverageRow(
        mailbox="the same, with `kinds: [user, shared]`",
        calendar="default",
        event="own meeting",
        coverage=ALL,
        place=shared_mailbox,
        setup=SHARED,
    ),
    CoverageRow(
        mailbox="a room",
        calendar="default",
        event="own meeting",
        coverage=NONE,
        why="rooms organize no meetings: `room`",
        place=lambda story, name: person(story, name, kind="room"),
    ),
    CoverageRow(
        mailbox="a device",
        calendar="default",
        event="own meeting",
        coverage=NONE,
        why="devices organize no meetings: `room`",
        place=lambda story, name: person(story, name, kind="equipment"),
    ),
    CoverageRow(
        mailbox="a linked mailbox",
        calendar="default",
        event="own meeting",
        coverage=ALL,
        place=lambda story, name: person(story, name, kind="linked"),
    ),
    CoverageRow(
        mailbox="of the kind `others`",
        calendar="default",
        event="own meeting",
        coverage=NONE,
        why="`kind_not_in_scope`",
        place=lambda story, name: person(story, name, kind="others"),
    ),
    CoverageRow(
        mailbox="a disabled account",
        calendar="default",
        event="own meeting",
        coverage=NONE,
        why="`account_disabled`",
        place=lambda story, name: person(story, name, enabled=False),
    ),
    CoverageRow(
        mailbox="a guest",
        calendar="none in this tenant",
        event="none",
        coverage=NONE,
        why="the mailbox is in another tenant: `guest`",
        place=lambda story, name: Place(story.stage.graph.add_guest(name, f"{name}@fabrikam.com")),
        create=no_event,
    ),
    CoverageRow(
        mailbox="without a licence, or on-premises",
        calendar="none in the cloud",
        event="none",
        coverage=NONE,
        why="Graph has no mailbox: `unusable`, tried again every day",
        place=lambda story, name: person(story, name, mailbox=False),
        create=no_event,
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
