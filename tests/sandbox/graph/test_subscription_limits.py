from datetime import timedelta

import pytest

from sandbox.graph import SubscriptionHabits
from tests.sandbox.graph.world import GraphWorld


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        pytest.param("DELETE", "/subscriptions/none", 500, id="writes"),
        pytest.param("GET", "/subscriptions/none", 500, id="reads"),
        pytest.param("GET", "/subscriptions", 25, id="lists"),
        pytest.param("POST", "/subscriptions/none/reauthorize", 1_000, id="reauthorizations"),
    ],
)
def test_calls_over_the_limit_of_20_seconds_are_throttled(
    world: GraphWorld, method: str, path: str, most: int
) -> None:
    """Retry-After says when a call is allowed again; other calls are not affected."""
    answers = [world.app.request(method, path).status_code for _ in range(most)]
    world.clock.advance(timedelta(seconds=5))
    throttled = world.app.request(method, path)
    world.clock.advance(timedelta(seconds=int(throttled.headers["Retry-After"])))

    assert 429 not in answers
    assert world.refused(throttled) == (429, "TooManyRequests")
    assert throttled.headers["Retry-After"] == "15"
    assert world.app.request(method, path).status_code != 429
    assert max(window.peak for window in world.graph.limits.windows.values()) == most + 1


def test_all_writes_share_one_limit_and_refused_ones_count(world: GraphWorld) -> None:
    """Retries without a pause never succeed."""
    for _ in range(250):
        world.app.delete("/subscriptions/none")
        world.app.patch("/subscriptions/none", json={})
    knocks = []
    for _ in range(900):
        knocks.append(world.subscribe(world.ada).status_code)
        world.clock.advance(timedelta(seconds=1) / 30)

    assert set(knocks) == {429}
    assert world.app.get("/users").status_code == 200


def test_a_mailbox_has_at_most_1000_subscriptions_of_all_apps(world: GraphWorld) -> None:
    """One more gets a 403, and the message has the limit."""
    world.graph.subscriptions.others[world.ada.id] = 999
    assert world.subscribe(world.ada).status_code == 201
    full = world.subscribe(world.ada, changeType="deleted")

    assert world.refused(full) == (403, "ExtensionError")
    assert "1000" in full.json()["error"]["message"]
    assert world.subscribe(world.bo).status_code == 201


def test_a_list_has_pages(world: GraphWorld) -> None:
    """100 a page; if one ends between two pages, no other is missed or repeated."""
    crowd = [world.graph.add_user(f"U {n}", f"u{n}@contoso.com") for n in range(150)]
    made = [world.subscribe(user).json()["id"] for user in crowd]
    first = world.app.get("/subscriptions").json()
    world.graph.remove_subscription(made[0], notify=False)
    second = world.app.get(first["@odata.nextLink"]).json()

    assert [one["id"] for one in first["value"] + second["value"]] == made
    assert "@odata.nextLink" not in second


def test_the_list_can_be_outdated(world: GraphWorld) -> None:
    """For a while it omits new subscriptions and shows ended ones; a read by id is always current."""
    world.graph.subscriptions.habits = SubscriptionHabits(
        unlisted_for=timedelta(minutes=5), listed_after_end=timedelta(minutes=30)
    )

    def listed() -> list[str]:
        return [one["id"] for one in world.app.get("/subscriptions").json()["value"]]

    soon = (world.clock.now + timedelta(hours=1)).isoformat()
    ada = world.subscribe(world.ada, expirationDateTime=soon).json()["id"]
    bo = world.subscribe(world.bo).json()["id"]
    assert listed() == []
    world.clock.advance(timedelta(minutes=50))
    world.app.delete(f"/subscriptions/{bo}")
    assert listed() == [ada, bo]

    world.clock.advance(timedelta(minutes=20))
    assert listed() == [ada, bo]
    assert world.app.get(f"/subscriptions/{ada}").status_code == 404
    assert world.app.get(f"/subscriptions/{bo}").status_code == 404
    world.clock.advance(timedelta(minutes=20))
    assert listed() == []


def test_duplicate_subscriptions_can_be_allowed(world: GraphWorld) -> None:
    """Then each of them sends a notification of every change."""
    world.graph.subscriptions.habits = SubscriptionHabits(duplicates=True)
    made = {world.subscribe(world.ada).json()["id"] for _ in range(2)}
    world.book(world.ada)

    assert len(made) == 2
    assert {item["subscriptionId"] for item in world.notified()} == made


def test_validation_of_a_cold_endpoint_times_out(world: GraphWorld) -> None:
    """The create call gets a 400 without a hint to retry; later it succeeds."""
    world.graph.handshakes.cold_starts = 2
    cold = [world.subscribe(world.ada) for _ in range(2)]
    made = world.subscribe(world.ada).json()["id"]
    world.graph.handshakes.cold_starts = 1
    moved = world.app.patch(f"/subscriptions/{made}", json={"notificationUrl": "https://new.example/"})

    for refused in [*cold, moved]:
        assert world.refused(refused) == (400, "InvalidRequest")
        assert refused.json()["error"]["message"] == "Subscription validation request timed out."
    assert world.app.get(f"/subscriptions/{made}").json()["notificationUrl"] != "https://new.example/"
