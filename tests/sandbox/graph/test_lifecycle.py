from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import NotificationDelivery
from tests.sandbox.graph.world import NOTIFY, World

LIFECYCLE = "https://joinlink.example/lifecycle"


def kinds(items: list[dict[str, Any]]) -> list[str]:
    """Return what kind each notification is of, lifecycle or change."""
    return [item.get("lifecycleEvent") or item["changeType"] for item in items]


@pytest.mark.parametrize("tell", [True, False])
def test_graph_may_remove_a_subscription_and_not_say_so(world: World, *, tell: bool) -> None:
    """It is 404 at once, and nothing is told of later changes."""
    made = world.subscribe(world.ada, lifecycleNotificationUrl=LIFECYCLE).json()["id"]
    world.graph.remove_subscription(made, notify=tell)
    world.book(world.ada)

    assert kinds(world.notified()) == (["subscriptionRemoved"] if tell else [])
    assert world.app.patch(f"/subscriptions/{made}", json={}).status_code == 404


def test_an_expired_subscription_tells_nothing_any_more(world: World) -> None:
    """Neither of later changes, nor of those that waited."""
    world.subscribe(world.ada)
    world.answers = [503]
    world.book(world.ada)
    assert len(world.notified()) == 1
    world.clock.advance(timedelta(days=2))
    world.book(world.ada)

    assert world.notified() == []
    assert world.graph.undelivered == 0


def test_a_proof_is_asked_for_before_a_token_wears_out_and_again_until_it_comes(world: World) -> None:
    """From three quarters of its life on, every 15 minutes; renewing is proof, and so is reauthorizing."""
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


def test_behind_a_worn_out_token_notifications_wait_for_four_hours(world: World) -> None:
    """A proof in time loses nothing; later, `missed` is told."""
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


def test_lost_notifications_are_a_share_of_all_or_of_the_changes(world: World) -> None:
    """One in five is lost: each by itself, so that others tell of the change; or all that tell of a change."""
    world.subscribe(world.ada)

    def told(delivery: NotificationDelivery) -> tuple[int, int]:
        world.graph.delivery = delivery
        for _ in range(200):
            world.book(world.ada)
        items = world.notified()
        return len(items), len({item["resource"] for item in items})

    some, known = told(NotificationDelivery(copies=(3, 3), lose=0.2))
    assert 440 < some < 520
    assert known > 190

    some, known = told(NotificationDelivery(copies=(3, 3), lose_changes=0.2))
    assert 140 < known < 180
    assert some == 3 * known


def test_all_kinds_come_in_one_post(world: World) -> None:
    """Where both URLs are the same, changes and lifecycle events of many mailboxes share it."""
    ada = world.subscribe(world.ada, lifecycleNotificationUrl=NOTIFY).json()["id"]
    bo = world.subscribe(world.bo, lifecycleNotificationUrl=NOTIFY).json()["id"]
    world.book(world.ada)
    world.graph.send_lifecycle(ada, "missed")
    world.graph.remove_subscription(bo)
    world.graph.deliver()
    ((_, body),) = world.posts

    assert kinds(body["value"]) == ["created", "missed", "subscriptionRemoved"]
