"""Graph's dateTimeTimeZone values: a local time and the Windows or IANA name of its time zone."""

from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.graph.errors import Refusal, bad_body

#: The Windows names that the sandbox supports; all IANA names work.
_WINDOWS = {
    "AUS Eastern Standard Time": "Australia/Sydney",
    "Central European Standard Time": "Europe/Warsaw",
    "Central Standard Time": "America/Chicago",
    "China Standard Time": "Asia/Shanghai",
    "Eastern Standard Time": "America/New_York",
    "GMT Standard Time": "Europe/London",
    "India Standard Time": "Asia/Kolkata",
    "Mountain Standard Time": "America/Denver",
    "Pacific Standard Time": "America/Los_Angeles",
    "Romance Standard Time": "Europe/Paris",
    "Tokyo Standard Time": "Asia/Tokyo",
    "W. Europe Standard Time": "Europe/Berlin",
}


def zone(name: str) -> tzinfo:
    """Return the time zone with this Windows or IANA name.

    Raises:
        Refusal: 400, the name is unknown.
    """
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(_WINDOWS.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refusal(
            400, "TimeZoneNotSupportedException", "A valid TimeZone value must be specified."
        ) from error


def moment(value: Any) -> datetime:
    """Read a dateTimeTimeZone as an aware time in its own zone.

    Raises:
        Refusal: 400, it is not a dateTimeTimeZone.
    """
    try:
        wall = datetime.fromisoformat(value["dateTime"])
    except (KeyError, TypeError, ValueError) as error:
        raise bad_body("Cannot convert a value to the expected type 'dateTimeTimeZone'.") from error
    own = zone(value.get("timeZone") or "UTC")
    return wall.astimezone(own) if wall.tzinfo else wall.replace(tzinfo=own)


def date_time_time_zone(at: datetime, zone_name: str) -> dict[str, str]:
    """Format a time in a zone, with seven fractional digits as in Graph."""
    wall = at.astimezone(zone(zone_name))
    return {"dateTime": f"{wall:%Y-%m-%dT%H:%M:%S}.{wall.microsecond:06}0", "timeZone": zone_name}


def date_time_offset(at: datetime) -> str:
    """Format a time as Graph's DateTimeOffset in UTC, with seven fractional digits."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06}0Z"


def instant(text: str, name: str) -> datetime:
    """Read an ISO 8601 time, UTC if it has no offset; `name` is the property's name.

    Raises:
        Refusal: 400, it is not a time.
    """
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Refusal(400, "ErrorInvalidParameter", f"The value of {name!r} is not a time.") from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
