from dataclasses import replace

import pytest

from shared.errors import GraphUnavailable
from shared.graph.protocol import event_calls, paging
from shared.graph.protocol.calendar_json import parse_calendar_page

CALL = event_calls.read_event("m", "e")


def test_the_next_page_is_read_from_graph_only() -> None:
    """Our token is sent to no other host, even if a link names one."""
    link = "https://elsewhere.example/v1.0/users?$skiptoken=X%2Bx"

    assert paging.next_page(CALL, {"@odata.nextLink": link}) == replace(
        CALL, path="/users", params={"$skiptoken": "X+x"}
    )
    assert paging.next_page(CALL, {}) is None


@pytest.mark.parametrize("link", ["", "https://graph.microsoft.com", "http://[", 7, ["x"], {}, True, b"/x"])
def test_an_unreadable_link_is_not_the_last_page(link: object) -> None:
    """Otherwise half of a group or calendar would count as all of it."""
    with pytest.raises(GraphUnavailable):
        paging.next_page(CALL, {"@odata.nextLink": link})


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        pytest.param(None, "", id="the last page"),
        pytest.param("https://elsewhere.example/v1.0/me?$skip=100&a=b", "$skip=100&a=b", id="only the query"),
    ],
)
def test_the_cursor_is_the_query_of_the_link(link: str | None, cursor: str) -> None:
    """Path and host are ours, so our token is sent to no other host."""
    assert parse_calendar_page({"value": [], "@odata.nextLink": link}, "c").cursor == cursor


@pytest.mark.parametrize(
    "link", [7, ["x"], "https://[", "https://x.example/no-query", "https://x?" + "a" * 9000]
)
def test_an_unusable_link_does_not_end_a_calendar(link: object) -> None:
    """The rest of the calendar may have events, so the read is retried."""
    with pytest.raises(GraphUnavailable):
        parse_calendar_page({"value": [], "@odata.nextLink": link}, "c")
