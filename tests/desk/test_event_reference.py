import pytest
from hypothesis import given, settings, strategies as st

from shared.desk.event_reference import (
    EventReference,
    ReferenceKind,
    join_path,
    parse_reference,
    uid_of_series,
)

ID = "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0Aw3B6kLQFQg_xaXee37W5NCQ="
EWS = "AAkALgAAAAAAHYQDEapmEc2byACqAC/EWg0Aw3B6kLQFQg+xaXee37W5NCQ="
UID = "040000008200E00074C5B7101A82E00800000000" + "7D0C4F" * 9 + "AB"
OF_OCCURRENCE = UID[:32] + "07EA0B18" + UID[40:]
JOIN = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NmQ%40thread.v2/0?context=%7b%22Tid%22%3a%22x%22%7d"
JOIN_PATH = "/l/meetup-join/19:meeting_nmq@thread.v2/0"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        pytest.param(ID, ReferenceKind.ID, ID, id="an id of Graph"),
        pytest.param(f"  {ID}\n", ReferenceKind.ID, ID, id="with spaces around it"),
        pytest.param(EWS, ReferenceKind.ID, ID, id="an id of Exchange Web Services"),
        pytest.param("AAMk", ReferenceKind.ID, "AAMk", id="a short id"),
        pytest.param(f"https://outlook.office365.com/owa/?itemid={EWS.replace('/', '%2F').replace('+', '%2B')}&exvsurl=1&path=/calendar/item", ReferenceKind.ID, ID, id="webLink"),
        pytest.param(f"https://outlook.office365.com/owa/?ItemID={EWS}&exvsurl=1", ReferenceKind.ID, ID, id="webLink without escapes"),
        pytest.param(f"https://outlook.office.com/calendar/item/{EWS.replace('/', '%2F').replace('+', '%2B').replace('=', '%3D')}", ReferenceKind.ID, ID, id="the address of an open event"),
        pytest.param(f"https://outlook.cloud.microsoft/calendar/0/deeplink/read/item/{EWS.replace('/', '%2F')}", ReferenceKind.ID, ID, id="the new host"),
        pytest.param(f"https://outlook.office365.us/owa/?itemid={ID}", ReferenceKind.ID, ID, id="a government cloud"),
        pytest.param(f"https://teams.microsoft.com/l/meeting/details?eventId={ID}", ReferenceKind.ID, ID, id="an event in Teams"),
        pytest.param(f"<{JOIN}>", ReferenceKind.JOIN_LINK, JOIN_PATH, id="a join link, as mail shows it"),
        pytest.param("https://teams.microsoft.com/meet/27812345?p=abc", ReferenceKind.JOIN_LINK, "/meet/27812345", id="a short join link"),
        pytest.param("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fteams.microsoft.com%2Fmeet%2F27812345&data=x", ReferenceKind.JOIN_LINK, "/meet/27812345", id="a safe link"),
        pytest.param(UID, ReferenceKind.ICAL_UID, UID, id="an iCalUId"),
        pytest.param(UID.lower(), ReferenceKind.ICAL_UID, UID, id="an iCalUId in lower case"),
        pytest.param("qa87q2t5@google.com", ReferenceKind.ICAL_UID, "qa87q2t5@google.com", id="Google's"),
    ],
)  # fmt: skip
def test_an_event_is_named_by_what_an_admin_can_copy(text: str, kind: ReferenceKind, value: str) -> None:
    """From the log, from a mail, from the address of a page, from an .ics file."""
    assert parse_reference(text) == EventReference(kind, value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "neither an id", id="nothing"),
        pytest.param("..", "neither an id", id="a step in the path"),
        pytest.param("Review with Bo", "neither an id", id="a subject"),
        pytest.param("https://zoom.us/j/1", "a link to zoom.us names no event", id="another service"),
        pytest.param("https://outlook.office.com.evil.example/?itemid=AAMk", "names no event", id="a host that looks like Outlook"),
        pytest.param("https://outlook.office.com/calendar/view/week", "open the event by itself", id="a calendar"),
        pytest.param("https://outlook.office.com/calendar/item/..%2F..%2Fusers", "open the event", id="a path in an id"),
        pytest.param("https://teams.microsoft.com/l/channel/19%3A", "open the event by itself", id="a channel"),
        pytest.param("https://[", "damaged", id="no address"),
        pytest.param("https://" + "a" * 9000, "too long", id="a long link"),
    ],
)  # fmt: skip
def test_other_texts_name_no_event(text: str, said: str) -> None:
    """One sentence says why."""
    with pytest.raises(ValueError, match=said):
        parse_reference(text)


def test_the_series_of_an_occurrence_has_no_date() -> None:
    """Graph lists series masters by their iCalUId; other programs' are kept."""
    assert uid_of_series(OF_OCCURRENCE) == UID
    assert uid_of_series("a@google.com") == "a@google.com"


def test_two_spellings_of_a_join_link_are_one() -> None:
    """Programs escape and shorten it differently."""
    assert (
        join_path(JOIN)
        == join_path("https://teams.microsoft.com/l/meetup-join/19:meeting_NmQ@thread.v2/0/")
        != ""
    )
    assert join_path("https://zoom.us/j/1") == join_path("https://[") == ""


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.text(max_size=60).map("https://outlook.office.com/{}".format))
def test_any_text_is_read_or_refused(text: str) -> None:
    """And what is read can be a segment of a path."""
    try:
        found = parse_reference(text)
    except ValueError:
        return
    assert found.kind is not ReferenceKind.ID or "/" not in found.value
