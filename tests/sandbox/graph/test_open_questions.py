"""What Microsoft's documentation leaves open: the stand-in can behave either way."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import EventHabits, LengthLimit, NotificationDelivery, SubscriptionHabits
from tests.sandbox.graph.world import GO_ONLINE, NOTIFY, TOMORROW, WEEKLY, GraphWorld

INVITES_BO: dict[str, Any] = {"attendees": [{"emailAddress": {"address": "bo@contoso.com"}}]}


def create(world: GraphWorld, path: str = "events", **properties: Any) -> dict[str, Any]:
    answer = world.app.post(f"/users/{world.ada.id}/{path}", json={**TOMORROW, "subject": "Q", **properties})
    assert answer.status_code == 201
    created: dict[str, Any] = answer.json()
    return created


def subscribe(world: GraphWorld, resource: str = "events", **sent: Any) -> int:
    body = {
        "changeType": "created,updated",
        "resource": f"users/{world.ada.id}/{resource}",
        "notificationUrl": NOTIFY,
        "expirationDateTime": (world.clock.now + timedelta(days=2)).isoformat(),
        **sent,
    }
    return world.app.post("/subscriptions", json=body).status_code


def messages_of_bo(world: GraphWorld) -> list[str]:
    query = {"$filter": f"receivedDateTime ge {world.clock.now:%Y-%m-%d}T00:00:00Z", "$select": "id"}
    answer = world.app.get(f"/users/{world.bo.id}/messages", params=query)
    return [one["meetingMessageType"] for one in answer.json()["value"]]


@pytest.mark.parametrize("mails", [True, False])
def test_a_link_alone_mails_the_attendees_or_not(world: GraphWorld, *, mails: bool) -> None:
    """The invitation and the cancellation are mailed in any case."""
    world.graph.habits = EventHabits(link_mails_attendees=mails)
    event = f"/users/{world.ada.id}/events/{create(world, **INVITES_BO)['id']}"
    world.app.patch(event, json=GO_ONLINE)
    world.app.delete(event)

    assert messages_of_bo(world) == ["meetingRequest"] * (1 + mails) + ["meetingCancelled"]


def test_messages_need_a_permission_of_their_own(world: GraphWorld) -> None:
    """The app has no use for it."""
    world.graph.revoke_permission("Mail.Read")
    query = {"$filter": "receivedDateTime ge 2026-11-23T00:00:00Z"}

    assert world.app.get(f"/users/{world.bo.id}/messages", params=query).status_code == 403


@pytest.mark.parametrize("follow", [True, False])
def test_existing_exceptions_get_the_link_of_their_series_or_not(world: GraphWorld, *, follow: bool) -> None:
    """The other occurrences always do."""
    world.graph.habits = EventHabits(exceptions_follow=follow)
    master = create(world, recurrence=WEEKLY)["id"]
    window = {"startDateTime": "2026-11-24T00:00:00Z", "endDateTime": "2026-12-24T00:00:00Z"}
    path = f"/users/{world.ada.id}/events/{master}/instances"
    second = world.app.get(path, params=window).json()["value"][1]["id"]
    world.app.patch(f"/users/{world.ada.id}/events/{second}", json={"subject": "moved"})
    world.app.patch(f"/users/{world.ada.id}/events/{master}", json=GO_ONLINE)

    shown = world.app.get(path, params=window).json()["value"]
    assert [one["isOnlineMeeting"] for one in shown] == [True, follow, True, True]


@pytest.mark.parametrize("shows", [True, False])
def test_drafts_private_events_and_times_are_shown_or_not(world: GraphWorld, *, shows: bool) -> None:
    """A person's own client sees a private event in any case."""
    world.graph.habits = EventHabits(shows_drafts=shows, shows_private=shows, shows_modified=shows)
    event = create(world, isDraft=True, sensitivity="private")
    path = f"/users/{world.ada.id}/events/{event['id']}"
    seen = world.app.get(path, params={"$select": "subject,lastModifiedDateTime"}).json()
    with world.client(world.graph.as_user(world.ada)) as own:
        mine = own.get(path).json()

    assert event["isDraft"] is shows
    assert (seen["subject"], mine["subject"]) == ("Q" if shows else "Private Appointment", "Q")
    assert seen["lastModifiedDateTime"].startswith("2026-11-23T09" if shows else "0001-01-01")


@pytest.mark.parametrize(
    ("resource", "habits", "notified"),
    [
        pytest.param("events", NotificationDelivery(secondary_calendars=True), True, id="documented"),
        pytest.param("events", NotificationDelivery(), False, id="reported"),
        pytest.param("calendar", NotificationDelivery(), True, id="of the calendar"),
        pytest.param(
            "calendar", NotificationDelivery(calendar_subscriptions=False), False, id="not of the calendar"
        ),
    ],
)
def test_secondary_calendars_are_reported_or_not(
    world: GraphWorld, resource: str, habits: NotificationDelivery, *, notified: bool
) -> None:
    """A subscription to a user's events, and one to a single calendar, have a habit each."""
    world.graph.delivery = habits
    calendar = world.app.post(f"/users/{world.ada.id}/calendars", json={"name": "Second"}).json()["id"]
    assert subscribe(world, resource if resource == "events" else f"calendars/{calendar}/events") == 201
    create(world, f"calendars/{calendar}/events")

    assert (world.graph.undelivered > 0) is notified


def test_a_calendar_is_deleted_with_its_events(world: GraphWorld) -> None:
    """The default calendar can't be deleted, and names are unique."""
    calendars = f"/users/{world.ada.id}/calendars"
    second = world.app.post(calendars, json={"name": "Second"}).json()["id"]
    again = world.app.post(calendars, json={"name": "Second"})
    event = create(world, f"calendars/{second}/events")["id"]
    default = world.app.get(f"/users/{world.ada.id}/calendar").json()["id"]

    assert again.status_code == 409
    assert world.app.delete(f"{calendars}/{default}").status_code == 400
    assert world.app.delete(f"{calendars}/{second}").status_code == 204
    assert world.app.get(f"/users/{world.ada.id}/events/{event}").status_code == 404


def test_subscriptions_may_be_shorter_or_fewer(world: GraphWorld) -> None:
    """As in other clouds, or in older documentation."""
    world.graph.subscriptions.length = LengthLimit(longest=timedelta(days=1))
    world.graph.subscriptions.habits = SubscriptionHabits(one_per_resource=True)
    tomorrow = (world.clock.now + timedelta(hours=20)).isoformat()

    assert subscribe(world) == 400
    assert subscribe(world, expirationDateTime=tomorrow) == 201
    assert subscribe(world, expirationDateTime=tomorrow, changeType="deleted") == 409


def test_a_token_shows_roles_only_if_it_is_to(world: GraphWorld) -> None:
    """By default it is opaque."""
    opaque = world.token()
    world.graph.identity.roles = ("User.Read.All",)

    assert opaque.count(".") == 0
    assert world.token().count(".") == 2
