from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import Reply, StandIn
from sandbox.graph.webhook_client import post_over_http
from tests.sandbox.graph.world import NOTIFY, TENANT, Clock, GraphWorld


def test_both_urls_are_validated_before_a_subscription_is_created(world: GraphWorld) -> None:
    """The token is an additional query parameter, encoded; the key in the URL stays."""
    answer = world.subscribe(world.ada, lifecycleNotificationUrl=NOTIFY)

    assert answer.status_code == 201
    assert len(world.handshakes) == 2
    assert world.handshakes[0].startswith(f"{NOTIFY}&validationToken=Validation%3A%20Testing%20")


def test_a_subscription_is_returned_without_its_client_state(world: GraphWorld) -> None:
    """After a create call, a read and a list."""
    made = world.subscribe(world.ada).json()
    read = world.app.get(f"/subscriptions/{made['id']}").json()
    (listed,) = world.app.get("/subscriptions").json()["value"]

    assert made["clientState"] is None
    assert made["notificationUrl"] == NOTIFY
    assert made | {"@odata.context": ""} == read | {"@odata.context": ""}
    assert listed == {name: value for name, value in made.items() if name != "@odata.context"}


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(202, "text/plain", b"{token}"), id="not 200"),
        pytest.param(Reply(200, "application/json", b"{token}"), id="not plain text"),
        pytest.param(Reply(200, "text/plain", b"something"), id="another token"),
        pytest.param(ConnectionError(), id="no answer"),
    ],
)
def test_a_url_that_fails_validation_gets_no_subscription(world: GraphWorld, reply: Reply | OSError) -> None:
    """The create call gets a 400, and there is no subscription."""

    def answer(_token: str) -> Reply:
        if isinstance(reply, OSError):
            raise reply
        return reply

    world.handshake = answer
    refused = world.subscribe(world.ada)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ValidationError")
    assert world.app.get("/subscriptions").json()["value"] == []


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        pytest.param(timedelta(minutes=10), timedelta(minutes=45), id="raised to the minimum"),
        pytest.param(timedelta(minutes=10_080), timedelta(minutes=10_080), id="the maximum"),
        pytest.param(timedelta(minutes=10_081), None, id="more than the maximum"),
        pytest.param(timedelta(minutes=-1), None, id="past"),
    ],
)
def test_a_subscription_lives_between_45_minutes_and_seven_days(
    world: GraphWorld, asked: timedelta, granted: timedelta | None
) -> None:
    """A shorter time is raised, a longer one is refused."""
    answer = world.subscribe(world.ada, expirationDateTime=(world.clock.now + asked).isoformat())

    assert answer.status_code == (201 if granted else 400)
    if granted:
        ends = world.clock.now + granted
        assert answer.json()["expirationDateTime"] == f"{ends:%Y-%m-%dT%H:%M:%S}.0000000Z"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        pytest.param({"clientState": "x" * 129}, 400, id="clientState too long"),
        pytest.param({"changeType": "renamed"}, 400, id="unknown change type"),
        pytest.param({"resource": "users/x/events/y"}, 400, id="a single event"),
        pytest.param({"resource": "users/nobody@contoso.com/events"}, 404, id="no such mailbox"),
        pytest.param({"notificationUrl": "http://joinlink.example/"}, 400, id="not https"),
        pytest.param({"includeRichData": True}, 400, id="unknown property"),
    ],
)
def test_what_graph_would_refuse_is_refused(world: GraphWorld, wrong: dict[str, Any], status: int) -> None:
    """The URL is validated only after everything else."""
    assert world.subscribe(world.ada, **wrong).status_code == status
    assert world.handshakes == []


def test_a_second_subscription_to_the_same_resource_is_a_conflict(world: GraphWorld) -> None:
    """The same resource and change types in another spelling too; the error has the id of the first."""
    made = world.subscribe(world.ada).json()
    same = world.subscribe(world.ada, changeType="updated,created", resource=f"/Users/{world.ada.id}/Events")

    assert same.status_code == 409
    assert made["id"] in same.json()["error"]["message"]
    assert world.subscribe(world.ada, changeType="created,updated,deleted").status_code == 201


def test_a_subscription_expires_unless_it_is_renewed(world: GraphWorld) -> None:
    """All calls to an expired one get a 404, and it can be created again."""
    renewed, forgotten = world.subscribe(world.ada).json()["id"], world.subscribe(world.bo).json()["id"]
    later = {"expirationDateTime": (world.clock.now + timedelta(days=3)).isoformat()}
    assert world.app.patch(f"/subscriptions/{renewed}", json=later).status_code == 200

    world.clock.advance(timedelta(days=2))
    assert world.app.get(f"/subscriptions/{renewed}").status_code == 200
    assert world.app.patch(f"/subscriptions/{forgotten}", json=later).status_code == 404
    assert world.app.delete(f"/subscriptions/{forgotten}").status_code == 404
    assert world.subscribe(world.bo).status_code == 201


def test_reauthorizing_does_not_change_the_expiry(world: GraphWorld) -> None:
    """The answer is a 204."""
    made = world.subscribe(world.ada).json()

    assert world.app.post(f"/subscriptions/{made['id']}/reauthorize").status_code == 204
    read = world.app.get(f"/subscriptions/{made['id']}").json()
    assert read["expirationDateTime"] == made["expirationDateTime"]


def test_only_expiry_and_url_can_be_changed(world: GraphWorld) -> None:
    """A new URL is validated first; other changes are refused."""
    path = f"/subscriptions/{world.subscribe(world.ada).json()['id']}"
    world.handshakes.clear()

    assert world.app.patch(path, json={"clientState": "other"}).status_code == 400
    assert world.app.patch(path, json={}).status_code == 400
    elsewhere = world.app.patch(path, json={"notificationUrl": "https://elsewhere.example/"})
    assert elsewhere.json()["notificationUrl"] == "https://elsewhere.example/"
    assert world.handshakes[0].startswith("https://elsewhere.example/?validationToken=")


def test_a_deleted_subscription_sends_no_notifications(world: GraphWorld) -> None:
    """The answer is a 204."""
    made = world.subscribe(world.ada).json()

    assert world.app.delete(f"/subscriptions/{made['id']}").status_code == 204
    world.book(world.ada)
    assert world.notified() == []


def test_by_default_the_stand_in_posts_over_http() -> None:
    """Nothing must be passed for that."""
    graph = StandIn(now=Clock(), tenant_id=TENANT)

    assert graph._post is post_over_http
