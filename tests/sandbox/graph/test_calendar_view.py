from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.graph.event import EventCopy
from tests.sandbox.graph.world import WEEKLY, GraphWorld

WINDOW = {"startDateTime": "2026-11-24T00:00:00Z", "endDateTime": "2026-12-24T00:00:00Z"}


def view(world: GraphWorld, *, prefer: str = "", **query: str) -> list[dict[str, Any]]:
    """Return the pages of Ada's calendar view."""
    path: str | None = f"/users/{world.ada.id}/calendarView"
    params: dict[str, str] | None = {**WINDOW, **query}
    pages: list[dict[str, Any]] = []
    while path:
        answer = world.app.get(path, params=params, headers={"Prefer": prefer} if prefer else {})
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        path, params = pages[-1].get("@odata.nextLink"), None
    return pages


def at(start: datetime) -> dict[str, dict[str, str]]:
    """Return the start and end of an event of 30 minutes."""
    return {
        edge: {"dateTime": time.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
        for edge, time in (("start", start), ("end", start + timedelta(minutes=30)))
    }


@pytest.mark.parametrize(
    ("prefer", "query", "sizes"),
    [
        pytest.param("", {}, [10] * 20, id="by default"),
        pytest.param("", {"$top": "90"}, [90, 90, 20], id="by $top"),
        pytest.param("odata.maxpagesize=150", {}, [150, 50], id="by preference"),
    ],
)
def test_a_calendar_view_has_pages(
    world: GraphWorld, prefer: str, query: dict[str, str], sizes: list[int]
) -> None:
    """200 events, each once, in the order of their starts, with only the selected properties."""
    first = datetime(2026, 11, 24, 8, tzinfo=UTC)
    for hour in reversed(range(200)):
        world.graph.people.create(world.ada.id, subject=f"{hour}", **at(first + timedelta(hours=hour)))
    pages = view(world, prefer=prefer, **{"$select": "subject", **query})
    shown = [event for page in pages for event in page["value"]]

    assert [len(page["value"]) for page in pages] == sizes
    assert [event["subject"] for event in shown] == [f"{hour}" for hour in range(200)]
    assert shown[0].keys() == {"@odata.etag", "id", "subject"}


def test_a_view_is_expanded_once_for_all_pages(world: GraphWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a mailbox costs what its pages cost; the pages after a change show the change."""
    first, people = datetime(2026, 11, 24, 8, tzinfo=UTC), world.graph.people
    ids = [people.create(world.ada.id, **at(first + timedelta(hours=hour))) for hour in range(20)]
    series = world.book(world.ada, recurrence=WEEKLY, **at(first))["id"]
    expanded = 0
    in_calendar = world.graph.mailboxes.in_calendar

    def counted(user: str, calendar: str | None) -> Iterator[EventCopy]:
        nonlocal expanded
        expanded += 1
        return in_calendar(user, calendar)

    monkeypatch.setattr(world.graph.mailboxes, "in_calendar", counted)
    pages = view(world, **{"$top": "1"})

    assert (len(pages), expanded) == (24, 1)
    once = {**WEEKLY, "range": {**WEEKLY["range"], "numberOfOccurrences": 1}}
    changes = (
        lambda: people.create(world.ada.id, **at(first)),
        lambda: people.edit(world.ada.id, ids[0], **at(first + timedelta(days=60))),
        lambda: people.delete(world.ada.id, ids[1]),
        lambda: people.delete(world.ada.id, pages[-1]["value"][0]["id"]),
        lambda: people.move_to_calendar(world.ada.id, ids[2], world.graph.add_calendar(world.ada.id, "Own")),
        lambda: people.edit(world.ada.id, series, recurrence=once),
    )
    counts = []
    for change in changes:
        change()
        counts.append(len(view(world, **{"$top": "100"})[0]["value"]))
    assert counts == [25, 24, 23, 22, 21, 19]
    assert expanded == 1 + len(changes)


def test_a_series_is_expanded(world: GraphWorld) -> None:
    """Occurrences and exceptions have their master's id; deleted ones are missing, moved ones have the new time."""
    booked = world.book(world.ada, recurrence=WEEKLY)
    people = world.graph.people
    people.change_occurrence(world.ada.id, booked["id"], 1, subject="Special")
    people.change_occurrence(world.ada.id, booked["id"], 2, **at(datetime(2027, 1, 5, 10, tzinfo=UTC)))
    last = view(world)[0]["value"][-1]
    people.delete(world.ada.id, last["id"])
    (page,) = view(world)

    assert [(event["type"], event["start"]["dateTime"][:10]) for event in page["value"]] == [
        ("occurrence", "2026-11-24"),
        ("exception", "2026-12-01"),
    ]
    assert {event["seriesMasterId"] for event in page["value"]} == {booked["id"]}
    (moved,) = view(world, endDateTime="2027-02-01", startDateTime="2027-01-01")
    assert [event["type"] for event in moved["value"]] == ["exception"]


def test_an_endless_series_is_expanded_only_in_the_window(world: GraphWorld) -> None:
    """Earlier occurrences are neither returned nor created."""
    daily = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "noEnd", "startDate": "2020-01-01"},
    }
    world.book(world.ada, recurrence=daily, **at(datetime(2020, 1, 1, 9, tzinfo=UTC)))
    (page,) = view(world, **{"$top": "100"})

    assert len(page["value"]) == 30
    assert len(world.graph.mailboxes.of(world.ada.id).events) == 31


def test_reading_an_unused_mailbox_does_not_create_it(world: GraphWorld) -> None:
    """The view is empty."""
    (page,) = view(world)

    assert page["value"] == []
    assert not world.graph.mailboxes.is_used(world.ada.id)
