from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import NotificationDelivery
from tests.sandbox.graph.world import NOTIFY, GraphWorld

LIFECYCLE = "https://joinlink.example/lifecycle"


def kinds(items: list[dict[str, Any]]) -> list[str]:
    """Return the lifecycle event or change type of each notification."""
    return [item.get("lifecycleEvent") or item["changeType"] for item in items]


@pytest.mark.parametrize("notify", [True, False])
def test_graph_can_remove_a_subscription_with_or_without_notification(
    world: GraphWorld, *, notify: bool
) -> None:
    """It gets a 404 at once, and later changes are not reported."""
    made = world.subscribe(world.ada, lifecycleNotificationUrl=LIFECYCLE).json()["id"]
    world.graph.remove_subscription(made, notify=notify)
    world.book(world.ada)

    assert kinds(world.notified()) == (["subscriptionRemoved"] if notify else [])
    assert world.app.patch(f"/subscriptions/{made}", json={}).status_code == 404


def test_an_expired_subscription_sends_no_notifications(world: GraphWorld) -> None:
    """Not for later changes, and not those that were waiting."""
    world.subscribe(world.ada)
    world.answers = [503]
    world.book(world.ada)
    assert len(world.notified()) == 1
    world.clock.advance(timedelta(days=2))
    world.book(world.ada)

    assert world.notified() == []
    assert world.graph.undelivered == 0


def test_reauthorization_is_requested_repeatedly_before_a_token_expires(world: GraphWorld) -> None:
    """From 75 % of its lifetime, every 15 minutes, until the subscription is renewed or reauthorized."""
    world.graph.authorizations.expire_after(timedelta(hours=24))
    made = world.subscribe(world.ada, lifecycleNotificationUrl=LIFECYCLE).json()["id"]
    soon = (world.clock.now + timedelta(days=6)).isoformat()
    asked: list[timedelta] = []
    begin = world.clock.now
    while world.clock.now < begin + timedelta(hours=60):
        if kinds(world.notified()) == ["reauthorizationRequired"]:
            asked.append(world.clock.now - begin)
            if len(asked) == 3:
                world.app.patch(f"/subscriptions/{made}", json={"expirationDateTime": soon})
            if len(asked) == 4:
                world.app.post(f"/subscriptions/{made}/reauthorize")
        world.clock.advance(timedelta(minutes=5))

    assert [at / timedelta(hours=1) for at in asked[:4]] == [18, 18.25, 18.5, 36.5]
    assert asked[4] == timedelta(hours=54.5)


def test_notifications_wait_four_hours_after_a_token_expired(world: GraphWorld) -> None:
    """Reauthorization within that time loses nothing; later, Graph sends `missed`."""
    world.graph.authorizations.expire_after(timedelta(hours=1))
    made = world.subscribe(world.ada, lifecycleNotificationUrl=LIFECYCLE).json()["id"]
    world.clock.advance(timedelta(hours=2))
    world.book(world.ada)
    assert "created" not in kinds(world.notified())

    world.clock.advance(timedelta(hours=2))
    world.app.post(f"/subscriptions/{made}/reauthorize")
    assert kinds(world.notified()) == ["created"]

    world.clock.advance(timedelta(hours=2))
    world.book(world.ada)
    heard: list[str] = []
    for _ in range(30):
        heard += kinds(world.notified())
        world.clock.advance(timedelta(minutes=10))
    assert "created" not in heard
    assert "missed" in heard


def test_a_share_of_notifications_or_of_changes_can_be_lost(world: GraphWorld) -> None:
    """One in five: single notifications, or all those of a change."""
    world.subscribe(world.ada)

    def counts(delivery: NotificationDelivery) -> tuple[int, int]:
        world.graph.delivery = delivery
        for _ in range(200):
            world.book(world.ada)
        items = world.notified()
        return len(items), len({item["resource"] for item in items})

    some, known = counts(NotificationDelivery(copies=(3, 3), lose=0.2))
    assert 440 < some < 520
    assert known > 190

    some, known = counts(NotificationDelivery(copies=(3, 3), lose_changes=0.2))
    assert 140 < known < 180
    assert some == 3 * known


def test_all_kinds_can_share_one_post(world: GraphWorld) -> None:
    """If both URLs are equal, one POST has changes and lifecycle events of several mailboxes."""
    ada = world.subscribe(world.ada, lifecycleNotificationUrl=NOTIFY).json()["id"]
    bo = world.subscribe(world.bo, lifecycleNotificationUrl=NOTIFY).json()["id"]
    world.book(world.ada)
    world.graph.send_lifecycle(ada, "missed")
    world.graph.remove_subscription(bo)
    world.graph.deliver()
    ((_, body),) = world.posts

    assert kinds(body["value"]) == ["created", "missed", "subscriptionRemoved"]
