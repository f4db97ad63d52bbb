import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.graph import Drop, Fault
from tests.sandbox.graph.world import GO_ONLINE, NOTIFY, WEEKLY, GraphWorld

CHECK = Path(__file__).parents[4] / "shared" / "contract" / "check_har.py"
WINDOW = {"startDateTime": "2026-11-20", "endDateTime": "2026-12-31"}


def play(world: GraphWorld) -> None:
    """Make calls of all kinds."""
    app, ada = world.app, world.ada
    subscription = world.subscribe(ada, lifecycleNotificationUrl=NOTIFY).json()
    app.patch(f"/subscriptions/{subscription['id']}", json={"notificationUrl": NOTIFY})
    world.subscribe(ada)
    place = {"displayName": "Room 1"}
    booked = world.book(ada, "bo@contoso.com", "boardroom@contoso.com", location=place, recurrence=WEEKLY)
    world.graph.people.change_occurrence(ada.id, booked["id"], 1, subject="Special")
    world.patch(ada, booked["id"], GO_ONLINE)
    app.get(f"/users/{ada.id}/events/nonsense")
    for path in ("/users", f"/users/{ada.id}", "/organization", "/subscriptions"):
        app.get(path)
    for path in ("events", "calendar", "calendars", "mailboxSettings"):
        app.get(f"/users/{ada.id}/{path}")
    app.get(f"/users/{ada.id}/calendarView", params=WINDOW)
    app.get(f"/users/{ada.id}/events/{booked['id']}/instances", params=WINDOW)
    app.get(f"/users/{ada.id}/events/{booked['id']}/calendar")
    inner = world.graph.add_group("Inner", [ada, world.graph.add_guest("Dee", "dee@fabrikam.com")])
    group = world.graph.add_group("Sales", [inner])
    app.get(f"/groups/{group}")
    app.get(f"/groups/{group}/transitiveMembers")
    members = f"/groups/{group}/transitiveMembers/microsoft.graph.user"
    app.get(members)
    everybody = {"$count": "true", "$select": "id,mail,userPrincipalName,proxyAddresses"}
    app.get(members, params=everybody, headers={"ConsistencyLevel": "eventual"})
    world.graph.faults.add(Fault(status=503))
    app.get("/users")
    world.graph.send_lifecycle(subscription["id"], "reauthorizationRequired")
    world.graph.handshakes.cold_starts = 1
    world.subscribe(world.bo)
    bo = world.subscribe(world.bo, lifecycleNotificationUrl=NOTIFY).json()
    app.post(f"/subscriptions/{bo['id']}/reauthorize")
    world.graph.revoke_permission("Calendars.Read")
    app.get("/subscriptions")
    world.graph.restore_permission("Calendars.Read")
    world.graph.remove_subscription(bo["id"])
    world.graph.people.cancel(ada.id, booked["id"])
    app.delete(f"/users/{ada.id}/events/{booked['id']}")
    world.graph.deliver()


@pytest.mark.skipif(not CHECK.exists(), reason="the check of Graph's types is not beside the repository")
def test_every_body_matches_graphs_metadata(world: GraphWorld, tmp_path: Path) -> None:
    """Every property, type and enumeration value is in the published metadata."""
    play(world)
    world.graph.write_har(tmp_path / "traffic.har")
    checked = subprocess.run(  # noqa: S603 -- our own file, checked by a script beside the repository
        [sys.executable, CHECK, tmp_path / "traffic.har"], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.endswith(" 0 problems\n")


def test_no_secret_is_recorded(world: GraphWorld) -> None:
    """No tokens, keys or clientStates anywhere in an exchange; the JSON stays valid."""
    play(world)
    har = world.graph.har()
    text = json.dumps(har)

    assert "our-secret" not in text
    assert "function-key" not in text
    assert world.app.headers["Authorization"] not in text
    assert "/msi/" not in text
    posted = [
        entry["request"]["postData"]["text"]
        for entry in har["log"]["entries"]
        if "postData" in entry["request"]
    ]
    assert all(json.loads(body) for body in posted)
    assert any('"clientState": "***"' in body for body in posted)


def test_the_record_says_who_sent_a_request(world: GraphWorld) -> None:
    """The app, people's own clients and Graph itself."""
    world.subscribe(world.ada)
    world.book(world.ada)
    world.graph.deliver()

    assert [entry["_by"] for entry in world.graph.har()["log"]["entries"]] == [
        "graph",
        "app",
        "user",
        "graph",
    ]


def test_a_har_omits_unanswered_calls_and_marks_lost_answers(world: GraphWorld) -> None:
    """`calls` has all calls."""
    for drop in (Drop.BEFORE, Drop.AFTER):
        world.graph.faults.add(Fault(drop=drop))
        with pytest.raises(Exception, match="disconnected"):
            world.app.get("/users")
    (entry,) = world.graph.har()["log"]["entries"]

    assert [call.status for call in world.graph.calls] == [0, 200]
    assert "closed before" in entry["comment"]


def test_calls_are_counted_even_if_none_is_recorded() -> None:
    """With any answer; people's own clients are not counted."""
    world = GraphWorld(record=False)
    with world.app as app:
        world.graph.faults.add(Fault(status=503))
        for _ in range(2):
            app.get(f"/Users/{world.ada.id}/Events")
        app.get("/nonsense")
        world.subscribe(world.ada)
        world.book(world.ada)
        world.notified()

    assert world.graph.counted == {
        ("GET", "/users/<user>/events"): 2,
        ("GET", "unknown"): 1,
        ("POST", "/subscriptions"): 1,
    }
    assert (world.graph.calls, world.graph.posts) == ([], [])
