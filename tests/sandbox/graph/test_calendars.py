"""The stand-in's secondary calendars: which exist, who owns them, and what is notified."""

import pytest

from sandbox.graph import NotificationDelivery
from tests.sandbox.graph.world import TOMORROW, GraphWorld


def create_in(world: GraphWorld, calendar: str) -> str:
    """Have Ada create an event in one of her calendars; return its id."""
    with world.client(world.graph.as_user(world.ada)) as client:
        answer = client.post(f"/users/{world.ada.id}/calendars/{calendar}/events", json=TOMORROW)
        return str(answer.json()["id"])


@pytest.mark.parametrize(
    ("habits", "resource", "notified"),
    [
        pytest.param(NotificationDelivery(), "events", 0, id="the mailbox, as reported"),
        pytest.param(
            NotificationDelivery(secondary_calendars=True), "events", 1, id="the mailbox, as documented"
        ),
        pytest.param(
            NotificationDelivery(), "calendars/{calendar}/events", 1, id="the calendar, as reported"
        ),
        pytest.param(
            NotificationDelivery(calendar_subscriptions=False),
            "calendars/{calendar}/events",
            0,
            id="the calendar, if the subscription is silent",
        ),
    ],
)
def test_a_change_in_a_secondary_calendar_may_not_be_notified(
    world: GraphWorld, habits: NotificationDelivery, resource: str, notified: int
) -> None:
    """Documented are all events of a mailbox; developers observe only those of the default calendar."""
    world.graph.delivery = habits
    project = world.graph.add_calendar(world.ada.id, "Project")
    path = f"users/{world.ada.id}/{resource.format(calendar=project)}"
    assert world.subscribe(world.ada, resource=path).status_code == 201
    create_in(world, project)

    assert len(world.notified()) == notified


def test_a_calendar_subscription_reports_no_other_calendar(world: GraphWorld) -> None:
    project = world.graph.add_calendar(world.ada.id, "Project")
    world.subscribe(world.ada, resource=f"users/{world.ada.id}/calendars/{project}/events")
    world.book(world.ada)

    assert world.notified() == []


def test_the_list_shows_who_owns_each_calendar_and_who_may_edit_it(world: GraphWorld) -> None:
    """The first page has ten calendars, and a link to the others."""
    world.graph.add_calendar(world.ada.id, "Birthdays", can_edit=False)
    world.graph.add_calendar(world.ada.id, "Bo Diddley", shared_by=world.bo)
    for number in range(8):
        world.graph.add_calendar(world.ada.id, f"Project {number}")
    path = f"/users/{world.ada.id}/calendars"
    first = world.app.get(path, params={"$select": "id,owner,canEdit,isDefaultCalendar"}).json()
    second = world.app.get(first["@odata.nextLink"]).json()
    default, birthdays, shared, *projects = first["value"] + second["value"]

    assert (len(first["value"]), len(second["value"])) == (10, 1)
    assert default.keys() == {"id", "owner", "canEdit", "isDefaultCalendar"}
    assert [one["isDefaultCalendar"] for one in (default, birthdays, shared)] == [True, False, False]
    assert [one["canEdit"] for one in (default, birthdays, shared)] == [True, False, True]
    assert shared["owner"]["address"] == "bo@contoso.com"
    assert {one["owner"]["address"] for one in (default, birthdays, *projects)} == {"ada@contoso.com"}


def test_a_calendar_can_be_renamed_and_deleted(world: GraphWorld) -> None:
    """Its id stays, until it is deleted with its events."""
    project = world.graph.add_calendar(world.ada.id, "Project")
    event = create_in(world, project)
    path = f"/users/{world.ada.id}/calendars/{project}"
    world.graph.rename_calendar(world.ada.id, project, "Project X")
    assert world.app.get(path).json()["name"] == "Project X"
    world.graph.remove_calendar(world.ada.id, project)

    assert world.app.get(path).status_code == 404
    assert world.app.get(f"/users/{world.ada.id}/events/{event}").status_code == 404
    assert world.app.get(f"{path}/calendarView", params=WINDOW).status_code == 404


WINDOW = {"startDateTime": "2026-11-23T00:00:00Z", "endDateTime": "2026-11-30T00:00:00Z"}
