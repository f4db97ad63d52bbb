from dataclasses import replace

import pytest

from shared.errors import GraphUnavailable
from shared.graph import protocol

CALL = protocol.read_event("m", "e")


def test_ids_are_escaped_in_paths() -> None:
    """Event ids are opaque and may hold a slash; a mailbox may be a principal name."""
    call = protocol.read_event("ada@contoso.com", "AA/Mk+=")

    assert call.path == "/users/ada%40contoso.com/events/AA%2FMk%2B%3D"


def test_the_patch_holds_two_properties_and_the_etag() -> None:
    """Anything more could mail more, or drop the link."""
    call = protocol.enable_online_meeting("m", "e", etag='W/"1"', provider="teamsForBusiness")

    assert call.json == {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    assert call.headers["If-Match"] == 'W/"1"'


def test_the_body_is_asked_for_only_where_it_is_needed() -> None:
    """Bodies are large and private."""
    assert "body" not in protocol.read_event("m", "e").params["$select"].split(",")
    assert "body" in protocol.read_event("m", "e", with_body=True).params["$select"].split(",")


def test_the_next_page_is_asked_of_graph_alone() -> None:
    """Our token goes to no other host, whatever a link says."""
    link = "https://elsewhere.example/v1.0/users?$skiptoken=X%2Bx"

    assert protocol.next_page(CALL, {"@odata.nextLink": link}) == replace(
        CALL, path="/users", params={"$skiptoken": "X+x"}
    )
    assert protocol.next_page(CALL, {}) is None


@pytest.mark.parametrize("link", ["", "https://graph.microsoft.com", "http://[", 7, ["x"], {}, True, b"/x"])
def test_a_page_link_that_cannot_be_read_is_no_last_page(link: object) -> None:
    """Else half of a group or of a calendar would count as all of it."""
    with pytest.raises(GraphUnavailable):
        protocol.next_page(CALL, {"@odata.nextLink": link})
