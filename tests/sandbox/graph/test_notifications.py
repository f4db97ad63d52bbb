from datetime import timedelta
from itertools import pairwise

import pytest

from sandbox.graph import BAD_HABITS, NotificationDelivery
from tests.sandbox.graph.world import GO_ONLINE, NOTIFY, TENANT, GraphWorld


def test_a_notification_names_the_event_and_proves_where_it_comes_from(world: GraphWorld) -> None:
    """The shape of a basic notification for an event."""
    subscription = world.subscribe(world.ada).json()
    booked = world.book(world.ada)
    (item,) = world.notified()
    etag = item["resourceData"].pop("@odata.etag")

    resource = f"Users/{world.ada.id}/Events/{booked['id']}"
    assert item == {
        "subscriptionId": subscription["id"],
        "subscriptionExpirationDateTime": subscription["expirationDateTime"],
        "clientState": "our-secret",
        "tenantId": TENANT,
        "changeType": "created",
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": resource,
            "id": booked["id"],
        },
    }
    assert etag.startswith('W/"DwAAABYAAA')
    assert etag != booked["@odata.etag"]


def test_the_form_of_ids_is_chosen_when_subscribing(world: GraphWorld) -> None:
    """Immutable ids come only to those who asked for them with the create call."""
    world.subscribe(world.ada, prefer='IdType="ImmutableId"')
    booked = world.book(world.ada)
    immutable = world.read(world.ada, booked["id"], Prefer='IdType="ImmutableId"')["id"]

    assert [item["resourceData"]["id"] for item in world.notified()] == [immutable]


def test_a_patch_of_ours_echoes_in_every_watched_mailbox(world: GraphWorld) -> None:
    """The organizer's copy and the attendee's each tell of the link that we made."""
    booked = world.book(world.ada, "bo@contoso.com")
    copy = world.copy_of(world.bo, booked)
    world.subscribe(world.ada)
    world.subscribe(world.bo)
    world.patch(world.ada, booked["id"], GO_ONLINE)

    told = {(item["changeType"], item["resourceData"]["id"]) for item in world.notified()}
    assert told == {("updated", booked["id"]), ("updated", copy["id"])}


def test_a_deletion_is_told_only_to_those_who_asked(world: GraphWorld) -> None:
    """`deleted` has to be subscribed to."""
    world.subscribe(world.ada)
    watcher = world.subscribe(world.ada, changeType="deleted").json()["id"]
    booked = world.book(world.ada)
    world.notified()
    world.graph.people.delete(world.ada.id, booked["id"])

    assert [(item["changeType"], item["subscriptionId"]) for item in world.notified()] == [
        ("deleted", watcher)
    ]


def test_bad_habits_tell_of_one_change_many_times_and_out_of_order(world: GraphWorld) -> None:
    """Three or four of every kind, exact duplicates among them, all in one POST, `updated` before `created`."""
    world.graph.delivery = BAD_HABITS
    world.subscribe(world.ada)
    events = [world.book(world.ada)["id"] for _ in range(10)]
    world.graph.deliver()
    ((url, body),) = world.posts
    seen = [(item["resourceData"]["id"], item["changeType"]) for item in body["value"]]

    assert url == NOTIFY
    assert all(sum(event == one for event, _ in seen) >= 3 for one in events)
    assert any(seen.index((one, "updated")) < seen.index((one, "created")) for one in events)
    assert len({str(item) for item in body["value"]}) < len(body["value"])


def test_the_same_seed_gives_the_same_disorder() -> None:
    """Chance is repeatable, so a failing story can be told again."""

    def story() -> list[str]:
        world = GraphWorld()
        world.graph.delivery = NotificationDelivery(copies=(1, 5), shuffle=True, duplicate=0.4, lose=0.2)
        with world.app:
            world.subscribe(world.ada)
            for _ in range(5):
                world.book(world.ada)
            return [item["resource"] for item in world.notified()]

    assert story() == story()


def test_notifications_can_be_late_or_lost(world: GraphWorld) -> None:
    """Delay follows the tenant's clock; what is lost never comes."""
    world.subscribe(world.ada)
    world.graph.delivery = NotificationDelivery(delay=timedelta(minutes=3))
    world.book(world.ada)
    assert world.notified() == []

    world.clock.advance(timedelta(minutes=3))
    world.graph.delivery = NotificationDelivery(lose=1.0)
    world.book(world.ada)
    assert len(world.notified()) == 1


def test_what_is_not_taken_comes_again_for_four_hours(world: GraphWorld) -> None:
    """Retries back off; after four hours the item is dropped, and `missed` is told."""
    world.subscribe(world.ada, lifecycleNotificationUrl="https://joinlink.example/lifecycle")
    world.book(world.ada)
    world.answers = [503] * 100
    tried = []
    for _ in range(5 * 60 * 6):
        tried += [world.clock.now] * world.graph.deliver()
        world.clock.advance(timedelta(seconds=10))
        if any("lifecycle" in url for url, _ in world.posts):
            break
    gaps = [later - earlier for earlier, later in pairwise(tried[:-1])]

    assert gaps[:3] == [timedelta(seconds=10), timedelta(seconds=20), timedelta(seconds=40)]
    assert max(gaps) == timedelta(minutes=10)
    assert timedelta(hours=3, minutes=45) < tried[-2] - tried[0] <= timedelta(hours=4)
    assert world.posts[-1][1]["value"][0]["lifecycleEvent"] == "missed"


def test_one_refused_post_replays_all_its_items(world: GraphWorld) -> None:
    """A POST is taken as a whole or not at all."""
    world.subscribe(world.ada)
    events = [world.book(world.ada)["id"] for _ in range(3)]
    world.answers = [500]
    world.notified()
    world.clock.advance(timedelta(seconds=10))

    assert [item["resourceData"]["id"] for item in world.notified()] == events
    assert world.graph.undelivered == 0


@pytest.mark.parametrize("kind", ["missed", "reauthorizationRequired", "subscriptionRemoved"])
def test_a_lifecycle_notification_carries_no_resource(world: GraphWorld, kind: str) -> None:
    """It goes to its own URL, with clientState and subscription alone."""
    url = "https://joinlink.example/lifecycle"
    subscription = world.subscribe(world.ada, lifecycleNotificationUrl=url).json()
    if kind == "subscriptionRemoved":
        world.graph.remove_subscription(subscription["id"])
    else:
        world.graph.send_lifecycle(subscription["id"], kind)  # type: ignore[arg-type]  # pytest gives str
    world.graph.deliver()
    ((posted_to, body),) = world.posts
    (item,) = body["value"]

    assert posted_to == url
    assert item["lifecycleEvent"] == kind
    assert item.keys().isdisjoint({"resource", "resourceData", "changeType"})
    gone = world.app.get(f"/subscriptions/{subscription['id']}").status_code == 404
    assert gone is (kind == "subscriptionRemoved")


@pytest.mark.parametrize(
    ("everywhere", "told"),
    [pytest.param(True, 1, id="as documented"), pytest.param(False, 0, id="as reported")],
)
def test_secondary_calendars_may_be_out_of_earshot(world: GraphWorld, *, everywhere: bool, told: int) -> None:
    """The documentation says all of a mailbox's events, developers say its default calendar's."""
    world.graph.delivery = NotificationDelivery(secondary_calendars=everywhere)
    project = world.graph.add_calendar(world.ada.id, "Project", "unknown", ())
    world.subscribe(world.ada)
    with world.client(world.graph.as_user(world.ada)) as client:
        times = {"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"}
        client.post(f"/users/{world.ada.id}/calendars/{project}/events", json={"start": times, "end": times})

    assert len(world.notified()) == told
