"""A person's own client: `/me` is the person whose delegated token is sent."""

from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.graph.world import GO_ONLINE, TOMORROW, GraphWorld

ONLINE = {"$select": "isOnlineMeeting,onlineMeetingProvider,onlineMeeting"}


@pytest.fixture
def ada(world: GraphWorld) -> Iterator[httpx.Client]:
    """Ada's own client."""
    with world.client(world.graph.as_user(world.ada)) as client:
        yield client


def test_me_is_the_person_of_the_token(world: GraphWorld, ada: httpx.Client) -> None:
    """Two people see two mailboxes at the same paths; case does not matter."""
    with world.client(world.graph.as_user(world.bo)) as bo:
        assert bo.get("/me").json()["mail"] == "bo@contoso.com"
        assert bo.get("/me/calendar").json()["owner"]["address"] == "bo@contoso.com"
    assert ada.get("/ME").json()["id"] == world.ada.id
    assert ada.get("/me/calendar").json() == ada.get(f"/users/{world.ada.id}/calendar").json()


def test_me_creates_reads_and_changes_events(world: GraphWorld, ada: httpx.Client) -> None:
    """The calls of Microsoft's page about online meetings in calendars."""
    created = ada.post("/me/events", json={"subject": "Review", **TOMORROW, **GO_ONLINE})
    path = f"/me/events/{created.json()['id']}"
    read = ada.get(path, params=ONLINE).json()
    changed = ada.patch(path, json={"subject": "Review 2"})

    assert created.status_code == 201
    assert {name for name in read if not name.startswith("@")} == {"id", *GO_ONLINE, "onlineMeeting"}
    assert read["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/")
    assert (changed.status_code, changed.json()["subject"]) == (200, "Review 2")
    assert world.read(world.ada, created.json()["id"])["subject"] == "Review 2"
    assert world.graph.calls[-1].path.startswith("/v1.0/users/")  # only the app's own calls are counted


def test_the_next_page_of_me_is_below_me(ada: httpx.Client) -> None:
    """Graph repeats the path that was called."""
    for _ in range(3):
        ada.post("/me/events", json=TOMORROW)
    window = {"startDateTime": "2026-11-24T00:00:00Z", "endDateTime": "2026-11-25T00:00:00Z", "$top": "2"}
    first = ada.get("/me/calendarView", params=window).json()
    second = ada.get(first["@odata.nextLink"]).json()

    assert "/v1.0/me/calendarView?" in first["@odata.nextLink"]
    assert (len(first["value"]), len(second["value"])) == (2, 1)


def test_me_needs_a_person(world: GraphWorld) -> None:
    """An app has no mailbox of its own; without a valid token Graph says only that."""
    with world.client({}) as nobody:
        assert world.refused(nobody.get("/me")) == (401, "InvalidAuthenticationToken")
    assert world.refused(world.app.get("/me/calendar")) == (400, "BadRequest")


def test_a_person_can_not_open_another_mailbox(world: GraphWorld, ada: httpx.Client) -> None:
    """The stand-in has no shared calendars for people."""
    assert world.refused(ada.get(f"/users/{world.bo.id}/events")) == (403, "ErrorAccessDenied")


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        pytest.param(["Calendars.Read"], "GET", "/me/events", 200, id="reading"),
        pytest.param(["Calendars.Read"], "POST", "/me/events", 403, id="writing needs ReadWrite"),
        pytest.param(["Calendars.ReadWrite"], "POST", "/me/events", 201, id="writing"),
        pytest.param(["User.Read"], "GET", "/me/events", 403, id="no calendar permission"),
        pytest.param(["User.Read"], "GET", "/me", 200, id="oneself"),
        pytest.param(["Calendars.Read"], "GET", "/me", 403, id="oneself needs User.Read"),
    ],
)
def test_a_delegated_token_has_its_scopes(
    world: GraphWorld, scopes: list[str], method: str, path: str, status: int
) -> None:
    """A revoked permission of the app does not matter for a person."""
    world.graph.revoke_permission("Calendars.ReadWrite")
    with world.client(world.graph.as_user(world.ada, scopes)) as client:
        assert client.request(method, path, json=TOMORROW).status_code == status
