from shared.domain.event import Calendar
from shared.graph.protocol.calendar_json import parse_calendar


def test_a_calendar_without_providers_has_none() -> None:
    """Unlicensed mailboxes have null here."""
    expected = Calendar(
        id="c", default_online_meeting_provider="unknown", allowed_online_meeting_providers=()
    )
    found = {"id": "c", "defaultOnlineMeetingProvider": None, "allowedOnlineMeetingProviders": None}

    assert parse_calendar(found, "read the calendar") == expected
