"""What Graph refuses in bodies, `$select`, ids and time windows."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph.mail_routes import LONGEST_VIEW
from tests.sandbox.graph.world import TOMORROW, GraphWorld

BO = {"emailAddress": {"address": "bo@contoso.com"}}


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param({"isOnline": True}, id="of an event"),
        pytest.param({"start": {**TOMORROW["start"], "zone": "UTC"}}, id="of a time"),
        pytest.param({"body": {"type": "text"}}, id="of a body"),
        pytest.param({"location": {"name": "Room 5"}}, id="of a location"),
        pytest.param({"locations": [{"address": {"town": "Berlin"}}]}, id="of a location's address"),
        pytest.param({"attendees": [{**BO, "role": "required"}]}, id="of an attendee"),
        pytest.param({"attendees": [{"emailAddress": {"mail": "bo@contoso.com"}}]}, id="of an address"),
        pytest.param({"recurrence": {"pattern": {"every": 1}, "range": {}}}, id="of a recurrence"),
    ],
)
def test_an_unknown_property_is_refused(world: GraphWorld, properties: dict[str, Any]) -> None:
    """At every depth, in a new event and in a change; nothing else of the body is written."""
    booked = world.book(world.ada)
    path = f"/users/{world.ada.id}/events"
    created = world.app.post(path, json={**TOMORROW, **properties})
    changed = world.app.patch(f"{path}/{booked['id']}", json={"subject": "New", **properties})

    assert world.refused(created) == world.refused(changed) == (400, "RequestBodyRead")
    assert "does not exist on type 'microsoft.graph." in changed.json()["error"]["message"]
    assert world.read(world.ada, booked["id"])["subject"] == "Review"


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param({"subject": 5}, id="a number as text"),
        pytest.param({"isOnlineMeeting": "yes"}, id="a text as truth"),
        pytest.param({"attendees": {}}, id="an object as list"),
        pytest.param({"onlineMeetingProvider": "zoom"}, id="a provider that Graph does not have"),
    ],
)
def test_a_value_of_another_type_is_refused(world: GraphWorld, properties: dict[str, Any]) -> None:
    """Graph converts nothing."""
    answer = world.app.post(f"/users/{world.ada.id}/events", json={**TOMORROW, **properties})

    assert world.refused(answer) == (400, "RequestBodyRead")


def test_annotations_are_no_properties(world: GraphWorld) -> None:
    """SDKs send the type of an object."""
    attendee = {"@odata.type": "#microsoft.graph.attendee", **BO}
    body = {"@odata.type": "#microsoft.graph.event", **TOMORROW, "attendees": [attendee]}

    assert world.app.post(f"/users/{world.ada.id}/events", json=body).status_code == 201
    annotated = {"@odata.type": "#microsoft.graph.subscription"}
    assert world.subscribe(world.ada, **annotated).status_code == 201
    assert world.refused(world.subscribe(world.bo, color="red")) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    "path",
    [
        "/users",
        "/users/{ada}",
        "/users/{ada}/events",
        "/users/{ada}/calendar",
        "/users/{ada}/calendars",
        "/users/{ada}/mailboxSettings",
        "/groups?$filter=mailEnabled eq true",
        "/groups/{group}",
        "/groups/{group}/transitiveMembers",
        "/organization",
    ],
)
def test_an_unknown_property_in_select_is_refused(world: GraphWorld, path: str) -> None:
    """Not left out silently."""
    group = world.graph.add_group("Sales", [world.ada], address="sales@contoso.com")
    where = path.format(ada=world.ada.id, group=group)
    url = f"{where}{'&' if '?' in where else '?'}$select=nickname"
    answer = world.app.get(url)

    assert answer.status_code == 400
    assert "Could not find a property named 'nickname'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/users/{ada}/events/not-an-id", 400, "ErrorInvalidIdMalformed", id="no event id"),
        pytest.param("/users/{ada}/events/{other}", 404, "ErrorItemNotFound", id="of another mailbox"),
        pytest.param("/users/{ada}/calendars/not-an-id", 400, "ErrorInvalidIdMalformed", id="no calendar id"),
        pytest.param("/users/nobody@contoso.com/events", 404, "ErrorInvalidUser", id="no such mailbox"),
        pytest.param("/users/nobody@contoso.com", 404, "Request_ResourceNotFound", id="no such user"),
        pytest.param("/groups/{ada}/transitiveMembers", 404, "Request_ResourceNotFound", id="no group"),
        pytest.param("/subscriptions/{ada}", 404, "ResourceNotFound", id="no subscription"),
    ],
)
def test_a_wrong_id_is_refused(world: GraphWorld, path: str, status: int, code: str) -> None:
    """With the status and code that the client decides by."""
    other = world.book(world.bo)["id"]
    answer = world.app.get(path.format(ada=world.ada.id, other=other))

    assert world.refused(answer) == (status, code)


def test_a_view_has_at_most_1825_days(world: GraphWorld) -> None:
    """Five years without leap days."""
    begin = world.clock.now
    path = f"/users/{world.ada.id}/calendarView"

    def view(days: int) -> Any:
        until = begin + timedelta(days=days)
        window = {"startDateTime": begin.isoformat(), "endDateTime": until.isoformat()}
        return world.app.get(path, params=window)

    assert LONGEST_VIEW.days == 1825
    assert view(1825).status_code == 200
    assert world.refused(view(1826)) == (400, "ErrorInvalidRequest")
    assert "Maximum number of days: 1825" in view(1826).json()["error"]["message"]
