"""The properties of the complex types inside an event, as in Graph's metadata.

https://learn.microsoft.com/graph/api/resources/event. Graph refuses a property that a type does not have.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sandbox.graph.errors import Refusal, bad_body


class ComplexType(NamedTuple):
    """A complex type: its name, and its properties with their own complex type, None for a simple value."""

    name: str
    properties: "Mapping[str, ComplexType | None]"


def _type(name: str, simple: str, **complex_types: ComplexType) -> ComplexType:
    return ComplexType(name, {**dict.fromkeys(simple.split()), **complex_types})


_ADDRESS = _type("emailAddress", "address name")
_TIME = _type("dateTimeTimeZone", "dateTime timeZone")
_LOCATION = _type(
    "location",
    "displayName locationEmailAddress locationType locationUri uniqueId uniqueIdType",
    address=_type("physicalAddress", "city countryOrRegion postalCode state street"),
    coordinates=_type("outlookGeoCoordinates", "accuracy altitude altitudeAccuracy latitude longitude"),
)
_PATTERN = "dayOfMonth daysOfWeek firstDayOfWeek index interval month type"
_RANGE = "endDate numberOfOccurrences recurrenceTimeZone startDate type"
_SHAPES = {
    "start": _TIME,
    "end": _TIME,
    "body": _type("itemBody", "content contentType"),
    "location": _LOCATION,
    "locations": _LOCATION,
    "attendees": _type(
        "attendee",
        "type",
        emailAddress=_ADDRESS,
        proposedNewTime=_type("timeSlot", "", start=_TIME, end=_TIME),
        status=_type("responseStatus", "response time"),
    ),
    "recurrence": _type(
        "patternedRecurrence",
        "",
        pattern=_type("recurrencePattern", _PATTERN),
        range=_type("recurrenceRange", _RANGE),
    ),
}


def check_shape(name: str, value: Any) -> None:
    """Check what is inside a property of an event; a value of another kind is checked elsewhere.

    Raises:
        Refusal: 400, a property inside does not exist.
    """
    if name in _SHAPES:
        _check(value, _SHAPES[name])


def unknown_property(name: str, of: str) -> Refusal:
    """Return the refusal of a property that a type does not have."""
    return bad_body(f"The property '{name}' does not exist on type 'microsoft.graph.{of}'.")


def _check(value: Any, expected: ComplexType) -> None:
    if isinstance(value, list):
        for item in value:
            _check(item, expected)
    if not isinstance(value, Mapping):
        return
    for name, inside in value.items():
        if "@" in name:  # an annotation, such as @odata.type
            continue
        if name not in expected.properties:
            raise unknown_property(name, expected.name)
        if further := expected.properties[name]:
            _check(inside, further)
