"""Builds realistic events in Graph's JSON, from the calendar of an organizer at Contoso."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)  # a Monday
DOMAINS = frozenset({"contoso.com", "contoso.onmicrosoft.com", "contoso.co.jp"})
ORGANIZER = "al@contoso.com"
GUEST = "bo@fabrikam.com"


class Case(NamedTuple):
    """An event: a description, its JSON, and the right reasons (only `link_added` writes)."""

    what: str
    event: dict[str, Any]
    right: tuple[str, ...]


def case(what: str, right: str, *guests: str | dict[str, Any], **changes: Any) -> Case:
    """Return a meeting tomorrow with these guests. `changes` are properties with Graph's names.

    `at` (a time in UTC), `minutes`, `body` and `place` set several properties.
    """
    at = datetime.fromisoformat(changes.pop("at", "2026-11-24T09:00"))
    minutes = changes.pop("minutes", 30)
    body, place = changes.pop("body", ""), changes.pop("place", "")
    event = {
        "@odata.etag": 'W/"DwAAABYAAAC3sGzJ7OqPTrOJe3yqhO8VAAB8mlU0"',
        "id": "AAMkAGVmMDEz=",
        "type": "singleInstance",
        "subject": what,
        "bodyPreview": " ".join(body.split())[:255],
        "body": {"contentType": "text", "content": body},
        "start": moment(at),
        "end": moment(at + timedelta(minutes=minutes)),
        "originalStartTimeZone": "W. Europe Standard Time",
        "originalEndTimeZone": "W. Europe Standard Time",
        "isOrganizer": True,
        "isCancelled": False,
        "isDraft": False,
        "isAllDay": False,
        "isOnlineMeeting": False,
        "onlineMeetingProvider": "unknown",
        "onlineMeetingUrl": None,
        "onlineMeeting": None,
        "organizer": {"emailAddress": {"name": "Al", "address": ORGANIZER}},
        "attendees": [guest if isinstance(guest, dict) else person(guest) for guest in guests],
        "location": location(place),
        "locations": [location(place)] if place else [],
        "categories": [],
        "sensitivity": "normal",
        "showAs": "busy",
        "importance": "normal",
        "recurrence": None,
        **changes,
    }
    return Case(what, event, tuple(right.split(" or ")))


def moment(at: datetime, zone: str = "UTC") -> dict[str, str]:
    """Return a dateTimeTimeZone."""
    return {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": zone}


def person(address: str, kind: str = "required", answer: str = "none", name: str = "") -> dict[str, Any]:
    """Return a line of the invitation."""
    return {
        "type": kind,
        "status": {"response": answer, "time": "0001-01-01T00:00:00Z"},
        "emailAddress": {"name": name or address, "address": address},
    }


def location(name: str, kind: str = "default", uri: str = "") -> dict[str, Any]:
    """Return a place."""
    return {"displayName": name, "locationType": kind, "locationUri": uri, "uniqueIdType": "unknown"}


def days(first: str, count: int) -> dict[str, Any]:
    """Return the properties of an all-day event."""
    start = datetime.fromisoformat(first)
    return {"isAllDay": True, "start": moment(start), "end": moment(start + timedelta(days=count))}


def series(
    *on: str, kind: str = "weekly", zone: str = "W. Europe Standard Time", **span: Any
) -> dict[str, Any]:
    """Return the properties of a series master; `span` is its range, by default without an end."""
    pattern = {
        "type": kind,
        "interval": 1,
        "daysOfWeek": list(on),
        "firstDayOfWeek": "sunday",
        "index": "first",
    }
    return {
        "type": "seriesMaster",
        "recurrence": {
            "pattern": {**pattern, "month": 0, "dayOfMonth": span.pop("dayOfMonth", 0)},
            "range": {
                "type": "noEnd",
                "startDate": "2026-11-02",
                "endDate": "0001-01-01",
                "numberOfOccurrences": 0,
                "recurrenceTimeZone": zone,
                **span,
            },
        },
    }


def each(right: str, rows: Iterable[tuple[str, str]], *guests: str, key: str = "body") -> list[Case]:
    """Return a case for each row; they differ in one property."""
    return [case(what, right, *(guests or (GUEST,)), **{key: value}) for what, value in rows]
