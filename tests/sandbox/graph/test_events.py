from typing import Any

import pytest

from tests.sandbox.graph.world import GO_ONLINE, TOMORROW, GraphWorld

IMMUTABLE = 'IdType="ImmutableId"'


def test_an_event_has_utc_times_with_seven_digits_and_an_etag(world: GraphWorld) -> None:
    """Times are UTC by default, and the ETag contains the change key."""
    berlin = {"dateTime": "2026-11-24T10:00:00", "timeZone": "W. Europe Standard Time"}
    event = world.read(world.ada, world.book(world.ada, start=berlin)["id"])

    assert event["start"] == {"dateTime": "2026-11-24T09:00:00.0000000", "timeZone": "UTC"}
    assert event["originalStartTimeZone"] == "W. Europe Standard Time"
    assert event["@odata.etag"] == f'W/"{event["changeKey"]}"'


def test_several_preferences_are_applied_and_confirmed(world: GraphWorld) -> None:
    """Time zone, body type and id type in one header."""
    booked = world.book(world.ada, body={"contentType": "html", "content": "<p>Bring <b>cake</b></p>"})
    prefer = f'{IMMUTABLE}, outlook.timezone="Europe/Berlin", outlook.body-content-type="text"'
    answer = world.app.get(f"/users/{world.ada.id}/events/{booked['id']}", headers={"Prefer": prefer})

    assert answer.headers["Preference-Applied"] == prefer
    assert answer.json()["start"]["dateTime"] == "2026-11-24T11:00:00.0000000"
    assert answer.json()["body"] == {"contentType": "text", "content": "Bring cake"}
    assert answer.json()["id"].startswith("AAkALg")


def test_an_all_day_event_stays_the_same_day_in_every_zone(world: GraphWorld) -> None:
    """It is from midnight to midnight in the reader's zone."""
    zone = "W. Europe Standard Time"
    days = {
        "start": {"dateTime": "2026-11-24T00:00:00", "timeZone": zone},
        "end": {"dateTime": "2026-11-25T00:00:00", "timeZone": zone},
    }
    event = world.read(world.ada, world.book(world.ada, isAllDay=True, **days)["id"])

    assert event["start"]["dateTime"] == "2026-11-24T00:00:00.0000000"


def test_a_move_ends_the_mutable_id_but_not_the_immutable_id(world: GraphWorld) -> None:
    """Both ids find the event before the move to another calendar."""
    booked = world.book(world.ada)
    immutable = world.read(world.ada, booked["id"], Prefer=IMMUTABLE)["id"]
    private = world.graph.add_calendar(world.ada.id, "Private", "unknown", ())
    world.graph.people.move_to_calendar(world.ada.id, booked["id"], private)

    old = world.app.get(f"/users/{world.ada.id}/events/{booked['id']}")
    calendar = world.app.get(f"/users/{world.ada.id}/events/{immutable}/calendar").json()

    assert (old.status_code, old.json()["error"]["code"]) == (404, "ErrorItemNotFound")
    assert calendar["id"] == private
    assert calendar["defaultOnlineMeetingProvider"] == "unknown"


def test_ids_are_case_sensitive(world: GraphWorld) -> None:
    """An id in upper case is another id."""
    booked = world.book(world.ada)
    answer = world.app.get(f"/users/{world.ada.id}/events/{booked['id'].swapcase()}")

    assert answer.status_code in {400, 404}


def test_fixed_path_segments_and_user_names_ignore_case(world: GraphWorld) -> None:
    """`Users/ADA@…/Events` is the same place as `users/<id>/events`."""
    booked = world.book(world.ada)

    assert world.app.get(f"/Users/ADA@contoso.com/Events/{booked['id']}").status_code == 200


def test_select_returns_the_named_properties_with_id_and_etag(world: GraphWorld) -> None:
    """Id and ETag are always in the answer."""
    booked = world.book(world.ada)
    answer = world.app.get(
        f"/users/{world.ada.id}/events/{booked['id']}", params={"$select": "subject,isOnlineMeeting"}
    )

    assert answer.json().keys() == {"@odata.context", "@odata.etag", "id", "subject", "isOnlineMeeting"}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/users/{ada}/events/nonsense", 400, "ErrorInvalidIdMalformed", id="malformed id"),
        pytest.param("/users/nobody@contoso.com/events", 404, "ErrorInvalidUser", id="unknown user"),
        pytest.param("/users/{ghost}/events", 404, "MailboxNotEnabledForRESTAPI", id="no mailbox"),
        pytest.param("/users/{ada}/events?$select=sbject", 400, "RequestBroker--ParseUri", id="bad $select"),
        pytest.param("/users/{ada}/events?$orderby=x", 400, "RequestBroker--ParseUri", id="unknown option"),
        pytest.param("/users/{ada}/events?$filter=x", 400, "ErrorInvalidUrlQueryFilter", id="unknown filter"),
        pytest.param("/users/{ada}/events?$top=1001", 400, "RequestBroker--ParseUri", id="page too large"),
        pytest.param("/users/{ada}/calendarView", 400, "ErrorInvalidParameter", id="no window"),
        pytest.param("/users/{ada}/nothing", 400, "BadRequest", id="unknown resource"),
    ],
)
def test_a_refusal_has_graphs_error_code(world: GraphWorld, path: str, status: int, code: str) -> None:
    """Errors have Graph's format, with the request ids that support needs."""
    ghost = world.graph.add_user("Ghost", "ghost@contoso.com", mailbox=False)
    answer = world.app.get(path.format(ada=world.ada.id, ghost=ghost.id))
    error = answer.json()["error"]

    assert (answer.status_code, error["code"]) == (status, code)
    assert error["innerError"]["request-id"] == answer.headers["request-id"]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"subjekt": "x"}, id="unknown property"),
        pytest.param({"isAllDay": "yes"}, id="text for a boolean"),
        pytest.param({"sensitivity": "secret"}, id="outside an enumeration"),
        pytest.param({"attendees": [{"address": "bo@contoso.com"}]}, id="attendee without an address"),
        pytest.param({"start": {"dateTime": "soon", "timeZone": "UTC"}}, id="no time"),
        pytest.param({"end": {"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"}}, id="ends first"),
        pytest.param({"recurrence": {"pattern": {"type": "daily"}}}, id="series without a range"),
        pytest.param(["no", "object"], id="not an object"),
    ],
)
def test_an_invalid_body_is_refused_and_not_written(world: GraphWorld, wrong: Any) -> None:
    """The PATCH gets a 400 and the event stays unchanged."""
    booked = world.book(world.ada)
    answer = world.patch(world.ada, booked["id"], wrong)

    assert answer.status_code == 400
    assert world.read(world.ada, booked["id"])["changeKey"] == booked["changeKey"]


def test_if_match_allows_a_write_only_to_the_version_that_was_read(world: GraphWorld) -> None:
    """A PATCH with the ETag of an older version gets a 412."""
    booked = world.book(world.ada)
    world.graph.people.edit(world.ada.id, booked["id"], subject="Moved on")

    late = world.patch(world.ada, booked["id"], GO_ONLINE, **{"If-Match": booked["@odata.etag"]})
    fresh = world.read(world.ada, booked["id"])["@odata.etag"]

    assert (late.status_code, late.json()["error"]["code"]) == (412, "ErrorIrresolvableConflict")
    assert world.patch(world.ada, booked["id"], GO_ONLINE, **{"If-Match": fresh}).status_code == 200


def test_a_list_has_pages_with_links_to_the_next(world: GraphWorld) -> None:
    """Ten events a page by default; the links lead to every event once."""
    for number in range(12):
        world.book(world.ada, subject=f"{number}")
    first = world.app.get(f"/users/{world.ada.id}/events", params={"$select": "subject"}).json()
    second = world.app.get(first["@odata.nextLink"]).json()

    subjects = [event["subject"] for event in first["value"] + second["value"]]
    assert subjects == [f"{number}" for number in range(12)]
    assert len(first["value"]) == 10
    assert "@odata.nextLink" not in second


def test_a_secondary_calendar_has_its_own_events(world: GraphWorld) -> None:
    """`/calendar` returns the default calendar's events, `/events` those of the whole mailbox."""
    project = world.graph.add_calendar(world.ada.id, "Project", "teamsForBusiness", ("teamsForBusiness",))
    with world.client(world.graph.as_user(world.ada)) as client:
        made = client.post(f"/users/{world.ada.id}/calendars/{project}/events", json=TOMORROW).json()

    def ids(path: str) -> list[str]:
        return [event["id"] for event in world.app.get(f"/users/{world.ada.id}{path}").json()["value"]]

    assert ids(f"/calendars/{project}/events") == ids("/events") == [made["id"]]
    assert ids("/calendar/events") == []


def test_a_deleted_event_is_not_found(world: GraphWorld) -> None:
    """After DELETE a read gets a 404."""
    booked = world.book(world.ada)

    assert world.app.delete(f"/users/{world.ada.id}/events/{booked['id']}").status_code == 204
    gone = world.app.get(f"/users/{world.ada.id}/events/{booked['id']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "ErrorItemNotFound")
