from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given, settings, strategies as st

from shared.errors import GraphError
from shared.graph.connection_pool import graph_http
from shared.graph.protocol import directory_calls, event_calls, subscription_calls
from shared.graph.protocol.call import GraphCall
from tests.domain.test_ids import IMPOSSIBLE

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CALL = event_calls.read_event("m", "e")


def test_ids_are_encoded_in_paths() -> None:
    """Event ids are opaque; a mailbox may be a user principal name."""
    call = event_calls.read_event("ada@contoso.com", "AAMk+=")

    assert call.path == "/users/ada%40contoso.com/events/AAMk%2B%3D"


@pytest.mark.parametrize("text", IMPOSSIBLE)
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda text: event_calls.read_event("m", text), id="event"),
        pytest.param(lambda text: event_calls.read_event(text, "e"), id="mailbox"),
        pytest.param(lambda text: event_calls.read_calendar_of("m", text), id="calendar of an event"),
        pytest.param(lambda text: event_calls.read_exceptions("m", text), id="exceptions of a series"),
        pytest.param(lambda text: event_calls.read_calendar_view(text, NOW, NOW), id="calendar view"),
        pytest.param(event_calls.read_default_calendar, id="calendar"),
        pytest.param(lambda text: event_calls.enable_online_meeting("m", text, etag="", provider=""), id="write"),
        pytest.param(directory_calls.read_group_members, id="group"),
        pytest.param(directory_calls.list_group_users, id="users of a group"),
        pytest.param(directory_calls.read_user, id="user"),
        pytest.param(directory_calls.read_mailbox_purpose, id="purpose"),
        pytest.param(subscription_calls.read_subscription, id="subscription"),
        pytest.param(subscription_calls.delete_subscription, id="deletion of a subscription"),
        pytest.param(lambda text: subscription_calls.renew_subscription(text, expires=NOW), id="renewal"),
    ],
)  # fmt: skip
def test_an_invalid_id_never_reaches_a_url(make: Callable[[str], GraphCall], text: str) -> None:
    """The last check: even if earlier checks fail, no call is sent."""
    with pytest.raises(GraphError, match="no call was sent"):
        make(text)


@given(
    st.text(st.characters(exclude_categories=()))
    | st.text("./\\%2eEfFAB?#;&=+ ~'", max_size=9)
    | st.text("AZaz09-_=", min_size=1)
)
@settings(max_examples=500, deadline=None)
def test_no_id_changes_the_path_of_a_request(text: str) -> None:
    """Httpx resolves dot segments, even encoded ones: the request still has our five segments."""
    sent: list[httpx.Request] = []

    def record(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    try:
        paths = [event_calls.read_event("m", text).path, event_calls.read_event(text, "e").path]
    except GraphError:
        return
    with graph_http("https://graph.example/v1.0", httpx.MockTransport(record)) as client:
        for path in paths:
            client.get(path, params={"$select": "id"})
    segments = [request.url.raw_path.partition(b"?")[0].split(b"/") for request in sent]

    assert [[unquote(part.decode()) for part in parts] for parts in segments] == [
        ["", "v1.0", "users", "m", "events", text],
        ["", "v1.0", "users", text, "events", "e"],
    ]


def test_the_patch_has_two_properties_and_the_etag() -> None:
    """Another property could send more mail, or remove the link."""
    call = event_calls.enable_online_meeting("m", "e", etag='W/"1"', provider="teamsForBusiness")

    assert call.json == {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    assert call.headers["If-Match"] == 'W/"1"'


def test_the_body_is_read_only_on_request() -> None:
    """Bodies are large and private."""
    assert "body" not in event_calls.read_event("m", "e").params["$select"].split(",")
    assert "body" in event_calls.read_event_with_body("m", "e").params["$select"].split(",")
