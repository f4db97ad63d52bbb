from datetime import UTC, datetime, timedelta

from sandbox.graph.limits import ThrottlingWindow
from tests.sandbox.graph.world import GraphWorld


def test_a_window_says_when_a_call_is_allowed_again() -> None:
    """Expensive calls wait longer; refused calls count too."""
    window, now = ThrottlingWindow(10, timedelta(seconds=10)), datetime(2026, 11, 23, tzinfo=UTC)
    waits = [window.wait(now + timedelta(seconds=second), weight=4) for second in range(4)]

    assert waits == [0, 0, 9, 9]
    assert window.wait(now + timedelta(seconds=12), weight=4) == 0
    assert window.peak == 16


def test_directory_calls_cost_units(world: GraphWorld) -> None:
    """The cost depends on the path and the query."""
    window = world.graph.limits.windows["directory units"]
    group = world.graph.add_group("Sales", [world.ada])
    seen = []
    for path, query in (
        ("/users", {}),
        ("/users", {"$select": "id", "$top": "999"}),
        (f"/users/{world.ada.id}", {"$select": "id"}),
        (f"/groups/{group}/transitiveMembers", {"$select": "id", "$top": "5"}),
    ):
        before = window.peak
        world.app.get(path, params=query)
        seen.append(window.peak - before)
    world.app.get(f"/users/{world.ada.id}/events")

    assert seen == [2, 1, 1, 3]
    assert window.peak == 7
    assert world.graph.limits.mailbox_peak == 1


def test_a_mailbox_allows_ten_thousand_calls_in_ten_minutes(world: GraphWorld) -> None:
    """One more is throttled until the ten minutes end; other mailboxes are not affected."""
    path = f"/users/{world.ada.id}/events"
    for _ in range(9_999):
        world.graph.limits.check("GET", f"/v1.0{path}", {}, world.ada.id)
    served, throttled = world.app.get(path), world.app.get(path)
    other = world.app.get(f"/users/{world.bo.id}/events")
    world.clock.advance(timedelta(seconds=int(throttled.headers["Retry-After"])))

    assert (served.status_code, other.status_code) == (200, 200)
    assert world.refused(throttled) == (429, "TooManyRequests")
    assert world.app.get(path).status_code == 200
