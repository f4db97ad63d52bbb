"""The mailboxes, calendars and events of the coverage table, for coverage_rows.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.graph import DirectoryUser
from shared.domain.event import MAX_BODY_BYTES
from shared.storage.known_calendars import MOST_CALENDARS
from tests.stories.conftest import Story

GUEST = "bo@fabrikam.com"
SERIES: Mapping[str, Any] = {
    "recurrence": {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "endDate", "startDate": "2026-11-24", "endDate": "2026-11-30"},
    }
}


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox, and one of its calendars by id, "" for the default one."""

    user: DirectoryUser
    calendar: str = ""


def person(story: Story, name: str, **properties: Any) -> Place:
    return Place(story.add_person(name, watched=False, **properties))


def shared_mailbox(story: Story, name: str) -> Place:
    return person(story, name, kind="shared", enabled=False)


def further(story: Story, name: str, **properties: Any) -> Place:
    user = story.add_person(name, watched=False)
    return Place(user, story.stage.graph.add_calendar(user.id, "Further", **properties))


def after_a_hundred(story: Story, name: str) -> Place:
    """The calendar with the last id: the first sweep does not search it."""
    user = story.add_person(name, watched=False)
    ids = [story.stage.graph.add_calendar(user.id, f"Further {n}") for n in range(MOST_CALENDARS + 1)]
    return Place(user, max(ids))


def shared_in(story: Story, name: str) -> Place:
    return further(story, name, shared_by=story.add_person(f"{name}s-colleague", watched=False))


def group(story: Story, name: str) -> Place:
    """The stand-in has no groups with calendars, so a user stands for one that owns a calendar."""
    group = story.stage.graph.add_user("Sales", f"{name}-sales@contoso.com", enabled=False)
    return further(story, name, shared_by=group)


def meeting(story: Story, place: Place, **properties: Any) -> str:
    return story.create_meeting_in(place.calendar, place.user, GUEST, **properties)


def series(story: Story, place: Place) -> str:
    return meeting(story, place, **SERIES)


def changed_occurrence(story: Story, place: Place) -> str:
    master = series(story, place)
    return story.stage.graph.people.change_occurrence(place.user.id, master, 1, subject="Moved")


def moved_ahead(story: Story, place: Place) -> str:
    """A series whose last occurrence was on the Tuesday before, and one of it moved to December."""
    times = {
        name: {"dateTime": f"2026-11-03T{hour}:00:00", "timeZone": "UTC"}
        for name, hour in (("start", "09"), ("end", "10"))
    }
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"}
    ended = {"type": "numbered", "startDate": "2026-11-03", "numberOfOccurrences": 3}
    master = meeting(story, place, **times, recurrence={"pattern": pattern, "range": ended})
    moved = {
        name: {**time, "dateTime": time["dateTime"].replace("11-03", "12-01")} for name, time in times.items()
    }
    story.stage.graph.people.change_occurrence(place.user.id, master, 1, **moved)
    return master


def following(story: Story, place: Place) -> str:
    """Change a series from an occurrence on, as Outlook does: the old one ends, and a new one begins."""
    return _split(story, place, series(story, place))


def following_without_link(story: Story, place: Place) -> str:
    master = series(story, place)
    story.run_until_idle()
    assert story.has_link(place.user, master)
    story.stage.graph.people.remove_link(place.user.id, master)
    story.run_until_idle()
    return _split(story, place, master)


def _split(story: Story, place: Place, master: str) -> str:
    pattern, old = SERIES["recurrence"]["pattern"], SERIES["recurrence"]["range"]
    story.stage.graph.people.edit(
        place.user.id, master, recurrence={"pattern": pattern, "range": {**old, "endDate": "2026-11-26"}}
    )
    times = {
        name: {"dateTime": f"2026-11-27T{hour}:00:00", "timeZone": "UTC"}
        for name, hour in (("start", "14"), ("end", "15"))
    }
    rest = {"pattern": pattern, "range": {**old, "startDate": "2026-11-27"}}
    return meeting(story, place, **times, recurrence=rest)


def guest_of_one_occurrence(story: Story, place: Place) -> str:
    master = story.create_meeting_in(place.calendar, place.user, **SERIES)
    attendees = [{"type": "required", "emailAddress": {"address": GUEST}}]
    story.stage.graph.people.change_occurrence(place.user.id, master, 1, attendees=attendees)
    return master


def large_body(story: Story, place: Place) -> str:
    return meeting(story, place, body={"contentType": "html", "content": "x" * (MAX_BODY_BYTES + 1)})


def invitation(story: Story, place: Place) -> str:
    organizer = story.stage.graph.add_user("Organizer", f"organizer-{place.user.address}", enabled=False)
    story.create_meeting(organizer, place.user.address, GUEST)
    [copy] = story.events(place.user)
    return copy


def no_event(_story: Story, _place: Place) -> None:
    """Return no event: there is no mailbox."""
