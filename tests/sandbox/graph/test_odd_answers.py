from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.graph import Drop, Fault
from sandbox.serve import serve
from tests.sandbox.graph.world import GO_ONLINE, GraphWorld


def without_etag(answer: dict[str, Any]) -> None:
    del answer["@odata.etag"]


def empty_etag(answer: dict[str, Any]) -> None:
    answer["@odata.etag"] = ""


@pytest.mark.parametrize(
    ("fault", "effects"),
    [
        pytest.param(Fault(status=503, retry_after=5, is_done=True), [True], id="refused, but with effect"),
        pytest.param(Fault(status=401, is_done=True), [True], id="a proxy's refusal after the effect"),
        pytest.param(Fault(drop=Drop.AFTER), [True], id="the answer is lost"),
        pytest.param(Fault(drop=Drop.DURING), [True], id="the answer breaks off"),
        pytest.param(Fault(status=503), [False], id="refused"),
        pytest.param(Fault(drop=Drop.BEFORE), [False], id="never arrived"),
        pytest.param(Fault(is_ignored=True), [False], id="answered 200, without effect"),
    ],
)
def test_the_record_has_effects_independent_of_answers(
    world: GraphWorld, fault: Fault, effects: list[bool]
) -> None:
    """`took_effect` is about Graph's state, not about the answer."""
    booked = world.book(world.ada)
    world.graph.faults.add(fault)
    try:
        world.patch(world.ada, booked["id"], GO_ONLINE)
    except httpx.TransportError:
        assert fault.drop

    assert [call.took_effect for call in world.graph.calls] == effects
    assert world.read(world.ada, booked["id"])["isOnlineMeeting"] is effects[0]


def test_reads_and_refused_writes_have_no_effect(world: GraphWorld) -> None:
    """Neither a GET nor a write that Graph refuses; a created subscription has an effect."""
    booked = world.book(world.ada)
    world.read(world.ada, booked["id"])
    world.patch(world.ada, booked["id"], GO_ONLINE, **{"If-Match": 'W/"old"'})
    world.subscribe(world.ada)

    assert [call.took_effect for call in world.graph.calls] == [False, False, True]


def test_an_ignored_write_changes_nothing(world: GraphWorld) -> None:
    """The answer is 200 with the unchanged event, and `edit` can change it."""
    booked = world.book(world.ada)
    lie = Fault(method="PATCH", is_ignored=True, edit=lambda event: event.update(isOnlineMeeting=True))
    world.graph.faults.add(lie)
    answer = world.patch(world.ada, booked["id"], GO_ONLINE)

    assert (answer.status_code, answer.json()["isOnlineMeeting"]) == (200, True)
    assert world.read(world.ada, booked["id"])["isOnlineMeeting"] is False
    assert world.read(world.ada, booked["id"])["changeKey"] == booked["changeKey"]


@pytest.mark.parametrize(
    ("edit", "etag"),
    [
        pytest.param(without_etag, None, id="missing"),
        pytest.param(empty_etag, "", id="empty"),
        pytest.param(lambda answer: answer.update({"@odata.etag": "*"}), "*", id="a star"),
        pytest.param(lambda answer: answer.update({"@odata.etag": None}), None, id="null"),
    ],
)
def test_an_answer_can_have_a_wrong_etag(
    world: GraphWorld, edit: Callable[[dict[str, Any]], None], etag: str | None
) -> None:
    """The write takes effect; only the answer is wrong."""
    booked = world.book(world.ada)
    world.graph.faults.add(Fault(method="PATCH", edit=edit))
    answer = world.patch(world.ada, booked["id"], GO_ONLINE)

    assert answer.json().get("@odata.etag") == etag
    assert world.read(world.ada, booked["id"])["isOnlineMeeting"] is True


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "body"),
    [
        pytest.param(
            Fault(truncate=20), 200, "application/json", b'{"@odata.context":"h', id="truncated JSON"
        ),
        pytest.param(
            Fault(body=b"<html>", content_type="text/html"), 200, "text/html", b"<html>", id="a page"
        ),
        pytest.param(Fault(status=400, body=b""), 400, "application/json", b"", id="400 with nothing"),
        pytest.param(
            Fault(status=302, body=b"", headers={"Location": "https://login.example"}),
            302,
            "application/json",
            b"",
            id="sent elsewhere",
        ),
        pytest.param(
            Fault(status=421, body=b"misdirected", content_type="text/plain"),
            421,
            "text/plain",
            b"misdirected",
            id="421",
        ),
        pytest.param(
            Fault(status=423, code="locked", body=b"\xff\xfe"),
            423,
            "application/json",
            b"\xff\xfe",
            id="423 with odd bytes",
        ),
    ],
)
def test_an_answer_can_be_replaced(
    world: GraphWorld, fault: Fault, status: int, content_type: str, body: bytes
) -> None:
    """Status, type and bytes are those of the fault; the Content-Length matches."""
    world.graph.faults.add(fault)
    answer = world.app.get("/users")

    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers["Content-Type"].startswith(content_type)
    assert answer.headers["Content-Length"] == str(len(body))


def test_headers_can_be_set_and_removed(world: GraphWorld) -> None:
    """An answer without a Date, and with a very large Retry-After."""
    world.graph.faults.add(Fault(headers={"Date": None, "Retry-After": "9" * 5000}))
    headers = world.app.get("/users").headers

    assert "Date" not in headers
    assert headers["Retry-After"] == "9" * 5000


def test_a_body_can_be_sent_slowly(world: GraphWorld) -> None:
    """With a delay for each byte; the answer is complete."""
    world.graph.faults.add(Fault(body=b"[1,2]", drip=timedelta(seconds=1)))

    assert world.app.get("/users").json() == [1, 2]
    assert world.slept == [1.0] * 5


def test_an_answer_can_break_off_over_the_network(world: GraphWorld) -> None:
    """The headers and half of the body arrive, then the connection is closed."""
    world.graph.faults.add(Fault(drop=Drop.DURING))
    with (
        serve(world.graph) as base,
        httpx.Client(headers=dict(world.app.headers)) as app,
        app.stream("GET", f"{base}/v1.0/users") as answer,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        answer.read()

    assert answer.status_code == 200
    assert world.graph.calls[-1].lost


def test_a_fault_can_affect_only_one_page(world: GraphWorld) -> None:
    """By the page's URL, or by the number of calls before it."""
    for _ in range(3):
        world.book(world.ada)
    path = f"/users/{world.ada.id}/events"
    world.graph.faults.add(Fault(query=r"\$skip=1$", status=404))
    pages = [world.app.get(path, params={"$top": 1, "$skip": skip}).status_code for skip in (0, 1, 2)]
    world.graph.faults.add(Fault(path="/events", passes=2, status=401))
    later = [world.app.get(path).status_code for _ in range(4)]

    assert pages == [200, 404, 200]
    assert later == [200, 200, 401, 200]


def test_if_match_can_be_ignored(world: GraphWorld) -> None:
    """A write with an old version then succeeds."""
    booked = world.book(world.ada)
    world.graph.people.edit(world.ada.id, booked["id"], subject="Moved")
    stale = {"If-Match": booked["@odata.etag"]}
    world.graph.honors_if_match = False
    ignored = world.patch(world.ada, booked["id"], GO_ONLINE, **stale).status_code
    world.graph.honors_if_match = True
    honored = world.patch(world.ada, booked["id"], GO_ONLINE, **stale).status_code

    assert (ignored, honored) == (200, 412)


def test_a_version_can_change_without_an_edit(world: GraphWorld) -> None:
    """Change key and modification time change, and there is no mail."""
    booked = world.book(world.ada, "bo@contoso.com")
    world.subscribe(world.ada)
    world.clock.advance(timedelta(hours=1))
    world.graph.people.drift(world.ada.id, booked["id"])
    world.graph.people.drift(world.ada.id, booked["id"], notify=False)
    after = world.read(world.ada, booked["id"])
    changed = {name for name in after if after[name] != booked[name] and name != "@odata.context"}

    assert changed == {"@odata.etag", "changeKey", "lastModifiedDateTime"}
    assert [item["changeType"] for item in world.notified()] == ["updated"]
    assert world.graph.mails == []


def test_the_app_may_read_an_event_as_it_was_before_a_write(world: GraphWorld) -> None:
    """For some time; If-Match and people's own clients use the new version at once."""
    world.graph.stale_for = timedelta(seconds=30)
    booked = world.book(world.ada)
    written = world.patch(world.ada, booked["id"], GO_ONLINE).json()
    world.clock.advance(timedelta(seconds=29))
    stale = world.read(world.ada, booked["id"])
    refused = world.patch(world.ada, booked["id"], GO_ONLINE, **{"If-Match": stale["@odata.etag"]})
    with world.client(world.graph.as_user(world.ada)) as ada:
        own = ada.get(f"/users/{world.ada.id}/events/{booked['id']}").json()
    world.clock.advance(timedelta(seconds=1))
    fresh = world.read(world.ada, booked["id"])

    assert (written["isOnlineMeeting"], stale["isOnlineMeeting"]) == (True, False)
    assert stale["@odata.etag"] == booked["@odata.etag"]
    assert refused.status_code == 412
    assert own["@odata.etag"] == fresh["@odata.etag"] == written["@odata.etag"]
