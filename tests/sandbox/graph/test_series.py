from datetime import timedelta
from typing import Any

from tests.sandbox.graph.world import GO_ONLINE, WEEKLY, GraphWorld

WINDOW = {"startDateTime": "2026-11-20T00:00:00Z", "endDateTime": "2026-12-31T00:00:00Z", "$top": "100"}


def instances(world: GraphWorld, master: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all occurrences of Ada's series as the app reads them."""
    path = f"/users/{world.ada.id}/events/{master['id']}/instances"
    return list(world.app.get(path, params=WINDOW).json()["value"])


def test_a_series_has_a_master_and_occurrences_with_their_own_ids(world: GraphWorld) -> None:
    """`/events` returns the master, `/instances` and `/calendarView` expand it."""
    master = world.book(world.ada, recurrence=WEEKLY)
    occurrences = instances(world, master)
    listed = world.app.get(f"/users/{world.ada.id}/events").json()["value"]
    view = world.app.get(f"/users/{world.ada.id}/calendarView", params=WINDOW).json()["value"]

    assert [event["type"] for event in listed] == ["seriesMaster"]
    assert [event["id"] for event in view] == [event["id"] for event in occurrences]
    assert [event["start"]["dateTime"][:10] for event in occurrences] == [
        "2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15",
    ]  # fmt: skip
    assert {event["type"] for event in occurrences} == {"occurrence"}
    assert {event["seriesMasterId"] for event in occurrences} == {master["id"]}
    assert len({event["iCalUId"] for event in occurrences}) == 4


def test_an_occurrence_keeps_its_local_time_over_daylight_saving(world: GraphWorld) -> None:
    """Ten in Berlin is nine in UTC in winter and eight in summer."""
    zone = {"timeZone": "W. Europe Standard Time"}
    day = {
        "pattern": {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 15},
        "range": {"type": "numbered", "startDate": "2026-03-15", "numberOfOccurrences": 2},
    }
    master = world.book(
        world.ada,
        recurrence=day,
        start={"dateTime": "2026-03-15T10:00:00", **zone},
        end={"dateTime": "2026-03-15T11:00:00", **zone},
    )
    window = {"startDateTime": "2026-01-01", "endDateTime": "2026-12-31"}
    path = f"/users/{world.ada.id}/events/{master['id']}/instances"
    starts = [event["start"]["dateTime"][:16] for event in world.app.get(path, params=window).json()["value"]]

    assert starts == ["2026-03-15T09:00", "2026-04-15T08:00"]


def test_a_changed_occurrence_is_an_exception_and_is_notified_for_its_master(world: GraphWorld) -> None:
    """The occurrence keeps its id."""
    master = world.book(world.ada, "bo@contoso.com", recurrence=WEEKLY)
    assert world.subscribe(world.ada).status_code == 201
    occurrence = instances(world, master)[1]
    world.patch(world.ada, occurrence["id"], {"subject": "Special"})

    assert [item["resourceData"]["id"] for item in world.notified()] == [master["id"]]
    exception = world.read(world.ada, occurrence["id"])
    assert (exception["type"], exception["subject"]) == ("exception", "Special")
    assert exception["originalStart"] == "2026-12-01T10:00:00.0000000Z"
    assert world.read(world.ada, master["id"])["subject"] == "Review"


def test_people_can_change_an_occurrence_by_its_number(world: GraphWorld) -> None:
    """`change_occurrence` counts from 0 and changes all copies."""
    master = world.book(world.ada, "bo@contoso.com", recurrence=WEEKLY)
    later = {"dateTime": "2026-12-02T10:00:00", "timeZone": "UTC"}
    exception = world.graph.people.change_occurrence(
        world.ada.id, master["id"], 1, start=later, end={**later, "dateTime": "2026-12-02T11:00:00"}
    )
    view = world.app.get(f"/users/{world.bo.id}/calendarView", params=WINDOW).json()["value"]

    assert world.read(world.ada, exception)["start"]["dateTime"][:10] == "2026-12-02"
    assert [event["start"]["dateTime"][8:10] for event in view] == ["24", "02", "08", "15"]


def test_a_link_of_the_master_applies_to_every_occurrence(world: GraphWorld) -> None:
    """To exceptions too; one of them can lose it separately."""
    master = world.book(world.ada, recurrence=WEEKLY)
    exception = world.graph.people.change_occurrence(world.ada.id, master["id"], 0, subject="Special")
    world.patch(world.ada, master["id"], GO_ONLINE)
    assert {event["isOnlineMeeting"] for event in instances(world, master)} == {True}

    world.graph.people.remove_link(world.ada.id, exception)
    flags = [event["isOnlineMeeting"] for event in instances(world, master)]
    assert flags == [False, True, True, True]


def test_a_deleted_occurrence_is_listed_only_on_request(world: GraphWorld) -> None:
    """`cancelledOccurrences` is returned only if `$select` contains it."""
    master = world.book(world.ada, recurrence=WEEKLY)
    world.graph.people.delete(world.ada.id, instances(world, master)[0]["id"])
    path = f"/users/{world.ada.id}/events/{master['id']}"
    chosen = world.app.get(path, params={"$select": "cancelledOccurrences"}).json()

    assert len(instances(world, master)) == 3
    assert chosen["cancelledOccurrences"] == [f"OID.{master['id']}.2026-11-24"]
    assert "cancelledOccurrences" not in world.read(world.ada, master["id"])


def test_a_view_has_the_events_that_overlap_its_window(world: GraphWorld) -> None:
    """An event that ends at the start of the window is outside."""
    booked = world.book(world.ada)
    path = f"/users/{world.ada.id}/calendarView"

    def seen(begin: str, until: str) -> bool:
        window = {"startDateTime": f"2026-11-24T{begin}Z", "endDateTime": f"2026-11-24T{until}Z"}
        return [event["id"] for event in world.app.get(path, params=window).json()["value"]] == [booked["id"]]

    assert seen("10:30:00", "10:45:00")
    assert not seen("11:00:00", "12:00:00")
    assert not seen("09:00:00", "10:00:00")


def test_new_times_of_a_series_remove_its_exceptions(world: GraphWorld) -> None:
    """As in Outlook."""
    master = world.book(world.ada, recurrence=WEEKLY)
    exception = world.graph.people.change_occurrence(world.ada.id, master["id"], 0, subject="Special")
    world.clock.advance(timedelta(minutes=1))
    daily = {**WEEKLY, "pattern": {"type": "daily", "interval": 1}}
    world.patch(world.ada, master["id"], {"recurrence": daily})

    assert {event["type"] for event in instances(world, master)} == {"occurrence"}
    assert world.app.get(f"/users/{world.ada.id}/events/{exception}").status_code == 404
