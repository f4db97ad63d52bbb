"""Validation of the body of a request that creates or updates an event."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.graph import recurrence, zones
from sandbox.graph.errors import Refusal, bad_body
from sandbox.graph.event import DEFAULTS
from sandbox.graph.event_shapes import check_shape, unknown_property

_WRITABLE = frozenset(DEFAULTS) | {"start", "end", "isOnlineMeeting", "onlineMeetingProvider"}
#: Read-only properties; Exchange ignores a value in a request.
READ_ONLY = frozenset(
    {
        "id", "changeKey", "createdDateTime", "lastModifiedDateTime", "iCalUId", "isCancelled", "isOrganizer",
        "onlineMeeting", "onlineMeetingUrl", "organizer", "originalStart", "originalStartTimeZone",
        "originalEndTimeZone", "responseStatus", "seriesMasterId", "type", "webLink", "bodyPreview",
        "cancelledOccurrences",
    }
)  # fmt: skip
_ENUMS = {
    "importance": {"low", "normal", "high"},
    "sensitivity": {"normal", "personal", "private", "confidential"},
    "showAs": {"free", "tentative", "busy", "oof", "workingElsewhere", "unknown"},
    "onlineMeetingProvider": {"unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness"},
}
_PATTERN = {
    "interval": 1,
    "month": 0,
    "dayOfMonth": 0,
    "daysOfWeek": [],
    "firstDayOfWeek": "sunday",
    "index": "first",
}
_RANGE = {"endDate": "0001-01-01", "recurrenceTimeZone": "UTC", "numberOfOccurrences": 0}
_BOOLEANS = {"isOnlineMeeting"} | {name for name, value in DEFAULTS.items() if isinstance(value, bool)}
_STRINGS = {"subject", "transactionId"}
_LISTS = {name for name, value in DEFAULTS.items() if isinstance(value, list)}


def validated(sent: Any) -> dict[str, Any]:
    """Return the writable properties that a body sets, completed with Graph's defaults.

    Raises:
        Refusal: 400, the body is not an object, or a property is unknown or has a wrong type.
    """
    if not isinstance(sent, Mapping):
        raise bad_body("The request body is not a JSON object.")
    plain = {name: value for name, value in sent.items() if not name.startswith("@")}
    for name, value in plain.items():
        _check(name, value)
    written = {name: value for name, value in plain.items() if name in _WRITABLE}
    if "attendees" in written:
        written["attendees"] = [_attendee(attendee) for attendee in written["attendees"]]
    if "body" in written:
        written["body"] = _body(written["body"])
    if written.get("recurrence"):
        written["recurrence"] = _recurrence(written["recurrence"])
    return written | _places(written)


def check_times(*, start: Any, end: Any, is_all_day: bool) -> None:
    """Check the times of an event.

    Raises:
        Refusal: 400, it ends before it starts, or an all-day event does not span whole days.
    """
    begins, ends = zones.moment(start), zones.moment(end)
    if ends < begins:
        raise Refusal(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")
    midnights = all(at.time() == at.time().min for at in (begins, ends))
    if is_all_day and not (midnights and ends - begins >= timedelta(days=1)):
        raise Refusal(400, "ErrorInvalidRequest", "An all-day event starts and ends at midnight.")


def _check(name: str, value: Any) -> None:
    if name not in _WRITABLE | READ_ONLY:
        raise unknown_property(name, "event")
    fits = (
        (name not in _BOOLEANS or isinstance(value, bool))
        and (name not in _LISTS or isinstance(value, list))
        and (name not in _STRINGS or value is None or isinstance(value, str))
        and (name not in _ENUMS or value in _ENUMS[name])
    )
    if not fits:
        raise bad_body(f"Cannot convert the value of '{name}' to its expected type.")
    check_shape(name, value)


def _attendee(sent: Any) -> dict[str, Any]:
    try:
        address = sent["emailAddress"]["address"]
    except (KeyError, TypeError) as error:
        raise bad_body("An attendee has an 'emailAddress' with an 'address'.") from error
    kind = sent.get("type", "required")
    if kind not in {"required", "optional", "resource"}:
        raise bad_body(f"Requested value '{kind}' was not found.")
    return {
        "type": kind,
        "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
        "emailAddress": {"name": sent["emailAddress"].get("name") or address, "address": address},
    }


def _body(sent: Any) -> dict[str, str]:
    if not isinstance(sent, Mapping) or str(sent.get("contentType", "text")).lower() not in {"text", "html"}:
        raise bad_body("The 'body' is an itemBody.")
    return {
        "contentType": str(sent.get("contentType", "text")).lower(),
        "content": str(sent.get("content") or ""),
    }


def _recurrence(sent: Any) -> dict[str, Any]:
    """Add Graph's defaults to a patternedRecurrence, and check that it has an occurrence."""
    try:
        full = {
            "pattern": {**_PATTERN, **sent["pattern"]},
            "range": {**_RANGE, **sent["range"]},
        }
        next(recurrence.days(full))
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise bad_body(
            "The 'recurrence' is not a patternedRecurrence with at least one occurrence."
        ) from error
    return full


def _places(written: Mapping[str, Any]) -> dict[str, Any]:
    """Keep `location` and `locations` consistent; `locations` wins if both are sent."""
    if "locations" in written:
        places = [_place(sent) for sent in written["locations"]]
        return {"locations": places, "location": places[0] if places else DEFAULTS["location"]}
    if "location" in written:
        place = _place(written["location"] or {})
        return {"location": place, "locations": [place] if place["displayName"] else []}
    return {}


def _place(sent: Any) -> dict[str, Any]:
    if not isinstance(sent, Mapping):
        raise bad_body("A 'location' is an object.")
    return {"displayName": "", "locationType": "default", "uniqueIdType": "unknown", **sent}
