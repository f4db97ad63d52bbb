from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.graph import BAD_HABITS, NotificationDelivery
from sandbox.graph.notification_delivery import NotificationFate
from tests.sandbox.graph.world import GO_ONLINE, NOTIFY, TENANT, GraphWorld


def test_a_notification_has_the_event_and_the_client_state(world: GraphWorld) -> None:
    """The JSON of a basic notification for an event."""
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


def test_the_id_type_is_set_by_the_create_call(world: GraphWorld) -> None:
    """Notifications have immutable ids only if the subscription was created with that preference."""
    world.subscribe(world.ada, prefer='IdType="ImmutableId"')
    booked = world.book(world.ada)
    immutable = world.read(world.ada, booked["id"], Prefer='IdType="ImmutableId"')["id"]

    assert [item["resourceData"]["id"] for item in world.notified()] == [immutable]


def test_a_patch_of_the_app_is_notified_in_every_mailbox(world: GraphWorld) -> None:
    """Once for the organizer's copy and once for the attendee's."""
    booked = world.book(world.ada, "bo@contoso.com")
    copy = world.copy_of(world.bo, booked)
    world.subscribe(world.ada)
    world.subscribe(world.bo)
    world.patch(world.ada, booked["id"], GO_ONLINE)

    notified = {(item["changeType"], item["resourceData"]["id"]) for item in world.notified()}
    assert notified == {("updated", booked["id"]), ("updated", copy["id"])}


def test_a_deletion_is_sent_only_to_subscriptions_to_deletions(world: GraphWorld) -> None:
    """The change type must contain `deleted`."""
    world.subscribe(world.ada)
    watcher = world.subscribe(world.ada, changeType="deleted").json()["id"]
    booked = world.book(world.ada)
    world.notified()
    world.graph.people.delete(world.ada.id, booked["id"])

    assert [(item["changeType"], item["subscriptionId"]) for item in world.notified()] == [
        ("deleted", watcher)
    ]


def test_one_change_can_have_many_notifications_in_random_order(world: GraphWorld) -> None:
    """Three or four for each change, with exact duplicates, in one POST, `updated` before `created`."""
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


def test_the_same_seed_gives_the_same_order() -> None:
    """So a failing test can be repeated."""

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
    """The delay uses the tenant's clock; lost notifications never arrive."""
    world.subscribe(world.ada)
    world.graph.delivery = NotificationDelivery(delay=timedelta(minutes=3))
    world.book(world.ada)
    assert world.notified() == []

    world.clock.advance(timedelta(minutes=3))
    world.graph.delivery = NotificationDelivery(lose=1.0)
    world.book(world.ada)
    assert len(world.notified()) == 1

    world.graph.delivery = NotificationDelivery(late=1.0, late_by=timedelta(minutes=12), duplicate=1.0)
    world.book(world.ada)
    assert (world.graph.deliver(), world.graph.notifications[NotificationFate.DOUBLED]) == (0, 1)
    world.clock.advance(timedelta(minutes=12))
    assert (world.graph.deliver(), world.graph.notifications[NotificationFate.SENT]) == (1, 3)


def test_a_refused_notification_is_retried_for_four_hours(world: GraphWorld) -> None:
    """With backoff; after four hours it is dropped, and Graph sends `missed`."""
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


def test_a_refused_post_is_retried_with_all_its_items(world: GraphWorld) -> None:
    """An answer is for all items of a POST."""
    world.subscribe(world.ada)
    events = [world.book(world.ada)["id"] for _ in range(3)]
    world.answers = [500]
    world.notified()
    world.clock.advance(timedelta(seconds=10))

    assert [item["resourceData"]["id"] for item in world.notified()] == events
    assert world.graph.undelivered == 0


@pytest.mark.parametrize("kind", ["missed", "reauthorizationRequired", "subscriptionRemoved"])
def test_a_lifecycle_notification_has_no_resource(world: GraphWorld, kind: Any) -> None:
    """It goes to the lifecycle URL, with clientState and subscription."""
    url = "https://joinlink.example/lifecycle"
    subscription = world.subscribe(world.ada, lifecycleNotificationUrl=url).json()
    if kind == "subscriptionRemoved":
        world.graph.remove_subscription(subscription["id"])
    else:
        world.graph.send_lifecycle(subscription["id"], kind)
    world.graph.deliver()
    ((posted_to, body),) = world.posts
    (item,) = body["value"]

    assert posted_to == url
    assert item["lifecycleEvent"] == kind
    assert item.keys().isdisjoint({"resource", "resourceData", "changeType"})
    gone = world.app.get(f"/subscriptions/{subscription['id']}").status_code == 404
    assert gone is (kind == "subscriptionRemoved")
